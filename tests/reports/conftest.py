"""A night made up of a few people, as a run would record it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connector.model.plan import Action, HeldGroup, Plan
from connector.model.runs import ActionOutcome, Event, NightRecord, StatusBar, Step, Story, Trouble

AS_OF = date(2026, 7, 31)
SEEN = "2026-07-31T18:10:22Z"
NAMES = {
    "E1007": "张伟", "E1012": "王芳", "E1019": "李娜", "E1023": "欧阳修文", "E1025": "Anna-Lena Müller",
    "E1028": "赵敏",
}

Finding = dict[str, Any]


def evidence(system: str, ref: str, **fields: str) -> list[dict[str, Any]]:
    return [
        {"system": system, "ref": ref, "field": name, "value": value, "seen_at": SEEN}
        for name, value in fields.items()
    ]


def finding(
    rule: str, subject: str, employee: str | None, facts: dict[str, Any], verdict: str = "hit",
    severity: str = "warning", proofs: list[dict[str, Any]] | None = None,
) -> Finding:
    over = {"exit": "exit", "loan": "loan"}[rule.split(".")[0]] if subject != employee else "employee"
    return {
        "key": f"{rule}|{over}|{subject}", "rule": rule, "over": over, "subject": subject, "employee": employee,
        "verdict": verdict, "severity": severity, "audience": ["finance", "hr"], "opened_on": "2026-07-02",
        "facts": facts, "evidence": proofs or [],
    }


def loan(number: str, balance: str, lent_on: str, due_on: str) -> list[dict[str, Any]]:
    return evidence(
        "kingdee", f"10{number[-4:]}", number=number, principal="30000.00", balance=balance, currency="CNY",
        lent_on=lent_on, due_on=due_on, approval=f"SP-{number[-4:]}",
    )


def some_findings() -> list[Finding]:
    wei = loan("JK-2026-0031", "28000.00", "2026-03-16", "2026-05-15")
    return [
        finding("exit.open_loan", "LZ-2026-014", "E1007", {
            "owed": "28000.00 CNY", "balance": "28000.00", "open_loans": 1, "last_day": "2026-08-15",
            "gate": "open", "currency": "CNY",
        }, severity="critical", proofs=wei + evidence("dingtalk", "aXc-91", number="LZ-2026-014", gate="open")),
        finding("loan.overdue", "JK-2026-0031", "E1007", {
            "balance": "28000.00", "currency": "CNY", "due_on": "2026-05-15", "days_overdue": 77,
        }, proofs=wei),
        finding("exit.left_with_loan", "E1012", "E1012", {
            "balance": "6800.00", "open_loans": 2, "last_day": "2026-04-30", "currency": "CNY",
        }, severity="critical", proofs=loan("JK-2025-0107", "6800.00", "2025-11-03", "2026-01-31")),
        finding("loan.over_salary_share", "E1019", "E1019", {
            "balance": "16000.00", "open_loans": 3, "salary_band": "100_200", "status": "active", "currency": "CNY",
        }, proofs=evidence("hr", "1019", monthly_salary="12345.67", status="active")),
        finding("loan.too_many_in_window", "E1019", "E1019", {
            "loans_in_window": 4, "loans_in_window_limit": 3, "window_months": 6, "balance": "16000.00",
            "currency": "CNY",
        }),
        finding("loan.over_trip_limit", "JK-2026-0044", "E1023", {
            "principal": "5000.00", "currency": "CNY", "trip_days": 4, "trip_rate": "300.00",
            "balance": "5000.00", "lent_on": "2026-06-08",
        }),
        finding("loan.without_approval", "JK-2026-0040", "E1025", {
            "principal": "1200.50", "currency": "USD", "lent_on": "2026-05-20", "approval": "SP-0040",
            "is_approved": True, "approved_on": "2026-05-22", "steps_missing": 0, "steps_in_order": True,
        }),
        finding("exit.unproven", "LZ-2026-015", "E1028", {
            "reason": "unlinked_loan", "last_day": "2026-08-31", "gate": "open",
        }),
        finding("loan.over_salary_share", "E1028", "E1028", {"balance": None, "salary_band": "unknown"}, "unknown"),
    ]


def action(verb: Any, kind: str, ref: str, employee: str, after: Any, before: Any = None, *because: str) -> Action:
    target = "kingdee" if kind == "risk_flag" else "dingtalk"
    return Action(verb, target, kind, ref, employee, before, after, because)


def some_plan() -> Plan:
    hold = {"balances": {"CNY": "28000.00"}, "loans": 1, "state": "held"}
    free = (
        action("put", "exit_hold", "aXc-91", "E1007", hold, {"gate": "open", "ref": None},
               "exit.open_loan|exit|LZ-2026-014"),
        action("put", "todo", "aXc-91", "E1007", {"exit": "LZ-2026-014"}, None, "exit.open_loan|exit|LZ-2026-014"),
        action("remove", "exit_hold", "aXc-77", "E1025", None, {"gate": "open", "ref": "0a1b2c3d"}),
        action("put", "risk_flag", "E1012", "E1012", {"codes": ["exit.left_with_loan"], "level": "critical"}, None,
               "exit.left_with_loan|employee|E1012"),
        action("replace", "risk_flag", "E1007", "E1007",
               {"codes": ["exit.open_loan", "loan.overdue"], "level": "critical"},
               {"codes": ["loan.overdue"], "level": "warning"}, "exit.open_loan|exit|LZ-2026-014"),
    )
    waiting = (
        action("put", "risk_flag", "E1019", "E1019",
               {"codes": ["loan.over_salary_share", "loan.too_many_in_window"], "level": "warning"}, None,
               "loan.over_salary_share|employee|E1019"),
        action("put", "risk_flag", "E1023", "E1023", {"codes": ["loan.over_trip_limit"], "level": "warning"}, None,
               "loan.over_trip_limit|loan|JK-2026-0044"),
    )
    return Plan(free, (HeldGroup("kingdee", "risk_flag", "put", 1, 27, "over_limit", waiting),))


def stream(system: str, name: str, rows: int, control: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "system": system, "stream": name, "rows": rows, "staged": rows - more.get("rejected", 0), "rejected": 0,
        "control_total": control, "complete": True, "first_key": "100001", "last_key": f"{100000 + rows}",
        "sha256": "9f2c" * 16, "cause": None,
    } | more


def some_proof() -> dict[str, Any]:
    return {
        "as_of": "2026-07-31", "run": "2026-07-31-nightly-3",
        "streams": [
            stream("kingdee", "person", 30), stream("kingdee", "open_item", 41, {"CNY": "55800.00", "USD": "1200.50"}),
            stream("kingdee", "payout", 41), stream("kingdee", "repayment", 23),
            stream("kingdee", "control", 2, "57000.50"),
            stream("dingtalk", "approval", 118), stream("dingtalk", "exit", 4),
            stream("hr", "employee", 30, rejected=1, complete=False, cause="count_differs"),
        ],
        "links": {"linked": 28, "unlinked": 1, "disputed": 1, "ignored": 0},
        "books": {
            "CNY": {"source": "55800.00", "here": "55800.00", "difference": "0.00"},
            "USD": {"source": "1200.50", "here": "1100.50", "difference": "-100.00"},
        },
        "rules_off": ["exit.slipped_through"],
    }


def some_stories() -> tuple[Story, ...]:
    found = some_findings()
    wei = Story(
        "E1007", "张伟", "西北销售一部", "leaving", {"CNY": "28000.00"},
        (
            Event(date(2021, 3, 1), "hired", {}),
            Event(date(2025, 10, 9), "lent", {"amount": "12000.00", "currency": "CNY", "number": "JK-2025-0088"}),
            Event(date(2025, 12, 1), "repaid", {"amount": "5000.00", "currency": "CNY", "number": "HK-0191"}),
            Event(date(2026, 1, 20), "repaid", {"amount": "7000.00", "currency": "CNY", "number": "HK-0207"}),
            Event(date(2026, 3, 16), "lent", {"amount": "30000.00", "currency": "CNY", "number": "JK-2026-0031"}),
            Event(date(2026, 4, 20), "repaid", {"amount": "2000.00", "currency": "CNY", "number": "HK-0233"}),
            Event(date(2026, 7, 14), "exit_requested", {"number": "LZ-2026-014"}),
            Event(date(2026, 7, 31), "finding", {"rule": "exit.open_loan"}),
            Event(date(2026, 7, 31), "action", {"kind": "exit_hold", "verb": "put"}),
            Event(date(2026, 8, 15), "last_day", {}),
        ),
        (
            (date(2025, 10, 9), 1200000), (date(2025, 12, 1), 700000), (date(2026, 1, 20), 0),
            (date(2026, 3, 16), 3000000), (date(2026, 4, 20), 2800000),
        ),
        tuple(f for f in found if f["employee"] == "E1007"),
        tuple(a.document() for a in some_plan().actions if a.employee == "E1007"),
    )
    fang = Story(
        "E1012", "王芳", "运营部", "left", {"CNY": "6800.00"},
        (
            Event(date(2025, 9, 1), "hired", {}),
            Event(date(2025, 11, 3), "lent", {"amount": "6800.00", "currency": "CNY", "number": "JK-2025-0107"}),
            Event(date(2026, 4, 2), "exit_requested", {}), Event(date(2026, 4, 30), "last_day", {}),
            Event(date(2026, 7, 31), "finding", {"rule": "exit.left_with_loan"}),
        ),
        ((date(2025, 11, 3), 680000),),
        tuple(f for f in found if f["employee"] == "E1012"),
        tuple(a.document() for a in some_plan().actions if a.employee == "E1012"),
    )
    return wei, fang


def make_night(**changes: Any) -> NightRecord:
    """The night of a company of 30 with a bit of everything; `changes` replaces fields of the record."""
    plan = some_plan()
    night = NightRecord(
        company="sample", title="西安晨曦能源有限公司", run="2026-07-31-nightly-3", as_of=AS_OF, mode="live",
        currency="CNY", started_at=datetime(2026, 7, 31, 18, 10, tzinfo=UTC),
        ended_at=datetime(2026, 7, 31, 18, 11, 8, tzinfo=UTC),
        findings={"as_of": "2026-07-31", "rule_book": "c0ffee" * 10, "findings": some_findings()},
        plan=plan.document(), proof=some_proof(),
        outcomes=tuple(
            ActionOutcome(a.document(), "rejected" if a.kind == "todo" else "confirmed",
                          "errcode 88: no such user" if a.kind == "todo" else "")
            for a in plan.actions
        ),
        troubles=(
            Trouble("hr", "stream_incomplete", {"system": "hr", "stream": "employee", "cause": "count_differs"}),
            Trouble("kingdee", "books_differ",
                    {"currency": "USD", "source": "1200.50", "here": "1100.50", "difference": "-100.00"}),
            Trouble("plan", "brake", {"kind": "risk_flag", "verb": "put", "count": 2, "limit": 1, "done": 0}),
        ),
        bars=(
            StatusBar("active", 9, 14, 2100000), StatusBar("leaving", 1, 1, 2800000),
            StatusBar("left", 1, 2, 680000), StatusBar("unlinked", 1, 1, 0),
        ),
        waterfall=(Step("hr", 30), Step("unlinked", 1), Step("linked", 29), Step("clear", 23), Step("differing", 6)),
        stories=some_stories(), names=dict(NAMES),
        rejects=(
            {"system": "hr", "stream": "employee", "ref": "1030", "key": "E1030", "reason": "unreadable",
             "field": "hired_on", "found": "31/02/2020", "expected": "date", "payload": "canary-110101199003074233"},
            {"system": "hr", "stream": "employee", "ref": "1029", "key": "E1029", "reason": "unreadable",
             "field": "monthly_salary", "found": "canary-9876,5", "expected": "money"},
        ),
    )
    return replace(night, **changes)


@pytest.fixture
def night() -> NightRecord:
    return make_night()


@pytest.fixture
def night_with() -> Callable[..., NightRecord]:
    return make_night
