"""Approval instances out of the rows of a company folder: loan approvals by their steps, exits by their gate.

Promises: the same rows give the same instance, ids included; a step in the future has not happened yet.
Status of a loan approval: the last decision is agree and the loan is paid out, or its opinion says FINAL =
approved; the last is refuse = refused; else running. Never here: what clients did to an instance.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connector.adapters.dingtalk.sandbox.instance import Instance, Node, Record, node_of, start_of
from connector.sandbox.world import Row, World

EXIT_CODE, LOAN_CODE = "PROC-EXIT", "PROC-LOAN"
MORNING = time(9, 0)
_CLEARANCE, _MANAGER, _FINANCE, _HR = "财务清算", "部门经理", "财务经理", "人事经理"
# FINAL_APPROVED, "FINAL approval": a word of its own or the beginning of one with an underline.
_FINAL = re.compile(r"(?<![A-Za-z])FINAL(?![A-Za-z])")


@dataclass(frozen=True)
class Step:
    """One decision of an approval. decision: submit | agree | refuse | save | …, as the folder says; `waiting` = it is
    the approver's turn.
    """

    node: str
    decision: str
    opinion: str
    at: datetime
    approver: str = ""


def user_of(employee: str) -> str:
    """The userid of an employee number."""
    return f"u{employee}"


def instance_id(company: str, kind: str, number: str, copy: int = 0) -> str:
    """An opaque id, stable for the same number. `copy` counts rows that carry the same number."""
    digest = hashlib.sha256(f"{company} {kind} {number} {copy or ''}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def read_day(text: str) -> date | None:
    """A date, or None for what is none."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def read_steps(rows: Sequence[Row], otherwise: datetime, zone: ZoneInfo) -> list[Step]:
    """The steps in their order; a step without a time came right after the one before it."""
    if all(row["step"].isdecimal() for row in rows):
        rows = sorted(rows, key=lambda row: int(row["step"]))
    times = [_instant(row["decided_at"], zone) for row in rows]
    latest = next((at for at in times if at is not None), otherwise)
    steps: list[Step] = []
    for row, at in zip(rows, times, strict=True):
        latest = at or latest
        node = row["node"] or row["approver"]
        steps.append(Step(node, row["decision"].strip().lower(), row["opinion"], latest, row["approver"]))
    return steps


def loan_instance(world: World, number: str, first: Row, steps: Sequence[Step], is_paid: bool) -> Instance:
    """The approval of one loan. `first` is one of its rows, `steps` those that happened, one or more."""
    ref = instance_id(world.name, "loan", number)
    flow = tuple(node_of(nodes[0]) for nodes in world.approval_chain if nodes) or (node_of("审批"),)
    made = Instance(ref, number, LOAN_CODE, user_of(first["employee"]), steps[0].at, flow)
    play(made, [step for step in steps if step.decision != "waiting"])
    last = steps[-1]
    if last.decision == "waiting":
        made.ahead = _still_ahead(world.approval_chain, steps)[1:]
        made.reach(node_of(last.node, user_of(last.approver)), last.at)
    elif last.decision == "agree" and (is_paid or _FINAL.search(last.opinion)):
        made.end(last.at, "COMPLETED", "agree")
    elif last.decision == "refuse":
        made.end(last.at, "COMPLETED", "refuse", f"role:{last.node}")
    elif last.decision != "save":
        made.ahead = _still_ahead(world.approval_chain, steps) or [node_of("审批")]
        made.move_on(last.at)
    return made


def play(made: Instance, steps: Sequence[Step]) -> None:
    """Write down what has happened. A refusal before a later submission was a return of the same instance."""
    if not steps or steps[0].decision != "submit":
        made.start(made.created, start_of(made.originator))
    for at, step in enumerate(steps):
        node = node_of(step.node)
        user = node.users[0]
        is_returned = any(later.decision == "submit" for later in steps[at + 1 :])
        if step.decision == "submit":
            made.start(step.at, start_of(made.originator, step.node), step.opinion)
        elif step.decision == "agree" or (step.decision == "refuse" and not is_returned):
            made.settle(node, user, step.at, step.decision.upper(), step.opinion)
        elif step.decision in ("refuse", "return"):
            made.settle(node, user, step.at, "RETURN", step.opinion)
        else:
            word = "ADD_REMARK" if step.decision == "comment" else "EXECUTE_TASK_NORMAL"
            made.note(Record(user, step.at, word, "NONE", step.opinion, node.name, node.activity))


