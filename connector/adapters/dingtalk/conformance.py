"""This adapter's subject: itself over its stand-in, and how that is troubled. Cases are written elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from connector.adapters.contract import Adapter, Setting, Since
from connector.adapters.dingtalk.adapter import build
from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.adapters.subject import Marked, Trial
from connector.sandbox.company import generate_company
from connector.sandbox.hosted import STANDS_ON, hosted
from connector.sandbox.http import Response

# Faster than any vendor allows: a stand-in without rate limits is asked, and nobody should wait for it.
_CALLS_PER_SECOND = 1000
_LIST, _DETAIL = "instanceIds/query", "workflow/processInstances"
# How both hosts refuse the app's credential.
_REFUSED = (b"invalidClientIdOrSecret", b"InvalidAuthentication", b'"errcode":40089', b'"errcode":40096')
# Seed of a company in which exits stand at every gate.
_SEED = 3


@contextmanager
def subject(setting: Setting) -> Iterator[Trial]:
    """A company by chance, with exits whose gate is open."""
    with hosted("dingtalk", partial(DingTalkStandIn, rate_limits=False), _is_refusal, _company) as site:
        base = {**site.options, "network": "sandbox", "calls_per_second": _CALLS_PER_SECOND, "page": 3}
        away = "http://127.0.0.1:9"

        def connect(**changes: Any) -> Adapter:
            return build({**base, **changes}, setting)

        yield Trial(
            connect=connect,
            broken={
                "reach": lambda: connect(base_url=away, legacy_base_url=away),
                "login": lambda: connect(app_secret="wrong-canary-9"),
                "fields": lambda: connect(process_codes={"exit": "PROC-NONE", "loan": "PROC-NONE"}),
                "service_user": lambda: connect(service_user="nobody"),
            },
            troubles={
                "cut_off": lambda: site.arm("truncate", after=2, at_byte=5),
                "repeated_page": lambda: site.arm("duplicate_page", _LIST),
                "lost_answer": lambda: site.arm("timeout_after", "workflow/processInstances/comments", 0, 1, seconds=0),
            },
            secrets=(str(site.options["app_secret"]), "wrong-canary-9"),
            marks=_marks,
            refusals=site.refusals,
        )


def _company(folder: Path) -> None:
    generate_company(folder, seed=_SEED, employees=60, as_of=STANDS_ON, dirty=False)


def _marks(adapter: Adapter) -> tuple[Marked, ...]:
    """A hold on an exit whose gate is open, a to-do on another (a released exit's to-dos are not listed), and a brief
    on an application that runs."""
    rows = pl.concat([page.rows for page in adapter.pull("exit", Since(STANDS_ON))], how="diagonal")
    found = rows.filter(gate="open").select("processInstanceId", "employee")
    held, asked = (tuple(map(str, row)) for row in found.rows()[:2])
    much, little = {"balance": {"CNY": 2_800_000}}, {"balance": {"CNY": 100}}
    forms = pl.concat([page.rows for page in adapter.pull("approval", Since(STANDS_ON))], how="diagonal")
    applied = tuple(map(str, forms.filter(state="running").select("processInstanceId", "employee").row(0)))
    return (
        Marked("exit_hold", held[0], held[1], much, little), Marked("todo", asked[0], asked[1], much, little),
        Marked("brief", applied[0], applied[1], much, little),
    )


def _is_refusal(answer: Response) -> bool:
    return any(sign in answer.body for sign in _REFUSED)
