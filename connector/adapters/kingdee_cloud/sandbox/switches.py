"""How the made-up server is set up: what its administrator may turn, while it runs too.

Promises: a switch that is not touched leaves the server as most companies have it. Never here: a request.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """Turn one by assignment; the next request sees it."""

    # The application may let the integration user in (第三方系统登录授权).
    is_app_enabled: bool = True
    # A server before PT-146911 (8.0.0.202205) hashes LoginBySign with SHA-1 only.
    is_old: bool = False
