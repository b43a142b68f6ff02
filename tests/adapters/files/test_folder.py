"""Which file of the folder is meant, and whether it may be believed."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from connector.adapters.files import folder
from connector.adapters.files.connection import NamedFile
from connector.adapters.files.folder import choose, take
from connector.errors import ConfigError, RetryableError, WireError

fcntl = pytest.importorskip("fcntl", reason="Windows has no advisory locks: a locked file cannot be opened there")


def chosen(place: Path, *names: str, pattern: str = "employees_*.csv") -> str:
    for name in names:
        (place / name).write_text("x")
    return choose(place, NamedFile(pattern=pattern)).name


def test_of_a_pattern_the_newest_by_the_date_in_its_name_is_meant(tmp_path: Path) -> None:
    names = ("employees_20260730.csv", "employees_2026-07-31.csv", "employees_2026.6.30.csv", "other_20270101.csv")
    assert chosen(tmp_path, *names) == "employees_2026-07-31.csv"


def test_the_date_of_the_name_counts_and_not_the_date_of_the_file(tmp_path: Path) -> None:
    chosen(tmp_path, "employees_20260731.csv", "employees_20260630.csv")
    os.utime(tmp_path / "employees_20260731.csv", (1, 1))
    assert chosen(tmp_path) == "employees_20260731.csv"


@pytest.mark.parametrize(
    ("name", "on"),
    [
        ("花名册2026年7月31日.xlsx", date(2026, 7, 31)), ("staff_202607.csv", date(2026, 7, 1)),
        ("staff-2026_07_31-v2.csv", date(2026, 7, 31)), ("20260731_093000.csv", date(2026, 7, 31)),
        ("staff_20261331.csv", None), ("staff.csv", None), ("20260731-20260801.csv", None), ("12026073199.csv", None),
    ],
)  # fmt: skip
def test_a_date_is_read_in_the_ways_people_name_files(name: str, on: date | None) -> None:
    assert folder._date_in(name) == on


def test_files_on_their_way_and_locks_of_other_programs_are_not_meant(tmp_path: Path) -> None:
    names = ("employees_20260731.csv", "~$employees_20260801.csv", ".employees_20260802.csv")
    assert chosen(tmp_path, *names, pattern="*employees_*.csv") == "employees_20260731.csv"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "no file in the folder fits"), (("employees_new.csv",), "no single date in the name: employees_new"),
        (("employees_20260731.csv", "employees_2026-07-31.csv"), "several files of 2026-07-31"),
    ],
)  # fmt: skip
def test_a_pattern_that_leaves_a_choice_open_is_a_setting_to_mend(
    tmp_path: Path, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        chosen(tmp_path, *names)


def test_a_folder_that_is_not_there_is_a_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="folder cannot be opened"):
        chosen(tmp_path / "gone")


def test_a_file_that_is_not_there_is_a_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv: there is no such file"):
        take(tmp_path / "gone.csv")


def test_something_that_is_no_file_is_a_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        take(tmp_path)


def test_a_locked_file_is_asked_for_again_later(tmp_path: Path) -> None:
    place = tmp_path / "employees.csv"
    place.write_text("x")
    with place.open("rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(RetryableError, match="locked"):
            take(place)
    assert take(place).content == b"x"


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_BYTES", 3)
    (tmp_path / "x.csv").write_text("four")
    with pytest.raises(WireError, match="limit"):
        take(tmp_path / "x.csv")


def test_a_file_that_was_written_replaced_or_removed_is_not_the_same(tmp_path: Path) -> None:
    place = tmp_path / "x.csv"
    place.write_text("a")
    taken = take(place)
    assert taken.is_unchanged
    os.utime(place, ns=(1, 1))
    assert not taken.is_unchanged
    place.unlink()
    assert not taken.is_unchanged
