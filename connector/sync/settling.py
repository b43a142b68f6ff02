"""What an earlier run left behind: writes that were meant and never sent, and writes whose outcome nobody knows.

They are settled before anything new is planned. Nothing is repeated here: what is not there is planned anew.
"""

from __future__ import annotations

from datetime import timedelta

from connector.errors import ConnectorError
from connector.model.runs import ActionOutcome
from connector.store import outbox
from connector.store.exits import move
from connector.store.outbox import Command
from connector.sync.connections import Connection, Desk
from connector.sync.planning import observed_rows
from connector.sync.push import grouped, is_standing


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
    sink = connection.adapter.manifest.sink(kind)
    landing = timedelta(seconds=sink.landing_s if sink else 0.0)
    youngest = max((c.sent_at for c in sent if c.sent_at), default=desk.clock.now())
    wait = (youngest + landing - desk.clock.now()).total_seconds()
    if wait > 0:
        desk.clock.sleep(min(wait, landing.total_seconds()))
    try:
        frame = connection.adapter.observe(kind, [c.action.ref for c in sent])
    except ConnectorError as error:
        return [ActionOutcome(c.action.document(), "sent", f"not read back: {error}") for c in sent]
    seen = {row.ref: row for row in observed_rows(frame, connection.name)}
    found = []
    for command in sent:
        stands = is_standing(command.action, seen.get(command.action.ref))
        state = "confirmed" if stands else "superseded"
        detail = "read back by the next run" if stands else "not there; planned anew"
        outbox.finish(desk.store, command.id, state, detail, desk.clock.now())
        if stands and command.action.kind == "exit_hold" and command.action.verb == "remove":
            move(desk.store, command.action.target, command.action.ref, "released")
        found.append(ActionOutcome(command.action.document(), state, detail))  # type: ignore[arg-type]
    return found


def in_flight(desk: Desk) -> frozenset[tuple[str, str, str]]:
    """Marks whose last write is still unknown: nothing is planned for them."""
    return frozenset(c.action.identity for c in outbox.unfinished(desk.store) if c.state == "sent")
