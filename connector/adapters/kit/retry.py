"""Trying again, politely: only what surely had no effect, a few times, within a share of the whole load.

Nothing here knows what a call does; the error it raises says whether it may be made again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TypeVar

import tenacity

from connector.adapters.contract import Clock
from connector.errors import RetryableError

T = TypeVar("T")

ATTEMPTS = 3  # of one call
FREE = 3  # repeats a run may make whatever its size
SHARE = 0.10  # of the calls of a run, beyond the free ones
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0  # a longer Retry-After is left to the next run


class Budget:
    """Repeats one run may make against one system: 3, and one for every ten calls. Thread-safe."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # jitter only, no secret
        self._calls = self._repeats = 0
        self._lock = threading.Lock()

    def count(self) -> None:
        """One call is being made for the first time."""
        with self._lock:
            self._calls += 1

    def take(self) -> bool:
        """Whether one more repeat fits; it is counted if so."""
        with self._lock:
            if self._repeats >= FREE + int(self._calls * SHARE):
                return False
            self._repeats += 1
            return True

    def jitter(self) -> float:
        """Between 0.5 and 1.0, so that clients which failed together do not come back together."""
        with self._lock:
            return 0.5 + self._random.random() / 2


def read(call: Callable[[], T], clock: Clock, budget: Budget) -> T:
    """The call's answer; a RetryableError is tried again (3 attempts, budget, Retry-After)."""
    budget.count()

    def may_repeat(state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, RetryableError) or state.attempt_number >= ATTEMPTS:
            return False
        return (error.retry_after_s or 0.0) <= LONGEST_WAIT_S and budget.take()

    def pause(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, RetryableError) else None
        grown = FIRST_WAIT_S * 2.0 ** (state.attempt_number - 1) * budget.jitter()
        return max(asked or 0.0, grown)

    retrying = tenacity.Retrying(retry=may_repeat, wait=pause, sleep=clock.sleep, reraise=True)
    return retrying(call)


def write(call: Callable[[], T], clock: Clock, budget: Budget) -> T:
    """As `read`: a write raises RetryableError only for a definite no; an unknown outcome stays."""
    return read(call, clock, budget)
