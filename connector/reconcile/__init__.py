"""State to plan: what should stand, what stands, the difference, and what of it may run. Pure."""
