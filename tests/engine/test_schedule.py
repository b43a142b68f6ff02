"""When a night is due: as cron means it, in the company's zone, once a date."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.engine.schedule import Schedule, woken_every_minute
from connector.errors import ConfigError

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def days(text: str, most: int = 5) -> list[str]:
    return [f"{slot.business_date:%a %d}" for slot in Schedule(text, SHANGHAI).after(NOW, most)]


def test_a_date_is_the_companys_and_an_instant_is_utc() -> None:
    (slot,) = Schedule("30 1 * * *", SHANGHAI).after(NOW, 1)
    assert slot.business_date == date(2026, 11, 25) and slot.due_at == datetime(2026, 11, 24, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize("sunday", ["0", "7", "SUN"])
def test_0_and_7_are_sunday(sunday: str) -> None:
    assert days(f"30 1 * * {sunday}", 2) == ["Sun 29", "Sun 06"]


def test_1_to_5_is_monday_to_friday() -> None:
    assert days("30 1 * * 1-5") == ["Wed 25", "Thu 26", "Fri 27", "Mon 30", "Tue 01"]


@pytest.mark.parametrize(("now", "due_at"), [
    ((2026, 3, 29, 0, 59), (2026, 3, 28, 1, 30)), ((2026, 3, 29, 1, 0), (2026, 3, 29, 1, 0)),
])
def test_a_time_that_the_clocks_skip_is_due_when_they_have_jumped(
    now: tuple[int, ...], due_at: tuple[int, ...]
) -> None:
    assert Schedule("30 2 * * *", BERLIN).newest(datetime(*now, tzinfo=UTC)).due_at == datetime(*due_at, tzinfo=UTC)


@pytest.mark.parametrize(("hour", "minute"), [(0, 40), (1, 10), (1, 30), (2, 0)])
def test_a_time_that_comes_twice_is_due_the_first_time_only(hour: int, minute: int) -> None:
    newest = Schedule("30 2 * * *", BERLIN).newest(datetime(2026, 10, 25, hour, minute, tzinfo=UTC))
    assert newest.due_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_missed_nights_come_in_order_and_each_date_once() -> None:
    apia = Schedule("30 1 * * *", ZoneInfo("Pacific/Apia"))  # it had no 30 December 2011
    missed = apia.missed(date(2011, 12, 28), datetime(2012, 1, 2, tzinfo=UTC))
    assert [slot.business_date.day for slot in missed] == [29, 31, 1, 2]
    assert Schedule("30 1 * * *", SHANGHAI).missed(date(2026, 11, 24), NOW) == []


@pytest.mark.parametrize(("text", "why"), [
    ("30 1 * *", "4 fields"), ("0 30 1 * * *", "6 fields"), ("*/5 * * * *", "once a day"),
    ("0 1,13 * * *", "once a day"),
    ("61 1 * * *", "minute"), ("30 24 * * *", "hour"), ("30 1 * * 8", "day-of-week"), ("30 1 31 2 *", "day-of-month"),
    ("@daily", "1 fields"), ("", "0 fields"),
])
def test_a_text_that_is_no_nightly_time_is_refused_with_a_way_to_mend_it(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        Schedule(text, SHANGHAI)
    assert caught.value.place == "schedule.nightly" and "30 1 * * *" in caught.value.mend


def test_the_clock_wakes_at_once_and_stops_when_it_is_left() -> None:
    woken = threading.Event()
    with woken_every_minute(woken.set):
        assert woken.wait(10)
    assert [t.name for t in threading.enumerate() if "APScheduler" in t.name] == []


def test_a_year_of_nights_has_a_night_for_every_date() -> None:
    berlin = Schedule("30 2 * * *", BERLIN)
    year = berlin.missed(date(2025, 12, 31), datetime(2026, 12, 31, 12, tzinfo=UTC))
    assert [slot.business_date for slot in year] == [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
