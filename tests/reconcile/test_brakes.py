"""How much may change in a day, and that the rest waits for an approval of exactly itself."""

from __future__ import annotations

import pytest

from connector.model.plan import Action
from connector.reconcile.brakes import apply_brakes, limit


@pytest.mark.parametrize(
    ("people", "most", "releases"),
    [(0, 2, 1), (5, 2, 1), (8, 2, 1), (9, 3, 1), (30, 10, 5), (60, 20, 10), (300, 20, 10), (400, 20, 10), (420, 21, 10),
     (10_000, 500, 250), (1_000_000, 50_000, 25_000)],
)
def test_the_limit_grows_with_the_company(people: int, most: int, releases: int) -> None:
    assert limit(people, "risk_flag", "put") == most
    assert limit(people, "exit_hold", "remove") == releases


def flags(count: int, **changes: object) -> tuple[Action, ...]:
    return tuple(
        Action("put", "kingdee", "risk_flag", f"E{n:03}", f"E{n:03}", None, {"codes": ["a"], "level": "info"} | changes)
        for n in range(count)
    )


def test_at_the_limit_it_goes_over_the_limit_it_is_held_whole() -> None:
    assert apply_brakes(flags(10), 30, {}, frozenset()).held == ()
    held = apply_brakes(flags(11), 30, {}, frozenset())
    assert held.actions == () and (held.held[0].limit, len(held.held[0].actions)) == (10, 11)


def test_what_was_written_earlier_the_same_day_counts() -> None:
    done = {("kingdee", "risk_flag", "put"): 6}
    assert apply_brakes(flags(4), 30, done, frozenset()).held == ()
    assert len(apply_brakes(flags(5), 30, done, frozenset()).held) == 1


def test_other_groups_go_on() -> None:
    hold = Action("put", "dingtalk", "exit_hold", "X1", "E1", None, {"balances": {"CNY": "1.00"}, "loans": 1})
    plan = apply_brakes((*flags(11), hold), 30, {}, frozenset())
    assert plan.actions == (hold,)


def test_an_approval_covers_this_very_group_in_any_order_and_no_other() -> None:
    approved = frozenset({apply_brakes(flags(11), 30, {}, frozenset()).held[0].hash})
    assert apply_brakes(flags(11)[::-1], 30, {}, approved).held == ()
    assert len(apply_brakes(flags(12), 30, {}, approved).held) == 1
    assert len(apply_brakes(flags(11, level="critical"), 30, {}, approved).held) == 1
