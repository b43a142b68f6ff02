"""Connector: compares employee loans with employee status every night and writes the answer back.

Promises: the version, and nothing that costs time to import. Never: code that runs on import.
"""

__version__ = "0.1.0"
