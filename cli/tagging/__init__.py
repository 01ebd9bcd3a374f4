"""What `taglight tag` does: a plan, then the work, which may be stopped and goes on later."""
