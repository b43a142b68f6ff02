"""Schema steps, oldest first; each runs in one transaction."""
