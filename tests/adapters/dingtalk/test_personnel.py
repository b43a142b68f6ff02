"""People and their attendance as the OA keeps them, over the stand-in on a real port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connector.adapters.contract import Page, Setting, Since
from connector.adapters.dingtalk import adapter
from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.adapters.kit.clock import SystemClock
from connector.errors import ConfigError, UsageError
from connector.mappings.table import BadRow, Context, load_mapping, map_rows
from connector.sandbox.company import write_sample_company
from connector.sandbox.server import start_sandbox
from connector.sandbox.world import World, load_world
from tests.adapters.dingtalk.conftest import ZONE

AS_OF = date(2026, 7, 29)
SINCE = Since(AS_OF)
# People of the sample company: 28 are there, two of whom leave, and two have left.
HERE, CLOSED_MONTHS = 28, 4


class Organisation:
    """The sample company, the stand-in that counts the calls, and connections to it."""

    def __init__(self, world: World, standin: DingTalkStandIn, said: dict[str, Any]) -> None:
        self.world, self._standin, self._said = world, standin, said
        self.open: list[adapter.DingTalk] = []

    def connect(self, **options: Any) -> adapter.DingTalk:
        given = {**self._said, "network": "sandbox", "calls_per_second": 1000, **options}
        self.open.append(adapter.build(given, Setting("dingtalk", "CNY", ZONE, SystemClock())))
        return self.open[-1]

    def change(self, number: str, **cells: str) -> None:
        row = next(row for row in self.world.rows("employees") if row["number"] == number)
        self.world.put("employees", dict(row) | cells)

    def counted(self, work: Callable[[], object]) -> int:
        """Calls that some work costs."""
        before = self._standin.calls[f"{AS_OF:%Y-%m}"]
        work()
        return self._standin.calls[f"{AS_OF:%Y-%m}"] - before


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[Organisation]:
    write_sample_company(tmp_path, AS_OF)
    world = load_world(tmp_path)
    standin = DingTalkStandIn(world, rate_limits=False)
    with start_sandbox(world, {"dingtalk": standin}) as box:
        found = Organisation(world, standin, box.describe()["dingtalk"])
        yield found
        for dingtalk in found.open:
            dingtalk.close()


def mapped(stream: str, pages: list[Page]) -> tuple[pl.DataFrame, list[BadRow]]:
    text = (resources.files(adapter.__package__) / "mapping.yaml").read_text("utf-8")
    raw = pl.concat([page.rows for page in pages], how="diagonal")
    context = Context("dingtalk", datetime(2026, 7, 29, tzinfo=UTC), "CNY", ZONE)
    return map_rows(load_mapping(text, "dingtalk")[stream], raw, context)


def pull(dingtalk: adapter.DingTalk, stream: str, since: Since = SINCE) -> pl.DataFrame:
    rows, bad = mapped(stream, list(dingtalk.pull(stream, since)))
    assert bad == []
    return rows


def test_the_roster_tells_who_is_there_who_leaves_and_who_left(organisation) -> None:
    people = pull(organisation.connect(roster=True), "employee")
    assert dict(people.group_by("status").len().iter_rows()) == {"active": 26, "leaving": 2, "left": 2}
    told = people.filter(pl.col("number") == "1012").row(0, named=True)
    assert (told["ref"], told["name"], told["position"]) == ("u1012", "许晴", "运营专员")
    assert told["last_day"] == date(2026, 8, 22)
    assert told["hired_on"] is not None and told["department"] is not None and told["monthly_salary"] is None


def test_somebody_whose_exit_was_called_back_is_there_again(organisation) -> None:
    organisation.change("1012", status="active", last_day="")
    told = pull(organisation.connect(roster=True), "employee").filter(pl.col("number") == "1012")
    assert told.select("status", "last_day").rows() == [("active", None)]


def test_every_closed_month_of_everybody_at_work_is_read_once(organisation) -> None:
    dingtalk = organisation.connect(attendance=True)
    months = pull(dingtalk, "attendance_month")
    assert months.height == HERE * CLOSED_MONTHS and months["late_count"].null_count() == 0
    assert sorted(set(months["month"])) == [date(2026, month, 1) for month in (3, 4, 5, 6)]
    kept = Since(AS_OF, closed=frozenset(months["ref"]))
    assert organisation.counted(lambda: pull(organisation.connect(attendance=True), "attendance_month", kept)) == 3
    assert pull(dingtalk, "attendance_month", kept).is_empty()


def test_the_counts_are_those_of_the_company(organisation) -> None:
    months = pull(organisation.connect(attendance=True), "attendance_month")
    told = {(row["employee"], f"{row['month']:%Y-%m}"): row["late_count"] for row in months.iter_rows(named=True)}
    kept = {(row["employee"], row["month"]): int(row["late_count"]) for row in organisation.world.rows("attendance")}
    assert told == {key: count for key, count in kept.items() if key in told}
    assert sum(told.values()) > 0


def test_where_calls_are_short_whoever_presses_comes_first_and_the_rest_is_not_known(organisation) -> None:
    short = organisation.connect(attendance=True, calls_per_day=50)  # a quarter of them: twelve questions
    months = pull(short, "attendance_month", Since(AS_OF, first=("1020", "1012")))
    known = months.filter(pl.col("late_count").is_not_null())
    assert (months.height, known.height) == (HERE * CLOSED_MONTHS, 12)
    assert set(known["employee"]) == {"1012", "1020", "1001"}


def test_attendance_leaves_the_calls_that_are_kept_for_exits_alone(organisation) -> None:
    short = organisation.connect(attendance=True, calls_per_day=200)
    for _ in range(9):
        pull(short, "attendance_month")
    assert not short.observe("exit_hold", None).is_empty()


def test_who_was_not_hired_yet_has_no_month(organisation) -> None:
    organisation.change("1003", hired_on="2026-06-20")
    months = pull(organisation.connect(attendance=True), "attendance_month").filter(pl.col("employee") == "1003")
    assert months["month"].to_list() == [date(2026, 6, 1)]


def test_a_report_without_the_column_names_those_it_has(organisation) -> None:
    with pytest.raises(ConfigError, match="迟到次数") as found:
        pull(organisation.connect(attendance=True, late_column="晚到"), "attendance_month")
    assert found.value.place == "late_column"


@pytest.mark.parametrize(("options", "streams"), [
    ({}, ("exit", "approval")),
    ({"roster": True}, ("exit", "approval", "employee")),
    ({"attendance": True}, ("exit", "approval", "attendance_month")),
])
def test_people_and_attendance_are_delivered_only_where_they_are_switched_on(organisation, options, streams) -> None:
    dingtalk = organisation.connect(**options)
    assert dingtalk.manifest.streams == streams
    for stream in {"employee", "attendance_month"} - set(streams):
        with pytest.raises(UsageError):
            dingtalk.pull(stream, SINCE)


def test_the_roster_needs_the_number_of_the_app(organisation) -> None:
    with pytest.raises(ConfigError, match="agent_id"):
        organisation.connect(roster=True, agent_id="")


def test_people_and_attendance_of_a_night_are_listed_once(organisation) -> None:
    dingtalk = organisation.connect(roster=True, attendance=True)
    listed = organisation.counted(lambda: pull(dingtalk, "employee"))
    assert organisation.counted(lambda: pull(dingtalk, "attendance_month")) == HERE * CLOSED_MONTHS + 1
    assert listed == 5  # everybody, who leaves, who left, their roster, last days


def test_check_looks_at_people_and_attendance_where_they_are_switched_on(organisation) -> None:
    checks = organisation.connect(roster=True, attendance=True).check()
    assert [one.stage for one in checks if one.passed][-3:] == ["roster", "attendance", "clock"]


def test_check_names_the_columns_where_the_one_of_times_late_is_not_among_them(organisation) -> None:
    last = organisation.connect(attendance=True, late_column="晚到").check()[-1]
    assert (last.stage, last.passed, last.mend) == ("attendance", False, "dingtalk.mend.no_late_column")
    assert "迟到次数" in last.found
