"""Nights that read only what changed: they keep the laws, whatever a source changes loudly, in silence, or deletes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.contract import End, Manifest, Page, Since
from connector.model.runs import NightRecord
from connector.model.tables import TABLES
from connector.store.snapshots import last_complete
from tests.fakes import AS_OF, FakeSystem, House, cents, finance, hr, item_row, oa, open_house, small_house
from tests.laws.companies import LAW, companies, live, released

WEEK = 7


@dataclass
class Ledger(FakeSystem):
    """Finance that tells what changed since a bookmark: by a counter, and of a deleted record nothing."""

    count: int = 0
    changed: dict[str, int] = field(default_factory=dict)

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.name, {}, (self.role,), self.streams, self.sinks, incremental=("open_item",),
                        full_every_days=WEEK)

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        if stream != "open_item" or since.only is not None:
            yield from super().pull(stream, since)
            return
        rows, touched = self.tables["open_item"], None
        if since.bookmark:
            rows = [row for row in rows if self.changed.get(row["ref"], 0) > int(since.bookmark)]
            touched = pl.Series([row["ref"] for row in rows], dtype=pl.String)
        texts = [{name: None if v is None else str(v) for name, v in row.items()} for row in rows]
        frame = pl.DataFrame(texts, schema=dict.fromkeys(TABLES[stream], pl.String))
        yield Page(frame, "", end=End("empty_page", bookmark=str(self.count)), touched=touched)

    def change(self, kind: str, which: int, balance: str) -> None:
        items = self.tables["open_item"]
        if kind == "add" or not items:
            items.append(item_row(f"N{self.count}", f"{which + 1:02d}", balance))
            row = items[-1]
        else:
            row = items[which % len(items)]
            if kind == "delete":
                items.remove(row)
                return
            row["balance"] = balance
        if kind != "silent":
            self.count += 1
            self.changed[row["ref"]] = self.count


def ledger_of(system: FakeSystem) -> Ledger:
    return Ledger(system.name, system.role, system.streams, system.sinks, system.tables)


@contextmanager
def house_of(tables: dict[str, Any]) -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        money = finance(**{n: [dict(r) for r in tables[n]] for n in ("person", "open_item", "request")},
                        payout=[], repayment=[])
        house = open_house(
            Path(folder), ledger_of(money), oa(**{n: [dict(r) for r in tables[n]] for n in ("exit", "approval")}),
            hr(employee=[dict(r) for r in tables["employee"]]),
        )
        house.balance_books()
        try:
            yield house
        finally:
            house.desk.store.engine.dispose()


def staged(house: House) -> dict[str, int]:
    snapshot = last_complete(house.desk.store, "kingdee", "open_item")
    assert snapshot is not None
    return dict(pl.read_parquet(snapshot.path).select("ref", "balance").iter_rows())


def there(house: House) -> dict[str, int]:
    return {row["ref"]: cents(row["balance"]) for row in house.finance.tables["open_item"]}


def night(house: House, as_of: date) -> NightRecord:
    """The next night, hours after the one before."""
    house.clock.sleep(3600)
    return live(house, as_of)


def proof_of(record: NightRecord) -> dict[str, Any]:
    return next(proof for proof in record.proof["streams"] if proof["stream"] == "open_item")


def since_of(record: NightRecord) -> str | None:
    since: str | None = proof_of(record)["since"]
    return since


CHANGE = st.tuples(
    st.sampled_from(["add", "edit", "edit", "silent", "delete"]), st.integers(0, 7),
    st.sampled_from(["0.00", "300.00", "28000.00"]),
)
NIGHTS = st.lists(st.tuples(st.lists(CHANGE, max_size=3), st.integers(0, 3)), min_size=1, max_size=5)


@LAW
@given(companies(), NIGHTS)
def test_changes_a_full_read_and_the_books_together_see_what_a_full_read_sees(tables: Any, nights: Any) -> None:
    with house_of(tables) as house:
        today, full_on = AS_OF, AS_OF
        for changes, days in nights:
            today += timedelta(days=days)
            debtors = {row["employee"] for row in house.finance.tables["open_item"] if cents(row["balance"]) > 0}
            before = len(house.oa.effects)
            record = night(house, today)
            freed = {e.employee for e in house.oa.effects[before:] if (e.kind, e.verb) == ("exit_hold", "remove")}
            assert not freed & debtors
            if since_of(record) is None and proof_of(record)["complete"]:
                full_on = today
                assert staged(house) == there(house)
            assert since_of(record) is None or today < full_on + timedelta(days=WEEK)
            if any(row["difference"].strip("-0.") for row in record.proof["books"].values()):
                assert since_of(record) is None and released(record) == set()
            for change in changes:
                house.finance.change(*change)
            house.balance_books()


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The small house, whose finance tells what changed."""
    found = small_house(tmp_path)
    (tmp_path / "ledger").mkdir()
    return open_house(tmp_path / "ledger", ledger_of(found.finance), found.oa, found.hr)


def nights(house: House, count: int, days: int = 1) -> list[str | None]:
    """`since` of the loans in so many nights, a few days apart."""
    return [since_of(night(house, AS_OF + timedelta(days=days * n))) for n in range(count)]


def test_the_proof_says_since_when_and_every_week_everything_is_read(house: House) -> None:
    assert [since is None for since in nights(house, 9)] == [True, *[False] * 6, True, False]


def test_a_week_is_counted_in_days_not_in_nights(house: House) -> None:
    assert [since is None for since in nights(house, 4, days=4)] == [True, False, True, False]


def test_a_deleted_loan_is_found_by_the_books_the_same_night(house: House) -> None:
    nights(house, 2)
    house.finance.change("delete", 1, "")
    house.balance_books()
    record = night(house, AS_OF + timedelta(days=2))
    assert since_of(record) is None and staged(house) == there(house)
    assert [f["subject"] for f in record.findings["findings"] if f["rule"] == "identity.vanished"] == ["L3"]


def test_books_that_go_on_differing_release_nobody(house: House) -> None:
    house.finance.tables["control"][0]["amount"] = "1.00"
    record = night(house, AS_OF)
    assert released(record) == set() and since_of(record) is None


def test_a_row_that_was_set_aside_is_not_forgotten_the_night_after(house: House) -> None:
    house.finance.change("edit", 2, "1OO.00")
    house.finance.tables["control"][0]["amount"] = "34000.00"
    assert nights(house, 3) == [None, None, None]
    house.finance.change("edit", 2, "100.00")
    house.balance_books()
    assert [since is None for since in nights(house, 3)] == [True, False, False]


def test_another_mapping_begins_anew(house: House) -> None:
    nights(house, 2)
    connection = house.desk.company.by_role("finance")
    assert connection is not None
    mapping = connection.mappings["open_item"]
    connection.mappings["open_item"] = replace(mapping, fields=mapping.fields[::-1])
    assert since_of(night(house, AS_OF + timedelta(days=2))) is None
