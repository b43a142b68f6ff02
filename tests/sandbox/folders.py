"""Company folders for tests, written from rows, and a small one that has a bit of everything."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from connector.sandbox.folder import COLUMNS
from connector.sandbox.world import Row, World, load_world

TOML = 'name = "small"\nas_of = 2026-07-31\ncurrency = "CNY"\ntime_zone = "Asia/Shanghai"\n'


def write_folder(folder: Path, toml: str = TOML, **tables: Sequence[Row]) -> Path:
    """A folder with company.toml and a CSV file per table given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.toml").write_text(toml, encoding="utf-8")
    for table, rows in tables.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, COLUMNS[table], restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def employee(number: str, name: str = "", **more: str) -> Row:
    return {"number": number, "name": name or f"Name {number}", "status": "active", "currency": "CNY", **more}


def loan(number: str, who: str, principal: str, lent_on: str = "2026-05-10", **more: str) -> Row:
    return {
        "number": number, "employee": who, "kind": "travel", "purpose": "trip", "principal": principal,
        "currency": "CNY", "applied_on": "2026-05-01", "lent_on": lent_on, "due_on": "2026-08-01",
        "approval": f"SP{number}", **more,
    }  # fmt: skip


def repayment(number: str, of: str, amount: str, paid_on: str = "2026-06-15", method: str = "cash") -> Row:
    return {"number": number, "loan": of, "paid_on": paid_on, "amount": amount, "currency": "CNY", "method": method}


def step(of: str, at: int, decision: str, opinion: str = "", decided_at: str = "2026-05-02T10:00:00+08:00") -> Row:
    return {
        "number": f"SP{of}", "kind": "loan", "loan": of, "step": str(at), "node": "主管",
        "decision": decision, "opinion": opinion, "decided_at": decided_at,
    }  # fmt: skip


def small_world(folder: Path) -> World:
    """Four people and a debtor nobody knows; loans open, settled, overpaid, in dollars, not paid out, of tomorrow."""
    return load_world(write_folder(
        folder,
        employees=[
            employee("E1", "张三", department="销售部", hired_on="2020-01-05"), employee("E2", "Ann O'Neil"),
            employee("E3", "Bob"), employee("E4", "Carl", mobile="13800000000"),
        ],
        loans=[
            loan("L1", "E1", "28000.00", trip_start="2026-05-20", trip_end="2026-05-25"),
            loan("L2", "E1", "1488.58"),
            loan("L3", "E2", "500.00", currency="USD"),
            loan("L4", "E3", "300.00", lent_on=""),
            loan("L5", "E9", "77.10"),
            loan("L6", "E3", "900.00", lent_on="2026-08-01"),
        ],
        repayments=[
            repayment("R1", "L1", "1000.01", method="offset"), repayment("R2", "L2", "1500.00"),
            repayment("R3", "L3", "120.00", method="payroll"), repayment("R4", "L1", "5.00", "2026-08-01"),
        ],
        approvals=[
            step("L1", 0, "submit"), step("L1", 1, "agree", decided_at="2026-05-09T18:30:00+00:00"),
            step("L2", 0, "submit"), step("L2", 1, "refuse"),
            step("L4", 0, "submit"), step("L4", 1, "agree"),
            step("L5", 0, "submit"), step("L5", 1, "agree", decided_at="2026-08-02T09:00:00+08:00"),
            step("L6", 0, "submit"), step("L6", 1, "agree", "FINAL_APPROVED by SUPERVISOR"),
        ],
    ))  # fmt: skip