def exit_flow(world: World) -> tuple[Node, ...]:
    """The nodes of the exit template: the manager, then the clearance task of the service user."""
    return node_of(_MANAGER), clearance(world)


def clearance(world: World) -> Node:
    """The node that only the service user can complete."""
    return Node("clearance", _CLEARANCE, (world.service_user,))


def exit_created(row: Row, employee: Row | None, world: World) -> datetime:
    """Nine in the morning of the day it was asked for."""
    asked = (
        read_day(row["requested_on"]),
        read_day((employee or {}).get("exit_requested_on", "")),
        world.as_of,
    )
    day = next(day for day in asked if day is not None)
    return datetime.combine(day, MORNING, world.zone)


def exit_instance(
    world: World, row: Row, copy: int, created: datetime, steps: Sequence[Step], changed: datetime | None
) -> Instance:
    """An exit. `steps`: its rows of approvals.csv, if any; `changed`: when its row said something new."""
    ref = instance_id(world.name, "exit", row["number"], copy)
    flow = exit_flow(world)
    made = Instance(ref, row["number"], EXIT_CODE, user_of(row["employee"]), created, flow)
    status, gate = row["status"].strip().lower() or "running", row["gate"].strip().lower() or "open"
    agreed = created + timedelta(hours=1)
    at = changed or _ended(row, agreed, world)
    play(made, steps or [Step("员工", "submit", "", created)])
    if status == "refused":
        if not any(step.decision == "refuse" for step in steps):
            made.settle(flow[0], flow[0].users[0], at, "REFUSE", "不同意")
        made.end(at, "COMPLETED", "refuse", flow[0].users[0])
        return made
    if gate == "not_reached" and status not in ("completed",):
        made.ahead = [flow[1]]
        made.reach(flow[0], created)
    else:
        if not any(step.decision == "agree" for step in steps):
            made.settle(flow[0], flow[0].users[0], agreed, "AGREE", "同意")
        _at_the_gate(made, world, gate, status, at)
    if status in ("withdrawn", "terminated"):
        is_own = status == "withdrawn"
        made.end(at, "CANCELED" if is_own else "TERMINATED", user="" if is_own else f"role:{_HR}")
    return made


def _at_the_gate(made: Instance, world: World, gate: str, status: str, at: datetime) -> None:
    """The clearance: somebody else passed it, it is not there, or it waits for the service user."""
    node = clearance(world)
    is_passed = gate == "passed" and status not in ("withdrawn", "terminated")
    if status == "completed" or is_passed:
        if gate != "absent":
            made.settle(node, f"role:{_FINANCE}", at, "AGREE", "同意")
        if status == "completed":
            made.end(at, "COMPLETED", "agree")
        else:  # HR still has to file it
            made.flow = (*made.flow, node_of(_HR))
            made.reach(made.flow[-1], at)
        return
    since = made.records[-1].at
    if gate == "absent":
        made.flow = (made.flow[0], node_of(_HR))
        node = made.flow[1]
    made.reach(node, since)


def _ended(row: Row, earliest: datetime, world: World) -> datetime:
    """When an exit ended that had ended before anybody looked: on its last day, if that has come."""
    last_day = read_day(row["last_day"])
    evening = datetime.combine(last_day, time(17, 0), world.zone) if last_day else earliest
    return max(evening, earliest) if evening <= world.now() else earliest


def _still_ahead(chain: Sequence[Sequence[str]], steps: Sequence[Step]) -> list[Node]:
    """The chain's nodes that nobody agreed at since the form was last handed in."""
    begins = max((at for at, step in enumerate(steps) if step.decision == "submit"), default=-1)
    agreed = {step.node for step in steps[begins + 1 :] if step.decision == "agree"}
    return [node_of(nodes[0]) for nodes in chain if nodes and not agreed & set(nodes)]


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=zone) if found is not None and found.tzinfo is None else found
