"""The outbox: every write is a row before it is a socket. planned → sent → confirmed | rejected | superseded | blocked.

A row left `sent` is an unknown outcome: it is read back before anything else is done with its mark. A command is taken
only by the holder of the current fencing token.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import orjson
import sqlalchemy as sa

from connector.model.plan import Action
from connector.store.database import Store
from connector.store.tables import lease, outbox

ENDED = ("confirmed", "rejected", "superseded", "blocked")


@dataclass(frozen=True)
class Command:
    """One row of the outbox."""

    id: int
    action: Action
    state: str
    sent_at: datetime | None
    run: str
    detail: str


def enqueue(
    store: Store, run: str, plan: str, actions: Iterable[Action], as_of: date, now: datetime
) -> list[Command]:
    """Intents of a plan, all or none, in one transaction."""
    meant = list(actions)
    rows = [_row(store, run, plan, action, as_of, now) for action in meant]
    if not rows:
        return []
    with store.engine.begin() as conn:
        ids = conn.scalars(outbox.insert().returning(outbox.c.id, sort_by_parameter_order=True), rows).all()
    return [Command(id_, action, "planned", None, run, "") for id_, action in zip(ids, meant, strict=True)]


def _row(store: Store, run: str, plan: str, action: Action, as_of: date, now: datetime) -> dict[str, object]:
    return {
        "company": store.company, "run": run, "plan": plan, "target": action.target, "kind": action.kind,
        "ref": action.ref, "verb": action.verb, "employee": action.employee, "before": _json(action.before),
        "after": _json(action.after), "because": _json(list(action.because)), "state": "planned",
        "business_date": as_of, "planned_at": now, "detail": "",
    }


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def take(store: Store, command: Command, token: int, now: datetime) -> bool:
    """planned → sent under the fence: True only while `token` is the company's current one. Before the socket."""
    current = sa.select(lease.c.token).where(lease.c.company == store.company).scalar_subquery()
    with store.engine.begin() as conn:
        taken = conn.execute(
            outbox.update().where(outbox.c.id == command.id, outbox.c.state == "planned", current == token)
            .values(state="sent", fence=token, sent_at=now)
        )
        return taken.rowcount == 1


def finish(store: Store, command_id: int, state: str, detail: str, now: datetime) -> None:
    with store.engine.begin() as conn:
        conn.execute(
            outbox.update().where(outbox.c.id == command_id, outbox.c.state.not_in(ENDED))
            .values(state=state, detail=detail[:500], ended_at=now)
        )


def unfinished(store: Store) -> list[Command]:
    """Rows that no run has ended: what a crash or an unknown outcome left."""
    return _commands(store, outbox.c.state.in_(("planned", "sent")))


def history(store: Store, employee: str, most: int = 50) -> list[Command]:
    """What was written about one employee, newest first."""
    wanted = sa.select(outbox).where(outbox.c.company == store.company, outbox.c.employee == employee)
    with store.engine.connect() as conn:
        return [_command(row) for row in conn.execute(wanted.order_by(outbox.c.id.desc()).limit(most)).mappings()]


def of_run(store: Store, run: str) -> list[Command]:
    """What one run meant to write, and what became of it."""
    return _commands(store, outbox.c.run == run)


def last_run_of(store: Store, plan: str) -> str | None:
    """The newest run that wrote a plan, named by the beginning of its hash."""
    wanted = sa.select(outbox.c.run).where(outbox.c.company == store.company, outbox.c.plan.startswith(plan))
    with store.engine.connect() as conn:
        return conn.scalar(wanted.order_by(outbox.c.id.desc()).limit(1))


def of_mark(store: Store, mark: tuple[str, str, str]) -> list[Command]:
    """Everything that was ever meant for one mark, in order."""
    target, kind, ref = mark
    return _commands(store, outbox.c.target == target, outbox.c.kind == kind, outbox.c.ref == ref)


def _commands(store: Store, *where: sa.ColumnElement[bool]) -> list[Command]:
    wanted = sa.select(outbox).where(outbox.c.company == store.company, *where).order_by(outbox.c.id)
    with store.engine.connect() as conn:
        return [_command(row) for row in conn.execute(wanted).mappings()]


def _command(row: sa.RowMapping) -> Command:
    action = Action(
        row["verb"], row["target"], row["kind"], row["ref"], row["employee"], orjson.loads(row["before"]),
        orjson.loads(row["after"]), tuple(orjson.loads(row["because"])),
    )
    return Command(row["id"], action, row["state"], row["sent_at"], row["run"], row["detail"])


def written_on(store: Store, as_of: date) -> dict[tuple[str, str, str], int]:
    """(target, kind, verb) → writes of a business day that landed or may have."""
    wanted = (
        sa.select(outbox.c.target, outbox.c.kind, outbox.c.verb, sa.func.count())
        .where(outbox.c.company == store.company, outbox.c.business_date == as_of,
               outbox.c.state.in_(("sent", "confirmed", "blocked")))
        .group_by(outbox.c.target, outbox.c.kind, outbox.c.verb)
    )
    with store.engine.connect() as conn:
        return {(row[0], row[1], row[2]): int(row[3]) for row in conn.execute(wanted)}
