"""Nights over the ways in which one Kingdee account can be entered and read: the same company, the same answer."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from connector.adapters.kingdee_cloud.sandbox.sessions import Credentials
from connector.model.runs import NightRecord
from connector.sandbox.company import generate_company, write_sample_company
from connector.store.snapshots import last_complete
from tests.journeys.conftest import FIRST_NIGHT, Town, causes, open_town, planned, released

ROUTES = ("open_items", "bills", "ledger")


@pytest.mark.parametrize("auth", ["signature", "login_by_sign", "login_by_app_secret", "password"])
def test_whoever_logs_in_sees_the_same_night(tmp_path: Path, town: Town, auth: str) -> None:
    password = Credentials.of(town.world.name).password
    usual = town.night()
    write_sample_company(tmp_path / "other" / "company", FIRST_NIGHT)
    with open_town(tmp_path / "other", auth=auth, password=password) as other:
        found = other.night()
    assert planned(found) == planned(usual) != set()
    assert causes(found) == causes(usual)


def owed(town: Town) -> dict[tuple[str, str], int]:
    """(employee as finance writes him, currency) → what his loans of the last night add up to."""
    snapshot = last_complete(town.desk.store, "kingdee", "open_item")
    assert snapshot is not None
    sums = pl.read_parquet(snapshot.path).group_by("employee", "currency").agg(pl.col("balance").sum())
    return {(who, currency): balance for who, currency, balance in sums.iter_rows()}


def nights(folder: Path, seed: int, dirty: bool) -> dict[str, tuple[NightRecord, dict[tuple[str, str], int]]]:
    found = {}
    for route in ROUTES:
        generate_company(folder / route / "company", seed=seed, dirty=dirty)
        with open_town(folder / route, route=route) as town:
            found[route] = town.night(), owed(town)
    return found


@pytest.mark.parametrize(("seed", "dirty"), [(1, False), (11, True), (12, True), (13, True)])
def test_three_routes_give_the_same_balances_to_the_cent(tmp_path: Path, seed: int, dirty: bool) -> None:
    found = nights(tmp_path, seed, dirty)
    balances = [owed for _, owed in found.values()]
    assert balances[0] == balances[1] == balances[2]
    assert len(balances[0]) > 5
    for record, _ in found.values():
        assert {row["difference"] for row in record.proof["books"].values()} == {"0.00"}


@pytest.mark.parametrize("route", ROUTES[1:])
def test_a_route_changes_no_flag_and_no_hold(tmp_path: Path, town: Town, route: str) -> None:
    write_sample_company(tmp_path / "other" / "company", FIRST_NIGHT)
    with open_town(tmp_path / "other", route=route) as other:
        for night in (1, 2):
            town.happens(night)
            other.happens(night)
            assert planned(other.night()) == planned(town.night()) != set()


@pytest.mark.parametrize("route", ROUTES)
def test_a_permission_that_hides_a_debtor_is_found_by_the_books_and_releases_nobody(
    tmp_path: Path, route: str
) -> None:
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    with open_town(tmp_path, route=route) as town:
        town.happens(2)
        town.standin.switches.hides = frozenset({town.debtor})
        record = town.night()
        assert "books_differ" in {trouble.code for trouble in record.troubles}
        assert released(record) == set()
        town.standin.switches.hides = frozenset()
        whole = town.night()
        assert {row["difference"] for row in whole.proof["books"].values()} == {"0.00"}
        assert released(whole) and town.debtor not in released(whole)


def test_flags_in_a_form_of_their_own_are_made_once_though_answers_are_lost(tmp_path: Path) -> None:
    write_sample_company(tmp_path / "company", FIRST_NIGHT)
    flags = {"form": "PAEZ_LoanRisk", "employee": "F_PAEZ_Employee"}
    with open_town(tmp_path, flags=flags, timeout_s=5) as town:
        town.chaos({"system": "kingdee", "op": "Save", "fault": "truncate", "times": 3, "args": {"at_byte": 5}})
        first = town.night()
        wanted = {employee for _, kind, employee in planned(first) if kind == "risk_flag"}
        assert wanted and {o.outcome for o in first.outcomes if o.action["kind"] == "risk_flag"} == {"confirmed"}
        assert [e["key"] for e in town.effects("Save")] == list(dict.fromkeys(e["key"] for e in town.effects("Save")))
        assert planned(town.night()) == set()


@pytest.mark.parametrize("route", ROUTES)
def test_nights_that_read_only_what_changed_plan_what_whole_ones_plan(tmp_path: Path, town: Town, route: str) -> None:
    write_sample_company(tmp_path / "other" / "company", FIRST_NIGHT)
    with open_town(tmp_path / "other", route=route, full_every_days=7) as other:
        for night in (1, 2, 3):
            town.happens(night)
            other.happens(night)
            whole, partial = town.night(), other.night()
            assert planned(partial) == planned(whole) != set()
            since = {proof["stream"]: proof["since"] for proof in partial.proof["streams"]}
            assert (since["payout"] is None) == (night == 1)
            assert {row["difference"] for row in partial.proof["books"].values()} == {"0.00"}
