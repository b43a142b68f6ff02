from collections.abc import Callable
from typing import Any

import pytest

from connector.adapters.kit import retry
from connector.errors import RejectedError, RetryableError, UnknownOutcome


def failing(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def test_a_call_that_may_be_repeated_is_repeated(clock: Any) -> None:
    assert retry.read(failing(RetryableError("a"), RetryableError("b")), clock, retry.Budget(1)) == "done"
    assert len(clock.slept) == 2


def test_the_third_failure_is_the_last(clock: Any) -> None:
    with pytest.raises(RetryableError, match="c"):
        retry.read(failing(*(RetryableError(text) for text in "abcd")), clock, retry.Budget(1))


def test_waits_grow_with_jitter_and_honour_retry_after(clock: Any) -> None:
    retry.read(failing(RetryableError("a"), RetryableError("b")), clock, retry.Budget(1))
    assert 0.25 <= clock.slept[0] <= 0.5 <= clock.slept[1] <= 1.0
    retry.read(failing(RetryableError("a", retry_after_s=20)), clock, retry.Budget(1))
    assert clock.slept[2] == 20


def test_a_wait_until_tomorrow_is_left_to_the_next_run(clock: Any) -> None:
    with pytest.raises(RetryableError):
        retry.read(failing(RetryableError("quota", retry_after_s=3600)), clock, retry.Budget(1))
    assert clock.slept == []


@pytest.mark.parametrize("error", [UnknownOutcome("u"), RejectedError("r"), KeyError("k")])
def test_nothing_else_is_repeated(clock: Any, error: Exception) -> None:
    with pytest.raises(type(error)):
        retry.write(failing(error), clock, retry.Budget(1))
    assert clock.slept == []


def test_a_failing_system_is_not_loaded_beyond_the_budget(clock: Any) -> None:
    budget, calls = retry.Budget(1), 0

    def always() -> None:
        nonlocal calls
        calls += 1
        raise RetryableError("down")

    for _ in range(100):
        with pytest.raises(RetryableError):
            retry.read(always, clock, budget)
    assert 100 < calls <= 100 + 10 + 3
