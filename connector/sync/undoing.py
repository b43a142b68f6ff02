"""Taking back: the inverse of what a plan wrote, or all our marks. Shown first; written only by a named person.

It goes through the same outbox and the same read-back as a night. Brakes do not apply: a person has seen the whole
plan and puts his name under it. Gates are never ended here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from connector.errors import ConnectorError, StateError
from connector.model.plan import Action, Content, Plan, digest
from connector.model.runs import ActionOutcome
from connector.reconcile.inverse import COMMENT_STAYS, COMMENTS, Kept, inverse
from connector.reconcile.plan import Observed
from connector.store import outbox
from connector.store.audit import write_line
from connector.store.exits import cases
from connector.store.links import stored_links
from connector.store.runs import give_lease, take_lease
from connector.sync.connections import Connection, Desk
from connector.sync.planning import observed_rows
from connector.sync.push import apply_plan
from connector.sync.settling import in_flight

# Why a mark stays, beside what the comparison says.
NOT_OBSERVED, IN_FLIGHT = "not_observed", "in_flight"


@dataclass(frozen=True)
class Undoing:
    """What would be written, and what stays with its reason."""

    plan: Plan
    kept: tuple[Kept, ...]

    def document(self) -> dict[str, object]:
        return {
            **self.plan.document(), "kept": [{**one.action.document(), "reason": one.reason} for one in self.kept],
        }


def undo_of(desk: Desk, name: str) -> Undoing:
    """The way back from what a run wrote, named by its id or by the beginning of its plan's hash (8 characters)."""
    commands = outbox.of_run(desk.store, name)
    if not commands and len(name) >= 8:
        commands = outbox.of_run(desk.store, outbox.last_run_of(desk.store, name) or "")
    written = [command.action for command in commands if command.state == "confirmed"]
    if not written:
        raise StateError(f"nothing was written by `{name}`", mend="connector runs shows the runs, and what they wrote")
    return _undoing(desk, _compared(desk, written))


def unmark_of(desk: Desk) -> Undoing:
    """The way back from everything: every mark of ours that stands, taken away."""
    found: list[Action | Kept] = []
    for connection in desk.company.connections:
        for sink in connection.adapter.manifest.sinks:
            owners = _owners(desk, connection, sink.kind)
            refs = list(owners) if sink.kind in ("exit_hold", "todo") else None
            for mark in observed_rows(connection.adapter.observe(sink.kind, refs), connection.name):
                if mark.digest and not mark.is_ticked:
                    owner = owners.get(mark.ref, mark.ref)
                    action = Action("remove", *mark.identity, owner, mark.document(), None)
                    found.append(Kept(action, COMMENT_STAYS) if sink.kind in COMMENTS else action)
    return _undoing(desk, found)


def carry_out(desk: Desk, undoing: Undoing, by: str, what: str) -> list[ActionOutcome]:
    """Write it. `what`: undo | unmark, for the audit. BusyError while a night is at work."""
    now = desk.clock.now()
    token = take_lease(desk.store, now)
    try:
        run = f"{what}-{desk.today():%Y%m%d}-{secrets.token_hex(4)}"
        facts: dict[str, object] = {"plan": undoing.plan.hash, "actions": len(undoing.plan.actions), "run": run}
        write_line(desk.store, by, what, facts, now)
        return apply_plan(desk, undoing.plan, run, token, desk.today(), {})
    finally:
        give_lease(desk.store, token)


def _undoing(desk: Desk, found: list[Action | Kept]) -> Undoing:
    """What may be written now, sorted; a mark whose last write is not settled yet waits for the next night."""
    waiting = in_flight(desk)
    kept = [one for one in found if isinstance(one, Kept)]
    actions = [one for one in found if isinstance(one, Action)]
    kept += [Kept(action, IN_FLIGHT) for action in actions if action.identity in waiting]
    free = sorted((a for a in actions if a.identity not in waiting), key=lambda a: a.identity)
    return Undoing(Plan(tuple(free)), tuple(kept))


def _compared(desk: Desk, written: list[Action]) -> list[Action | Kept]:
    groups: dict[tuple[str, str], list[Action]] = {}
    for action in written:
        groups.setdefault((action.target, action.kind), []).append(action)
    found: list[Action | Kept] = []
    for (target, kind), group in groups.items():
        seen = _seen(desk, target, kind, [action.ref for action in group])
        if seen is None:
            found += [Kept(action, NOT_OBSERVED) for action in group]
            continue
        found += [inverse(a, seen.get(a.ref), _Contents(desk, a.identity)) for a in group]
    return found


def _seen(desk: Desk, target: str, kind: str, refs: list[str]) -> Mapping[str, Observed] | None:
    """Marks as they stand now; None when nobody can say."""
    connection = desk.company.by_name(target)
    if connection is None:
        return None
    try:
        return {row.ref: row for row in observed_rows(connection.adapter.observe(kind, refs), target)}
    except ConnectorError:
        return None


@dataclass(frozen=True)
class _Contents:
    """Digest → content, of everything that was ever written on one mark."""

    desk: Desk
    mark: tuple[str, str, str]

    def __call__(self, wanted: str) -> Content | None:
        contents = (command.action.after for command in outbox.of_mark(self.desk.store, self.mark))
        return next((content for content in contents if content is not None and digest(content) == wanted), None)


def _owners(desk: Desk, connection: Connection, kind: str) -> dict[str, str]:
    """Ref of a record over there → employee number in HR."""
    if kind in ("exit_hold", "todo"):
        return {ref: case.employee for (system, ref), (case, _) in cases(desk.store).items()
                if system == connection.name}
    return dict(stored_links(desk.store, connection.name).iter_rows())
