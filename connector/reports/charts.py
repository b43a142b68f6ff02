"""Geometry of the two pictures: bars and a waterfall, as numbers in percent of the width. Pure; draws nothing itself.

Widths are percent and heights pixels, so that text keeps its size on a phone and on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.model.runs import StatusBar, Step

# One row of a picture: a line of text with its bar below, pixels.
ROW_HEIGHT = 54
# The narrowest bar that can still be seen, percent.
_LEAST = 0.6

# Waterfall steps that take something away; every other step is a level.
DROPS = frozenset({
    "without_loans", "not_in_finance", "not_linked", "unlinked", "disputed", "ignored", "agreeing", "clear", "unknown",
    "rest",
})
# Steps that are no part of the total: people whom only another system knows.
ASIDE = frozenset({"stray_borrowers"})
# What a gap before a level is called when no step of its own names it.
_GAPS = {"linked": "not_linked", "borrowers": "without_loans", "with_loans": "without_loans", "differing": "clear"}


@dataclass(frozen=True)
class Bar:
    """One horizontal bar from `x` over `width` percent; `top` in pixels.

    `is_drop`: it takes something away. `is_aside`: it is no part of the total.
    """

    code: str
    amount: int
    x: float
    width: float
    top: int
    is_drop: bool = False
    is_aside: bool = False


def height(bars: Sequence[Bar]) -> int:
    """Pixels of a picture with these bars."""
    return max(0, len(bars) * ROW_HEIGHT - 8)


def status_bars(bars: Sequence[StatusBar]) -> list[Bar]:
    """One bar per employment status, by balance; a balance below zero has no length."""
    most = max((bar.balance for bar in bars), default=0)
    return [
        Bar(bar.status, bar.balance, 0, _share(bar.balance, most), index * ROW_HEIGHT)
        for index, bar in enumerate(bars)
    ]


def waterfall(steps: Sequence[Step]) -> list[Bar]:
    """Levels from the left edge and what falls away between them; a gap that no step names gets a name here."""
    most = max((step.count for step in steps if step.code not in DROPS), default=0)
    found: list[Bar] = []
    level: int | None = None
    for step in _in_order(steps):
        if step.code in ASIDE:
            found.append(_bar(step, 0, most, len(found)))
            continue
        if step.code in DROPS:
            level = max(0, (level or 0) - step.count)
            found.append(_bar(step, level, most, len(found)))
            continue
        if level is not None and level > step.count:
            gap = Step(_GAPS.get(step.code, "rest"), level - step.count)
            found.append(_bar(gap, step.count, most, len(found)))
        level = step.count
        found.append(_bar(step, 0, most, len(found)))
    return found


def _in_order(steps: Sequence[Step]) -> list[Step]:
    """A drop that explains the gap before the level that it follows is moved in front of that level."""
    found = list(steps)
    for index in range(2, len(found)):
        high, low, drop = found[index - 2:index + 1]
        is_after = drop.code in DROPS and not {high.code, low.code} & DROPS
        if is_after and high.count - low.count == drop.count:
            found[index - 1:index + 1] = [drop, low]
    return found


def _bar(step: Step, start: int, most: int, row: int) -> Bar:
    left = round(100 * start / most, 2) if most else 0.0
    width = min(_share(step.count, most), 100.0)
    is_drop, is_aside = step.code in DROPS, step.code in ASIDE
    return Bar(step.code, step.count, min(left, 100 - width), width, row * ROW_HEIGHT, is_drop, is_aside)


def _share(part: int, whole: int) -> float:
    if part <= 0 or whole <= 0:
        return 0.0
    return max(_LEAST, round(100 * part / whole, 2))
