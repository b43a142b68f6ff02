"""Which instances are listed: a year of windows, pages to the vendor's own end, nothing twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connector.adapters.dingtalk import listing, wire
from connector.errors import RejectedError, WireError
from tests.adapters.dingtalk.conftest import ZONE

NOW = datetime(2026, 7, 31, 4, tzinfo=UTC)


class Lists:
    """Answers list calls from (created, id) pairs; what a session does and nothing more."""

    def __init__(self, pairs: list[tuple[datetime, str]]) -> None:
        self.pairs, self.asked = pairs, []

    def send(self, call: wire.Call, *, is_urgent: bool = False) -> dict[str, object]:
        body = dict(call.body or {})
        self.asked.append(body)
        end = body.get("endTime", 1e15)
        inside = [one for at, one in self.pairs if body["startTime"] <= at.timestamp() * 1000 <= end]
        start, size = body["nextToken"], body["maxResults"]
        more = {"nextToken": start + size} if start + size < len(inside) else {}
        return {"result": {"list": inside[start : start + size], **more}}


def test_windows_cover_a_year_without_a_gap_each_shorter_than_the_vendor_allows():
    windows = listing.windows(NOW)
    assert NOW - windows[0][0] < timedelta(days=365)
    assert NOW - windows[0][0] >= timedelta(days=365) - timedelta(hours=1)
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]
    assert windows[-1][1] is None
    assert all((end or NOW) - start < timedelta(days=120) for start, end in windows)


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (NOW + timedelta(hours=22), NOW + timedelta(hours=22)),  # the night after the business date
        (datetime(2027, 3, 1, tzinfo=UTC), NOW + timedelta(hours=12)),  # a replay: the end of the business date
    ],
)
def test_a_year_is_counted_from_now_or_from_a_business_date_far_away(now, moment):
    assert listing.moment_of(date(2026, 7, 31), now, ZONE) == moment


def test_every_id_is_listed_once_over_all_windows_and_pages():
    pairs = [(NOW - timedelta(days=8 * n), f"i{n}") for n in range(45)]
    pairs.append((listing.windows(NOW)[0][1] or NOW, "edge"))  # stands in two windows
    lists = Lists(pairs)
    assert sorted(listing.list_ids(lists, "P", NOW, 4)) == sorted(one for _, one in pairs)
    assert {body["nextToken"] for body in lists.asked} > {0, 4}


def test_a_page_that_comes_again_stops_the_listing():
    class Again(Lists):
        def send(self, call: wire.Call, *, is_urgent: bool = False) -> dict[str, object]:
            cursor = dict(call.body or {})["nextToken"]
            return {"result": {"list": ["a", "b"], "nextToken": cursor + 2}}

    with pytest.raises(WireError, match="seen before"):
        listing.list_ids(Again([]), "P", NOW, 2)


def test_a_window_too_full_for_one_walk_is_halved(monkeypatch):
    monkeypatch.setattr(wire, "WALK_LIMIT", 10)
    pairs = [(NOW - timedelta(hours=n), f"i{n}") for n in range(35)]
    assert sorted(listing.list_ids(Lists(pairs), "P", NOW, 5)) == sorted(one for _, one in pairs)


def test_more_in_a_minute_than_one_walk_can_hold_is_said_and_not_cut(monkeypatch):
    monkeypatch.setattr(wire, "WALK_LIMIT", 3)
    with pytest.raises(WireError, match="within one minute"):
        listing.list_ids(Lists([(NOW, f"i{n}") for n in range(4)]), "P", NOW, 5)


def test_details_keep_their_order_and_a_refused_one_its_place():
    def read(ref: str) -> dict[str, object]:
        if ref == "i3":
            raise RejectedError("gone")
        return {"ref": ref}

    refs = [f"i{n}" for n in range(listing.PAGE + 5)]
    parts = list(listing.read_details(read, refs))
    assert [len(part) for part in parts] == [listing.PAGE, 5]
    assert [ref for part in parts for ref, _ in part] == refs
    assert isinstance(parts[0][3][1], RejectedError)


def test_any_other_error_of_a_detail_stops_the_reading():
    def read(ref: str) -> dict[str, object]:
        raise WireError("cut short")

    with pytest.raises(WireError):
        list(listing.read_details(read, ["i1"]))
