"""This adapter's subject: itself over its stand-in, and how that is troubled. Cases are written elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from connector.adapters.contract import Adapter, Setting
from connector.adapters.rest_hr.adapter import build
from connector.adapters.rest_hr.sandbox import PASSWORD, TOKEN, RestStandIn
from connector.adapters.subject import Trial
from connector.sandbox.hosted import hosted, is_401

_OFFSET = {"by": "offset", "size_ask": "per_page"}
_WHERE = {"rows": "data.items", "total": "data.total", "key": "id", "paging": _OFFSET}
_STREAMS = {
    "employee": {"path": "/v1/offset/employees", **_WHERE},
    "attendance_month": {"path": "/v1/offset/attendance", **_WHERE},
}
_WRONG = "canary-wrong-token"


@contextmanager
def subject(setting: Setting) -> Iterator[Trial]:
    """Pages by offset with a total; the other ways are tried beside it."""
    with hosted("rest", RestStandIn, is_401) as site:
        base = {**site.options, "network": "sandbox", "streams": _STREAMS, "timeout_s": 5}

        def connect(**changes: Any) -> Adapter:
            return build({**base, **changes}, setting)

        def at(path: str, **more: Any) -> Adapter:
            return connect(streams={"employee": {"path": path, **_WHERE, **more}})

        yield Trial(
            connect=connect,
            broken={
                "reach": lambda: connect(base_url="http://127.0.0.1:9"),
                "login": lambda: connect(token=_WRONG),
                "permission": lambda: at("/v1/payroll"),
                "fields": lambda: _nameless(base, setting),
            },
            troubles={
                "cut_off": lambda: site.arm("truncate", after=1, at_byte=5),
                "repeated_page": lambda: site.arm("duplicate_page"),
            },
            secrets=(TOKEN, PASSWORD, _WRONG),
            refusals=site.refusals,
        )


def _nameless(base: dict[str, Any], setting: Setting) -> Adapter:
    """A company whose mapping looks for the number where there is none."""
    return build(base, replace(setting, overlay="streams: {employee: {number: staff_code}}"))
