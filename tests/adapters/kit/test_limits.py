from datetime import timedelta, timezone
from typing import Any

import pytest

from connector.adapters.kit.limits import CallBudget, RateLimit
from connector.errors import RetryableError

SHANGHAI = timezone(timedelta(hours=8))  # the tests' day begins at 12:00 there


def test_calls_are_spaced_evenly(clock: Any) -> None:
    limit = RateLimit(4, clock)
    for _ in range(5):
        limit.take()
    assert sum(clock.slept) == pytest.approx(1.0)


def test_a_pause_between_calls_needs_no_further_wait(clock: Any) -> None:
    limit = RateLimit(4, clock)
    limit.take()
    clock.sleep(10)
    limit.take()
    assert clock.slept == [10]


def test_the_reserve_is_for_urgent_calls(clock: Any) -> None:
    budget = CallBudget(3, 1, clock, SHANGHAI)
    budget.take()
    budget.take()
    with pytest.raises(RetryableError, match="at most 2") as caught:
        budget.take()
    assert caught.value.retry_after_s == 12 * 3600
    budget.take(is_urgent=True)
    with pytest.raises(RetryableError):
        budget.take(is_urgent=True)


def test_midnight_of_the_zone_starts_a_new_day(clock: Any) -> None:
    budget = CallBudget(1, 0, clock, SHANGHAI, used=1)
    clock.sleep(12 * 3600)
    budget.take()
    assert budget.used == 1


@pytest.mark.parametrize("odd", [lambda c: RateLimit(0, c), lambda c: CallBudget(1, 2, c)])
def test_limits_that_cannot_be_are_refused(clock: Any, odd: Any) -> None:
    with pytest.raises(ValueError):
        odd(clock)
