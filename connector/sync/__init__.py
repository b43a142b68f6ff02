"""Use cases: pull, link, assess, plan, push, and the night that strings them together. No socket, no SQL."""
