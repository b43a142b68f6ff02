"""This adapter's subject: itself over its stand-in, and how that is troubled. Cases are written elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connector.adapters.contract import Adapter, Setting
from connector.adapters.scim.adapter import build
from connector.adapters.scim.sandbox import TOKEN, ScimStandIn
from connector.adapters.subject import Trial
from connector.sandbox.hosted import hosted, is_401

_WRONG = "canary-wrong-token"


@contextmanager
def subject(setting: Setting) -> Iterator[Trial]:
    """A directory of the built-in company's employees."""
    with hosted("scim", ScimStandIn, is_401) as site:
        url = str(site.options["base_url"])
        base = {**site.options, "base_url": f"{url}/scim/v2", "network": "sandbox", "timeout_s": 5}

        def connect(**changes: Any) -> Adapter:
            return build({**base, **changes}, setting)

        yield Trial(
            connect=connect,
            broken={
                "reach": lambda: connect(base_url="http://127.0.0.1:9/scim/v2"),
                "login": lambda: connect(token=_WRONG),
                "permission": lambda: connect(base_url=f"{url}/forbidden"),
                "fields": lambda: connect(number="externalId"),
            },
            troubles={
                "cut_off": lambda: site.arm("truncate", after=1, at_byte=5),
                "repeated_page": lambda: site.arm("duplicate_page"),
            },
            secrets=(TOKEN, _WRONG),
            refusals=site.refusals,
        )
