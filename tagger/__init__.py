"""Event to picture to labels to document. Imports catalog only."""
