"""One account (数据中心) of the product: the tables of its forms, and what clients have changed in them.

Promises: the tables follow the world and its day; what a client wrote stays when they are made anew, and a row
that the world changed carries a new FModifyDate. Never here: who may call, or how a call looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.adapters.kingdee_cloud.sandbox.answers import EXCEPTION, NO_FORM, Refusal
from connector.adapters.kingdee_cloud.sandbox.forms import EMPLOYEE, FORMS
from connector.adapters.kingdee_cloud.sandbox.records import Moment, Records
from connector.adapters.kingdee_cloud.sandbox.table import Record, Table
from connector.sandbox.world import World

_MODIFIED = "FModifyDate"


class Tenant:
    """The tables. Hold `world.lock` around every use."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.records = Records(world)
        self._tables: dict[str, tuple[Moment, Table]] = {}
        # form → primary key → the row as the world made it, before any edit.
        self._made: dict[str, dict[int, tuple[Any, ...]]] = {}
        self._modified: dict[str, dict[int, str]] = {}
        self._edits: dict[str, dict[int, dict[str, Any]]] = {}
        # form → number → the record that a client made.
        self._created: dict[str, dict[str, Record]] = {}

    def table(self, form: str) -> Table:
        """The table of a form, named in any case. Refusal for one that does not exist."""
        key = form.upper()
        if not key:
            raise Refusal(NO_FORM, "业务对象标识不能为空")
        if key not in FORMS:
            raise Refusal(EXCEPTION, f"标识为“{form}”的业务对象不存在，或者被删除")
        moment = self.records.moment()
        made = self._tables.get(key)
        if made is None or made[0] != moment:
            made = self._tables[key] = (moment, self._make(key))
        return made[1]

    def now(self) -> str:
        """The server's local time as cells carry it."""
        return self.world.now().replace(tzinfo=None).isoformat(timespec="milliseconds")

    def edit(self, table: Table, key: int, cells: Mapping[str, Any]) -> None:
        """Change cells of a head row by field key; the row's FModifyDate becomes now."""
        changed = dict(cells)
        if _MODIFIED.upper() in table.columns:
            changed[_MODIFIED] = self.now()
        table.write(key, changed)
        self._edits.setdefault(table.form.id.upper(), {}).setdefault(key, {}).update(changed)

    def create(self, table: Table, record: Record) -> int:
        """A new record; the internal id is that of its number. Returns it."""
        form = table.form
        number = str(record[form.number])
        key = self.records.numbering.id_of("employee" if form is EMPLOYEE else form.id.upper(), number)
        kept = {**record, form.key: key}
        self._created.setdefault(form.id.upper(), {})[number] = kept
        table.add(kept)
        return key

    def is_created(self, table: Table, number: str) -> bool:
        """Whether a client made this record."""
        return number in self._created.get(table.form.id.upper(), {})

    def remove(self, table: Table, key: int, number: str) -> None:
        """Take away a record that a client made."""
        del self._created[table.form.id.upper()][number]
        self._edits.get(table.form.id.upper(), {}).pop(key, None)
        table.remove(key)

    def _make(self, key: str) -> Table:
        records = self.records.of(key)
        if created := self._created.get(key):
            known = {record[FORMS[key].number] for record in records}
            records += [record for number, record in created.items() if number not in known]
        table = Table(FORMS[key], records)
        self._stamp(key, table)
        for row, cells in self._edits.get(key, {}).items():
            if table.find(row) is not None:
                table.write(row, cells)
        return table

    def _stamp(self, key: str, table: Table) -> None:
        """Give the rows that differ from the last time a new FModifyDate."""
        made = {row[0]: tuple(row) for row in table.heads.rows}
        before = self._made.get(key)
        self._made[key] = made
        if before is None or _MODIFIED.upper() not in table.columns:
            return
        now, modified = self.now(), self._modified.setdefault(key, {})
        modified.update({row: now for row, cells in made.items() if before.get(row) != cells})
        for row, moment in modified.items():
            if row in made:
                table.write(row, {_MODIFIED: moment})
