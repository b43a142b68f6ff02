"""DingTalk as a function from request to answer, over a made-up company: written from the protocol's text.

Promises: it knows nothing of the adapter that is tried on it, and is unkind where the product may be. Never
here: the wire, the adapter or the kit.
"""

from connector.adapters.dingtalk.sandbox.standin import DingTalkStandIn

__all__ = ["DingTalkStandIn"]
