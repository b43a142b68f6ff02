"""The laws as properties over drawn companies. Numbers are those of the design's list of laws."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.errors import StateError
from connector.reconcile.brakes import limit
from connector.store.exits import cases
from connector.sync.clearances import confirm_exit
from tests.fakes import AS_OF, House, cents
from tests.laws.companies import LAW, PEOPLE, companies, house_of, live, look, planned, released

# An amount that can be read: whole cents, below the limit of money.
AMOUNT = re.compile(r"-?\d{1,11}\.\d\d")

STREAMS = [("finance", "open_item"), ("finance", "control"), ("finance", "person"), ("oa", "exit"), ("hr", "employee")]


def debts(tables: dict[str, Any]) -> dict[str, int]:
    owed: dict[str, int] = {}
    for row in tables["open_item"]:
        if cents(row["balance"]) > 0:
            owed[row["employee"]] = owed.get(row["employee"], 0) + cents(row["balance"])
    return owed


@LAW
@given(companies())
def test_law_1_nobody_who_owes_is_ever_released(tables: dict[str, Any]) -> None:
    owed = debts(tables)
    with house_of(tables) as house:
        record = live(house)
        free = {row["ref"] for row in tables["exit"] if row["employee"] not in owed and row["gate"] == "open"}
        assert released(record) <= free
        assert {e.ref for e in house.oa.effects if e.verb == "remove" and e.kind == "exit_hold"} <= free


@LAW
@given(companies(), st.sampled_from(STREAMS), st.integers(0, 3))
def test_law_1_a_stream_that_breaks_off_releases_nobody_new(
    tables: dict[str, Any], stream: tuple[str, str], rows: int
) -> None:
    with house_of(tables) as house:
        whole = released(look(house))
    with house_of(tables) as house:
        getattr(house, stream[0]).broken[stream[1]] = rows
        assert released(look(house)) <= whole


@LAW
@given(companies(), st.data())
def test_law_6_taking_rows_away_never_releases_anybody(tables: dict[str, Any], data: st.DataObject) -> None:
    with house_of(tables) as house:
        live(house)
        stood = set(house.finance.marks) | {k for k in house.oa.marks if k[0] == "exit_hold"}
        before = released(look(house))
        name = data.draw(st.sampled_from(["open_item", "person", "request"]))
        rows = house.finance.tables[name]
        house.finance.tables[name] = [row for row in rows if data.draw(st.booleans())]
        record = live(house)
        assert released(record) <= before
        assert {k for k in stood if k[0] == "exit_hold"} <= set(house.oa.marks)


@LAW
@given(companies(), st.data())
def test_law_2_every_record_is_counted(tables: dict[str, Any], data: st.DataObject) -> None:
    for row in tables["open_item"]:
        if data.draw(st.integers(0, 3)) == 0:
            row["principal"] = data.draw(st.sampled_from(["abc", None, "1.234", "9" * 14]))
    with house_of(tables) as house:
        record = look(house)
        for proof in record.proof["streams"]:
            table = getattr(house, {"kingdee": "finance", "dingtalk": "oa", "hr": "hr"}[proof["system"]]).tables
            assert proof["rows"] == len(table[proof["stream"]]) == proof["staged"] + proof["rejected"]
        assert len(record.rejects) == sum(p["rejected"] for p in record.proof["streams"])
        staged = next(p["staged"] for p in record.proof["streams"] if p["stream"] == "open_item")
        readable = [row for row in tables["open_item"] if AMOUNT.fullmatch(row["principal"] or "")]
        assert staged == len(readable)
        only_asked_for = {r["loan"] for r in tables["request"]} - {row["number"] for row in readable}
        assert sum(record.proof["links"].values()) == staged + len(only_asked_for)


@LAW
@given(companies(), st.integers(-3, 3))
def test_law_3_money_conserves_to_the_cent(tables: dict[str, Any], off_by: int) -> None:
    with house_of(tables) as house:
        control = house.finance.tables["control"]
        for row in control:
            row["amount"] = f"{(cents(row['amount']) + off_by) / 100:.2f}"
        record = look(house)
        assert all(cents(row["difference"]) == off_by for row in record.proof["books"].values())
        if off_by and control:
            assert released(record) == set()
            causes = [t.facts["cause"] for t in record.troubles if t.code == "releases_suspended"]
            assert causes == ["books_differ"]


@LAW
@given(companies(), st.integers(0, 1))
def test_law_5_a_second_run_plans_nothing(tables: dict[str, Any], days: int) -> None:
    with house_of(tables) as house:
        first = live(house)
        held = [a for g in first.plan["held"] for a in g["actions"]]
        again = live(house, AS_OF + timedelta(days=days))
        if days == 0:
            assert again.plan["actions"] == []
            assert planned(again) == sorted((a["target"], a["kind"], a["ref"], a["verb"]) for a in held)
        elif not held:
            assert planned(again) == []


@LAW
@given(companies(), st.randoms(use_true_random=False))
def test_law_5_the_same_inputs_in_any_order_give_the_same_plan(tables: dict[str, Any], order: Any) -> None:
    with house_of(tables) as house:
        one = look(house).plan["hash"]
    for rows in tables.values():
        order.shuffle(rows)
    with house_of(tables) as house:
        assert look(house).plan["hash"] == one


@LAW
@given(companies())
def test_law_7_no_group_goes_over_its_limit_without_an_approval(tables: dict[str, Any]) -> None:
    with house_of(tables) as house:
        for _ in range(2):
            live(house)
        population = sum(row["status"] != "left" for row in tables["employee"])
        counts: dict[tuple[str, str], int] = {}
        for effect in [*house.finance.effects, *house.oa.effects]:
            counts[(effect.kind, effect.verb)] = counts.get((effect.kind, effect.verb), 0) + 1
        assert all(count <= limit(population, kind, verb) for (kind, verb), count in counts.items())


@LAW
@given(companies(), st.sampled_from(["principal", "balance", "lent_on", "currency"]))
def test_law_9_a_bad_row_changes_nothing_for_anybody_else(tables: dict[str, Any], column: str) -> None:
    with house_of(tables) as house:
        clean, before = planned(look(house)), released(look(house))
    bad = {"ref": "IBAD", "number": "BAD", "employee": PEOPLE[0], "principal": "1.00", "balance": "1.00",
           "currency": "CNY", "lent_on": "2026-07-01"} | {column: "??" if column != "currency" else None}
    with house_of(tables) as house:
        house.finance.tables["open_item"].append(bad)
        record = look(house)
        assert len(record.rejects) == 1
        others = [p for p in planned(record) if p[3] != "remove" or p[1] != "exit_hold"]
        assert [p for p in others if p[2] != PEOPLE[0]] == [
            p for p in clean if (p[3] != "remove" or p[1] != "exit_hold") and p[2] != PEOPLE[0]
        ]
        assert released(record) <= before


@LAW
@given(companies())
def test_law_6_whoever_settled_and_was_confirmed_is_released_within_one_run(tables: dict[str, Any]) -> None:
    with house_of(tables) as house:
        live(house)
        settle(house)
        live(house)
        waiting = {case.number for case, _ in cases(house.desk.store).values() if case.state == "settled"}
        for number in waiting:
            confirm_exit(house.desk, number, "finance")
        record = live(house)
        open_gates = {row["ref"] for row in tables["exit"] if row["gate"] == "open"}
        doubted = {f["subject"] for f in record.findings["findings"] if f["rule"] == "exit.unproven"}
        for ref in open_gates:
            row = next(r for r in house.oa.tables["exit"] if r["ref"] == ref)
            assert row["gate"] == "passed" or ref in released(record) or row["number"] in doubted


def settle(house: House) -> None:
    for row in house.finance.tables["open_item"]:
        row["balance"] = "0.00"
    house.balance_books()


@LAW
@given(companies())
def test_law_6_finance_cannot_confirm_away_a_debt(tables: dict[str, Any]) -> None:
    with house_of(tables) as house:
        live(house)
        for case, _ in list(cases(house.desk.store).values()):
            if case.state in ("held", "open"):
                try:
                    confirm_exit(house.desk, case.number, "finance")
                except StateError:
                    continue
        assert not released(live(house)) & {r["ref"] for r in tables["exit"] if r["employee"] in debts(tables)}
