"""Push: every write is an intent first, then a socket, then a look at what stands. Only what was seen is confirmed.

A release reads the ledger once more, after the command was taken and right before the write. An unknown outcome is
read back before anything else; a repeat-safe write is repeated once, an appending one only after its landing time and
two looks. What stays unknown is left `sent` and settled by the next run before it plans anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from connector.adapters.contract import Receipt, SinkKind
from connector.errors import ConnectorError, StoreError
from connector.i18n.sentences import mark_text
from connector.model.plan import Action, Content, Plan, digest
from connector.model.runs import ActionOutcome
from connector.reconcile.clearance import fingerprint
from connector.reconcile.plan import Observed
from connector.store import outbox
from connector.store.exits import cases, move
from connector.store.outbox import Command
from connector.store.runs import keep_lease
from connector.sync.connections import Connection, Desk
from connector.sync.owing import person_differences, read_open_items
from connector.sync.planning import observed_rows

# Writes to one system at a time; more would only queue up over there.
_AT_ONCE = 4

# A ledger read older than this does not release anybody.
_FRESH = timedelta(seconds=60)
# Why a release was not written: between the night's read and the last look, something was booked.
LEDGER_MOVED = "ledger_moved"
# Why it was not written either: somebody else's run has taken the case up.
_NOT_RELEASING = "not_releasing"
# Details of writes that were overtaken: what they were planned on does not stand any more.
_OVERTAKEN = (LEDGER_MOVED, _NOT_RELEASING, "changed_meanwhile", "passed_by_another")


@dataclass(frozen=True)
class Sent:
    """A command with what its push said."""

    command: Command
    receipt: Receipt


def apply_plan(
    desk: Desk, plan: Plan, run: str, token: int, as_of: date, numbers: Mapping[str, str]
) -> list[ActionOutcome]:
    """Write the plan's actions; one outcome per action, held ones included. `numbers`: in finance → in HR."""
    now = desk.clock.now()
    commands = outbox.enqueue(desk.store, run, plan.hash, plan.actions, as_of, now)
    outcomes: dict[int, ActionOutcome] = {}
    for (target, kind), group in grouped(commands).items():
        connection = desk.company.by_name(target)
        assert connection is not None
        work = _Work(desk, connection, kind, token, run, as_of, numbers)
        outcomes |= work.write(group)
    held = [
        ActionOutcome(action.document(), "held", group.cause) for group in plan.held for action in group.actions
    ]
    return [outcomes[command.id] for command in commands] + held


def grouped(commands: Iterable[Command]) -> dict[tuple[str, str], list[Command]]:
    groups: dict[tuple[str, str], list[Command]] = {}
    for command in commands:
        groups.setdefault((command.action.target, command.action.kind), []).append(command)
    return groups


def landing_time(command: Command, sink: SinkKind | None) -> float:
    """Seconds in which a write without an answer may still land. A release ends one task: a second one is refused."""
    is_release = command.action.kind == "exit_hold" and command.action.verb == "remove"
    return 0.0 if sink is None or is_release else sink.landing_s


def is_standing(action: Action, seen: Observed | None) -> bool:
    """Whether what stands is what the action wanted."""
    if action.kind == "exit_hold" and action.verb == "remove":
        return seen is not None and seen.gate == "passed" and seen.gate_by_us
    if action.after is None:
        return seen is None or not seen.digest or seen.is_ticked
    return seen is not None and seen.digest == digest(action.after)


def _before(seen: Observed | None) -> Content | None:
    return None if seen is None else seen.document()


