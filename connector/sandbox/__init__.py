"""The outhouse of the made-up company: its tables and clock, chaos knobs, a host for stand-ins on real ports.

Promises: what a stand-in shows is what the folder says, on the company's own day. Never here: a protocol of a
product, a rule, or anything that a real night imports.
"""
