"""Every approval instance of the company: those of the folder, kept up with its changes, and those that
clients started.

Promises: what clients wrote outlives a change of the world; where a changed row says something else about the
same instance, the row wins, and comments stay. An instance of the future is not there yet. Callers hold the
world's lock. Never here: a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from connector.adapters.dingtalk.sandbox import sources
from connector.adapters.dingtalk.sandbox.answers import Refusal
from connector.adapters.dingtalk.sandbox.instance import Instance, Node, node_of, start_of
from connector.adapters.dingtalk.sandbox.sources import EXIT_CODE, LOAN_CODE
from connector.sandbox.world import Row, World

# Template names → process codes.
TEMPLATES = {"离职申请": EXIT_CODE, "借款申请": LOAN_CODE}
_TABLES = {"approvals", "exits", "loans", "employees"}


@dataclass
class Entry:
    """An instance of the folder and what its rows said when it was made."""

    said: tuple[Any, ...]
    instance: Instance
    row: Row


class Book:
    """The instances of one organisation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._entries: dict[str, Entry] = {}
        self._started: dict[str, Instance] = {}
        self._order: list[Instance] = []
        self._stale = set(_TABLES)
        self._day: date | None = None
        self._people: dict[str, Row] = {}
        self._loans: dict[str, Row] = {}
        world.watch(self._notice)
        self.refresh()

    def refresh(self) -> None:
        """Catch up with the world."""
        today = self._world.today()
        if not self._stale and today == self._day:
            return
        stale, self._stale, self._day = self._stale, set(), today
        if "employees" in stale:
            self._people = {row["number"]: row for row in reversed(self._world.rows("employees"))}
        if "loans" in stale:
            self._loans = {row["number"]: row for row in reversed(self._world.rows("loans"))}
        fresh = dict(self._exits()) | dict(self._approvals())
        self._entries = fresh
        everything = [entry.instance for entry in fresh.values()] + list(self._started.values())
        self._order = sorted(everything, key=lambda one: one.created)

    def chosen(self, code: str) -> list[Instance]:
        """The instances of a template created up to today, oldest first. Refusal: no such template."""
        if code not in TEMPLATES.values():
            raise Refusal("processCodeError", "流程模板不存在")
        return [one for one in self.everything() if one.code == code]

    def everything(self) -> list[Instance]:
        """Every instance that is there, of all templates, oldest first."""
        end = self._end_of_today()
        return [one for one in self._order if one.created < end]

    def find(self, ref: str) -> Instance:
        """An instance by its id, with the form as the rows say now. Refusal when there is none."""
        entry = self._entries.get(ref)
        found = entry.instance if entry is not None else self._started.get(ref)
        if found is None or found.created >= self._end_of_today():
            raise Refusal("invalidProcessInstanceId", "审批实例不存在")
        if entry is not None:
            self._fill_in(entry)
        return found

    def by_task(self, number: int) -> Instance:
        """The instance that a task belongs to. Refusal when there is none."""
        for one in self.everything():
            if any(task.id == number for task in one.tasks):
                return one
        raise Refusal("taskNotFound", "任务不存在")

    def title(self, instance: Instance) -> str:
        """Who handed in what."""
        number = instance.originator.removeprefix("u")
        name = self._people.get(number, {}).get("name") or number
        template = next(name for name, code in TEMPLATES.items() if code == instance.code)
        return f"{name}提交的{template}"

    def department(self, originator: str) -> str:
        """The department of an originator, "" when he is not known."""
        return self._people.get(originator.removeprefix("u"), {}).get("department", "")

    def start(
        self, code: str, originator: str, form: list[dict[str, str]], nodes: Iterable[Node], at: datetime
    ) -> Instance:
        """A new instance that a client hands in. Without nodes, the template's own flow."""
        if code not in TEMPLATES.values():
            raise Refusal("processCodeError", "流程模板不存在")
        count = len(self._started) + 1
        ref = sources.instance_id(self._world.name, "started", str(count))
        own = sources.exit_flow(self._world) if code == EXIT_CODE else self._chain()
        flow = tuple(nodes) or own
        made = Instance(ref, f"{at:%Y%m%d%H%M%S}{count:06d}", code, originator, at, flow, form=form)
        made.start(at, start_of(originator))
        made.ahead = list(flow)
        made.move_on(at)
        self._started[ref] = made
        self._order.append(made)
        return made

    def _chain(self) -> tuple[Node, ...]:
        chain = tuple(node_of(nodes[0]) for nodes in self._world.approval_chain if nodes)
        return chain or (node_of("审批"),)

    def _notice(self, tables: set[str]) -> None:
        self._stale |= tables & _TABLES
        if "exits" in tables:
            # At once: a row that says A, B and A again has said three things.
            self.refresh()

    def _end_of_today(self) -> datetime:
        return datetime.combine(self._world.today() + timedelta(days=1), time(), self._world.zone)

    def _exits(self) -> Iterator[tuple[str, Entry]]:
        copies: dict[str, int] = {}
        steps_of = _grouped(row for row in self._world.rows("approvals") if row["kind"] == "exit")
        for row in self._world.rows("exits"):
            copy = copies[row["number"]] = copies.get(row["number"], -1) + 1
            ref = sources.instance_id(self._world.name, "exit", row["number"], copy)
            yield ref, self._exit(ref, row, copy, steps_of.get(row["number"], []))

    def _exit(self, ref: str, row: Row, copy: int, step_rows: list[Row]) -> Entry:
        created = sources.exit_created(row, self._people.get(row["employee"]), self._world)
        steps = self._happened(sources.read_steps(step_rows, created, self._world.zone)) if step_rows else []
        said = (row["status"], row["gate"], tuple(steps))
        known = self._entries.get(ref)
        if known is not None and known.said == said:
            if known.instance.created == created or known.instance.is_touched:
                return Entry(said, known.instance, row)
            changed = None
        else:
            changed = self._world.now() if known is not None else None
        made = sources.exit_instance(self._world, row, copy, created, steps, changed)
        return Entry(said, _kept(known, made), row)

    def _approvals(self) -> Iterator[tuple[str, Entry]]:
        rows = (row for row in self._world.rows("approvals") if row["kind"] in ("loan", ""))
        for number, step_rows in _grouped(rows).items():
            ref = sources.instance_id(self._world.name, "loan", number)
            entry = self._approval(ref, number, step_rows)
            if entry is not None:
                yield ref, entry

    def _approval(self, ref: str, number: str, rows: list[Row]) -> Entry | None:
        loan = self._loans.get(rows[0]["loan"], {})
        applied = sources.read_day(loan.get("applied_on", "")) or self._world.as_of
        otherwise = datetime.combine(applied, sources.MORNING, self._world.zone)
        steps = self._happened(sources.read_steps(rows, otherwise, self._world.zone))
        if not steps:
            return None
        lent_on = sources.read_day(loan.get("lent_on", ""))
        is_paid = lent_on is not None and lent_on <= self._world.today()
        said = (rows[0]["employee"], is_paid, tuple(steps))
        known = self._entries.get(ref)
        if known is not None and known.said == said:
            return Entry(said, known.instance, rows[0])
        made = sources.loan_instance(self._world, number, rows[0], steps, is_paid)
        return Entry(said, _kept(known, made), rows[0])

    def _happened(self, steps: list[sources.Step]) -> list[sources.Step]:
        zone, today = self._world.zone, self._world.today()
        return [step for step in steps if step.at.astimezone(zone).date() <= today]

    def _fill_in(self, entry: Entry) -> None:
        row, instance = entry.row, entry.instance
        person = self._people.get(row["employee"], {})
        shown = {"工号": row["employee"], "姓名": person.get("name", "")}
        if instance.code == EXIT_CODE:
            instance.form = _fields(shown | {"最后工作日": row["last_day"], "离职类型": row["kind"]})
            return
        loan = self._loans.get(row["loan"], {})
        trip = [loan.get("trip_start", ""), loan.get("trip_end", "")]
        shown |= {
            "借款单号": row["loan"],
            "借款类型": loan.get("kind", ""),
            "金额": loan.get("principal", ""),
        }
        shown |= {"币种": loan.get("currency", ""), "用途": loan.get("purpose", "")}
        shown |= {
            "出差日期": f'["{trip[0]}","{trip[1]}"]' if all(trip) else "",
            "预计还款日期": loan.get("due_on", ""),
        }
        instance.form = _fields(shown)


