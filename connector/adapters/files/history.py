"""Loans and repayments of the time before a company had the connector, from spreadsheets as people keep them.

Promises: every row is either a canonical row with its place in the file, or set aside with that place, what was found
and what was expected. Never here: whether the rows fit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

import polars as pl

from connector.adapters.contract import Reject, Setting
from connector.adapters.files.connection import FilesForm, NamedFile
from connector.adapters.files.folder import take
from connector.adapters.files.grid import ROW
from connector.adapters.files.reading import read_rows
from connector.adapters.files.sheets import Wanted, open_sheet
from connector.mappings.table import Context, load_mapping, map_rows

# Table → the file's name, and the endings it may have, the first that is there.
_FILES = {"loan": "loans", "repayment": "repayments"}
_ENDINGS = (".csv", ".xlsx", ".xls")


@dataclass(frozen=True)
class PastRows:
    """Canonical rows of one table with `place` (file and row), and the rows set aside."""

    rows: pl.DataFrame
    rejects: tuple[Reject, ...]


def read_past(folder: Path, table: str, setting: Setting, as_of: date) -> PastRows:
    """`table`: loan or repayment. ConfigError or WireError when its file is missing or cannot be read at all."""
    text = (resources.files(__package__) / "history.yaml").read_text("utf-8")
    mapping = load_mapping(text, "files/history.yaml")[table]
    place = _file_of(folder, _FILES[table])
    wanted = Wanted(mapping, NamedFile(name=place.name), FilesForm.model_validate({"folder": folder}))
    read = read_rows(open_sheet(take(place), wanted), table, wanted, setting, as_of)
    context = Context(setting.connection, setting.clock.now(), setting.currency, setting.zone)
    mapped, _ = map_rows(mapping, read.rows, context)  # what it cannot read was set aside with its place
    if not mapped.height:
        return PastRows(mapped.with_columns(place=pl.lit(None, pl.String)), read.rejects)
    places = read.rows.select(pl.format("{}:{}", pl.lit(place.name), ROW).alias("place"))
    return PastRows(pl.concat([mapped, places], how="horizontal"), read.rejects)


def _file_of(folder: Path, name: str) -> Path:
    """The first that is there; where none is, the one that is missed."""
    candidates = [folder / f"{name}{ending}" for ending in _ENDINGS]
    return next((place for place in candidates if place.is_file()), candidates[0])
