"""The one-machine home and the operator's commands. Composes the others; nobody imports it."""