@dataclass(frozen=True)
class _Work:
    """Writing the commands of one kind to one system."""

    desk: Desk
    connection: Connection
    kind: str
    token: int
    run: str
    as_of: date
    numbers: Mapping[str, str]

    def write(self, commands: list[Command]) -> dict[int, ActionOutcome]:
        overtaken, standing = self._compare(commands)
        with ThreadPoolExecutor(_AT_ONCE, "push") as pool:
            sent = [*overtaken, *pool.map(self._send, standing)]
        ended = {one.command.id: self._end(one.command, "rejected", one.receipt.detail)
                 for one in sent if one.receipt.outcome == "refused"}
        waiting = [one for one in sent if one.receipt.outcome != "refused"]
        ended |= self._read_back([one.command for one in waiting if one.receipt.outcome == "landed"], "not_seen_after")
        unknown = [one.command for one in waiting if one.receipt.outcome == "unknown"]
        return ended | self._settle(unknown)

    def _compare(self, commands: list[Command]) -> tuple[list[Sent], list[Command]]:
        """Commands whose `before` no longer stands, and those that may be sent."""
        try:
            seen = self._look([command.action.ref for command in commands])
        except ConnectorError as error:
            return [Sent(c, Receipt("refused", f"not seen before the write: {error}")) for c in commands], []
        moved = [c for c in commands if _before(seen.get(c.action.ref)) != c.action.before]
        overtaken = [Sent(c, Receipt("refused", "changed_meanwhile")) for c in moved]
        gone = {c.id for c in moved}
        return overtaken, [c for c in commands if c.id not in gone]

    def _send(self, command: Command) -> Sent:
        now = self.desk.clock.now()
        store = self.desk.store
        if not keep_lease(store, self.token, now) or not outbox.take(store, command, self.token, now):
            return Sent(command, Receipt("refused", "the right to run was lost"))
        return Sent(command, self._try(command.action))

    def _try(self, action: Action) -> Receipt:
        """One write, after the last look that a release needs."""
        try:
            if action.kind == "exit_hold" and action.verb == "remove" and (withheld := self._ledger_says_no(action)):
                return Receipt("refused", withheld)
            return self._push(action)
        except StoreError:
            raise
        except ConnectorError as error:
            return Receipt("refused", f"{type(error).__name__}: {error}")
        except Exception as error:  # a fault in the adapter: nobody knows whether it wrote
            return Receipt("unknown", f"crashed: {type(error).__name__}")

    def _push(self, action: Action) -> Receipt:
        text = mark_text(action.document(), self.desk.company.language)
        return self.connection.adapter.push(action, text)

    def _ledger_says_no(self, action: Action) -> str:
        """The last look before a release: why it may not go, "" when every currency is at or below zero."""
        finance = self.desk.company.by_role("finance")
        if finance is None:
            return "no_ledger"
        known = cases(self.desk.store).get((action.target, action.ref))
        linked = {number for number, person in self.numbers.items() if person == action.employee}
        his = self.numbers.get(action.employee, action.employee) == action.employee  # not somebody else's over there
        numbers = tuple(sorted(linked | ({action.employee} if his else set())))
        begun = self.desk.clock.monotonic()
        stream = read_open_items(self.desk, finance, self.as_of, self.run, numbers)["open_item"]
        if not stream.complete or stream.rejects:
            return f"ledger_unread: {stream.cause or 'rejected row'}"
        if self.desk.clock.monotonic() - begun > _FRESH.total_seconds():
            return "ledger_stale"
        if stream.rows.filter(pl.col("balance") > 0).height or person_differences(stream).height:
            return LEDGER_MOVED
        seen = fingerprint((ref, currency, balance) for ref, currency, balance
                           in stream.rows.select("ref", "currency", "balance").iter_rows())
        if known is None or known[0].state != "releasing":
            return _NOT_RELEASING
        if seen != known[1]:
            return LEDGER_MOVED
        return ""

    def _look(self, refs: Sequence[str]) -> dict[str, Observed]:
        frame = self.connection.adapter.observe(self.kind, list(refs))
        return {row.ref: row for row in observed_rows(frame, self.connection.name)}

    def _read_back(self, commands: list[Command], otherwise: str) -> dict[int, ActionOutcome]:
        """Confirm what is seen to stand; the rest is blocked, for a person to look at and the next run to plan anew."""
        if not commands:
            return {}
        try:
            seen = self._look([command.action.ref for command in commands])
        except ConnectorError as error:
            return {c.id: ActionOutcome(c.action.document(), "sent", f"not read back: {error}") for c in commands}
        return {c.id: self._judge(c, seen.get(c.action.ref), otherwise) for c in commands}

    def _judge(self, command: Command, seen: Observed | None, otherwise: str) -> ActionOutcome:
        if is_standing(command.action, seen):
            return self._end(command, "confirmed", "")
        is_passed = command.action.kind == "exit_hold" and seen is not None and seen.gate == "passed"
        return self._end(command, "blocked", "passed_by_another" if is_passed else otherwise)

    def _settle(self, unknown: list[Command]) -> dict[int, ActionOutcome]:
        """Outcomes unknown: look, wait out the landing time, look again, and repeat once what surely did not land."""
        if not unknown:
            return {}
        sink = self.connection.adapter.manifest.sink(self.kind)
        landed, absent = self._seen_twice(unknown, sink)
        ended = {c.id: ActionOutcome(c.action.document(), "sent", "outcome unknown") for c in unknown}
        ended |= {c.id: self._end(c, "confirmed", "read back after an unknown outcome") for c in landed}
        repeated = [Sent(c, self._again(c)) for c in absent]
        ended |= {one.command.id: self._end(one.command, "rejected", one.receipt.detail)
                  for one in repeated if one.receipt.outcome == "refused"}
        done = [one.command for one in repeated if one.receipt.outcome == "landed"]
        ended |= self._read_back(done, "not_seen_after")
        for one in repeated:
            if one.receipt.outcome == "unknown":
                ended[one.command.id] = ActionOutcome(one.command.action.document(), "sent", one.receipt.detail)
        return ended

    def _seen_twice(self, unknown: list[Command], sink: SinkKind | None) -> tuple[list[Command], list[Command]]:
        """Those that stand, and those that do not: not at once, and not after the time in which they may land."""
        absent, landed = list(unknown), list[Command]()
        for look in range(2):
            longest = max((landing_time(command, sink) for command in absent), default=0.0)
            if look and not longest:
                break
            self.desk.clock.sleep(longest if look else 0.0)
            try:
                seen = self._look([command.action.ref for command in absent])
            except ConnectorError:
                return landed, []
            landed += [c for c in absent if is_standing(c.action, seen.get(c.action.ref))]
            here = {c.id for c in landed}
            absent = [c for c in absent if c.id not in here]
        return landed, absent

    def _again(self, command: Command) -> Receipt:
        if not keep_lease(self.desk.store, self.token, self.desk.clock.now()):
            return Receipt("unknown", "the right to run was lost")
        return self._try(command.action)

    def _end(self, command: Command, state: str, detail: str) -> ActionOutcome:
        shown = "superseded" if detail in _OVERTAKEN else state
        outbox.finish(self.desk.store, command.id, shown, detail, self.desk.clock.now())
        if command.action.kind == "exit_hold" and command.action.verb == "remove":
            if shown == "confirmed":
                move(self.desk.store, command.action.target, command.action.ref, "released")
            elif detail == LEDGER_MOVED:
                move(self.desk.store, command.action.target, command.action.ref, "held", owed=True)
        return ActionOutcome(command.action.document(), shown, detail)  # type: ignore[arg-type]
