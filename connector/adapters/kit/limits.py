"""How often a vendor may be called: per second, and per day with a share kept for what must not wait.

Counts only; nothing here makes a call or knows what it is for.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta, tzinfo

from connector.adapters.contract import Clock
from connector.errors import RetryableError


class RateLimit:
    """At most `per_second` calls, evenly spaced; threads queue in the order they came."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        if per_second <= 0:
            raise ValueError("per_second must be positive")
        self._gap_s, self._clock = 1.0 / per_second, clock
        self._free_at = clock.monotonic()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Returns when the caller may go."""
        with self._lock:
            now = self._clock.monotonic()
            mine = max(now, self._free_at)
            self._free_at = mine + self._gap_s
        if mine > now:
            self._clock.sleep(mine - now)


class CallBudget:
    """Calls a vendor allows in a day of `zone`; the last `reserve` are for `take(is_urgent=True)` only."""

    def __init__(
        self, per_day: int, reserve: int, clock: Clock, zone: tzinfo = UTC, used: int = 0
    ) -> None:
        if not 0 <= reserve <= per_day:
            raise ValueError("the reserve must lie between 0 and the calls of a day")
        self._per_day, self._reserve, self._clock, self._zone = per_day, reserve, clock, zone
        self._used, self._day = used, self._today()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Calls made today."""
        with self._lock:
            self._turn()
            return self._used

    @property
    def left(self) -> int:
        """Calls of today outside the reserve that are not made yet."""
        return max(0, self._per_day - self._reserve - self.used)

    def take(self, *, is_urgent: bool = False) -> None:
        """Count one call. RetryableError, not before midnight, when today's share is used up."""
        with self._lock:
            self._turn()
            allowed = self._per_day if is_urgent else self._per_day - self._reserve
            if self._used >= allowed:
                raise RetryableError(
                    f"found {self._used} calls made today, expected at most {allowed}",
                    mend="raise calls_per_day if the vendor's quota allows it, or wait for tomorrow",
                    retry_after_s=self._until_midnight(),
                )
            self._used += 1

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _turn(self) -> None:
        if (today := self._today()) != self._day:
            self._day, self._used = today, 0

    def _until_midnight(self) -> float:
        now = self._clock.now().astimezone(self._zone)
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), self._zone)
        return max(1.0, (midnight - now).total_seconds())
