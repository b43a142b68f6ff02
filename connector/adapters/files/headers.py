"""Which row names the columns, and which column is what: by the names that the mapping knows, in any spelling.

Above the header stand titles, notes and units; they are read for the unit of amounts and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from connector.adapters.files.faults import fault
from connector.adapters.files.grid import Head
from connector.errors import ConfigError
from connector.mappings.table import Field, StreamMapping
from connector.model.tables import TABLES

# Units of amounts → how many of the currency's unit.
_UNITS = {"元": 1, "人民币元": 1, "cny": 1, "rmb": 1, "千元": 1_000, "万": 10_000, "万元": 10_000}
_IN_BRACKETS = re.compile(r"\(([^()]*)\)\s*$")
# `单位：万元`; not `单位：某某公司`, which names an organisation.
_UNIT_NOTE = re.compile(r"单位\s*:\s*([^\s:,;()]{0,4}(?:元|万|cny|rmb|usd))", re.IGNORECASE)
_NOISE = re.compile(r"[\s_*.:'’-]+")
# Two known names make a header; one alone does only where it is the only column.
_LEAST_KNOWN = 2


@dataclass(frozen=True)
class Header:
    """Where the header stands and what it says. `columns`: field of the mapping → place, `written`: → its header,
    `unit`: → how many units of the currency an amount counts. `above`: the cells above it."""

    row: int
    columns: dict[str, int]
    written: dict[str, str]
    width: int  # cells of the header, empty ones at its end too
    least: int  # without those
    unit: dict[str, int]
    above: frozenset[str]


def fold(name: str) -> str:
    """A name as it is compared: `Employee  No.` = `employee_no`, `工 号*` = `工号`, `月工资（元）` = `月工资`."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    return _NOISE.sub("", _IN_BRACKETS.sub("", plain) or plain)


def find_header(head: Head, mapping: StreamMapping, key: Field, own_key: str, place: str) -> Header | None:
    """The row that knows most names, the key's among them; None when no row does.

    `own_key`: what the company calls the key's column, or ""; it goes before the names that the mapping knows.
    ConfigError when two columns of that row mean the same.
    """
    names = {fold(name): f for f in mapping.fields if f.source for name in (f.source, *f.called)}
    best: tuple[int, int] | None = None
    for at, (_, cells) in enumerate(head):
        folded = [fold(cell) for cell in cells]
        known = {names[name].target for name in folded if name in names}
        is_said = bool(own_key) and fold(own_key) in folded
        known |= {key.target} if is_said else set()
        is_enough = is_said or len(known) >= _LEAST_KNOWN or len([name for name in folded if name]) == 1
        if key.target in known and is_enough and (best is None or len(known) > best[0]):
            best = (len(known), at)
    return None if best is None else _header(head, best[1], names, key, (own_key, place))


def _header(head: Head, at: int, names: dict[str, Field], key: Field, said: tuple[str, str]) -> Header:
    row, cells = head[at]
    own_key, place = said
    least = max(column + 1 for column, cell in enumerate(cells) if cell.strip())
    columns: dict[str, int] = {}
    own = [column for column, cell in enumerate(cells) if own_key and fold(cell) == fold(own_key)]
    for column, cell in enumerate(cells):
        field = key if column in own else names.get(fold(cell))
        if field is None or (field is key and own and column not in own):
            continue
        source = str(field.source)
        if source in columns:
            twice = f"{cells[columns[source]]!r}, {cell!r}"
            raise fault(ConfigError, "two_columns", f"{place} row {row}", field=source, columns=twice)
        columns[source] = column
    above = [cell for _, line in head[:at] for cell in line if cell.strip()]
    money = [f for f in names.values() if f.kind == "money" and f.source in columns]
    units = {str(f.source): _unit(cells[columns[str(f.source)]], above, f"{place} row {row}") for f in money}
    written = {source: cells[column].strip() for source, column in columns.items()}
    return Header(row, columns, written, len(cells), least, units, frozenset(cell.strip() for cell in above))


def _unit(header: str, above: list[str], place: str) -> int:
    """The unit in brackets behind the header, else the one noted above the table, else 1."""
    plain = unicodedata.normalize("NFKC", header).strip().casefold()
    bracket = _IN_BRACKETS.search(plain)
    if bracket and bracket[1].strip() in _UNITS:
        return _UNITS[bracket[1].strip()]
    for note in above:
        found = _UNIT_NOTE.search(unicodedata.normalize("NFKC", note))
        if found and found[1].casefold() not in _UNITS:
            raise fault(ConfigError, "unit", place, found=found[1], known=", ".join(_UNITS))
        if found:
            return _UNITS[found[1].casefold()]
    return 1


def missing_columns(header: Header, mapping: StreamMapping, derived: frozenset[str]) -> list[str]:
    """Fields that every row needs and no column gives. `derived`: fields that the reader can do without."""
    table = TABLES[mapping.table]
    return [
        f.source for f in mapping.fields
        if f.source and f.target != "ref" and table[f.target].required and "else" not in f.options
        and f.source not in header.columns and f.source not in derived
    ]
