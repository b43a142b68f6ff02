"""What an earlier run left behind: writes that were meant and never sent, and writes whose outcome nobody knows.

They are settled before anything new is planned. Nothing is repeated here: what is not there is planned anew.
"""

from __future__ import annotations

from connector.errors import ConnectorError
from connector.model.runs import ActionOutcome
from connector.store import outbox
from connector.store.exits import move
from connector.store.outbox import Command
from connector.sync.connections import Connection, Desk
from connector.sync.planning import observed_rows
from connector.sync.push import grouped, is_standing, landing_time


def settle_unfinished(desk: Desk) -> list[ActionOutcome]:
    """What an earlier run left: never sent → planned anew; sent → read back before anything is planned."""
    ended = []
    for (target, kind), group in grouped(outbox.unfinished(desk.store)).items():
        for command in [c for c in group if c.state == "planned"]:
            outbox.finish(desk.store, command.id, "superseded", "never sent; planned anew", desk.clock.now())
        sent = [c for c in group if c.state == "sent"]
        connection = desk.company.by_name(target)
        if sent and connection is not None:
            ended += _settle_sent(desk, connection, kind, sent)
    return ended


def _settle_sent(desk: Desk, connection: Connection, kind: str, sent: list[Command]) -> list[ActionOutcome]:
    """Look at once; wait only for what is not there and may still land."""
    sink = connection.adapter.manifest.sink(kind)
    absent, found = sent, list[ActionOutcome]()
    for look in range(2):
        now = desk.clock.now()
        waits = [landing_time(c, sink) - (now - c.sent_at).total_seconds() for c in absent if c.sent_at]
        wait = max([0.0, *waits])
        if look and not wait:
            break
        desk.clock.sleep(wait if look else 0.0)
        try:
            frame = connection.adapter.observe(kind, [c.action.ref for c in absent])
        except ConnectorError as error:
            unseen = [ActionOutcome(c.action.document(), "sent", f"not read back: {error}") for c in absent]
            return found + unseen
        seen = {row.ref: row for row in observed_rows(frame, connection.name)}
        found += [_confirmed(desk, c) for c in absent if is_standing(c.action, seen.get(c.action.ref))]
        absent = [c for c in absent if not is_standing(c.action, seen.get(c.action.ref))]
    return found + [_planned_anew(desk, c) for c in absent]


def _confirmed(desk: Desk, command: Command) -> ActionOutcome:
    detail = "read back by the next run"
    outbox.finish(desk.store, command.id, "confirmed", detail, desk.clock.now())
    if command.action.kind == "exit_hold" and command.action.verb == "remove":
        move(desk.store, command.action.target, command.action.ref, "released")
    return ActionOutcome(command.action.document(), "confirmed", detail)


def _planned_anew(desk: Desk, command: Command) -> ActionOutcome:
    detail = "not there; planned anew"
    outbox.finish(desk.store, command.id, "superseded", detail, desk.clock.now())
    return ActionOutcome(command.action.document(), "superseded", detail)


def in_flight(desk: Desk) -> frozenset[tuple[str, str, str]]:
    """Marks whose last write is still unknown: nothing is planned for them."""
    return frozenset(c.action.identity for c in outbox.unfinished(desk.store) if c.state == "sent")
