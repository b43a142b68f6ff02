"""A stand-in for Kingdee Cloud (K/3 Cloud, 云星空): a function from request to answer, written from the protocol.

Promises: it answers as the product was seen to answer, unkindness included, and it computes every signature on
its own. Never here: the code that it is there to test.
"""

from connector.adapters.kingdee_cloud.sandbox.standin import KingdeeStandIn

__all__ = ["KingdeeStandIn"]
