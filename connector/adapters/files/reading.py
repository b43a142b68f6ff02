"""From a sheet to raw rows under the mapping's own names, in the forms its converters read, each with its key.

What the mapping could not read is set aside here already, for only here its place in the file is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from connector.adapters.contract import Reject, Setting
from connector.adapters.files.cells import IS_NUMBER, Reading, read_cells
from connector.adapters.files.faults import fault
from connector.adapters.files.rows import Aside, filled_down, records_of, with_refs
from connector.adapters.files.sheets import DERIVED, Sheet, Wanted
from connector.errors import ConfigError
from connector.mappings import convert
from connector.mappings.table import Context, map_rows

# What names a row of a stream, beside the employee.
_NAMED_BY = {"appraisal_month": ("month", "goal", "cycle"), "attendance_month": ("month",), "signal": ("kind", "at")}
# Streams in which one name has one meaning.
_ONCE = ("appraisal_month", "attendance_month")


@dataclass(frozen=True)
class Read:
    """Everything below the header. `rows`: fields of the mapping as text, `#ref`, `#row`."""

    rows: pl.DataFrame
    rejects: tuple[Reject, ...]
    ignored: dict[str, int]


def read_rows(sheet: Sheet, stream: str, wanted: Wanted, setting: Setting, as_of: date) -> Read:
    """The rows of a sheet. ConfigError when `fill_down` names a column that is not there, or the number's own."""
    form, lines = wanted.form, records_of(sheet, wanted)
    rows, ignored = lines.rows, dict(lines.ignored)
    if stream == "employee":
        rows = _filled(rows, wanted, sheet)
    reading = Reading(setting.currency, form.number_width, sheet.date_system, sheet.header.unit)
    rows = read_cells(rows, wanted.mapping.fields, reading)
    aside = Aside(stream, sheet, wanted, form.number_width)
    rejects = list(aside.of_lines(sheet.grid.bad))
    rows, broken = aside.of_cells(rows)
    rows = _closed(with_refs(rows, [str(wanted.key.source), *_NAMED_BY.get(stream, ())]), wanted, setting, as_of)
    context = Context(setting.connection, setting.clock.now(), setting.currency, setting.zone)
    mapped, bad = map_rows(wanted.mapping, rows, context)
    rows, unread = aside.of_mapping(rows, bad)
    twice: list[Reject] = []
    if stream in _ONCE:
        repeated, differing = _said_twice(mapped)
        rows, twice = aside.of_twice(rows, differing)
        rows = rows.filter(~repeated.filter(~differing))
        ignored |= {"repeated": int(repeated.sum())} if repeated.any() else {}
    texts = rows.select(pl.exclude(f"^{IS_NUMBER}.*$")).cast(pl.String)
    return Read(texts, (*rejects, *broken, *unread, *twice), ignored)


def _filled(rows: pl.DataFrame, wanted: Wanted, sheet: Sheet) -> pl.DataFrame:
    rows, unknown = filled_down(rows, wanted.form.fill_down, sheet, str(wanted.key.source))
    columns = ", ".join(sheet.header.written.values())
    if unknown:
        raise fault(ConfigError, "fill_down", sheet.place, name=unknown, columns=columns)
    return rows


def _closed(rows: pl.DataFrame, wanted: Wanted, setting: Setting, as_of: date) -> pl.DataFrame:
    """Where no column says whether a month is closed: it is once it is over."""
    asked = DERIVED & {f.source for f in wanted.mapping.fields}
    if not asked or asked & set(rows.columns) or "month" not in rows.columns:
        return rows
    is_over = convert.month(pl.col("month"), setting.zone).dt.month_end() < as_of
    return rows.with_columns(closed=pl.when(is_over).then(pl.lit("true")).otherwise(pl.lit("false")))


def _said_twice(mapped: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """(a row that was there before, word for word; rows that contradict another one of the same name)."""
    names = [name for name in ("employee", "month", "goal", "cycle") if name in mapped.columns]
    content = [name for name in mapped.columns if name not in ("system", "ref", "seen_at")]
    flags = mapped.select(
        repeated=~pl.struct(content).is_first_distinct(),
        differing=pl.struct(content).n_unique().over(names) > 1,
    )
    return flags["repeated"] & ~flags["differing"], flags["differing"]
