"""From one answer to the next until the end is proved: by page, offset, cursor, link or at once.

A page seen before is an error, and so is a total that moves while it is read. Nothing here knows what a row means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from connector.adapters.kit.api import Answer
from connector.adapters.rest_hr import wire
from connector.adapters.rest_hr.connection import Paging, StreamForm
from connector.errors import WireError

Get = Callable[[str, dict[str, str]], Answer]
Next = tuple[str, dict[str, str]] | None
# More pages than anybody has: a server that never ends must not hold a night.
MOST_PAGES = 100_000


@dataclass(frozen=True)
class Part:
    """Rows of one answer as they came; `total` as the source counts, `proof` on the last part only."""

    rows: list[Any]
    total: int | None
    proof: Literal["", "empty_page", "vendor_end"] = ""


def parts(get: Get, form: StreamForm) -> Iterator[Part]:
    """All parts of a stream in order. WireError for a page asked for twice or answered twice, for a total that changes,
    and for more pages than anybody has."""
    asked: Next = (form.path, form.query | _first(form.paging))
    seen: set[tuple[str, ...]] = set()
    total: int | None = None
    came, before = 0, None
    for count in range(MOST_PAGES):
        if asked is None or (key := (asked[0], *map(str, sorted(asked[1].items())))) in seen:
            raise WireError("found the place of a page for the second time", place=f"GET {form.path}")
        seen.add(key)
        answer = get(*asked)
        rows = wire.rows_of(answer.document, form.rows, f"GET {form.path}")
        if rows and rows == before:
            raise WireError("found a page seen before, expected the next one", place=f"GET {form.path}")
        total = _steady(answer, form, total if count else None)
        came, before = came + len(rows), rows
        asked = _following(answer, form, rows, came, count)
        yield Part(rows, total, "" if asked else _proof(form.paging))
        if asked is None:
            return
    raise WireError(f"found more than {MOST_PAGES} pages", place=f"GET {form.path}")


def _first(paging: Paging) -> dict[str, str]:
    asked = {paging.size_ask: str(paging.size)} if paging.size_ask else {}
    if paging.by in ("page", "offset"):
        asked[paging.asked_as] = str(paging.start if paging.by == "page" else 0)
    return asked


def _steady(answer: Answer, form: StreamForm, before: int | None) -> int | None:
    total = wire.total_of(answer.document, form.total, f"GET {form.path}")
    if before is not None and total != before:
        raise WireError(f"found {total} rows in all, {before} a page ago", place=f"GET {form.path}")
    return total


def _following(answer: Answer, form: StreamForm, rows: list[Any], came: int, count: int) -> Next:
    """Where the next page is, None at the end. A short page ends nothing: it may be a server's cap."""
    paging, fixed = form.paging, form.query | _first(form.paging)
    match paging.by:
        case "page" | "offset":
            place = paging.start + count + 1 if paging.by == "page" else came
            return (form.path, fixed | {paging.asked_as: str(place)}) if rows else None
        case "cursor":
            cursor = wire.cursor_of(answer.document, paging.next)
            return None if cursor is None else (form.path, fixed | {paging.asked_as: cursor})
        case "link":
            return answer.next_page
    return None


def _proof(paging: Paging) -> Literal["empty_page", "vendor_end"]:
    return "empty_page" if paging.by in ("page", "offset") else "vendor_end"
