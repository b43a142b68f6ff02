"""Foreign rows to canonical rows, and whose row it is. Pure: frames and texts in, frames and rejects out."""
