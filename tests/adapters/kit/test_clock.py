from datetime import timedelta

from connector.adapters.kit.clock import SystemClock


def test_the_system_clock_is_in_utc_and_moves_forward() -> None:
    clock = SystemClock()
    first = clock.monotonic()
    clock.sleep(0)
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() >= first
