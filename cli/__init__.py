"""The one-machine home and the operator's commands: composes the other packages; nobody imports it."""
