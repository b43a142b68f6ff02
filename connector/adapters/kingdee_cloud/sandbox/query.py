"""ExecuteBillQuery and BillQuery: fields, filter, order and page over one table.

Promises: a page is as long as the server's limit at most, what asks for more is cut; TopRowCount is the absolute last
row; an entry field multiplies its head; rows without an order come in a different one each time, as a database may
give them; what the user may not see is passed over. Never here: a session.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any

from connector.adapters.kingdee_cloud.sandbox.answers import (
    BAD_PARAMETER,
    EXCEPTION,
    FIELD_MISSING,
    Refusal,
)
from connector.adapters.kingdee_cloud.sandbox.calls import Call
from connector.adapters.kingdee_cloud.sandbox.filters import ALL, BadFilter, Question, read_filter
from connector.adapters.kingdee_cloud.sandbox.forms import EMPLOYEE
from connector.adapters.kingdee_cloud.sandbox.switches import Switches
from connector.adapters.kingdee_cloud.sandbox.table import Cells, Table, Unknown, View, normal

Order = list[tuple[int, bool]]


def run_query(
    table: Table, call: Call, now: datetime, shuffle: random.Random, switches: Switches
) -> list[Cells]:
    """The rows of the page, cells in the order of FieldKeys. Refusal when fields or filter cannot be read."""
    try:
        places = [table.place(key) for key in field_keys(call)]
        order = _order(call.text("OrderString"), table)
        question = read_filter(call.data.get("filterstring"), table, now)
        reads = {*places, *question.reads, *(place for place, _ in order)}
        view = table.joined if any(map(table.is_of_entry, reads)) else table.heads
        seen = _seen(table, _rows(view, question, order, shuffle), switches.hides)
        page = _page(places, seen, call, switches.page_rows)
        return [[_digit(cell) for cell in row] for row in page] if switches.has_flags_as_digits else page
    except Unknown as error:
        raise unknown_field(str(error)) from error
    except BadFilter as error:
        raise Refusal(EXCEPTION, f"GetRealExpress error,解析过滤条件出错：{error}") from error


def field_keys(call: Call) -> list[str]:
    """FieldKeys as a list. Refusal when there are none."""
    given = call.data.get("fieldkeys") or ""
    parts = given if isinstance(given, list) else str(given).split(",")
    keys = [str(part).strip() for part in parts if str(part).strip()]
    if not keys:
        raise Refusal(BAD_PARAMETER, "data数据包中的参数FieldKeys的值不能为空")
    return keys


def unknown_field(key: str) -> Refusal:
    """The refusal of a field that the form does not have."""
    return Refusal(FIELD_MISSING, f"元数据中标识为{key}的字段不存在")


def _rows(view: View, question: Question, order: Order, shuffle: random.Random) -> Iterable[Cells]:
    candidates = _candidates(view, question)
    found = candidates if question is ALL else (row for row in candidates if question.test(row))
    if not order:
        rows = list(found)
        shuffle.shuffle(rows)
        return rows
    natural = [(place, False) for place in view.sorted_columns]
    if order in (natural, natural[:1], natural[1:]):
        return found
    rows = list(found)
    for place, is_descending in reversed(order):
        rows.sort(key=_sort_key(place), reverse=is_descending)
    return rows


def _seen(table: Table, rows: Iterable[Cells], hidden: frozenset[str]) -> Iterable[Cells]:
    """The rows that a data permission leaves: those of hidden employees are passed over in silence."""
    at = owner_of(table)
    return rows if at is None or not hidden else (row for row in rows if row[at] not in hidden)


def owner_of(table: Table) -> int | None:
    """The column with the number of the employee whose row it is; None where a form knows none."""
    known = {*table.columns, *table.entry_columns}
    number = "FNUMBER" if table.form.id == EMPLOYEE.id else None
    keys = (number, "FCONTACTUNIT.FNUMBER", "FSTAFFID.FNUMBER")
    return next((table.place(key) for key in keys if key and key in known), None)


def _digit(cell: Any) -> Any:
    return str(int(cell)) if isinstance(cell, bool) else cell


def _candidates(view: View, question: Question) -> list[Cells]:
    if question.values is not None:
        return view.with_values(*question.values)
    if question.column in view.sorted_columns:
        return view.between(question.column, question.above, question.up_to)
    return view.rows


def _page(places: list[int], rows: Iterable[Cells], call: Call, most: int) -> list[Cells]:
    start, limit, top = max(0, call.number("StartRow")), call.number("Limit"), call.number("TopRowCount")
    end = start + (limit if 0 < limit <= most else most)
    page = islice(rows, start, max(start, min(end, top) if top > 0 else end))
    if len(places) == 1:
        return [[row[places[0]]] for row in page]
    return list(map(list, map(itemgetter(*places), page)))


def _order(text: str, table: Table) -> Order:
    order: Order = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        words = part.split()
        if len(words) > 2 or (words[1:] and words[1].lower() not in ("asc", "desc")):
            raise BadFilter(f"OrderString {part!r}")
        order.append((table.place(words[0]), words[-1].lower() == "desc"))
    return order


def _sort_key(place: int) -> Any:
    def key(row: Cells) -> tuple[bool, Any]:
        cell = row[place]
        return (cell is not None, normal(cell) if isinstance(cell, str) else 0 if cell is None else cell)

    return key
