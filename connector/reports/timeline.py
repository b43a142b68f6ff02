"""Geometry of one employee's timeline: employment, balance of loans as a step area, numbered events. Pure numbers.

Across: percent of the width. The area is drawn in a box of 1000 × 100 that the page stretches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from connector.model.runs import Event, Story

# Two marks closer than this are drawn in two rows, percent of the width (18 px on a phone).
_NEAR = 5.8
_MARK_ROWS = 4
# A hire this long before the first loan is left out of the picture, days; the bar then starts at its edge.
_LOOKBACK_DAYS = 120
# Months between two ticks are one of these, so that at most five ticks stand on the axis.
_TICK_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_MOST_TICKS = 5

_Across = Callable[[date], float]  # a day → percent of the width


@dataclass(frozen=True)
class Span:
    """One stretch of the employment lane."""

    status: str
    x: float
    width: float


@dataclass(frozen=True)
class Mark:
    """One numbered event; `row` 0 is the top one. `label` = position in the list of events."""

    label: int
    code: str
    x: float
    row: int


@dataclass(frozen=True)
class Timeline:
    """All that is drawn for one employee. `area`: an SVG path in a box of 1000 × 100. Money in minor units."""

    start: date
    end: date
    spans: tuple[Span, ...]
    area: str
    edge: str
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[date, float], ...]
    today: float
    last_day: float | None
    peak: int
    now: int
    begins_earlier: bool


def timeline(story: Story, as_of: date) -> Timeline:
    """The picture of a story. Dates are business dates; a story without dates shows the last four months."""
    events = sorted(story.events, key=lambda event: event.on)
    steps = sorted(step for step in story.steps if step[0] <= as_of)
    start, end = _window(events, steps, as_of)
    days = (end - start).days

    def across(day: date) -> float:
        return round(100 * min(max((day - start).days, 0), days) / days, 2)

    peak = max((balance for _, balance in steps), default=0)
    points = [(across(on), max(0, balance)) for on, balance in steps]
    last_day = _day_of(events, "last_day")
    hired = _day_of(events, "hired")
    return Timeline(
        start, end, _spans(story.status, events, as_of, across(end), across), *_area(points, peak, across(as_of)),
        _marks(events, start, across),
        tuple((tick, across(tick)) for tick in _ticks(start, end)),
        across(as_of), across(last_day) if last_day else None, max(peak, 0), steps[-1][1] if steps else 0,
        hired is not None and hired < start,
    )


def _day_of(events: Sequence[Event], code: str) -> date | None:
    return max((event.on for event in events if event.code == code), default=None)


def _window(events: Sequence[Event], steps: Sequence[tuple[date, int]], as_of: date) -> tuple[date, date]:
    shown = [event.on for event in events if event.code != "hired"] + [on for on, _ in steps] + [as_of]
    first, last = min(shown), max(shown)
    hired = _day_of(events, "hired")
    if hired is not None and hired >= first - timedelta(days=_LOOKBACK_DAYS):
        first = min(first, hired)
    margin = max(10, (last - first).days // 25)
    start = min(first - timedelta(days=margin), last - timedelta(days=_LOOKBACK_DAYS))
    return start, last + timedelta(days=margin)


def _spans(
    status: str, events: Sequence[Event], as_of: date, right: float, across: _Across
) -> tuple[Span, ...]:
    """active from the hire, leaving from the request, left from the last day; the last one is the status of today."""
    turns: list[tuple[date, str]] = [(_day_of(events, "hired") or date.min, "active")]
    requested, last_day = _day_of(events, "exit_requested"), _day_of(events, "last_day")
    if requested is not None:
        turns.append((requested, "leaving"))
    if last_day is not None and (last_day <= as_of or requested is not None):
        turns.append((last_day, "left"))
    turns = sorted(turns)
    if not any(code == status for _, code in turns):
        turns.append((as_of, status))
    spans = []
    for index, (on, code) in enumerate(turns):
        x = across(on)
        until = across(turns[index + 1][0]) if index + 1 < len(turns) else right
        if until > x:
            spans.append(Span(code, x, round(until - x, 2)))
    return tuple(spans)


def _area(points: Sequence[tuple[float, int]], peak: int, until: float) -> tuple[str, str]:
    """The filled area and its upper edge; empty when nothing was ever owed."""
    if peak <= 0 or not points:
        return "", ""
    line = [f"M{points[0][0] * 10:.0f} 100"]
    for x, balance in points:
        line += [f"H{x * 10:.0f}", f"V{100 - 94 * balance // peak}"]
    line.append(f"H{max(until, points[-1][0]) * 10:.0f}")
    edge = " ".join(line)
    return f"{edge} V100 Z", edge


def _marks(events: Sequence[Event], start: date, across: _Across) -> tuple[Mark, ...]:
    """Numbered as in the list of events; what lies before the picture has a number there and no mark here."""
    ends = [-100.0] * _MARK_ROWS
    found = []
    for label, event in enumerate(events, start=1):
        if event.on < start:
            continue
        x = min(max(across(event.on), 3.0), 97.0)
        row = next((r for r in range(_MARK_ROWS) if x - ends[r] >= _NEAR), _MARK_ROWS - 1)
        ends[row] = x
        found.append(Mark(label, event.code, x, row))
    return tuple(found)


def _ticks(start: date, end: date) -> list[date]:
    """First days of months, evenly apart."""
    months = (end.year - start.year) * 12 + end.month - start.month
    step = next((s for s in _TICK_MONTHS if months // s <= _MOST_TICKS - 1), _TICK_MONTHS[-1])
    found = []
    index = start.year * 12 + start.month - 1
    while index <= end.year * 12 + end.month - 1:
        tick = date(index // 12, index % 12 + 1, 1)
        if index % step == 0 and start <= tick <= end:
            found.append(tick)
        index += 1
    return found
