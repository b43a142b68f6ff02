"""The geometry of an employee's timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from connector.model.runs import Event, Story
from connector.reports.timeline import timeline

AS_OF = date(2026, 7, 31)


def story(status: str, events: list[tuple[date, str]], steps: list[tuple[date, int]]) -> Story:
    made = tuple(Event(on, code, {}) for on, code in events)
    return Story("E1", "n", "d", status, {}, made, tuple(steps), (), ())


def test_the_area_steps_at_each_change_and_ends_today() -> None:
    steps = [(date(2026, 3, 1), 1000), (date(2026, 5, 1), 500), (date(2026, 6, 1), 0)]
    line = timeline(story("active", [], steps), AS_OF)
    heights = [part for part in line.edge.split() if part.startswith("V")]
    assert heights == ["V6", "V53", "V100"]
    assert line.edge.split()[-1] == f"H{line.today * 10:.0f}"
    assert (line.peak, line.now) == (1000, 0)


def test_nothing_owed_draws_no_area() -> None:
    line = timeline(story("active", [(date(2026, 1, 1), "hired")], []), AS_OF)
    assert (line.area, line.edge, line.peak, line.now) == ("", "", 0, 0)


def test_an_overpaid_balance_is_drawn_as_nothing_and_told_as_it_is() -> None:
    line = timeline(story("active", [], [(date(2026, 3, 1), 1000), (date(2026, 5, 1), -200)]), AS_OF)
    assert "V100" in line.edge.split()
    assert line.now == -200


def test_steps_after_the_business_date_are_not_drawn() -> None:
    line = timeline(story("active", [], [(date(2026, 3, 1), 1000), (date(2026, 8, 9), 0)]), AS_OF)
    assert line.now == 1000


def test_the_employment_lane_turns_at_request_and_last_day() -> None:
    events = [(date(2026, 2, 1), "hired"), (date(2026, 5, 1), "exit_requested"), (date(2026, 6, 1), "last_day")]
    line = timeline(story("left", events, [(date(2026, 3, 1), 1)]), AS_OF)
    assert [span.status for span in line.spans] == ["active", "leaving", "left"]
    assert all(abs(a.x + a.width - b.x) < 0.02 for a, b in pairwise(line.spans))


def test_a_status_that_no_event_explains_is_shown_from_today() -> None:
    line = timeline(story("left", [(date(2020, 1, 1), "hired")], [(date(2026, 3, 1), 1)]), AS_OF)
    assert [span.status for span in line.spans] == ["active", "left"]
    assert line.spans[1].x == line.today


def test_a_hire_long_ago_does_not_squeeze_the_picture() -> None:
    line = timeline(story("active", [(date(1999, 1, 1), "hired")], [(date(2026, 3, 1), 1)]), AS_OF)
    assert line.start > date(2025, 12, 1)
    assert line.begins_earlier
    assert line.marks == ()


def test_marks_on_one_day_stand_below_each_other_and_keep_their_numbers() -> None:
    day = date(2026, 7, 31)
    line = timeline(story("active", [(day, "finding"), (day, "action"), (day, "lent")], [(date(2026, 3, 1), 1)]), AS_OF)
    assert [(mark.label, mark.row) for mark in line.marks] == [(1, 0), (2, 1), (3, 2)]


def test_there_are_at_most_five_ticks_however_long_the_time() -> None:
    for days in (1, 60, 400, 3000, 12000):
        since = AS_OF - timedelta(days=days)
        line = timeline(story("active", [(since, "lent")], [(since, 100)]), AS_OF)
        assert 1 <= len(line.ticks) <= 5, days
        assert all(0 <= x <= 100 for _, x in line.ticks)


def test_a_story_without_dates_is_drawn() -> None:
    line = timeline(story("active", [], []), AS_OF)
    assert line.start < AS_OF < line.end
    assert line.last_day is None


def test_order_of_the_events_does_not_matter() -> None:
    made = story("leaving", [(date(2026, 2, 1), "lent"), (date(2026, 5, 1), "exit_requested")], [(date(2026, 2, 1), 5)])
    assert timeline(made, AS_OF) == timeline(replace(made, events=made.events[::-1]), AS_OF)
