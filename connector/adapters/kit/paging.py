"""Reading to the end, provably: keys that only grow under a mark fixed at the start, or the vendor's own end.

A short page proves nothing (it may be a server's cap); a page seen before is an error, never a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeVar

import polars as pl

from connector.errors import WireError

V = TypeVar("V")
C = TypeVar("C", bound=Hashable)


def keyset(
    fetch_page: Callable[[int], pl.DataFrame], key_of: Callable[[pl.DataFrame], pl.Series], *,
    mark: int, place: str, start: int = 0,
) -> Iterator[pl.DataFrame]:
    """Pages of rows with `start` < key ≤ `mark`, one row a key.

    `fetch_page(last)` returns the rows after `last` in key order; `key_of` their keys as integers. Ends after
    an empty page only, which is yielded too. `mark` is the largest key at the start, `start` if none.
    WireError for a key that repeats, falls, is unreadable or passes the mark, and for an end before the mark.
    """
    last = start
    while True:
        page = fetch_page(last)
        if page.height == 0:
            _ended(last, mark, place)
            yield page
            return
        last = _grown(key_of(page), last, mark, place)
        yield page


def grouped_keyset(
    fetch_page: Callable[[int], pl.DataFrame], key_of: Callable[[pl.DataFrame], pl.Series],
    rest_of: Callable[[int, int], pl.DataFrame], *, mark: int, place: str, start: int = 0,
) -> Iterator[pl.DataFrame]:
    """As `keyset` where one key may have several rows (entries of a bill): a page can end inside a key.

    The last key of a page is read again with the next page. A page of one key only is whole when
    `rest_of(key, rows)` (that key's rows after the first `rows`) is empty; else WireError.
    """
    last = start
    while True:
        page = fetch_page(last)
        if page.height == 0:
            _ended(last, mark, place)
            yield page
            return
        keys = key_of(page)
        _grown(keys.unique(maintain_order=True), last, mark, place)
        if not keys.is_sorted():
            raise WireError("found keys out of order, expected them to grow", place=place)
        first, final = int(keys[0]), int(keys[-1])
        if first != final:
            page = page.filter(keys < final)
            last = int(keys.filter(keys < final)[-1])
        elif rest_of(final, page.height).height:
            raise WireError(f"record {final} has more entries than one page holds", place=place)
        else:
            last = final
        yield page


def _ended(last: int, mark: int, place: str) -> None:
    """An empty page is the end only where the mark has been read: nothing is missing there."""
    if last != mark:
        raise WireError(f"the end came after key {last}, expected the mark {mark}", place=place)


def _grown(keys: pl.Series, last: int, mark: int, place: str) -> int:
    """The last key of a page whose keys all grow. WireError else."""
    if keys.null_count():
        raise WireError("found a row without a readable key", place=place)
    first, final = int(keys[0]), int(keys[-1])
    if first <= last or (keys.len() > 1 and not (keys.diff(null_behavior="drop") > 0).all()):
        raise WireError(f"found key {first} after {last} or a page seen before; keys must grow", place=place)
    if final > mark:
        raise WireError(f"found key {final} beyond the mark {mark} fixed at the start", place=place)
    return final


def token_pages(
    fetch_page: Callable[[C | None], tuple[Sequence[V], C | None]], *, place: str, max_pages: int = 100_000,
) -> Iterator[Sequence[V]]:
    """Pages by the vendor's own cursor: `fetch_page(cursor)` → (rows, next cursor or None at the end).

    The first call gets None. WireError for a cursor seen before, or more pages than anybody has.
    """
    seen: set[C] = set()
    cursor: C | None = None
    for _ in range(max_pages):
        rows, cursor = fetch_page(cursor)
        yield rows
        if cursor is None:
            return
        if cursor in seen:
            raise WireError("found a page cursor for the second time, expected a new one", place=place)
        seen.add(cursor)
    raise WireError(f"found more than {max_pages} pages", place=place)
