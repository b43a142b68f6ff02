"""What one approval instance says: its state, where its clearance gate stands, our mark on it, its steps.

Facts of the protocol only, from one answer and the configuration. No call is made here, no rule applied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from connector.errors import WireError

Raw = Mapping[str, Any]
Row = dict[str, str | None]

_STATES = {("COMPLETED", "agree"): "completed", ("COMPLETED", "refuse"): "refused"}
_DECISIONS = {"START_PROCESS_INSTANCE": "submit", "REDIRECT_PROCESS": "return", "ADD_REMARK": "comment"}
# Decision of a step that is still to be decided.
WAITING = "waiting"
_STEP = ("step", "node", "approver", "decision", "opinion", "decided_at")
_RESULTS = {"AGREE": "agree", "REFUSE": "refuse"}
_MARK = re.compile(r"〔ref ([0-9a-f]{8})〕\s*$")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?")
_INSTANCE = (
    "title",
    "businessId",
    "status",
    "result",
    "bizAction",
    "createTime",
    "finishTime",
    "originatorUserId",
    "mainProcessInstanceId",
)


@dataclass(frozen=True)
class Gate:
    """How to know the clearance task: our user, the node's activity id or its name."""

    user: str
    activity: str
    node: str


@dataclass(frozen=True)
class GateView:
    """Where the gate stands; `task` is our RUNNING task when it is open."""

    state: str
    by_us: bool
    task: int | None = None


def marked(text: str, digest: str) -> str:
    """A sentence ending with the reference of its content."""
    return f"{text} 〔ref {digest}〕"


def digest_in(text: str) -> str | None:
    """The 8 hex of a text that ends `〔ref xxxxxxxx〕`, else None."""
    found = _MARK.search(text)
    return found.group(1) if found else None


def state_of(instance: Raw) -> str:
    """running | completed | refused | withdrawn. Approved = COMPLETED and agree; the unknown is running."""
    status, result = instance.get("status"), instance.get("result")
    if status in ("TERMINATED", "CANCELED"):
        return "withdrawn"
    return _STATES.get((str(status), str(result)), "running")


def attached_to(instance: Raw) -> list[str]:
    """Ids of instances that were handed in to change or revoke this one after it had passed."""
    found = instance.get("attachedProcessInstanceIds")
    return [str(one) for one in found if one] if isinstance(found, list) else []


def revokes(attached: Raw) -> bool:
    """Whether an instance attached to another one has revoked it."""
    return attached.get("bizAction") == "REVOKE" and state_of(attached) == "completed"


def gate_of(instance: Raw, gate: Gate, zone: ZoneInfo) -> GateView:
    """Where the clearance gate stands, told from one detail.

    open: exactly one RUNNING task of our user at the node. passed: the instance is approved, or the node was
    agreed to (`by_us` when by our user) after the last return of the form. closed: refused or withdrawn.
    not_reached: running, the node not seen yet, and some other task runs or waits (or the instance is NEW).
    absent: anything else that runs: no task left before it, the node in other hands or twice in ours, ours
    redirected or cancelled. A signer added before us leaves it not_reached, one added after us passed.
    A template without the node shows not_reached until its last task; only then can it be told.
    """
    tasks = _list(instance, "tasks")
    at_node = [task for task in tasks if _is_at(task, gate)]
    ours = [task for task in at_node if task.get("userId") == gate.user]
    agreed = [task for task in ours if task.get("status") == "COMPLETED" and task.get("result") == "AGREE"]
    state, returned = state_of(instance), _last_return(instance, zone)
    if state in ("refused", "withdrawn"):
        return GateView("closed", bool(agreed))
    agreed = [task for task in agreed if _is_after(task.get("finishTime"), returned, zone)]
    if state == "completed":
        return GateView("passed", bool(agreed))
    running = [task for task in at_node if task.get("status") == "RUNNING"]
    if len(running) == 1 and running[0] in ours:
        return GateView("open", False, _task_id(running[0]))
    if agreed:  # whoever signs after us at the node
        return GateView("passed", True)
    if running:  # whoever signs before us at the node, or instead of us
        is_before_us = any(task.get("status") in ("NEW", "PAUSED") for task in ours)
        return GateView("not_reached" if is_before_us else "absent", False)
    if _agreed_by_another(instance, at_node, gate, returned, zone):
        return GateView("passed", False)
    waits = (
        any(t.get("status") in ("NEW", "RUNNING", "PAUSED") for t in tasks) or instance.get("status") == "NEW"
    )
    has_stopped = any(
        t.get("status") in ("CANCELED", "TERMINATED") or t.get("result") == "REDIRECTED" for t in ours
    )
    return GateView("not_reached" if waits and not has_stopped else "absent", False)


