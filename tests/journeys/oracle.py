"""What should be found in a company folder: plain SQL over its CSV files, written from the rules' wording alone.

Nothing of the product is used here: no mapping, no link step, no rule book. Rule → subjects that must be hits.
"""

from __future__ import annotations

import csv
import sqlite3
import tomllib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

# How far back the OA lists approvals.
REACH = timedelta(days=365)

TABLES = {
    "employees": ("number", "name", "status", "last_day", "monthly_salary", "currency", "hired_on", "manager"),
    "loans": (
        "number", "employee", "principal", "currency", "applied_on", "lent_on", "due_on", "trip_start", "trip_end",
        "approval", "purpose",
    ),
    "repayments": ("loan", "paid_on", "amount"),
    "approvals": ("number", "step", "node", "decision", "opinion", "decided_at"),
    "exits": ("number", "employee", "requested_on", "last_day", "status", "gate"),
}

# Parameters: as_of, home (currency), six and two (the days six and 24 months before), reach (a year before).
VIEWS = """
CREATE TEMP VIEW person AS  -- numbers of HR; of one that two people have, nothing else is known
  SELECT number, COUNT(*) > 1 AS is_disputed, MAX(status) AS status, MAX(monthly_salary) AS salary,
         MAX(hired_on) AS hired_on, MAX(manager) AS manager
  FROM (SELECT DISTINCT number, name, status, last_day, monthly_salary, currency, hired_on,
        manager FROM employees)
  GROUP BY number;
CREATE TEMP VIEW paid AS
  SELECT l.*, fen(l.principal) - COALESCE((SELECT SUM(fen(r.amount)) FROM repayments r
           WHERE r.loan = l.number AND r.paid_on <> '' AND r.paid_on <= (SELECT as_of FROM now)), 0) AS balance,
         l.currency = (SELECT home FROM now) AS is_home,
         (SELECT p.number FROM person p WHERE p.number = l.employee AND NOT p.is_disputed
          AND p.number NOT IN (SELECT number FROM renamed)) AS owner
  FROM loans l WHERE l.lent_on <> '' AND l.lent_on <= (SELECT as_of FROM now);
CREATE TEMP VIEW document AS  -- loans that some document of finance shows: a request, or a pay-out
  SELECT * FROM loans WHERE approval <> '' OR number IN (SELECT number FROM paid);
CREATE TEMP VIEW debt AS
  SELECT owner, SUM(MAX(balance, 0)) AS owed, SUM(balance > 0) AS open_loans,
         SUM(balance > 0 AND NOT is_home) AS foreign_loans, SUM(lent_on > (SELECT six FROM now)) AS recent
  FROM paid WHERE owner IS NOT NULL GROUP BY owner;
CREATE TEMP VIEW leaving AS  -- exits that the OA still lists, and those of HR where it has none running or completed
  SELECT number, employee, MAX(requested_on, last_day) AS ended_on, status,
         CASE WHEN status = 'completed' THEN 'passed' WHEN status <> 'running' THEN 'closed'
         WHEN gate = '' THEN 'open' ELSE gate END AS gate FROM exits WHERE requested_on > (SELECT reach FROM now)
  UNION ALL
  SELECT 'HR:' || p.number, p.number, '', 'running', 'absent' FROM person p
    WHERE p.status = 'leaving' AND NOT p.is_disputed
    AND NOT EXISTS (SELECT 1 FROM exits e WHERE e.employee = p.number AND e.status IN ('running', 'completed')
                    AND e.requested_on > (SELECT reach FROM now));
CREATE TEMP VIEW debtor AS  -- exits whose person has an open loan: his own, or on the number that only the form has
  SELECT v.* FROM leaving v WHERE EXISTS (SELECT 1 FROM paid l WHERE l.balance > 0 AND l.employee = v.employee
    AND (l.owner IS NOT NULL OR NOT EXISTS (SELECT 1 FROM person p WHERE p.number = v.employee AND NOT p.is_disputed)));
CREATE TEMP VIEW asked AS  -- applications: not paid out, not refused, young enough for the OA to list them
  SELECT l.*, l.currency = (SELECT home FROM now) AS is_home,
         (SELECT p.number FROM person p WHERE p.number = l.employee AND NOT p.is_disputed
          AND p.number NOT IN (SELECT number FROM renamed)) AS owner
  FROM loans l WHERE l.lent_on = '' AND l.approval <> '' AND NOT is_refused(l.approval)
  AND l.applied_on > (SELECT reach FROM now);
CREATE TEMP VIEW alike AS  -- what was lent or asked for on one day for one purpose
  SELECT number, employee, owner, fen(principal) AS amount, trip_start, trip_end, lent_on AS day, purpose,
         lent_on > (SELECT two FROM now) AS is_recent, is_home, currency FROM paid
  UNION ALL SELECT number, employee, owner, fen(principal), trip_start, trip_end, applied_on, purpose, 1, is_home,
         currency FROM asked;
CREATE TEMP VIEW split AS
  SELECT a.*, (SELECT SUM(b.amount) FROM alike b WHERE b.employee = a.employee AND b.day = a.day
               AND b.purpose = a.purpose AND b.currency = a.currency) AS total,
         (days(a.trip_end) - days(a.trip_start) + 1) * 30000 AS trip_limit FROM alike a;
"""