_COMPONENTS = {
    "金额": "MoneyField", "出差日期": "DDDateRangeField", "最后工作日": "DDDateField",
    "预计还款日期": "DDDateField",
    "离职类型": "DDSelectField", "币种": "DDSelectField", "用途": "TextareaField",
}  # fmt: skip


def _fields(values: dict[str, str]) -> list[dict[str, str]]:
    """Form components; one that nobody filled in holds an empty text."""
    fields = []
    for at, (name, value) in enumerate(values.items()):
        component = _COMPONENTS.get(name, "TextField")
        fields.append(
            {"id": f"{component}-{at:04X}", "name": name, "componentType": component, "value": value}
        )
    return fields


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by number, in the order of the first one."""
    found: dict[str, list[Row]] = {}
    for number, some in groupby(rows, key=lambda row: row["number"]):
        found.setdefault(number, []).extend(some)
    return found


def _kept(known: Entry | None, made: Instance) -> Instance:
    """What clients wrote before the rows changed goes on: an end that stands, and comments."""
    if known is None:
        return made
    before = known.instance
    ends = {(before.status, before.result), (made.status, made.result)}
    if before.is_touched and ends == {("COMPLETED", "agree")}:
        return before
    remarks = [record for record in before.records if record.type == "ADD_REMARK"]
    made.records = sorted([*made.records, *remarks], key=lambda record: record.at)
    return made
