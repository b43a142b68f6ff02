"""The world: its folder, its clock, its tables."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connector.sandbox.folder import Company
from connector.sandbox.world import FolderError, World, load_world
from tests.sandbox.folders import TOML, employee, loan, repayment, small_world, write_folder


def company(**more: object) -> World:
    return World(Company("x", date(2026, 7, 31), **more), ticks=lambda: 100.0)  # type: ignore[arg-type]


def test_it_wakes_at_noon_of_as_of_in_the_companys_zone():
    world = company(zone=ZoneInfo("America/New_York"))
    assert world.now().isoformat() == "2026-07-31T12:00:00-04:00"
    assert world.today() == date(2026, 7, 31)


def test_the_clock_ticks_and_can_be_advanced_but_never_put_back():
    ticks = iter([100.0, 107.5, 107.5])
    world = World(Company("x", date(2026, 7, 31)), ticks=lambda: next(ticks))
    assert world.now().isoformat() == "2026-07-31T12:00:07.500000+08:00"
    world.advance(12 * 3600)
    assert world.today() == date(2026, 8, 1)
    with pytest.raises(FolderError, match="goes on only"):
        world.advance(-1)


def test_an_hour_is_an_hour_over_a_change_of_summer_time():
    world = World(Company("x", date(2026, 10, 31), zone=ZoneInfo("America/New_York")), ticks=lambda: 0.0)
    before = world.now()
    world.advance(24 * 3600)
    assert world.now() - before == timedelta(hours=23)  # wall clocks differ by 23 h, instants by 24
    assert world.now().timestamp() - before.timestamp() == 24 * 3600


def test_as_of_of_the_caller_wins(tmp_path: Path):
    assert load_world(write_folder(tmp_path), date(2025, 1, 2)).as_of == date(2025, 1, 2)


def test_a_folder_of_nothing_but_its_name_is_a_company_without_rows(tmp_path: Path):
    settings = 'as_of = "2026-07-31"\nservice_user = "svc"\napproval_chain = ["a", ["b"]]\n'
    world = load_world(write_folder(tmp_path, settings))
    assert (world.name, world.service_user, world.approval_chain) == (tmp_path.name, "svc", [["a"], ["b"]])
    assert world.rows("loans") == []


def test_cells_stay_the_text_they_were(tmp_path: Path):
    path = write_folder(tmp_path) / "employees.csv"
    path.write_bytes("\ufeffnumber,name,shoe\n 007 ,\"Smith, \"\"J\"\"\",43\n".encode())
    row = load_world(tmp_path).rows("employees")[0]
    assert (row["number"], row["name"], row["shoe"], row["status"]) == (" 007 ", 'Smith, "J"', "43", "")


@pytest.mark.parametrize(
    ("toml", "wrong"),
    [
        ("as_of = 31", "as_of is 31"),
        ("name = 'x'", "as_of is None"),
        ("as_of = ", "company.toml"),
        (TOML.replace("Asia/Shanghai", "Moon/Crater"), "Moon/Crater"),
        (TOML + "approval_chain = 3", "approval_chain is 3"),
    ],
)
def test_a_wrong_company_toml_is_named(tmp_path: Path, toml: str, wrong: str):
    with pytest.raises(FolderError, match=wrong):
        load_world(write_folder(tmp_path, toml))


@pytest.mark.parametrize(
    ("table", "row", "wrong"),
    [
        ("loans", {"principal": "1,000.00"}, "row 2, column principal: found '1,000.00'"),
        ("loans", {"lent_on": "31.7.2026"}, "row 2, column lent_on: found '31.7.2026'"),
        ("loans", {"due_on": "2026-02-30"}, "column due_on"),
        ("repayments", {"amount": "1.005"}, "column amount"),
        ("approvals", {"decided_at": "soon"}, "column decided_at"),
    ],
)
def test_a_cell_that_books_cannot_compute_with_is_named(tmp_path: Path, table: str, row: dict[str, str], wrong: str):
    with pytest.raises(FolderError, match=wrong) as error:
        load_world(write_folder(tmp_path, **{table: [{"number": "X1", **row}]}))
    assert f"{table}.csv" in str(error.value)


def test_a_row_of_another_width_or_a_missing_column_is_named(tmp_path: Path):
    write_folder(tmp_path)
    (tmp_path / "exits.csv").write_text("number,employee\nLZ1,E1,oops\n", encoding="utf-8")
    with pytest.raises(FolderError, match=r"exits.csv, row 2: found 3 cells, expected 2"):
        load_world(tmp_path)
    (tmp_path / "exits.csv").write_text("number\nLZ1\n", encoding="utf-8")
    with pytest.raises(FolderError, match=r"exits.csv, row 1: column employee is missing"):
        load_world(tmp_path)


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path):
    (write_folder(tmp_path) / "employees.csv").write_bytes("number,name\n1,张\n".encode("gb18030"))
    with pytest.raises(FolderError, match=r"employees.csv.*UTF-8"):
        load_world(tmp_path)


def test_a_folder_without_company_toml_is_named(tmp_path: Path):
    with pytest.raises(FolderError, match=r"company.toml is missing"):
        load_world(tmp_path)


def test_put_merges_into_the_row_of_the_same_number_or_appends(tmp_path: Path):
    world = small_world(tmp_path)
    before = world.version
    world.put("loans", {"number": "L1", "due_on": "2027-01-01", "principal": None})
    world.put("loans", loan("L9", "E1", "5"))
    rows = {row["number"]: row for row in world.rows("loans")}
    assert (rows["L1"]["due_on"], rows["L1"]["principal"], rows["L1"]["employee"]) == ("2027-01-01", "", "E1")
    assert rows["L9"]["trip_end"] == ""
    assert world.version == before + 2


def test_approval_steps_and_months_have_keys_of_their_own_and_signals_are_a_log(tmp_path: Path):
    world = small_world(tmp_path)
    world.put("approvals", {"number": "SPL2", "decision": "submit"})
    world.put("approvals", {"number": "SPL2", "step": 2, "opinion": "again"})
    steps = [row for row in world.rows("approvals") if row["number"] == "SPL2"]
    assert [(row["step"], row["decision"], row["opinion"]) for row in steps][-1] == ("2", "submit", "again")
    for actual in ("1", "2"):
        world.put("appraisals", {"employee": "E1", "month": "2026-06", "actual": actual})
        world.put("signals", {"employee": "E1", "kind": "badge"})
    assert [row["actual"] for row in world.rows("appraisals")] == ["2"]
    assert len(world.rows("signals")) == 2


def test_a_wrong_row_changes_nothing(tmp_path: Path):
    world = small_world(tmp_path)
    before = (world.version, world.rows("repayments"))
    with pytest.raises(FolderError, match="column amount"):
        world.put("repayments", repayment("R1", "L1", "much"))
    with pytest.raises(FolderError, match="needs number"):
        world.put("loans", {"employee": "E1"})
    with pytest.raises(FolderError, match="no table 'lones'"):
        world.put("lones", {})
    assert (world.version, world.rows("repayments")) == before


def test_delete_takes_every_row_of_a_number_and_a_missing_one_is_no_error(tmp_path: Path):
    world = small_world(tmp_path)
    world.put("signals", {"employee": "E1", "kind": "badge"})
    world.delete("approvals", "SPL1")
    world.delete("signals", "E1")
    assert not any(row["number"] == "SPL1" for row in world.rows("approvals"))
    assert world.rows("signals") == []
    before = world.version
    world.delete("loans", "no such")
    assert world.version == before


def test_watchers_hear_of_a_batch_once(tmp_path: Path):
    world, heard = small_world(tmp_path), []
    world.watch(heard.append)
    with world.batch():
        world.put("employees", employee("E5"))
        world.put("loans", loan("L9", "E5", "1"))
    world.delete("loans", "L9")
    assert heard == [{"employees", "loans"}, {"loans"}]


def test_accepted_writes_are_numbered_and_dated_by_the_worlds_clock():
    world = company()
    world.record("kingdee", "Save", "BD_Empinfo/E1", {"a": 1})
    world.record("dingtalk", "comments", "x", None)
    assert world.effects[0] == {
        "n": 1, "at": "2026-07-31T12:00:00.000+08:00", "system": "kingdee", "op": "Save",
        "key": "BD_Empinfo/E1", "body": {"a": 1},
    }  # fmt: skip
    assert world.effects[1]["n"] == 2
