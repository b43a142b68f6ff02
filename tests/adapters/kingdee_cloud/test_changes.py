"""Reading what changed: whatever happens between two reads, changes put into the last read are the whole read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.adapters import registry
from connector.adapters.contract import Page, Since
from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kingdee_cloud.reading import Reader
from connector.adapters.kingdee_cloud.session import Session
from connector.adapters.kit.http import Channel, transport
from connector.mappings.table import Context, load_mapping, map_rows
from connector.model.tables import empty
from connector.sync.increments import merged
from tests.adapters.kingdee_cloud.conftest import FakeClock, FakeKingdee, options
from tests.adapters.kingdee_cloud.sites import DAY, Site, pulled

MAPPINGS = load_mapping(registry.mapping_text("kingdee_cloud"), "mapping")
CONTEXT = Context("kingdee", datetime(2026, 7, 31, tzinfo=UTC), "CNY", ZoneInfo("Asia/Shanghai"))
BEGIN = datetime(2026, 7, 1, 8)


class Server:
    """Loans of a make-believe Kingdee; its clock moves by hours, and a record keeps the time it was saved at."""

    def __init__(self) -> None:
        self.kingdee = FakeKingdee()
        self.rows: list[dict[str, Any]] = self.kingdee.forms.setdefault("AR_OtherRecAble", [])
        self.now, self.added = BEGIN, 0
        form = KingdeeForm.model_validate(options())
        clock = FakeClock()
        session = Session(form, Channel(form.endpoint, clock, transport=transport(self.kingdee)), clock)
        self.reader = Reader(session, MAPPINGS, 2)

    def add(self, amount: int) -> None:
        self.added += 1
        fid = self.added
        self.rows.append({
            "FID": fid, "FBillNo": f"JK{fid}", "FCONTACTUNIT.FNumber": "E1", "FCURRENCYID.FCODE": "CNY",
            "FAMOUNTFOR": 900, "FNOTWRITTENOFFAMOUNTFOR_H": amount, "FDATE": "2026-07-01T00:00:00",
            "FDOCUMENTSTATUS": "C", "FCONTACTUNITTYPE": "BD_Empinfo", "FModifyDate": self.now.isoformat(),
        })  # fmt: skip

    def change(self, kind: str, which: int, amount: int, late_min: int) -> None:
        """One change by a user; `late_min`: it was saved so many minutes ago and lands only now."""
        if kind == "add" or not self.rows:
            self.add(amount)
            return
        row = self.rows[which % len(self.rows)]
        if kind == "delete":
            self.rows.remove(row)
            return
        row |= {"FNOTWRITTENOFFAMOUNTFOR_H": amount} if kind == "edit" else {"FDOCUMENTSTATUS": kind}
        row["FModifyDate"] = (self.now - timedelta(minutes=late_min)).isoformat()

    def read(self, base: pl.DataFrame, bookmark: str) -> tuple[pl.DataFrame, str, bool]:
        """The stream after one read, the next bookmark, and whether only changes were read."""
        pages = list(self.reader.changes("open_item", bookmark))
        fresh = pl.concat([empty("open_item"), *(mapped(page) for page in pages)])
        touched = [page.touched for page in pages if page.touched is not None]
        end = pages[-1].end
        assert end is not None
        rows = merged(base, fresh, pl.concat(touched)) if touched else fresh
        return rows, end.bookmark, bool(touched)


def since(bookmark: str = "") -> Since:
    return Since(DAY, bookmark=bookmark)


def mapped(page: Page) -> pl.DataFrame:
    rows, bad = map_rows(MAPPINGS["open_item"], page.rows, CONTEXT)
    assert bad == []
    return rows


def shown(rows: pl.DataFrame) -> dict[str, int]:
    assert not rows["ref"].is_duplicated().any()
    return dict(rows.select("ref", "balance").iter_rows())


CHANGE = st.tuples(
    st.sampled_from(["add", "edit", "edit", "delete", "A", "C"]), st.integers(0, 5), st.integers(0, 900),
    st.sampled_from([0, 0, 1, 59]),
)
# What happens before a read, and how many hours pass: 0 gives equal time stamps.
NIGHTS = st.lists(st.tuples(st.lists(CHANGE, max_size=4), st.sampled_from([0, 0, 1, 24])), max_size=7)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(NIGHTS)
def test_changes_put_into_the_last_read_are_the_whole_read_but_for_what_was_deleted(nights: Any) -> None:
    server = Server()
    base, bookmark, _ = server.read(empty("open_item"), "")
    for changes, hours in nights:
        for change in changes:
            server.change(*change)
        base, bookmark, is_partial = server.read(base, bookmark)
        whole, _, is_partial_too = server.read(base, "")
        deleted = set(shown(base)) - {str(row["FID"]) for row in server.rows}
        assert is_partial and not is_partial_too
        assert {ref: n for ref, n in shown(base).items() if ref not in deleted} == shown(whole)
        server.now += timedelta(hours=hours)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    for amount in (1, 2, 3, 4, 5):
        found.add(amount)
    yield found


def test_only_what_changed_is_asked_for_as_rows(server: Server) -> None:
    base, bookmark, _ = server.read(empty("open_item"), "")
    server.now += timedelta(days=1)
    server.change("edit", 2, 77, 0)
    server.kingdee.requests.clear()
    rows, _, _ = server.read(base, bookmark)
    asked = [body["data"] for body in server.kingdee.asked("ExecuteBillQuery")]
    assert {"FModifyDate>=" in one["FilterString"] for one in asked if "FBillNo" in one["FieldKeys"]} == {True}
    assert shown(rows)["3"] == 7700


def test_a_record_that_no_longer_counts_is_gone_at_once(server: Server) -> None:
    base, bookmark, _ = server.read(empty("open_item"), "")
    server.change("A", 0, 0, 0)
    rows, _, _ = server.read(base, bookmark)
    assert set(shown(base)) - set(shown(rows)) == {"1"}


def test_a_bookmark_of_other_fields_or_another_filter_is_none(server: Server) -> None:
    _, bookmark, _ = server.read(empty("open_item"), "")
    assert server.read(empty("open_item"), bookmark)[2]
    assert not server.read(empty("open_item"), bookmark.replace('"of":"', '"of":"x'))[2]
    assert not server.read(empty("open_item"), "{}")[2]


def test_what_a_company_does_not_have_is_said_though_no_row_is_delivered(server: Server) -> None:
    _, bookmark, _ = server.read(empty("open_item"), "")
    for which in range(5):
        server.change("A", which, 0, 0)
    pages = list(server.reader.changes("open_item", bookmark))
    lacking = set().union(*(page.lacks for page in pages))
    assert {"F_PAEZ_LoanKind", "F_PAEZ_TripStart", "F_PAEZ_TripEnd"} <= lacking


def test_a_bookmark_of_another_account_is_none(site: Site) -> None:
    (end,) = [page.end for page in site.connect(full_every_days=7).pull("person", since()) if page.end]
    other = site.connect(full_every_days=7, base_url=site.said["kingdee"]["base_url"].replace("k3cloud", "K3Cloud"))
    assert all(page.touched is None for page in other.pull("person", since(end.bookmark)))


def test_entries_and_two_forms_are_told_apart_by_their_record(site: Site) -> None:
    adapter = site.connect(full_every_days=7)
    assert set(adapter.manifest.incremental) == {"person", "open_item", "payout", "request", "repayment"}
    whole = pulled(adapter, "repayment")
    (end,) = [page.end for page in adapter.pull("repayment", since()) if page.end]
    loan = site.world.rows("loans")[0]
    site.world.put("repayments", {"number": "HK-NEW", "loan": loan["number"], "employee": loan["employee"],
                                  "paid_on": loan["lent_on"], "amount": "1.00", "method": "cash"})
    pages = list(adapter.pull("repayment", since(end.bookmark)))
    touched = pl.concat([page.touched for page in pages if page.touched is not None])
    assert touched.to_list() and set(touched.str.split("/").list.first()) <= {"AP_REFUNDBILL", "ER_ExpReimbursement"}
    assert sum(page.rows.height for page in pages) < whole.height


def test_a_field_of_the_changes_is_asked_for_by_the_check(site: Site) -> None:
    assert site.connect(full_every_days=7).check()[-1].passed
