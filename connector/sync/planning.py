"""Planning: what should stand, what stands, the difference, the brakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import orjson
import polars as pl

from connector.errors import ConnectorError
from connector.model.plan import Plan
from connector.model.runs import Trouble
from connector.reconcile.brakes import apply_brakes
from connector.reconcile.desire import FlagRules, Opinion, exit_marks, flags, warnings
from connector.reconcile.enrich import briefs, enrichments
from connector.reconcile.plan import Desired, Identity, Observed, difference
from connector.rules.book import RuleBook
from connector.store.audit import approved, read_setting, write_setting
from connector.store.links import stored_links
from connector.store.outbox import written_on
from connector.sync.assess import Assessment
from connector.sync.clearances import Looked
from connector.sync.connections import Desk
from connector.sync.enriching import are_briefs_whole, brief_rows, people_of, running_applications
from connector.sync.linking import Linked

_POPULATION = "population"


@dataclass(frozen=True)
class Planned:
    """The plan with what it was computed from."""

    plan: Plan
    observed: Mapping[Identity, Observed]
    troubles: tuple[Trouble, ...]


def plan_company(desk: Desk, linked: Linked, assessment: Assessment, looked: list[Looked]) -> Planned:
    """The difference between what should stand and what stands, cut by the brakes."""
    asked = running_applications(linked, assessment)["ref"].to_list()
    observed, troubles = observe_company(desk, looked, asked)
    wished = desires(desk, linked, assessment, looked, observed)
    actions = tuple(
        action for action in difference(wished, observed)
        if (action.target, action.kind) not in {(t.place, t.facts.get("kind")) for t in troubles}
    )
    plan = apply_brakes(
        actions, population(desk, linked), written_on(desk.store, linked.facts.as_of),
        approved(desk.store, desk.clock.now()),
    )
    return Planned(plan, observed, tuple(troubles))


def population(desk: Desk, linked: Linked) -> int:
    """Active and leaving people in the last complete HR pull."""
    if "employee" in linked.facts.complete:
        count = linked.facts.employee.filter(pl.col("status").is_in(["active", "leaving"])).height
        write_setting(desk.store, _POPULATION, str(count))
        return count
    return int(read_setting(desk.store, _POPULATION, "0"))


def observe_company(
    desk: Desk, looked: list[Looked], asked: list[str]
) -> tuple[dict[Identity, Observed], list[Trouble]]:
    """Marks as they stand. What cannot be observed is not written to tonight. `asked`: approvals of applications."""
    found: dict[Identity, Observed] = {}
    troubles: list[Trouble] = []
    for connection in desk.company.connections:
        for sink in connection.adapter.manifest.sinks:
            refs = asked if sink.kind == "brief" else _refs(sink.kind, connection.name, looked)
            try:
                frame = connection.adapter.observe(sink.kind, refs)
            except ConnectorError as error:
                facts = {"kind": sink.kind, "system": connection.name, "detail": error.record}
                troubles.append(Trouble(connection.name, "not_observed", facts))
                continue
            for row in observed_rows(frame, connection.name):
                found[row.identity] = row
    return found, troubles


def _refs(kind: str, system: str, looked: list[Looked]) -> list[str] | None:
    """Which records to look at: all flags, the gates of running exits, the to-dos of exits that are or were held."""
    if kind not in ("exit_hold", "todo"):
        return None
    mine = [one for one in looked if one.case.system == system and one.sight.strength == "hard"]
    if kind == "exit_hold":
        return [one.case.ref for one in mine if one.sight.state == "running"]
    return [one.case.ref for one in mine if one.case.ever_owed]


def observed_rows(frame: pl.DataFrame, system: str) -> Iterable[Observed]:
    for row in frame.iter_rows(named=True):
        content = orjson.loads(row["content"]) if row["content"] else None
        yield Observed(
            system, row["kind"], row["ref"], row["digest"] or "", content, bool(row["is_ticked"]), row["gate"] or "",
            bool(row["gate_by_us"]),
        )


def desires(
    desk: Desk, linked: Linked, assessment: Assessment, looked: list[Looked], observed: Mapping[Identity, Observed]
) -> list[Desired]:
    """Every mark that should stand, should not, or is to be left alone."""
    book = desk.company.book
    opinions = _opinions(linked, assessment)
    finance, hr = desk.company.with_sink("finance", "risk_flag"), desk.company.with_sink("hr", "warning")
    wished = _told(desk, linked, assessment, observed)
    if finance is not None:
        rules = _rules(book, "risk_flag", linked, assessment, _unseen(desk, linked, observed, finance.name))
        standing = {o.ref for o in observed.values() if (o.target, o.kind) == (finance.name, "risk_flag")}
        rules = replace(rules, unlinked=frozenset(standing - set(linked.numbers)))
        wished += flags(opinions, rules, observed, finance.name, linked.numbers)
    if hr is not None:
        rules = _rules(book, "warning", linked, assessment, _unseen_in_hr(linked, observed, hr.name))
        here = set(linked.facts.employee["number"].to_list())
        wished += warnings([o for o in opinions if o.employee in here], rules, observed, hr.name)
    rules_on = [rule for rule in book.rules if rule.mode == "on"]
    writing = {mark: {r.code for r in rules_on if mark in r.marks} for mark in ("exit_hold", "todo")}
    for one in looked:
        mine = [o for o in opinions if o.subject == one.number and o.rule in writing["exit_hold"]]
        because = tuple(dict.fromkeys(o.key for o in mine if o.verdict == "hit"))
        marks = exit_marks(one.case, one.sight, one.debt, because, desk.company.confirm_always)
        wished += [mark for mark in marks if mark.content is None or writing[mark.kind]]  # off: nothing new is written
    return wished


def _told(
    desk: Desk, linked: Linked, assessment: Assessment, observed: Mapping[Identity, Observed]
) -> list[Desired]:
    """What finance and approvers should know of people, where a connection can carry it."""
    wished: list[Desired] = []
    finance, oa = desk.company.with_sink("finance", "enrichment"), desk.company.with_sink("oa", "brief")
    if finance is not None:
        sink = finance.adapter.manifest.sink("enrichment")
        keys = sink.keys if sink is not None else ()
        wished += enrichments(people_of(linked, assessment), keys, observed, finance.name)
    if oa is not None:
        wished += briefs(brief_rows(desk, linked, assessment), oa.name, are_briefs_whole(linked))
    return wished


def _rules(book: RuleBook, mark: str, linked: Linked, assessment: Assessment, unseen: frozenset[str]) -> FlagRules:
    """The rules that write one kind of mark on people, and what keeps a standing one tonight."""
    return FlagRules(
        frozenset(r.code for r in book.rules if mark in r.marks and r.mode == "on"),
        assessment.blind | frozenset(assessment.off), unseen, _doubted(linked),
        frozenset(r.code for r in book.rules if r.over == "loan"),
    )


def _opinions(linked: Linked, assessment: Assessment) -> list[Opinion]:
    """Findings with each number under which finance knows the person: today's, and earlier ones."""
    by_person: dict[str, list[str]] = {}
    for number, person in sorted(linked.numbers.items()):
        by_person.setdefault(person, []).append(number)
    found = {row["subject"] for row in assessment.documents if row["over"] == "loan"}
    named = linked.facts.loan.filter(pl.col("number").is_in(list(found)))
    of_loan = dict(named.select("number", "employee").iter_rows())  # numbers stand once here
    return [
        Opinion(
            row["rule"], row["over"], row["subject"], row["employee"],
            number, row["verdict"], row["severity"],
        )
        for row in assessment.documents
        for number in (
            [of_loan.get(row["subject"])] if row["over"] == "loan"
            else by_person.get(row["employee"] or "", [None])
        )
    ]


