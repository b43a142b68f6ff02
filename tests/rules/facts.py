"""Small companies for rules: rows with defaults, one changed thing at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from connector.model.tables import schema
from connector.rules.book import RuleBook, load_book
from connector.rules.judge import judge
from connector.rules.knowledge import Facts
from connector.rules.reporting import count_crowd

AS_OF = date(2026, 7, 31)
SEEN = datetime(2026, 7, 31, 18, tzinfo=UTC)
ALL = frozenset({
    "employee", "person", "open_item", "payout", "request", "repayment", "control", "approval", "exit", "trip",
    "due", "approver", "rated_month", "clocked_month", "crowd", "appraisal_month", "attendance_month", "signal",
})


def book() -> RuleBook:
    return load_book((resources.files("connector.rules") / "default.yaml").read_text("utf-8"))


def employee(number: str = "E1", **changes: Any) -> dict[str, Any]:
    row = {"system": "hr", "ref": number, "seen_at": SEEN, "number": number, "name": f"Person {number}",
           "status": "active", "monthly_salary": 1_000_000, "currency": "CNY"}
    return row | changes


def loan(number: str = "L1", **changes: Any) -> dict[str, Any]:
    row = {"system": "kingdee", "ref": number, "seen_at": SEEN, "number": number, "employee": "E1", "person": "E1",
           "principal": 100_000, "balance": 100_000, "currency": "CNY", "lent_on": date(2026, 7, 1),
           "applied_on": date(2026, 6, 20), "approval": f"A-{number}"}
    return row | changes


def approval(number: str = "A-L1", **changes: Any) -> dict[str, Any]:
    row = {"system": "dingtalk", "ref": f"i{number}", "seen_at": SEEN, "number": number, "kind": "loan",
           "state": "completed", "finished_at": datetime(2026, 6, 25, 4, tzinfo=UTC), "step": 1, "node": "boss",
           "decision": "agree"}
    return row | changes


def leaving(number: str = "X1", **changes: Any) -> dict[str, Any]:
    row = {"system": "dingtalk", "ref": f"i{number}", "seen_at": SEEN, "number": number, "employee": "E1",
           "person": "E1", "state": "running", "gate": "open", "gate_by_us": False, "strength": "hard",
           "last_day": date(2026, 8, 31)}
    return row | changes


def result(month: str, target: int | None, actual: int | None, **changes: Any) -> dict[str, Any]:
    """One month's result of E1, in whole units."""
    thousand = {"target": target, "actual": actual}
    row = {"system": "hr", "ref": f"E1-{month}", "seen_at": SEEN, "employee": "E1", "person": "E1", "goal": "",
           "month": date.fromisoformat(f"{month}-01"), "is_closed": True, "cycle": "month"}
    return row | {name: value and value * 1000 for name, value in thousand.items()} | changes


def lateness(month: str, late_count: int | None, **changes: Any) -> dict[str, Any]:
    row = {"system": "hr", "ref": f"E1-{month}", "seen_at": SEEN, "employee": "E1", "person": "E1",
           "month": date.fromisoformat(f"{month}-01"), "late_count": late_count, "is_closed": True}
    return row | changes


def signal(day: str, **changes: Any) -> dict[str, Any]:
    row = {"system": "hr", "ref": day, "seen_at": SEEN, "employee": "E1", "person": "E1", "kind": "resume_updated",
           "at": datetime.fromisoformat(f"{day}T04:00:00+00:00"), "source": "board"}
    return row | changes


def facts(**tables: Any) -> Facts:
    """`employees`, `loans`, `approvals`, `exits`, `doubt` as rows; anything else as a field of Facts."""
    with_person = {"person": pl.String}
    frames = {
        "employee": pl.DataFrame(tables.pop("employees", [employee()]), schema=schema("employee")),
        "loan": pl.DataFrame(tables.pop("loans", []), schema=schema("loan") | with_person | {"lent_under": pl.String}),
        "approval": pl.DataFrame(tables.pop("approvals", []), schema=schema("approval")),
        "exit": pl.DataFrame(tables.pop("exits", []), schema=schema("exit") | with_person),
        "doubt": pl.DataFrame(tables.pop("doubt", []), schema={"person": pl.String, "reason": pl.String}, orient="row"),
    }
    for name, table in (("appraisal", "appraisal_month"), ("attendance", "attendance_month"), ("signal", "signal")):
        frames[name] = pl.DataFrame(tables.pop(name, []), schema=schema(table) | with_person)
    frames["crowd"] = count_crowd(frames["employee"], frames["approval"])
    rest = {"complete": ALL, "as_of": AS_OF, "currency": "CNY", "zone": ZoneInfo("Asia/Shanghai")} | tables
    return Facts(**frames, **rest)


def verdicts(rule: str, given: Facts, rules: RuleBook | None = None) -> dict[str, str]:
    """Subject → hit | unknown for one rule; a subject that is clear is absent."""
    found = judge(given, rules or book(), frozenset()).findings.filter(pl.col("rule") == rule)
    return dict(found.select("subject", "verdict").iter_rows())
