"""How the made-up server is set up: what its administrator may turn, while it runs too.

Promises: a switch that is not touched leaves the server as most companies have it; a wrong word changes nothing and
is answered with what is known. Never here: a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.errors import UsageError

# The shapes in which ExecuteBillQuery was seen to refuse.
REFUSALS = ("nested", "padded", "listed", "bare")


@dataclass
class Switches:
    """Turn one by assignment; the next request sees it."""

    # The application may let the integration user in (第三方系统登录授权).
    is_app_enabled: bool = True
    # A server before PT-146911 (8.0.0.202205) hashes LoginBySign with SHA-1 only.
    is_old: bool = False
    # The vendor's gateway stands before the server and looks at the client and the time of every data call.
    has_gateway: bool = False
    # Whether the server looks at the X-Api-* signature; a private one may look at the X-Kd-* signature alone.
    checks_client: bool = True
    # WebAPIMaxQueryLimit, rows: 2,000 is the documented limit, 10,000 the default since patch 23.11.
    page_rows: int = 2000
    # One of REFUSALS.
    refusals: str = "nested"
    # Check boxes in rows as "1" and "0" instead of true and false.
    has_flags_as_digits: bool = False
    # Employees whose rows the data permission of the integration user hides: fewer rows, and no error.
    hides: frozenset[str] = frozenset()

    def describe(self) -> dict[str, object]:
        """Switch → how it stands, as JSON."""
        return vars(self) | {"hides": sorted(self.hides)}

    def turn(self, changes: Mapping[str, object]) -> None:
        """Turn all of these or, with a UsageError, none."""
        known = self.describe()
        for name, value in changes.items():
            if name not in known or type(value) is not type(known[name]):
                raise UsageError(f"found {name} = {value!r}; the switches stand so: {known}")
            if name == "refusals" and value not in REFUSALS:
                raise UsageError(f"found refusals = {value!r}, expected one of {', '.join(REFUSALS)}")
        for name, value in changes.items():
            setattr(self, name, frozenset(map(str, value)) if isinstance(value, list) else value)
