"""The outside world: one folder per product, all alike. Nothing here decides; it reads, observes and writes."""
