"""Companies that are dealt by a seed: the clean ones are clean, the dirty ones hold the dirt they promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.sandbox.company import generate_company
from connector.sandbox.world import Row, World, load_world
from tests.sandbox.ledger import balance, owed


def dealt(folder: Path, seeds: int = 12, **more: object) -> list[World]:
    worlds = []
    for seed in range(seeds):
        generate_company(folder / str(seed), seed=seed, **more)  # type: ignore[arg-type]
        worlds.append(load_world(folder / str(seed)))
    return worlds


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path):
    for folder in ("a", "b"):
        generate_company(tmp_path / folder, seed=7)
    generate_company(tmp_path / "c", seed=8)

    def read(folder: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}

    assert read("a") == read("b") != read("c")
    assert not any(b"\r" in content or content.startswith(b"\xef\xbb\xbf") for content in read("a").values())


@pytest.mark.parametrize("employees", [1, 5, 40, 200])
@pytest.mark.parametrize("dirty", [True, False])
def test_a_company_of_any_size_is_dealt_and_a_stand_in_can_show_it(
    tmp_path: Path, employees: int, dirty: bool
):
    generate_company(tmp_path, seed=3, employees=employees, dirty=dirty)
    world = load_world(tmp_path)
    assert len({row["number"] for row in world.rows("employees")}) >= employees
    assert DingTalkStandIn(world).describe()["service_user"] == "svc_finance"


def test_a_clean_company_has_nothing_wrong(tmp_path: Path):
    for world in dealt(tmp_path, dirty=False):
        numbers = [row["number"] for row in world.rows("employees")]
        assert len(set(numbers)) == len(numbers)
        assert all(row["monthly_salary"] for row in world.rows("employees"))
        leaving = {row["number"] for row in world.rows("employees") if row["status"] == "leaving"}
        assert leaving == {row["employee"] for row in world.rows("exits") if row["status"] == "running"}
        for loan in world.rows("loans"):
            assert loan["employee"] in numbers and loan["currency"] == "CNY" and loan["due_on"]
            assert balance(world, loan) >= 0


def is_doubled(world: World) -> bool:
    return max(Counter(row["number"] for row in world.rows("employees")).values()) > 1


def is_rehired(world: World) -> bool:
    rows = [row for row in world.rows("employees") if row["number"] in ("R80001", "R80002")]
    return [row["status"] for row in rows] == ["left", "active"] and len({row["name"] for row in rows}) == 1


def is_rehired_as_before(world: World) -> bool:
    hired_on = {row["number"]: row["hired_on"] for row in world.rows("employees") if row["status"] == "active"}
    left = [row for row in world.rows("exits") if row["status"] == "completed"]
    return any(row["requested_on"] < hired_on.get(row["employee"], "") and owed(world, row["employee"]) for row in left)


def leaves_unannounced(world: World) -> bool:
    announced = {row["employee"] for row in world.rows("exits")}
    leaving = {row["number"] for row in world.rows("employees") if row["status"] == "leaving"}
    return any(owed(world, number) > 0 for number in leaving - announced)


def borrows_unknown(world: World) -> bool:
    known = {row["number"] for row in world.rows("employees")}
    return any(loan["employee"] not in known and balance(world, loan) > 0 for loan in world.rows("loans"))


def is_overpaid(world: World) -> bool:
    return any(balance(world, loan) < 0 for loan in world.rows("loans"))


def owes_dollars(world: World) -> bool:
    return any(loan["currency"] == "USD" and loan["lent_on"] for loan in world.rows("loans"))


def has_no_approval(world: World) -> bool:
    return any(not loan["approval"] and loan["lent_on"] for loan in world.rows("loans"))


@pytest.mark.parametrize("holds", [
    is_doubled, is_rehired, is_rehired_as_before, leaves_unannounced, is_overpaid, owes_dollars, has_no_approval,
    borrows_unknown,
])  # fmt: skip
def test_every_dirty_company_has_it(tmp_path: Path, holds: Callable[[World], bool]):
    assert all(holds(world) for world in dealt(tmp_path))


def test_dirty_companies_have_among_them_every_gate_end_and_odd_approval(tmp_path: Path):
    worlds = dealt(tmp_path, seeds=20)
    exits = [row for world in worlds for row in world.rows("exits")]
    assert {row["gate"] for row in exits} >= {"", "open", "not_reached", "passed"}
    assert {row["status"] for row in exits} == {"running", "completed", "refused", "withdrawn", "terminated"}
    seen: Counter[str] = Counter()
    for world in worlds:
        seen.update(odd_approvals(world))
    assert set(seen) == {
        "returned",
        "out of order",
        "node missing",
        "late",
        "undecided",
        "nobody asked",
        "refused",
    }


def odd_approvals(world: World) -> list[str]:
    """What is odd about the approvals of loans that were paid out."""
    odd: list[str] = []
    rows: dict[str, list[Row]] = {}
    for row in world.rows("approvals"):
        rows.setdefault(row["number"], []).append(row)
    for loan in (loan for loan in world.rows("loans") if loan["lent_on"]):
        steps = rows.get(loan["approval"], [])
        decisions = [step["decision"] for step in steps]
        agreed = [step["node"] for step in steps if step["decision"] == "agree"]
        odd += ["nobody asked"] * (not steps)
        odd += ["undecided"] * (decisions == ["submit"])
        odd += ["refused"] * (decisions[-1:] == ["refuse"])
        odd += ["returned"] * ("refuse" in decisions[:-1] and decisions[-1] == "agree")
        odd += ["node missing"] * (decisions[-1:] == ["agree"] and len(set(agreed)) < 3)
        odd += ["out of order"] * (agreed[:2] == ["财务经理", "部门经理"])
        odd += ["late"] * bool(steps and steps[-1]["decided_at"][:10] > loan["lent_on"])
    return odd


def test_some_loans_sit_exactly_on_the_limits(tmp_path: Path):
    found = set()
    for world in dealt(tmp_path, seeds=6):
        found |= {loan["due_on"] == str(world.as_of) for loan in world.rows("loans")}
        salaries = {row["number"]: Decimal(row["monthly_salary"] or 0) for row in world.rows("employees")}
        halves = (
            Decimal(loan["principal"]) * 2 - salaries.get(loan["employee"], 0) for loan in world.rows("loans")
        )
        found |= {f"half {difference}" for difference in halves if abs(difference) <= Decimal("0.02")}
    assert found >= {True, "half -0.02", "half 0.00", "half 0.02"}


def test_every_step_lies_in_time_order(tmp_path: Path):
    for world in dealt(tmp_path, seeds=5):
        last: dict[str, str] = {}
        for row in world.rows("approvals"):
            assert last.get(row["number"], "") <= row["decided_at"]
            last[row["number"]] = row["decided_at"]
