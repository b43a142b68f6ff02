"""What the connector remembers: runs, proofs, links, findings, outbox, exits, approvals. SQLAlchemy Core only.

Every row carries the company. Nothing is decided here; no wire, no rule and no report enters.
"""
