"""What an answer of the API holds: rows at a dotted place, a total, a cursor; rows become columns of text.

Sans-IO: values in, values out. Nothing is asked and nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from connector.errors import WireError

# Raw column with the row's key over there.
REF = "#ref"


def at(document: Any, place: str) -> Any:
    """The value at a dotted place, None where there is none; "" is the document itself."""
    for name in place.split(".") if place else ():
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def rows_of(document: Any, place: str, where: str) -> list[Any]:
    """The list of rows. WireError when no list is there."""
    found = at(document, place)
    if not isinstance(found, list):
        mend = "correct `rows` of the stream"
        raise WireError(f"found {type(found).__name__} at `{place}`, expected the rows", place=where, mend=mend)
    return found


def total_of(document: Any, place: str, where: str) -> int | None:
    """The number of all rows, None where none is promised. WireError when it is no number."""
    if not place:
        return None
    found = at(document, place)
    text = str(found)
    if isinstance(found, bool) or not (text.isascii() and text.isdigit()):
        mend = "correct `total` of the stream"
        raise WireError(f"found {type(found).__name__} at `{place}`, expected a number", place=where, mend=mend)
    return int(text)


def cursor_of(document: Any, place: str) -> str | None:
    """The next page's cursor, None at the end."""
    found = at(document, place)
    return None if found in (None, "", False) else str(found)


def frame(rows: Sequence[dict[str, Any]], sources: Sequence[str]) -> pl.DataFrame:
    """Columns of text under the mapping's own names, dotted ones from inside the row."""
    columns = {source: list(_column(rows, source)) for source in sources}
    return pl.DataFrame(columns, schema=dict.fromkeys(sources, pl.String))


def _column(rows: Sequence[dict[str, Any]], source: str) -> Iterator[str | None]:
    if "." not in source:
        return (text_of(row.get(source)) for row in rows)
    return (text_of(row[source] if source in row else at(row, source)) for row in rows)


def text_of(value: Any) -> str | None:
    """A JSON value as it stood; a list or an object as JSON, for a mapping to find unreadable."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case int() | float():
            return str(value)
    return orjson.dumps(value, default=str).decode()


def with_refs(rows: pl.DataFrame, named: Sequence[str]) -> pl.DataFrame:
    """With each row's key: these columns, joined by a blank."""
    return rows.with_columns(pl.concat_str([pl.col(name) for name in named], separator=" ").alias(REF))
