"""Which instances there are, and their details: windows of creation time, pages of ids, few readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.adapters.dingtalk import wire
from connector.adapters.dingtalk.session import Session
from connector.adapters.kit.paging import token_pages
from connector.errors import RejectedError, WireError

# The vendor refuses a start older than 365 days by its own clock: stay one hour inside.
_MARGIN = timedelta(hours=1)
# Windows are cut at 119 days, so that rounding never makes one longer than the 120 that are allowed. There is no
# count to compare with, so a second walk with other cuts has to find the same.
_WINDOW = timedelta(days=wire.WINDOW_DAYS - 1)
_OTHER_WINDOW = timedelta(days=61)
# Walks until two in a row agree: one more than needed lets a form that was handed in meanwhile be.
_MOST_WALKS = 3
# A clock further than this from the business date belongs to a replay or a stand-in: the date is believed.
_NEAR = timedelta(days=2)
_FURTHER_DAYS = 7
# Readers of details at once, and details a page.
READERS, PAGE = 4, 100
Window = tuple[datetime, datetime | None]


def moment_of(as_of: date, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant a year is counted back from: now, or the end of the business date where the two lie apart."""
    night = datetime.combine(as_of + timedelta(days=1), time(), zone)
    return now if abs(now - night) <= _NEAR else night


def moments(as_of: date, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Instants to count a year back from, until the vendor takes one: a replay's clock may be some days further on."""
    first = moment_of(as_of, now, zone)
    if first == now:
        return [now]
    return [first + timedelta(days=days) for days in range(_FURTHER_DAYS + 1)] + [now]


def windows(moment: datetime, longest: timedelta = _WINDOW) -> list[Window]:
    """The last 365 days in windows of at most `longest`; the last one is open, so that nothing new is missed."""
    start, cuts = moment - timedelta(days=wire.REACH_DAYS) + _MARGIN, []
    while start + longest < moment:
        cuts.append((start, start + longest))
        start += longest
    return [*cuts, (start, None)]


def list_ids(
    session: Session, process_code: str, moment: datetime, size: int, statuses: Sequence[str] = ()
) -> list[str]:
    """Ids of one template, each once, in the order delivered, when two walks in a row found the same.

    An id that any walk found stays. WireError when no two agree: then some were lost on the way.
    """
    ever: dict[str, None] = {}
    before: set[str] | None = None
    for walk in range(_MOST_WALKS):
        cuts = windows(moment, _OTHER_WINDOW if walk % 2 else _WINDOW)
        found = _ids_of_windows(session, process_code, moment, cuts, size, statuses)
        ever |= dict.fromkeys(found)
        if before == set(found):
            return list(ever)
        before = set(found)
    raise WireError(f"{_MOST_WALKS} walks over the same year found different instances", place="list ids")


def _ids_of_windows(
    session: Session, process_code: str, moment: datetime, todo: list[Window], size: int, statuses: Sequence[str]
) -> list[str]:
    """A window too full for one walk is halved."""
    found: dict[str, None] = {}
    while todo:
        window = todo.pop(0)
        ids = _walk(session, process_code, window, size, statuses)
        if len(ids) >= wire.WALK_LIMIT:
            start, end = window[0], window[1] or moment
            middle = start + (end - start) / 2
            if end - start < timedelta(minutes=1):
                raise WireError(f"found {len(ids)} instances within one minute", place="list ids")
            todo[:0] = [(start, middle), (middle, window[1])]
            continue
        found |= dict.fromkeys(ids)
    return list(found)


def _walk(
    session: Session, process_code: str, window: Window, size: int, statuses: Sequence[str]
) -> list[str]:
    start = int(window[0].timestamp() * 1000)
    end = int(window[1].timestamp() * 1000) if window[1] else None

    def fetch(cursor: str | None) -> tuple[list[str], str | None]:
        call = wire.list_ids(process_code, start, end, cursor or "0", size, statuses)
        return wire.ids_of(session.send(call, is_urgent=True))

    found: dict[str, None] = {}
    pages: Iterator[Sequence[str]] = token_pages(fetch, place="list ids")
    for ids in pages:
        if ids and all(one in found for one in ids):
            raise WireError("found a page of ids seen before, expected new ones", place="list ids")
        found |= dict.fromkeys(ids)
        if len(found) >= wire.WALK_LIMIT:
            break
    return list(found)


def read_details(
    read: Callable[[str], dict[str, Any]], refs: Sequence[str]
) -> Iterator[list[tuple[str, dict[str, Any] | RejectedError]]]:
    """Parts of (ref, detail or why it was refused), in the order given. Any other error stops the reading."""

    def one(ref: str) -> tuple[str, dict[str, Any] | RejectedError]:
        try:
            return ref, read(ref)
        except RejectedError as error:
            return ref, error

    with ThreadPoolExecutor(READERS) as readers:
        for at in range(0, len(refs), PAGE):
            yield list(readers.map(one, refs[at : at + PAGE]))
