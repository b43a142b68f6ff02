"""A company whose systems live in memory: the contract's four verbs over Python rows, and a desk to run nights at.

A fake can lose rows, stop in the middle, refuse, answer nothing after a write; what it accepted is in `effects`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from connector.adapters.contract import Check, End, Manifest, Page, Receipt, Route, Since, SinkKind
from connector.errors import WireError
from connector.mappings.table import Field, StreamMapping
from connector.model.plan import Action, canonical, digest
from connector.model.tables import TABLES, schema
from connector.rules.book import RuleBook, load_book
from connector.store.database import open_store
from connector.sync.connections import Company, Connection, Desk

AS_OF = date(2026, 7, 31)


class FakeClock:
    """Time that moves only when told to, or by sleeping."""

    def __init__(self) -> None:
        self.at = datetime(2026, 7, 31, 10, tzinfo=UTC)
        self.ticks = 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.ticks)

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.ticks += seconds


@dataclass
class FakeSystem:
    """One system: tables of text rows, marks, and what is wrong with it tonight."""

    name: str
    role: str
    streams: tuple[str, ...]
    sinks: tuple[SinkKind, ...] = ()
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    marks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    effects: list[Action] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)  # stream → rows before it breaks off
    counted: dict[str, int] = field(default_factory=dict)  # stream → rows that the source says it has
    route: Route = "open_items"
    lacks: dict[str, frozenset[str]] = field(default_factory=dict)  # stream → fields that it does not have
    answers: list[str] = field(default_factory=list)  # what the next pushes answer: landed | lost | late | refused

    @property
    def manifest(self) -> Manifest:
        return Manifest(
            self.name, {}, (self.role,), self.streams, self.sinks, strength="hard", route=self.route,
            closes=tuple({"approval", "attendance_month"} & set(self.streams)) if self.role == "oa" else (),
        )

    def check(self) -> list[Check]:
        return [Check("reach", True)]

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        rows = [row for row in self.tables.get(stream, []) if row.get("ref") not in since.closed]
        if since.only is not None:
            rows = [row for row in rows if {row.get("employee"), row.get("number"), row.get("ref")} & set(since.only)]
        cut = self.broken.get(stream)
        columns = dict.fromkeys([*TABLES[stream], *(name for row in rows for name in row)], pl.String)
        texts = [{k: None if v is None else str(v) for k, v in row.items()} for row in rows[:cut]]
        frame = pl.DataFrame(texts, schema=columns)
        if cut is not None:
            yield Page(frame, "1")
            raise WireError("cut short", place=f"{self.name} {stream}")
        end = End("empty_page", self.counted.get(stream))
        yield Page(frame, "1", end=end, lacks=self.lacks.get(stream, frozenset()))

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        found = []
        keys = [ref for k, ref in self.marks if k == kind] if refs is None else list(refs)
        for ref in keys:
            mark = dict(self.marks.get((kind, ref), {}))
            row = {"system": self.name, "kind": kind, "ref": ref, "digest": mark.get("digest"),
                   "content": mark.get("content"), "is_ticked": mark.get("is_ticked")}
            if kind == "exit_hold":
                exits = [r for r in self.tables.get("exit", []) if r["ref"] == ref]
                row["gate"] = exits[0]["gate"] if exits else "absent"
                row["gate_by_us"] = bool(exits) and exits[0].get("gate_by_us") == "true"
            found.append(row)
        return pl.DataFrame(found, schema=schema("mark"))

    def push(self, action: Action, text: str) -> Receipt:
        answer = self.answers.pop(0) if self.answers else "landed"
        if answer == "refused":
            return Receipt("refused", "no")
        if answer != "lost_before":
            self._land(action)
        return Receipt("landed" if answer == "landed" else "unknown")

    def _land(self, action: Action) -> None:
        self.effects.append(action)
        if action.kind == "exit_hold" and action.verb == "remove":
            row = next(r for r in self.tables["exit"] if r["ref"] == action.ref)
            row |= {"gate": "passed", "gate_by_us": "true", "state": "completed"}
        elif action.kind == "todo" and action.after is None:  # ticked, and without our mark
            self.marks[(action.kind, action.ref)] = {"is_ticked": True}
        elif action.after is None:
            self.marks.pop((action.kind, action.ref), None)
        else:
            self.marks[(action.kind, action.ref)] = {
                "digest": digest(action.after), "content": canonical(action.after).decode()}

    def close(self) -> None:
        return None


_KINDS = {pl.Date: "date", pl.Int64: "money", pl.Boolean: "flag"}


def plain_mapping(stream: str) -> StreamMapping:
    """Every canonical column from the field of the same name."""
    fields = []
    for name, column in TABLES[stream].items():
        if name in ("system", "seen_at"):
            continue
        if name in ("id_hash", "mobile_hash"):
            fields.append(Field(name, "id_number" if name == "id_hash" else "mobile", name, {}))
            continue
        kind = _KINDS.get(column.dtype, "text") if not isinstance(column.dtype, pl.Datetime) else "instant"
        kind = "int" if name in ("step", "late_count") else kind
        fields.append(Field(name, name, kind, {"currency": "currency"} if kind == "money" else {}))
    return StreamMapping(stream, stream, tuple(fields))


def finance(**tables: Any) -> FakeSystem:
    streams = ("person", "open_item", "payout", "request", "repayment", "control")
    return FakeSystem("kingdee", "finance", streams, (SinkKind("risk_flag", "upsert"),), tables)


def oa(**tables: Any) -> FakeSystem:
    sinks = (SinkKind("exit_hold", "append", 10.0), SinkKind("todo", "upsert"))
    return FakeSystem("dingtalk", "oa", ("exit", "approval"), sinks, tables)


def hr(**tables: Any) -> FakeSystem:
    return FakeSystem("hr", "hr", ("employee",), (), tables)


@dataclass
class House:
    """Three systems, one desk."""

    finance: FakeSystem
    oa: FakeSystem
    hr: FakeSystem
    desk: Desk
    clock: FakeClock

    def balance_books(self) -> None:
        """The control total says what the open items say."""
        totals: dict[str, int] = {}
        for row in self.finance.tables.get("open_item", []):
            totals[row["currency"]] = totals.get(row["currency"], 0) + cents(row["balance"])
        self.finance.tables["control"] = [
            {"ref": f"1221.01 {c}", "account": "1221.01", "currency": c, "amount": f"{t / 100:.2f}"}
            for c, t in totals.items()
        ]

    def copy_tables(self) -> dict[str, Any]:
        return copy.deepcopy({s.name: s.tables for s in (self.finance, self.oa, self.hr)})


def cents(text: str) -> int:
    return round(float(text) * 100)


def open_house(
    folder: Path, finance_: FakeSystem, oa_: FakeSystem, hr_: FakeSystem, store_url: str = "", **company: Any
) -> House:
    """A desk over three systems, its store in `folder` unless it is somewhere else."""
    clock = FakeClock()
    connections = tuple(
        Connection(s.name, s.role, s, {name: plain_mapping(name) for name in s.streams}) for s in (finance_, oa_, hr_)
    )
    zone = ZoneInfo("Asia/Shanghai")
    settings = {"code": "c", "title": "C", "currency": "CNY", "zone": zone, "book": default_book()} | company
    store = open_store(store_url or f"sqlite:///{folder / 'c.db'}", "c")
    desk = Desk(Company(connections=connections, **settings), store, clock, folder)
    return House(finance_, oa_, hr_, desk, clock)


def default_book() -> RuleBook:
    return load_book((resources.files("connector.rules") / "default.yaml").read_text("utf-8"))


def employee_row(number: str, **changes: Any) -> dict[str, Any]:
    return {"ref": number, "number": number, "name": f"名字{number}", "status": "active", "monthly_salary": "10000.00",
            "currency": "CNY"} | changes


def person_row(number: str, **changes: Any) -> dict[str, Any]:
    return {"ref": f"F{number}", "number": number, "name": f"名字{number}"} | changes


def item_row(number: str, employee: str, balance: str, **changes: Any) -> dict[str, Any]:
    return {"ref": f"I{number}", "number": number, "employee": employee, "principal": balance, "balance": balance,
            "currency": "CNY", "lent_on": "2026-07-01"} | changes


def exit_row(number: str, employee: str, **changes: Any) -> dict[str, Any]:
    return {"ref": f"X{number}", "number": number, "employee": employee, "requested_on": "2026-07-20",
            "last_day": "2026-08-20", "state": "running", "gate": "open", "strength": "hard"} | changes


def approval_row(loan: str, **changes: Any) -> dict[str, Any]:
    return {"ref": f"A{loan}", "number": f"SP{loan}", "kind": "loan", "state": "completed", "step": "1",
            "finished_at": "2026-06-30T10:00:00+08:00", "node": "boss", "decision": "agree"} | changes


def request_row(loan: str, employee: str, **changes: Any) -> dict[str, Any]:
    return {"ref": f"R{loan}", "number": f"SP{loan}", "loan": loan, "employee": employee, "amount": "1.00",
            "currency": "CNY", "applied_on": "2026-06-20", "is_approved": "true"} | changes


def payout_row(loan: str, employee: str, amount: str, **changes: Any) -> dict[str, Any]:
    return {"ref": f"FK{loan}", "number": f"FK{loan}", "employee": employee, "approval": f"SP{loan}", "amount": amount,
            "currency": "CNY", "paid_on": "2026-07-01"} | changes


def small_house(folder: Path, **company: Any) -> House:
    """Thirty people; 1 owes 28,000 on a salary of 10,000 and is leaving, 2 leaves owing nothing, 3 owes 6,000."""
    people = [f"{n:03d}" for n in range(1, 31)]
    loans = [("L1", "001", "28000.00"), ("L3", "003", "6000.00"), ("L4", "004", "100.00")]
    house = open_house(
        folder,
        finance(
            person=[person_row(p) for p in people], open_item=[item_row(*row) for row in loans], payout=[],
            request=[request_row(n, e) for n, e, _ in loans], repayment=[],
        ),
        oa(exit=[exit_row("E1", "001"), exit_row("E2", "002")], approval=[approval_row(n) for n, _, _ in loans]),
        hr(employee=[employee_row(p, status="leaving" if p in ("001", "002") else "active") for p in people]),
        **company,
    )
    house.balance_books()
    return house