RULES = {
    "loan.over_salary_share": """SELECT d.owner FROM debt d JOIN person p ON p.number = d.owner
        WHERE d.foreign_loans = 0 AND p.salary <> '' AND d.owed > 0 AND d.owed * 100 > fen(p.salary) * 50""",
    "loan.too_many_in_window": "SELECT owner FROM debt WHERE recent > 3",
    "loan.over_trip_limit": """SELECT number FROM paid
        WHERE balance > 0 AND is_home AND trip_start <> '' AND trip_end <> ''
        AND fen(principal) > (days(trip_end) - days(trip_start) + 1) * 30000""",
    "loan.overdue": "SELECT number FROM paid WHERE balance > 0 AND due_on <> '' AND due_on < (SELECT as_of FROM now)",
    "loan.without_approval": """SELECT number FROM paid WHERE lent_on > (SELECT two FROM now)
        AND is_bad_approval(approval, lent_on)""",
    "application.over_trip_limit": """SELECT number FROM asked WHERE is_home AND trip_start <> '' AND trip_end <> ''
        AND fen(principal) > (days(trip_end) - days(trip_start) + 1) * 30000""",
    "application.over_salary_share": """SELECT a.number FROM asked a JOIN person p ON p.number = a.owner
        LEFT JOIN debt d ON d.owner = a.owner WHERE a.is_home AND COALESCE(d.foreign_loans, 0) = 0 AND p.salary <> ''
        AND (COALESCE(d.owed, 0) + fen(a.principal)) * 100 > fen(p.salary) * 50""",
    "loan.split": """SELECT s.number FROM split s LEFT JOIN person p ON p.number = s.owner
        WHERE s.is_recent AND s.is_home AND (
        (s.trip_start <> '' AND s.trip_end <> '' AND s.amount <= s.trip_limit AND s.total > s.trip_limit)
        OR (p.salary <> '' AND s.amount * 100 <= fen(p.salary) * 50 AND s.total * 100 > fen(p.salary) * 50))""",
    "org.manager_left": """SELECT p.number FROM person p WHERE p.status = 'left' AND NOT p.is_disputed AND EXISTS
        (SELECT 1 FROM person r WHERE r.manager = p.number AND r.status <> 'left' AND NOT r.is_disputed)""",
    "exit.open_loan": "SELECT number FROM debtor WHERE status = 'running'",
    "exit.left_with_loan": """SELECT owner FROM debt d JOIN person p ON p.number = d.owner
        WHERE p.status = 'left' AND d.open_loans > 0""",
    "exit.cannot_hold": "SELECT number FROM debtor WHERE status = 'running' AND gate = 'absent'",
    "exit.slipped_through": """SELECT number FROM debtor d WHERE gate = 'passed' AND NOT EXISTS (SELECT 1 FROM person p
        WHERE p.number = d.employee AND NOT p.is_disputed AND p.status <> 'left' AND p.hired_on > d.ended_on
        AND p.hired_on <= (SELECT as_of FROM now))""",
    "identity.unlinked": """SELECT number FROM document l
        WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.number = l.employee)
        UNION ALL SELECT number FROM exits e WHERE status = 'running'
        AND NOT EXISTS (SELECT 1 FROM person p WHERE p.number = e.employee AND NOT p.is_disputed)""",
    "identity.disputed": """SELECT number FROM person WHERE is_disputed
        UNION ALL SELECT l.number FROM document l JOIN person p ON p.number = l.employee
        WHERE p.is_disputed OR p.number IN (SELECT number FROM renamed)""",
}


