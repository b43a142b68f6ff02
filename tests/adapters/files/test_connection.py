"""The form of a company folder: what is said once, and what cannot be meant."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connector.adapters.files.connection import FilesForm, NamedFile


def streams(**options: object) -> dict[str, NamedFile]:
    return FilesForm.model_validate({"folder": ".", **options}).streams


def test_a_bare_folder_holds_the_employees() -> None:
    assert streams() == {"employee": NamedFile(name="employees.csv")}


def test_a_file_is_named_or_is_the_newest_of_a_pattern() -> None:
    employees = streams(pattern="花名册_*.xlsx", sheet="在职")["employee"]
    assert employees == NamedFile(pattern="花名册_*.xlsx", sheet="在职")
    found = streams(appraisals="appraisals.csv", attendance="考勤*.xlsx", signals={"name": "s.xlsx", "sheet": "A"})
    assert found["appraisal_month"].name == "appraisals.csv"
    assert found["attendance_month"].pattern == "考勤*.xlsx"
    assert found["signal"].sheet == "A"


def test_a_folder_may_hold_no_employees() -> None:
    assert list(streams(file=None, attendance="attendance.csv")) == ["attendance_month"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"file": "../x.csv"}, "bare file name"), ({"pattern": "a/*.csv"}, "bare file name"),
        ({"file": ""}, "is empty"),
        ({"appraisals": {"name": "a", "pattern": "b"}}, "one of them"), ({"file": None}, "at least one"),
        ({"number_width": 21}, "less than or equal to 20"), ({"date_system": 1903}, "1900 or 1904"),
        ({"encoding": "latin"}, "gb18030"), ({"colour": "red"}, "not permitted"), ({"attendance": "../a"}, "bare"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        streams(**options)
