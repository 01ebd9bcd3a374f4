"""What `taglight doctor` looks at, finds and mends."""
