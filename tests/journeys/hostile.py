"""A town whose every free text is an attack: what no system may ever be believed to have meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.sandbox.folder import AMOUNTS, COLUMNS, DATES, INSTANTS
from connector.sandbox.http import Request, Response
from connector.sandbox.world import World

# Stands for a half of a surrogate pair, which no text can hold and JSON can say.
HALF = "HALF-A-PAIR"
ATTACKS = (
    "'; DROP TABLE employees; --", "\" OR \"1\"=\"1", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)", "</style></svg><script>", "{0.__class__} {employee!r} {} %s %n %(name)s", "{{ 7 * 7 }}",
    "${jndi:ldap://127.0.0.1/x}", "\x1b]0;owned\x07\x1b[2J", "one\r\nSet-Cookie: two\r\n\r\n", "\u202eevil\u2066",
    "nul\x00nul", "\x9b31mC1", "=HYPERLINK(\"http://127.0.0.1\")", "+1+1", "-2", "@SUM(A1)", "\t=1", "＝1+1",
    "[red]boo[/red] [/x]", "long " * 8_000, f"half {HALF}", "\ufeffmark", "../../etc/passwd", "`id` $(id) | id",
)
# What other parts of a stand-in, or the books, compute with; and the words that make a row what it is.
_MEANT = {"number", "employee", "loan", "approval", "step", "status", "gate", "currency", "month", "monthly_salary"}
_MEANT |= {"hired_on", "last_day", "exit_requested_on"}
_WORDS = {("approvals", "kind"), ("approvals", "node"), ("approvals", "decision"), ("repayments", "method")}


def poison(world: World) -> None:
    """Every free text of every row becomes an attack; for each attack somebody has it as his number, owes and wants to
    leave; and one more employee cannot be read at all."""
    turn = 0
    with world.batch():
        for table, columns in COLUMNS.items():
            dated = {*DATES.get(table, ()), *AMOUNTS.get(table, ()), *INSTANTS.get(table, ())}
            free = [c for c in columns if c not in _MEANT | dated and (table, c) not in _WORDS]
            rows = [dict(row) for row in world.rows(table)]
            for row in rows:
                for column in free:
                    row[column], turn = ATTACKS[turn % len(ATTACKS)], turn + 1
            world.fill(table, rows)
        for at, attack in enumerate(ATTACKS):
            _borrow(world, at, attack)
        world.put("employees", {"number": "<b>X</b>", "name": ATTACKS[2], "status": ATTACKS[3], "hired_on": ATTACKS[9]})


def _borrow(world: World, at: int, attack: str) -> None:
    number = f"{attack} {at}"
    world.put("employees", {"number": number, "name": attack, "status": "active", "monthly_salary": "100.00",
                            "currency": "CNY", "department": attack, "position": attack})
    world.put("loans", {"number": f"JK {number}", "employee": number, "principal": "90000.00", "currency": "CNY",
                        "lent_on": "2026-07-01", "due_on": "2026-07-10", "purpose": attack, "kind": attack})
    world.put("exits", {"number": f"LZ {number}", "employee": number, "requested_on": "2026-07-20",
                        "last_day": "2026-08-20", "kind": attack, "status": "running", "gate": "open"})


class Garbling:
    """A stand-in on whose wire half a surrogate pair stands wherever the world says `HALF`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def respond(self, request: Request) -> Response:
        answer = self._inner.respond(request)
        return replace(answer, body=answer.body.replace(HALF.encode(), b"\\ud800"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
