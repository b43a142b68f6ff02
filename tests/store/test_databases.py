"""What differs between a file and a server, and must not be noticed: odd text, many rows, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from connector.errors import StoreError
from connector.model.plan import Action
from connector.reconcile.clearance import Case, Confirmation
from connector.store import audit, exits, outbox, runs
from connector.store.bulk import insert_rows
from connector.store.database import SCHEMA, Store, open_store, schema_version
from connector.store.tables import exit_case, reject

NOW = datetime(2026, 7, 31, 10, tzinfo=UTC)
DAY = date(2026, 7, 31)
# What a file cannot show: it has one writer at a time and no connection that dies.
on_a_server = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url, "c")
    yield store
    store.engine.dispose()


def at_once(work: Callable[[], Any], times: int = 4) -> list[Any]:
    """What each of several threads gets (an error of ours is a result, too) when all begin together."""
    gate = Barrier(times)

    def one() -> Any:
        gate.wait(timeout=30)
        try:
            return work()
        except StoreError as error:
            return error

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(times)]]


def rejects(store: Store) -> list[dict[str, Any]]:
    with store.engine.connect() as conn:
        return [dict(row) for row in conn.execute(sa.select(reject).order_by(reject.c.id)).mappings()]


@pytest.mark.parametrize("found", ["a\0b", "tab\tline\nback\\slash \\N", "张三😀", "x" * 5000, ""])
@pytest.mark.parametrize("count", [1, 200])
def test_odd_text_of_a_foreign_row_stops_nothing_and_is_kept(store: Store, found: str, count: int) -> None:
    row = {"system": "k", "stream": "s", "ref": "R" * 300, "key": "", "reason": "r", "field": "f", "expected": "e"}
    audit.keep_rejects(store, "run", [row | {"found": found}] * count)
    assert {one["found"] for one in rejects(store)} == {found.replace("\0", "␀")}
    assert len(rejects(store)) == count


def test_many_rows_come_back_as_they_were(store: Store) -> None:
    confirmation = Confirmation("Wang", NOW, "f")
    plain = [Case("oa", f"X{n}", f"E{n}", "1", "open", DAY if n % 2 else None, bool(n % 3)) for n in range(300)]
    kept = [(replace(case, confirmation=confirmation if case.ever_owed else None), "p") for case in plain]
    exits.keep_cases(store, kept)
    assert exits.cases(store) == {(case.system, case.ref): (case, mark) for case, mark in kept}


def test_many_rows_are_all_written_or_none(store: Store) -> None:
    exits.keep_cases(store, [(Case("oa", "X1", "E1", "1"), "p")])
    values = exits._values("c", Case("oa", "X1", "E1", "1"), "p")
    with pytest.raises((sa.exc.IntegrityError, StoreError)), store.engine.begin() as conn:
        insert_rows(conn, exit_case, [values | {"ref": f"Y{n}"} for n in range(100)] + [values])
    assert len(exits.cases(store)) == 1


def test_the_intents_of_a_plan_keep_their_order(store: Store) -> None:
    actions = [Action("put", "k", "risk_flag", f"E{n}", f"E{n}", None, {"n": n}) for n in range(500)]
    commands = outbox.enqueue(store, "r", "h", actions, DAY, NOW)
    assert [c.action for c in commands] == actions
    assert [c.id for c in outbox.unfinished(store)] == [c.id for c in commands]


@pytest.mark.parametrize("has_run_before", [False, True])
def test_of_runs_that_begin_together_one_has_the_right(store: Store, has_run_before: bool) -> None:
    if has_run_before:
        runs.give_lease(store, runs.take_lease(store, NOW))
    got = at_once(lambda: runs.take_lease(store, NOW))
    assert [one for one in got if isinstance(one, int)] == [2 if has_run_before else 1]
    assert all("another run is at work" in str(one) for one in got if not isinstance(one, int))


@on_a_server
@pytest.mark.parametrize("statement", ["INSERT INTO lease", "UPDATE lease"])
def test_a_run_that_was_overtaken_between_its_look_and_its_claim_has_no_right(store: Store, statement: str) -> None:
    if statement.startswith("UPDATE"):
        runs.give_lease(store, runs.take_lease(store, NOW))
    first: list[int] = []

    def overtake(_conn: Any, _cursor: Any, sent: str, *_rest: Any) -> None:
        if sent.startswith(statement) and not first:
            first.append(0)
            first.append(runs.take_lease(store, NOW))

    sa.event.listen(store.engine, "before_cursor_execute", overtake)
    with pytest.raises(StoreError, match="another run is at work"):
        runs.take_lease(store, NOW)
    assert runs.keep_lease(store, first[1], NOW)


def test_a_setting_that_many_write_is_what_one_of_them_wrote(store: Store) -> None:
    written = at_once(lambda: [audit.write_setting(store, "mode", "live") for _ in range(20)])
    assert not [one for one in written if isinstance(one, StoreError)]
    assert audit.read_setting(store, "mode") == "live"


def test_programs_that_start_together_make_one_schema(store_url: str) -> None:
    def start() -> str | None:
        store = open_store(store_url, "c")
        found = schema_version(store.engine)
        store.engine.dispose()
        return found

    assert at_once(start) == [SCHEMA] * 4


@on_a_server
def test_a_server_that_closed_its_connections_is_called_again(store: Store) -> None:
    audit.write_setting(store, "mode", "live")
    with store.engine.connect() as first, store.engine.connect() as second:
        pids = [conn.exec_driver_sql("SELECT pg_backend_pid()").scalar() for conn in (first, second)]
    with store.engine.connect() as other:
        mine = other.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        for pid in set(pids) - {mine}:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
    with store.engine.connect(), store.engine.connect():  # both of the pool
        assert audit.read_setting(store, "mode") == "live"
