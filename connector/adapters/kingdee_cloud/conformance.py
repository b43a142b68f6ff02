"""This adapter's subject: itself over its stand-in, and how that is troubled. Cases are written elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connector.adapters.contract import Adapter, Setting
from connector.adapters.kingdee_cloud.adapter import build
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.adapters.subject import Marked, Trial
from connector.sandbox.hosted import hosted
from connector.sandbox.http import Response

# Rows a page: small, so that every stream of the built-in company has several.
_PAGE_ROWS = 7
_FIELDS = {"status": "F_PAEZ_HrStatus", "last_day": "F_PAEZ_LastDay"}
_READ, _WRITE = "ExecuteBillQuery", "Save"
# How a login is refused: LoginResultType 1 is the only good one.
_REFUSED = (b'"LoginResultType":0', b'"LoginResultType":-')


@contextmanager
def subject(setting: Setting) -> Iterator[Trial]:
    """A password login, because it is what locks a user when it is tried too often."""
    with hosted("kingdee", KingdeeStandIn, _is_refusal) as site:
        base = {**site.options, "network": "sandbox", "page_rows": _PAGE_ROWS, "timeout_s": 5, "auth": "password"}

        def connect(**changes: Any) -> Adapter:
            return build({**base, "enrichment": _FIELDS, **changes}, setting)

        yield Trial(
            connect=connect,
            broken={
                "reach": lambda: connect(base_url="http://127.0.0.1:9/k3cloud/"),
                "login": lambda: connect(password="wrong-canary-9"),
                "permission": lambda: connect(accounts=["9999.99"]),
                "fields": lambda: connect(flags={"flag": "F_NOT_THERE"}),
            },
            troubles={
                "cut_off": lambda: site.arm("truncate", after=2, at_byte=5),
                "repeated_page": lambda: site.arm("duplicate_page", _READ),
                "lost_answer": lambda: site.arm("timeout_after", _WRITE, times=1, seconds=0),
            },
            secrets=(str(site.options["password"]), str(site.options["app_secret"]), "wrong-canary-9"),
            marks=lambda adapter: _marks(str(site.world.rows("employees")[0]["number"])),
            refusals=site.refusals,
        )


def _marks(number: str) -> tuple[Marked, ...]:
    codes, fewer = ["exit.open_loan", "loan.overdue"], ["loan.overdue"]
    flags = ({"codes": codes, "level": "critical"}, {"codes": fewer, "level": "warning"})
    facts = ({"status": "leaving", "last_day": "2026-08-31"}, {"status": "left", "last_day": None})
    return (Marked("risk_flag", number, number, *flags), Marked("enrichment", number, number, *facts))


def _is_refusal(answer: Response) -> bool:
    return any(sign in answer.body.replace(b" ", b"") for sign in _REFUSED)
