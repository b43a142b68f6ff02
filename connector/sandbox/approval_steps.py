"""Approval steps for made-up companies: rows of approvals.csv along a chain of nodes.

Promises: the chain ends on the day that is asked for; steps come in time order. Never here: chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from connector.sandbox.folder import Row

# Department manager, finance manager, HR manager.
CHAIN = ("部门经理", "财务经理", "人事经理")
_SUBMITTER = "员工"
_BEGINS = time(9, 30)
# A day's steps are so far apart, minutes: even ten of them end in the afternoon.
_APART = 40


@dataclass(frozen=True)
class Application:
    """What an approval is about: its own number, the employee and the loan."""

    number: str
    employee: str
    loan: str


def agreed(nodes: Sequence[str] = CHAIN) -> list[tuple[str, str, str]]:
    """Handed in, and agreed at every node: (node, decision, opinion)."""
    return [(_SUBMITTER, "submit", "提交申请"), *((node, "agree", "同意") for node in nodes)]


def returned_once(nodes: Sequence[str] = CHAIN, at: int = 0) -> list[tuple[str, str, str]]:
    """Refused at one node, handed in again, then agreed at every node."""
    before = agreed(nodes[:at])
    return [*before, (nodes[at], "refuse", "请补充借款用途"), *agreed(nodes)]


def waiting(reached: int, nodes: Sequence[str] = CHAIN) -> list[tuple[str, str, str]]:
    """Handed in and agreed at the first `reached` nodes, not further."""
    return agreed(nodes[:reached])


def refused(nodes: Sequence[str] = CHAIN, at: int = 0) -> list[tuple[str, str, str]]:
    """Agreed up to a node that refuses."""
    return [*agreed(nodes[:at]), (nodes[at], "refuse", "不同意")]


def rows_of(
    about: Application, steps: Sequence[tuple[str, str, str]], ends_on: date, approvers: dict[str, str]
) -> list[Row]:
    """Rows of approvals.csv. The last step is decided on `ends_on`; `approvers`: node → employee number."""
    rows = []
    for at, (node, decision, opinion) in enumerate(steps):
        is_last_day = len(steps) - at <= len(CHAIN) - 1
        day = ends_on if is_last_day or len(steps) == 1 else ends_on - timedelta(days=1)
        moment = datetime.combine(day, _BEGINS) + timedelta(minutes=_APART * at)
        approver = about.employee if node == _SUBMITTER else approvers.get(node, node)
        rows.append({
            "number": about.number, "kind": "loan", "employee": about.employee, "loan": about.loan,
            "step": str(at), "node": node, "approver": approver, "decision": decision, "opinion": opinion,
            "decided_at": f"{moment.isoformat()}+08:00",
        })  # fmt: skip
    return rows