def expected(folder: Path, renamed: Iterable[str] = ()) -> dict[str, set[str]]:
    """Rule → subjects that are hits on the folder's own business date. `renamed`: whom HR calls by another name."""
    said = tomllib.loads((folder / "company.toml").read_text("utf-8"))
    as_of = date.fromisoformat(str(said["as_of"]))
    base = sqlite3.connect(":memory:")
    for table, columns in TABLES.items():
        base.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        base.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", _rows(folder, table, columns))
    base.execute("CREATE TEMP TABLE renamed (number)")
    base.executemany("INSERT INTO renamed VALUES (?)", [(number,) for number in renamed])
    base.execute("CREATE TEMP TABLE now (as_of, home, six, two, reach)")
    base.execute("INSERT INTO now VALUES (?, ?, ?, ?, ?)", (
        as_of.isoformat(), said.get("currency", "CNY"), months_before(as_of, 6), months_before(as_of, 24),
        (as_of - REACH).isoformat(),
    ))
    approvals = _Approvals(folder, said, as_of)
    base.create_function("fen", 1, lambda text: round(float(text) * 100) if text else None)
    base.create_function("days", 1, lambda text: date.fromisoformat(text).toordinal() if text else None)
    base.create_function("is_refused", 1, approvals.is_refused)
    base.create_function("is_bad_approval", 2, approvals.is_bad)
    base.executescript(VIEWS)
    return {rule: {row[0] for row in base.execute(query)} for rule, query in RULES.items()}


def _rows(folder: Path, table: str, columns: Iterable[str]) -> list[list[str]]:
    path = folder / f"{table}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [[row.get(column) or "" for column in columns] for row in csv.DictReader(file)]


def months_before(day: date, months: int) -> str:
    """So many calendar months earlier, ISO; a day that month does not have is its last one."""
    month = day.year * 12 + day.month - 1 - months
    for clipped in range(day.day, 0, -1):
        try:
            return date(month // 12, month % 12 + 1, clipped).isoformat()
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


class _Approvals:
    """The approval steps of a folder, judged one loan at a time."""

    def __init__(self, folder: Path, said: dict[str, object], as_of: date) -> None:
        self._chain = [[step] if isinstance(step, str) else list(step) for step in said.get("approval_chain", [])]
        self._reach = as_of - REACH
        self._zone = ZoneInfo(str(said.get("time_zone", "Asia/Shanghai")))
        self._steps: dict[str, list[tuple[int, str, str, str, date]]] = {}
        for number, step, node, decision, opinion, at in _rows(folder, "approvals", TABLES["approvals"]):
            day = datetime.fromisoformat(at).astimezone(self._zone).date()
            self._steps.setdefault(number, []).append((int(step), node, decision, opinion, day))

    def is_bad(self, number: str, lent_on: str) -> bool:
        """No completed approval, completed after the pay-out, or a step of the chain missing or out of order."""
        steps = sorted(self._steps.get(number, []))
        if not number or not steps or steps[-1][2] != "agree":
            return True
        if steps[-1][4].isoformat() > lent_on:
            return True
        if steps[0][4] <= self._reach:  # the OA lists no instance that old: its steps cannot be read
            return False
        begun = max((at for at, step in enumerate(steps) if step[2] == "submit"), default=-1)
        agreed = [node for _, node, decision, _, _ in steps[begun + 1 :] if decision == "agree"]
        return not _is_kept(self._chain, agreed)


    def is_refused(self, number: str) -> bool:
        steps = sorted(self._steps.get(number, []))
        return bool(steps) and steps[-1][2] == "refuse"


def _is_kept(chain: list[list[str]], agreed: list[str]) -> bool:
    """Whether the roles of the chain are found among the agreements, one after the other."""
    rest = iter(agreed)
    return all(any(node in group for node in rest) for group in chain)
