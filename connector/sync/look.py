"""A look at one employee, now, by the very code of the night: the same pull, link and rules over one person's rows.

Nothing is written: not to the systems, and of our own store only what is read is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from connector.errors import StateError
from connector.model.faults import fault
from connector.model.plan import Plan
from connector.model.runs import Story
from connector.model.values import decimal_text
from connector.reconcile.plan import difference
from connector.rules.columns import OPEN
from connector.rules.file import paid_out
from connector.store.exits import cases
from connector.store.links import stored_links
from connector.store.runs import last_runs
from connector.store.snapshots import last_complete
from connector.sync.assess import assess
from connector.sync.clearances import look_at_exits
from connector.sync.connections import Desk
from connector.sync.enriching import running_applications
from connector.sync.linking import Before, Linked, link_company
from connector.sync.planning import desires, observe_company
from connector.sync.pull import EXITS_OF_OTHERS, OF_PEOPLE, Stream, is_left_to_the_night
from connector.sync.record import stories
from connector.sync.staging import pull_company
from connector.sync.succession import earlier_numbers, number_now
from connector.sync.vanishing import DOUBT


@dataclass(frozen=True)
class Look:
    """What is seen of one employee right now."""

    employee: str
    as_of: date
    story: Story | None
    balance: dict[str, str] | None  # per currency, decimal text; None while it is not known what he owes
    findings: tuple[dict[str, Any], ...]
    wanted: tuple[dict[str, Any], ...]
    exits: tuple[dict[str, Any], ...]
    incomplete: tuple[str, ...]


def look_at(desk: Desk, employee: str, as_of: date) -> Look:
    """Pull one person's rows and judge them, under the number he has today. StateError when every system answered and
    none knows the number."""
    employee = number_now(desk, employee)
    keys = _keys(desk, employee)
    streams = {**pull_company(desk, as_of, "look", keys), **_of_the_night(desk, employee)}
    if "exit" in streams:
        mine = pl.col("employee").is_in([employee, *keys["finance"]])
        streams["exit"] = replace(streams["exit"], rows=streams["exit"].rows.filter(mine))
    unread = tuple(s.cause for s in streams.values() if not s.complete)
    known = any(streams[n].rows.height for n in ("employee", "person", "open_item", "exit") if n in streams)
    if not known and not unread:
        raise fault(StateError, "command.nobody", "", employee=employee)
    linked = link_company(desk, streams, as_of, "look", _before(desk, employee))
    assessment = assess(desk, linked, keeps=False)
    looked = look_at_exits(desk, linked, assessment)
    asked = running_applications(linked, assessment)["ref"].to_list()
    observed, troubles = observe_company(desk, looked, asked)
    wished = [w for w in desires(desk, linked, assessment, looked, observed) if w.employee == employee]
    wanted = difference(wished, observed)
    told = stories(linked, assessment.documents, Plan(wanted), employee)
    exits = tuple(
        {"exit": one.case.number, "state": one.case.state, "gate": one.sight.gate, "withheld": list(one.withheld)}
        for one in looked
    )
    balance = told[0].balance if told else _owed(linked, employee, keys["finance"])
    return Look(employee, as_of, told[0] if told else None, balance, tuple(assessment.documents),
                tuple(a.document() for a in wanted), exits, unread + tuple(t.code for t in troubles))


def _owed(linked: Linked, employee: str, numbers: tuple[str, ...]) -> dict[str, str] | None:
    """What stands open under the numbers of somebody whom HR does not know."""
    loans = paid_out(linked.facts).filter(pl.col("employee").is_in(numbers) & (pl.col("balance") > 0))
    summed = loans.group_by("currency").agg(pl.col("balance").sum()).sort("currency")
    owed = {currency: decimal_text(balance, currency) for currency, balance in summed.iter_rows()}
    is_known = OPEN in linked.facts.complete and employee not in linked.facts.doubt["person"]
    return owed if owed or is_known else None


def _keys(desk: Desk, employee: str) -> dict[str, tuple[str, ...]]:
    """Role → keys to pull: his numbers in finance, his number in HR; and the exits that are surely of others."""
    finance = desk.company.by_role("finance")
    people = (employee, *earlier_numbers(desk, employee))
    numbers = set(people)
    if finance is not None:
        linked = stored_links(desk.store, finance.name)
        numbers |= set(linked.filter(pl.col("person").is_in(people))["number"].to_list())
    others = [case.ref for case, _ in cases(desk.store).values() if case.employee not in numbers]
    return {"finance": tuple(sorted(numbers)), "hr": people, EXITS_OF_OTHERS: tuple(sorted(others))}


def _of_the_night(desk: Desk, employee: str) -> dict[str, Stream]:
    """What a look leaves to the night, as the last one read it: a look shall be quick. Of people only this one."""
    found: dict[str, Stream] = {}
    for connection in desk.company.connections:
        for name in connection.adapter.manifest.streams:
            if name == "control" or not is_left_to_the_night(connection, name):
                continue
            earlier = last_complete(desk.store, connection.name, name)
            if earlier is not None:
                rows = pl.read_parquet(earlier.path)
                if name in OF_PEOPLE:
                    rows = rows.filter(pl.col("number" if name == "employee" else "employee") == employee)
                found[name] = Stream(connection.name, name, rows, complete=True, fetched=rows.height)
    return found


def _before(desk: Desk, employee: str) -> Before:
    """What the last night knew and a look cannot see: why releases rested, and why this person was in doubt."""
    ended = next((row["document"] for row in last_runs(desk.store) if row["state"] in ("done", "incomplete")), None)
    if ended is None:
        return Before("no_night_yet", pl.DataFrame(schema=DOUBT))
    doubt = [tuple(row) for row in ended.get("doubt") or () if row[0] == employee]
    return Before(str(ended.get("suspended") or ""), pl.DataFrame(doubt, schema=DOUBT, orient="row"))