def _doubted(linked: Linked) -> frozenset[str]:
    """Numbers in finance of people who may owe more than is seen."""
    doubted = set(linked.facts.doubt["person"].to_list())
    return frozenset(doubted | {number for number, person in linked.numbers.items() if person in doubted})


def _unseen(desk: Desk, linked: Linked, observed: Mapping[Identity, Observed], target: str) -> frozenset[str]:
    """Flagged numbers whose person is not surely seen tonight: their flags stay as they are."""
    present = set(linked.facts.employee["number"].to_list())
    person_of = dict(stored_links(desk.store, target).iter_rows()) | linked.numbers
    are_whole = {"employee", "person"} <= linked.facts.complete
    standing = {o.ref for o in observed.values() if o.target == target and o.kind == "risk_flag"}
    return frozenset(
        number for number in standing
        if (person_of[number] not in present if number in person_of else not are_whole)
    )


def _unseen_in_hr(linked: Linked, observed: Mapping[Identity, Observed], target: str) -> frozenset[str]:
    """Warned numbers that HR does not surely show tonight, all of them while it is not sure whose loans are whose."""
    present = set(linked.facts.employee["number"].to_list())
    are_whole = {"employee", "person"} <= linked.facts.complete
    standing = {o.ref for o in observed.values() if o.target == target and o.kind == "warning"}
    return frozenset(number for number in standing if not are_whole or number not in present)
