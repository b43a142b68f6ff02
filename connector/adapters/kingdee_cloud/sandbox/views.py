"""View and QueryBusinessInfo: one record as an object, and what a form consists of.

Promises: properties of an object lose the leading F, the company's own fields keep their whole name, and text
in several languages is a list of Key and Value. Never here: a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connector.adapters.kingdee_cloud.sandbox.forms import REFERENCES, Field, Form
from connector.adapters.kingdee_cloud.sandbox.table import Cells, Table

CHINESE = 2052
# FieldType of QueryBusinessInfo: the database types of .NET's DbType numbering.
_FIELD_TYPES = {"id": 127, "number": 56, "amount": 106, "date": 61, "time": 61, "flag": 175}
_TEXT, _REFERENCE = 231, 127
_OPERATIONS = ("View", "Save", "Submit", "Audit", "UnAudit", "Delete")


def view(table: Table, row: Cells) -> dict[str, Any]:
    """The entity of a row."""
    form = table.form
    said: dict[str, Any] = {"Id": row[0]}
    said |= dict(_properties(form.head, row, table))
    if form.entry:
        said[form.entry.removeprefix("F")] = [
            {"Id": entry[0], "Seq": at, **dict(_properties(form.entry_fields, entry[1:], table))}
            for at, entry in enumerate(table.entries_of(row[0]), start=1)
        ]
    return said


def business_info(form: Form) -> dict[str, Any]:
    """NeedReturnData of QueryBusinessInfo: every entity with its fields, and the operations."""
    entities = [_entity("FBillHead", form.caption, "", form.head)]
    if form.entry:
        entities.append(_entity(form.entry, form.entry, "FBillHead", form.entry_fields))
    operations = [*_OPERATIONS, *(("Forbid", "Enable") if form.is_base else ())]
    return {
        "Id": form.id, "Name": _texts(form.caption), "PkFieldName": form.key, "Entrys": entities,
        "Operations": [{"OperationNumber": name, "OperationName": _texts(name)} for name in operations],
    }  # fmt: skip


def _properties(fields: Iterable[Field], cells: Sequence[Any], table: Table) -> Iterator[tuple[str, Any]]:
    at = 0
    for field in fields:
        width = len(field.columns)
        values = cells[at : at + width]
        at += width
        name = field.key if field.is_custom else field.key.replace(".", "_").removeprefix("F")
        if field.key == table.form.key:
            continue
        if field.type in REFERENCES:
            yield f"{name}_Id", values[0]
            yield name, _expanded(values)
        else:
            yield name, _texts(values[0]) if field.key in ("FName", "FDescription") else values[0]


def _expanded(values: Sequence[Any]) -> dict[str, Any] | None:
    if not values[0]:
        return None
    return {"Id": values[0], "Number": values[1], "Name": _texts(values[2])}


def _entity(key: str, caption: str, parent: str, fields: Iterable[Field]) -> dict[str, Any]:
    listed = [_field(field) for field in fields if "." not in field.key]
    return {
        "Key": key, "EntryName": key.removeprefix("F"), "ParentKey": parent, "Name": _texts(caption),
        "Fields": listed,
    }  # fmt: skip


def _field(field: Field) -> dict[str, Any]:
    kind = _REFERENCE if field.type in REFERENCES else _FIELD_TYPES.get(field.type, _TEXT)
    return {
        "Key": field.key, "Name": _texts(field.caption), "PropertyName": field.key.removeprefix("F"),
        "FieldType": kind, "MustInput": int(field.must),
    }  # fmt: skip


def _texts(value: object) -> list[dict[str, object]]:
    return [{"Key": CHINESE, "Value": value}]