def shows_node(instance: Raw, gate: Gate) -> bool:
    """Whether any task of our user stands, or stood, at the clearance node."""
    return any(_is_at(task, gate) and task.get("userId") == gate.user for task in _list(instance, "tasks"))


def _is_at(task: Raw, gate: Gate) -> bool:
    return task.get("activityId") == gate.activity or (
        bool(gate.node) and task.get("taskGroupName") == gate.node
    )


def _agreed_by_another(
    instance: Raw, at_node: list[Raw], gate: Gate, returned: datetime | None, zone: ZoneInfo
) -> bool:
    """Somebody agreed at the node, told by its tasks or by the records (either may be left out)."""
    tasks = [t for t in at_node if t.get("status") == "COMPLETED" and t.get("result") == "AGREE"]
    if any(_is_after(task.get("finishTime"), returned, zone) for task in tasks):
        return True
    return any(
        record.get("result") == "AGREE"
        and _is_after(record.get("date"), returned, zone)
        and (record.get("activityId") == gate.activity or record.get("showName") == gate.node)
        for record in _list(instance, "operationRecords")
    )


def _last_return(instance: Raw, zone: ZoneInfo) -> datetime | None:
    records = [r for r in _list(instance, "operationRecords") if r.get("type") == "REDIRECT_PROCESS"]
    return max((when for r in records if (when := _instant(r.get("date"), zone))), default=None)


def _is_after(value: Any, returned: datetime | None, zone: ZoneInfo) -> bool:
    """Whether a step came after the form was last returned; in the same minute counts as before."""
    when = _instant(value, zone)
    return returned is None or (when is not None and when > returned)


def _task_id(task: Raw) -> int:
    found = str(task.get("taskId") or "")
    if not found.isdigit():
        raise WireError("found a RUNNING task without a number", place="instance")
    return int(found)


def mark_of(instance: Raw, user: str, zone: ZoneInfo) -> str | None:
    """Digest of the newest comment of our user that carries one."""
    found: list[tuple[datetime, int, str]] = []
    for at, record in enumerate(_list(instance, "operationRecords")):
        if record.get("type") == "ADD_REMARK" and record.get("userId") == user:
            digest = digest_in(str(record.get("remark") or ""))
            if digest:
                when = _instant(record.get("date"), zone) or datetime.min.replace(tzinfo=UTC)
                found.append((when, at, digest))
    return max(found)[2] if found else None


def columns_of(ref: str, instance: Raw, zone: ZoneInfo) -> Row:
    """The instance's own fields and its form as one flat row of text; times in UTC beside those delivered."""
    row: Row = {"processInstanceId": ref}
    row |= {name: _text(instance.get(name)) for name in _INSTANCE}
    created = _instant(instance.get("createTime"), zone)
    row["created_at"] = time_text(instance.get("createTime"), zone)
    row["created_on"] = created.astimezone(zone).date().isoformat() if created else row["createTime"]
    row["finished_at"] = time_text(instance.get("finishTime"), zone)
    row["state"] = state_of(instance)
    for field in _list(instance, "formComponentValues"):
        row |= _form_values(field)
    return row


