"""Rows of what is due: one a date, moved only by whoever holds the right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connector.store import due, runs
from connector.store.database import Store, open_store
from connector.store.due import NIGHTLY

NOW = datetime(2026, 7, 31, 1, 30, tzinfo=UTC)
DAY = date(2026, 7, 31)
LATER = NOW + timedelta(minutes=30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'c.db'}", "c")
    due.put(store, NIGHTLY, DAY, NOW)
    yield store
    store.engine.dispose()


def state(store: Store) -> str:
    (row,) = due.rows(store, NIGHTLY, 5)
    return row.state


def test_a_date_is_put_once_whoever_asks(store: Store) -> None:
    assert not due.put(store, NIGHTLY, DAY, LATER)
    assert due.put(Store(store.engine, "other"), NIGHTLY, DAY, NOW)
    assert [row.due_at for row in due.rows(store, NIGHTLY, 5)] == [NOW]


def test_a_date_is_taken_once_and_not_again_when_it_is_done(store: Store) -> None:
    token = runs.take_lease(store, NOW)
    assert due.take(store, NIGHTLY, DAY, token, NOW)
    assert not due.take(store, NIGHTLY, DAY, token, NOW)
    assert due.end(store, (NIGHTLY, DAY), token, NOW, run="r")
    assert not due.take(store, NIGHTLY, DAY, token, NOW) and state(store) == "done"


def test_nobody_takes_a_date_without_the_right(store: Store) -> None:
    token = runs.take_lease(store, NOW)
    assert not due.take(store, NIGHTLY, DAY, token + 1, NOW) and state(store) == "due"


def test_whoever_was_overtaken_ends_nothing_while_the_other_is_at_work(store: Store) -> None:
    stale = runs.take_lease(store, NOW)
    due.take(store, NIGHTLY, DAY, stale, NOW)
    token = runs.take_lease(store, LATER)
    assert due.take(store, NIGHTLY, DAY, token, LATER)
    assert not due.end(store, (NIGHTLY, DAY), stale, LATER, run="stale")
    assert state(store) == "running"
    assert due.end(store, (NIGHTLY, DAY), token, LATER, run="r")


def test_a_right_that_was_taken_away_ends_nothing_either(store: Store) -> None:
    token = runs.take_lease(store, NOW)
    due.take(store, NIGHTLY, DAY, token, NOW)
    runs.revoke_lease(store, token)
    assert not runs.keep_lease(store, token, NOW)
    assert not due.end(store, (NIGHTLY, DAY), token, NOW, run="r") and state(store) == "running"
    assert due.take(store, NIGHTLY, DAY, runs.take_lease(store, NOW), NOW)


def test_a_failed_date_waits_for_its_time(store: Store) -> None:
    token = runs.take_lease(store, NOW)
    due.take(store, NIGHTLY, DAY, token, NOW)
    due.end(store, (NIGHTLY, DAY), token, NOW, cause="StoreError", retry_at=LATER)
    assert not due.take(store, NIGHTLY, DAY, token, NOW)
    assert due.take(store, NIGHTLY, DAY, token, LATER)
    due.end(store, (NIGHTLY, DAY), token, LATER, cause="StoreError")
    assert not due.take(store, NIGHTLY, DAY, token, LATER + timedelta(days=9)) and state(store) == "failed"


def test_older_dates_are_left_with_their_cause_and_only_under_the_right(store: Store) -> None:
    newer = (NIGHTLY, DAY + timedelta(days=1))
    token = runs.take_lease(store, NOW)
    assert due.skip_before(store, newer, token + 1, "overtaken") == 0
    assert due.skip_before(store, newer, token, "overtaken") == 1
    assert [(row.state, row.cause) for row in due.rows(store, NIGHTLY, 5)] == [("skipped", "overtaken")]
