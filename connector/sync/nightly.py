"""The night: pull → link → assess → look at exits → plan → push → record. Level-triggered: a repeat changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from connector.errors import StoreError
from connector.model.faults import fault
from connector.model.plan import Plan
from connector.model.runs import ActionOutcome, Mode, NightRecord, Trouble
from connector.store.audit import keep_rejects, read_setting
from connector.store.runs import end_run, give_lease, keep_lease, start_run, take_lease
from connector.sync.archive import keep_judged
from connector.sync.assess import Assessment, assess
from connector.sync.clearances import Looked, keep_looks, look_at_exits
from connector.sync.connections import Desk
from connector.sync.linking import Linked, link_company
from connector.sync.planning import Planned, plan_company
from connector.sync.pull import Streams
from connector.sync.push import LEDGER_MOVED, apply_plan
from connector.sync.record import bars, stories, waterfall
from connector.sync.settling import in_flight, settle_unfinished
from connector.sync.staging import pull_company

Marks = Set[tuple[str, str, str]]  # target, kind, ref


@dataclass(frozen=True)
class Night:
    """Everything one run saw and meant to do, before it is written down."""

    run: str
    as_of: date
    streams: Streams
    linked: Linked
    assessment: Assessment
    looked: list[Looked]
    planned: Planned

    def proof(self) -> dict[str, Any]:
        """As in proof.json."""
        return {
            "as_of": self.as_of.isoformat(), "run": self.run,
            "streams": [s.proof() for s in sorted(self.streams.values(), key=lambda s: (s.system, s.name))],
            "links": self.linked.counts, "books": self.linked.books, "rules_off": list(self.assessment.off),
        }


def company_mode(desk: Desk) -> Mode:
    """`observe` until somebody has switched the company to live."""
    return "live" if read_setting(desk.store, "mode", "observe") == "live" else "observe"


def run_night(
    desk: Desk, as_of: date, mode: Mode, only_plan: str = "", only_marks: Marks | None = None
) -> NightRecord:
    """One whole night. `only_plan`: a plan's hash; anything else than that very plan is not written.

    Raises BusyError when another run is at work, StoreError when the store fails; whatever a system does is a trouble
    in the record, never an exception.
    """
    token = take_lease(desk.store, desk.clock.now())
    try:
        return run_under(desk, token, as_of, mode, only_plan=only_plan, only_marks=only_marks)
    finally:
        give_lease(desk.store, token)


def run_under(
    desk: Desk, token: int, as_of: date, mode: Mode, *, only_plan: str = "", only_marks: Marks | None = None
) -> NightRecord:
    """One whole night under a right to run that the caller holds. `only_marks`: no others are written."""
    started = desk.clock.now()
    run = f"{as_of:%Y%m%d}-{secrets.token_hex(4)}"
    try:
        start_run(desk.store, run, as_of, mode, started)
        settled = settle_unfinished(desk)
        night = look_at_company(desk, as_of, run, lambda: hold_on(desk, token))
        if only_marks is not None:
            night = _narrowed(night, only_marks)
        outcomes, troubles = _write(desk, night, mode, token, only_plan)
        record = write_down(desk, night, mode, started, (*settled, *outcomes), troubles)
        document = {
            "proof": record.proof, "troubles": [vars(t) for t in record.troubles], "plan": record.plan,
            "suspended": night.linked.facts.suspended, "doubt": night.linked.facts.doubt.rows(),
        }
        end_run(desk.store, run, "incomplete" if record.troubles else "done", document, desk.clock.now())
        return record
    except BaseException as error:
        end_run(desk.store, run, "failed", {"error": type(error).__name__}, desk.clock.now())
        raise


def _narrowed(night: Night, marks: Marks) -> Night:
    """The night with a plan for these marks alone; what the brakes hold stays held."""
    plan = night.planned.plan
    actions = tuple(action for action in plan.actions if action.identity in marks)
    return replace(night, planned=replace(night.planned, plan=Plan(actions, plan.held)))


def hold_on(desk: Desk, token: int) -> None:
    """Prolong the right to run. StoreError when another run has taken it: then nothing more is kept or written."""
    if not keep_lease(desk.store, token, desk.clock.now()):
        raise fault(StoreError, "store.taken_over", f"company {desk.company.code}")


def look_at_company(desk: Desk, as_of: date, run: str, keep_on: Callable[[], None]) -> Night:
    """Pull, link, assess, plan; writes our own store only, and only while `keep_on` does not raise."""
    streams = pull_company(desk, as_of, run)
    keep_on()
    keep_rejects(desk.store, run, [row for s in streams.values() for row in s.rejects])
    desk.progress("link", 0)
    linked = link_company(desk, streams, as_of, run)
    desk.progress("judge", 0)
    keep_on()
    assessment = assess(desk, linked)
    keep_judged(desk, run, linked, assessment)
    looked = look_at_exits(desk, linked, assessment)
    keep_on()
    keep_looks(desk, looked, linked.facts.complete)
    desk.progress("plan", 0)
    planned = plan_company(desk, linked, assessment, looked)
    waiting = in_flight(desk)
    actions = tuple(a for a in planned.plan.actions if a.identity not in waiting)
    planned = replace(planned, plan=Plan(actions, planned.plan.held))
    return Night(run, as_of, streams, linked, assessment, looked, planned)


def _write(
    desk: Desk, night: Night, mode: Mode, token: int, only_plan: str
) -> tuple[list[ActionOutcome], list[Trouble]]:
    plan = night.planned.plan
    if mode != "live":
        return [], []
    if only_plan and plan.hash != only_plan:
        return [], [Trouble("plan", "stale_plan", {"asked": only_plan[:12], "now": plan.hash[:12]})]
    desk.progress("push", len(plan.actions))
    return apply_plan(desk, plan, night.run, token, night.as_of, night.linked.numbers), []


def write_down(
    desk: Desk, night: Night, mode: Mode, started: datetime, outcomes: tuple[ActionOutcome, ...],
    more: list[Trouble],
) -> NightRecord:
    """The night as a record for reports and doors."""
    documents = night.assessment.documents
    return NightRecord(
        company=desk.company.code, title=desk.company.title, run=night.run, as_of=night.as_of, mode=mode,
        currency=desk.company.currency, started_at=started, ended_at=desk.clock.now(),
        findings={"as_of": night.as_of.isoformat(), "rule_book": desk.company.book.version, "findings": documents},
        plan=night.planned.plan.document(), proof=night.proof(), outcomes=outcomes,
        troubles=(*troubles_of(night), *night.planned.troubles, *_of_outcomes(outcomes), *more),
        bars=bars(night.linked.facts), waterfall=waterfall(night.linked, documents),
        stories=stories(night.linked, documents, night.planned.plan),
        names=_names(night.linked, documents, night.planned.plan),
        rejects=tuple(row for s in night.streams.values() for row in s.rejects),
    )


def _names(linked: Linked, documents: list[dict[str, Any]], plan: Plan) -> dict[str, str]:
    held = [action for group in plan.held for action in group.actions]
    wanted = {d["employee"] for d in documents if d["employee"]} | {a.employee for a in (*plan.actions, *held)}
    return {number: name or "" for number, name in linked.facts.employee.select("number", "name").iter_rows()
            if number in wanted}


def troubles_of(night: Night) -> list[Trouble]:
    """What makes this night less than whole, each with its cause."""
    found = [
        Trouble(s.system, "stream_incomplete", {"system": s.system, "stream": s.name, "cause": s.cause})
        for s in night.streams.values() if not s.complete
    ]
    found += [
        Trouble("books", "books_differ", {"currency": currency, **row})
        for currency, row in night.linked.books.items() if row["difference"].strip("-0.")
    ]
    if night.linked.facts.suspended:
        found.append(Trouble("releases", "releases_suspended", {"cause": night.linked.facts.suspended}))
    rejected = sum(len(s.rejects) for s in night.streams.values())
    if rejected:
        found.append(Trouble("rows", "rejects", {"count": rejected}))
    if night.assessment.blind:
        found.append(Trouble("rules", "rules_blind", {"rules": ", ".join(sorted(night.assessment.blind))}))
    return found + [
        Trouble(g.target, "brake", {
            "kind": g.kind, "verb": g.verb, "count": len(g.actions), "limit": g.limit, "done": g.done, "hash": g.hash,
        }) for g in night.planned.plan.held
    ]


def _of_outcomes(outcomes: tuple[ActionOutcome, ...]) -> list[Trouble]:
    codes = {"rejected": "action_refused", "blocked": "action_blocked", "sent": "outcome_unknown"}
    found = []
    for one in outcomes:
        code = "ledger_moved" if one.detail == LEDGER_MOVED else codes.get(one.outcome)
        if code is not None:
            facts = {name: one.action[name] for name in ("kind", "ref", "employee")} | {"detail": one.detail}
            found.append(Trouble(str(one.action["target"]), code, facts))
    return found

