"""What the store remembers, and that it forgets nothing and lets nobody in between."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from connector.errors import StoreError
from connector.model.findings import FINDING_SCHEMA
from connector.model.links import BY_RULE, PERSON, Link
from connector.model.plan import Action
from connector.reconcile.clearance import Case, Confirmation
from connector.store import audit, exits, findings, links, outbox, runs, snapshots
from connector.store.bulk import insert_rows
from connector.store.database import SCHEMA, Store, open_store, schema_version
from connector.store.tables import link

NOW = datetime(2026, 7, 31, 10, tzinfo=UTC)
DAY = date(2026, 7, 31)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url, "c")
    yield store
    store.engine.dispose()


def action(ref: str = "E1", **changes: object) -> Action:
    given = {"verb": "put", "target": "kingdee", "kind": "risk_flag", "ref": ref, "employee": ref, "before": None,
             "after": {"codes": ["a"], "level": "info"}, "because": ("k",)} | changes
    return Action(**given)  # type: ignore[arg-type]


def test_a_new_database_stands_at_the_schema(store: Store) -> None:
    assert schema_version(store.engine) == SCHEMA


def test_a_file_is_its_owners_alone_and_written_through(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'c.db'}", "c")
    assert stat.S_IMODE((tmp_path / "c.db").stat().st_mode) == 0o600
    with store.engine.connect() as conn:
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    store.engine.dispose()


def test_an_error_of_the_database_does_not_say_what_was_being_kept(store: Store) -> None:
    line = dict.fromkeys(("number", "person", "rule", "by"), "canary") | {"company": "c", "system": "hr", "at": NOW}
    with pytest.raises(sa.exc.IntegrityError) as caught, store.engine.begin() as conn:
        conn.execute(links.link.insert(), [line, line])
    assert "canary" not in str(caught.value)


def test_a_newer_database_is_refused(store: Store, store_url: str) -> None:
    with store.engine.begin() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="9999"):
        open_store(store_url, "c")


def test_a_place_that_cannot_be_a_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(StoreError):
        open_store(f"sqlite:///{tmp_path / 'c.db'}", "c")


def test_two_companies_do_not_see_each_other(store: Store) -> None:
    other = Store(store.engine, "d")
    audit.write_setting(store, "mode", "live")
    outbox.enqueue(store, "r", "h", [action()], DAY, NOW)
    exits.keep_cases(store, [(Case("dingtalk", "X1", "E1", "001"), "f")])
    assert audit.read_setting(other, "mode", "observe") == "observe"
    assert outbox.unfinished(other) == [] and exits.cases(other) == {}


def test_a_command_is_taken_once_and_only_by_the_holder_of_the_right(store: Store) -> None:
    token = runs.take_lease(store, NOW)
    (command,) = outbox.enqueue(store, "r", "h", [action()], DAY, NOW)
    assert not outbox.take(store, command, token + 1, NOW)
    assert outbox.take(store, command, token, NOW)
    assert not outbox.take(store, command, token, NOW)
    assert [c.state for c in outbox.unfinished(store)] == ["sent"]


def test_an_ended_command_stays_ended(store: Store) -> None:
    (command,) = outbox.enqueue(store, "r", "h", [action()], DAY, NOW)
    outbox.finish(store, command.id, "confirmed", "", NOW)
    outbox.finish(store, command.id, "rejected", "later", NOW)
    assert outbox.unfinished(store) == []
    assert [c.state for c in outbox.history(store, "E1")] == ["confirmed"]


@pytest.mark.parametrize(("state", "counts"), [("confirmed", 1), ("blocked", 1), ("rejected", 0), ("superseded", 0)])
def test_what_may_have_been_written_counts_against_the_day(store: Store, state: str, counts: int) -> None:
    (command,) = outbox.enqueue(store, "r", "h", [action()], DAY, NOW)
    outbox.finish(store, command.id, state, "", NOW)
    assert sum(outbox.written_on(store, DAY).values()) == counts
    assert outbox.written_on(store, DAY + timedelta(days=1)) == {}


def test_an_action_comes_back_as_it_was(store: Store) -> None:
    meant = action(before={"codes": [], "level": "info"}, because=("a", "b"))
    outbox.enqueue(store, "r", "h", [meant], DAY, NOW)
    assert [c.action for c in outbox.unfinished(store)] == [meant]


def test_the_right_to_run_is_one_and_its_number_only_grows(store: Store) -> None:
    first = runs.take_lease(store, NOW)
    with pytest.raises(StoreError, match="at work"):
        runs.take_lease(store, NOW)
    assert runs.keep_lease(store, first, NOW + timedelta(minutes=10))
    with pytest.raises(StoreError):
        runs.take_lease(store, NOW + timedelta(minutes=20))  # it was prolonged
    second = runs.take_lease(store, NOW + timedelta(minutes=40))
    assert second > first and not runs.keep_lease(store, first, NOW)
    runs.give_lease(store, second)
    assert runs.take_lease(store, NOW) > second


def test_a_killed_holder_does_not_keep_the_right(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.os, "getpid", lambda: 1)
    runs.take_lease(store, NOW)
    monkeypatch.undo()
    monkeypatch.setattr(runs.os, "kill", _gone)
    assert runs.take_lease(store, NOW) == 2


def test_an_earlier_process_of_the_same_number_does_not_keep_the_right(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.take_lease(store, NOW)
    monkeypatch.setattr(runs, "_INCARNATION", "another")
    assert runs.take_lease(store, NOW) == 2


def _gone(pid: int, number: int) -> None:
    raise ProcessLookupError


def found(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [("r", "loan", subject, "E1", verdict, "{}") for subject, verdict in rows], schema=FINDING_SCHEMA, orient="row"
    )


def test_an_episode_opens_with_a_hit_and_closes_with_the_first_clear(store: Store) -> None:
    keep = lambda frame, day, blind=(): findings.keep_findings(store, frame, set(blind), date(2026, 7, day))  # noqa: E731
    assert keep(found(("L1", "hit"), ("L2", "unknown")), 1) == {"r|loan|L1": "2026-07-01"}
    assert keep(found(("L1", "hit")), 2) == {"r|loan|L1": "2026-07-01"}
    keep(found(("L1", "unknown")), 3)
    keep(found(), 4, blind=("r",))
    assert set(findings.open_findings(store)) == {"r|loan|L1"}
    keep(found(), 5)
    assert findings.open_findings(store) == {}
    assert keep(found(("L1", "hit")), 6) == {"r|loan|L1": "2026-07-06"}


def test_a_case_with_its_confirmation_comes_back_as_it_was(store: Store) -> None:
    case = Case("dingtalk", "X1", "E1", "001", "settled", DAY, True, Confirmation("Wang", NOW, "f1"))
    exits.keep_cases(store, [(case, "f1")])
    exits.keep_cases(store, [(case, "f2")])
    assert exits.cases(store) == {("dingtalk", "X1"): (case, "f2")}
    exits.move(store, "dingtalk", "X1", "released")
    assert exits.cases(store)[("dingtalk", "X1")][0].state == "released"


def kept_link(person: str) -> pl.DataFrame:
    return pl.DataFrame({"number": ["1"], "person": [person], "rule": ["r"], "evidence": ["{}"]})


def test_a_link_once_made_is_not_changed_by_a_later_night(store: Store) -> None:
    links.keep_links(store, "kingdee", kept_link("a"), "us", NOW)
    links.keep_links(store, "kingdee", kept_link("b"), "us", NOW)
    assert links.stored_links(store, "kingdee").rows() == [("1", "a")]


def test_a_link_ends_and_stays_in_the_books_with_who_ended_it_and_why(store: Store) -> None:
    links.keep_links(store, "kingdee", kept_link("a"), BY_RULE, NOW)
    links.make_link(store, Link("kingdee", "1", "b", PERSON, "", "asked him", "Wang", NOW))
    first, second = links.history_of(store, "kingdee", "1")
    assert (first.person, first.ended_by, first.ended_why, first.ended_at) == ("a", "Wang", "asked him", NOW)
    assert (second.person, second.ended_at) == ("b", None)
    assert links.stored_links(store, "kingdee").rows() == [("1", "b")]


def test_what_a_person_took_apart_is_parted_until_a_person_puts_it_together(store: Store) -> None:
    links.keep_links(store, "kingdee", kept_link("a"), BY_RULE, NOW)
    standing = links.living(store, "kingdee", "1")
    assert standing is not None
    links.end_link(store, standing, "Wang", "not him", NOW)
    assert links.parted_links(store, "kingdee").rows() == [("1", "a")]
    links.make_link(store, Link("kingdee", "1", "a", PERSON, "", "it is him", "Li", NOW))
    assert links.parted_links(store, "kingdee").rows() == []


def test_a_number_has_one_living_link_whoever_writes_at_once(store: Store) -> None:
    made = Link("kingdee", "1", "a", PERSON, "", "", "Wang", NOW)
    links.make_link(store, made)
    with pytest.raises(sa.exc.IntegrityError), store.engine.begin() as conn:
        insert_rows(conn, link, [{"company": "c", "system": "kingdee", "number": "1", "person": "b", "at": NOW}])


def test_an_approval_lives_for_72_hours(store: Store) -> None:
    audit.approve(store, "hash", "Wang", NOW)
    assert audit.approved(store, NOW + timedelta(hours=71)) == {"hash"}
    assert audit.approved(store, NOW + timedelta(hours=73)) == frozenset()


def snapshot(store: Store, folder: Path, run: str, rows: int, minutes: int, complete: bool = True) -> str:
    path, sha = snapshots.write_frame(pl.DataFrame({"number": [str(n) for n in range(rows)]}), folder / run, "k.loans")
    snapshots.record(store, run, [snapshots.SnapshotRow(
        "k", "loans", rows, 0, complete, "", "", "", sha, str(path), NOW + timedelta(minutes=minutes))])
    return sha


def test_the_nights_since_the_last_that_ended_are_looked_back_on(store: Store, tmp_path: Path) -> None:
    for at, (run, state) in enumerate([("a", "done"), ("b", "incomplete"), ("c", "failed"), ("d", "running")]):
        runs.start_run(store, run, DAY, "live", NOW + timedelta(minutes=at))
        snapshot(store, tmp_path, run, 10 + at, at)
        if state != "running":
            runs.end_run(store, run, state, {}, NOW)
    snapshot(store, tmp_path, "e", 3, 9, complete=False)
    assert [row.staged for row in snapshots.unjudged(store, "k", "loans", "now")] == [13, 12, 11]
    newest = snapshots.last_complete(store, "k", "loans", "now")
    assert newest is not None and newest.staged == 13
    assert snapshots.newest_size(store, "k", "loans") == 3


def test_a_snapshot_whose_file_is_gone_proves_nothing(store: Store, tmp_path: Path) -> None:
    snapshot(store, tmp_path, "a", 5, 0)
    (tmp_path / "a" / "k.loans.parquet").unlink()
    assert snapshots.last_complete(store, "k", "loans") is None
    assert snapshots.unjudged(store, "k", "loans", "now") == []


def test_an_accepted_size_is_bound_to_what_it_was_compared_with(store: Store) -> None:
    assert snapshots.accepted_size(store, "k", "loans", "sha") == float("inf")
    snapshots.keep_size(store, "k", "loans", "sha", 7)
    assert snapshots.accepted_size(store, "k", "loans", "sha") == 7
    assert snapshots.accepted_size(store, "k", "loans", "other") == float("inf")


def test_a_full_disk_stops_before_anything_is_meant(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'c.db'}", "c")
    with store.engine.connect() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
    sa.event.listen(store.engine, "connect", lambda conn, _: conn.execute(f"PRAGMA max_page_count={pages}"))
    store.engine.dispose()
    with pytest.raises(StoreError, match="full"):
        outbox.enqueue(store, "r", "h", [action(f"E{n}") for n in range(500)], DAY, NOW)
    assert outbox.unfinished(store) == []
    store.engine.dispose()