def form_value(instance: Raw, name: str) -> str:
    """What stands in a field of the form, stripped; "" when it is not there."""
    for field in _list(instance, "formComponentValues"):
        if str(field.get("name") or "").strip() == name:
            return (_text(field.get("value")) or "").strip()
    return ""


def _form_values(field: Raw) -> Row:
    """`form.<name>` as delivered; a range of two days also as `.start` and `.end`."""
    name, value = f"form.{str(field.get('name') or '').strip()}", _text(field.get("value"))
    if value == "null":
        value = None
    row: Row = {name: value}
    if value and value.startswith("["):
        try:
            parts = orjson.loads(value)
        except orjson.JSONDecodeError:
            return row
        is_range = len(parts) >= 2 and all(
            isinstance(part, str) and re.match(r"\d{4}-\d\d", part) for part in parts[:2]
        )
        if is_range:
            row |= {f"{name}.start": parts[0], f"{name}.end": parts[1]}
    return row


def steps_of(instance: Raw, zone: ZoneInfo) -> list[Row]:
    """The operation records in time order, numbered from 0; one row of empty steps when there is none."""
    records = _list(instance, "operationRecords")
    if all(_instant(record.get("date"), zone) for record in records):
        records.sort(
            key=lambda record: _instant(record.get("date"), zone) or datetime.min.replace(tzinfo=UTC)
        )
    steps: list[Row] = [
        {
            "step": str(at),
            "node": _text(record.get("showName")),
            "approver": _text(record.get("userId")),
            "decision": decision_of(record),
            "opinion": _text(record.get("remark")),
            "decided_at": time_text(record.get("date"), zone),
        }
        for at, record in enumerate(records)
    ]
    return steps or [dict.fromkeys(_STEP)]


def waiting_of(instance: Raw) -> list[Row]:
    """Whose turn it is: one row a RUNNING task of an approval that runs, without number or time: nothing is decided."""
    if state_of(instance) != "running":
        return []
    return [
        dict.fromkeys(_STEP) | {
            "node": _text(task.get("taskGroupName")), "approver": _text(task.get("userId")), "decision": WAITING
        }
        for task in _list(instance, "tasks") if task.get("status") == "RUNNING"
    ]


def decision_of(record: Raw) -> str:
    """submit | agree | refuse | return | comment | other, by the record's type, then by its result."""
    by_type = _DECISIONS.get(str(record.get("type")))
    return by_type or _RESULTS.get(str(record.get("result")), "other")


def time_text(value: Any, zone: ZoneInfo) -> str | None:
    """A time as UTC ISO text; what cannot be read stays as it is."""
    found = _instant(value, zone)
    return found.isoformat().replace("+00:00", "Z") if found else _text(value)


def _instant(value: Any, zone: ZoneInfo) -> datetime | None:
    """`2026-07-10T09:00Z`, with seconds, offset or a blank, or milliseconds; without offset it is local."""
    shown = str(value if value is not None else "").strip()
    if shown.isascii() and shown.isdigit() and len(shown) == 13:
        return datetime.fromtimestamp(int(shown) / 1000, UTC)
    found = _TIME.fullmatch(shown)
    if not found:
        return None
    *numbers, offset = found.groups()
    try:
        moment = datetime(*(int(number or 0) for number in numbers))  # type: ignore[arg-type]
    except ValueError:
        return None
    if offset is None:
        return moment.replace(tzinfo=zone).astimezone(UTC)
    if offset == "Z":
        return moment.replace(tzinfo=UTC)
    away = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    return moment.replace(tzinfo=UTC) - (away if offset[0] == "+" else -away)


def _list(instance: Raw, name: str) -> list[Raw]:
    found = instance.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise WireError(f"found {name} that is no list of objects", place="instance")
    return list(found)


def _text(value: Any) -> str | None:
    """Text as delivered; numbers and flags as JSON writes them."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()
