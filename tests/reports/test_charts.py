"""The geometry of the two pictures."""

from __future__ import annotations

from connector.model.runs import StatusBar, Step
from connector.reports.charts import height, status_bars, waterfall


def test_the_longest_bar_fills_the_width_and_the_others_are_in_proportion() -> None:
    bars = status_bars([StatusBar("active", 1, 1, 5000), StatusBar("left", 1, 1, 20000)])
    assert [bar.width for bar in bars] == [25.0, 100.0]


def test_a_small_balance_can_still_be_seen_and_none_has_no_length() -> None:
    bars = status_bars([
        StatusBar("active", 1, 1, 10_000_000), StatusBar("left", 1, 1, 1), StatusBar("leaving", 0, 0, 0),
        StatusBar("unlinked", 1, 1, -500),
    ])
    assert [bar.width for bar in bars] == [100.0, 0.6, 0.0, 0.0]


def test_without_loans_no_bar_has_a_length() -> None:
    assert [bar.width for bar in status_bars([StatusBar("active", 0, 0, 0)])] == [0.0]
    assert height(status_bars([])) == 0


def test_each_drop_starts_where_the_next_level_ends() -> None:
    steps = {"hr": 200, "unlinked": 50, "linked": 150, "clear": 120, "differing": 30}
    bars = waterfall([Step(code, count) for code, count in steps.items()])
    assert [(bar.code, bar.x, bar.width) for bar in bars] == [
        ("hr", 0, 100.0), ("unlinked", 75.0, 25.0), ("linked", 0, 75.0), ("clear", 15.0, 60.0), ("differing", 0, 15.0),
    ]


def test_a_gap_that_no_step_names_gets_a_name() -> None:
    bars = waterfall([Step("hr", 10), Step("other", 9), Step("linked", 8), Step("differing", 2)])
    assert [(bar.code, bar.amount, bar.is_drop) for bar in bars] == [
        ("hr", 10, False), ("rest", 1, True), ("other", 9, False), ("not_linked", 1, True), ("linked", 8, False),
        ("clear", 6, True), ("differing", 2, False),
    ]


def test_a_drop_told_after_its_level_is_drawn_before_it() -> None:
    bars = waterfall([Step("hr_total", 10), Step("linked", 8), Step("not_linked", 2), Step("differing", 3)])
    assert [bar.code for bar in bars] == ["hr_total", "not_linked", "linked", "clear", "differing"]


def test_people_whom_only_finance_knows_are_no_part_of_the_total() -> None:
    bars = waterfall([Step("hr_total", 10), Step("differing", 2), Step("stray_borrowers", 1)])
    assert [(bar.code, bar.is_drop, bar.is_aside) for bar in bars][-2:] == [
        ("differing", False, False), ("stray_borrowers", False, True),
    ]


def test_a_level_may_rise_without_a_drop_being_made_up() -> None:
    bars = waterfall([Step("linked", 5), Step("hr", 10)])
    assert [bar.code for bar in bars] == ["linked", "hr"]


def test_no_bar_leaves_the_picture() -> None:
    steps = {"hr": 1000, "unlinked": 0, "linked": 1000, "clear": 999, "differing": 1}
    bars = waterfall([Step(code, count) for code, count in steps.items()])
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in bars)


def test_a_company_without_people_has_flat_bars() -> None:
    assert [bar.width for bar in waterfall([Step("hr", 0), Step("linked", 0)])] == [0.0, 0.0]
