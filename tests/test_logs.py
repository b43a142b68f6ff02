"""Logs say what happened, and nothing about anybody."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.logs import open_log

PERSON = "张伟 13800000000"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "c.log"


def test_a_line_is_one_object_with_event_level_company_and_instant(file: Path) -> None:
    with open_log(file, "acme") as say:
        say("night_ended", run="20260731-ab12", as_of=date(2026, 7, 31), seconds=1.5, retry_at=None)
    (line,) = lines(file)
    assert datetime.fromisoformat(line.pop("at")).utcoffset() == timedelta()
    assert line == {"event": "night_ended", "level": "info", "company": "acme", "run": "20260731-ab12",
                    "as_of": "2026-07-31", "seconds": 1.5}


@pytest.mark.parametrize("field", ["employee", "name", "ref", "number", "salary", "balance", "detail", "message"])
def test_a_field_that_may_name_a_person_never_gets_into_a_line(file: Path, field: str) -> None:
    with open_log(file, "acme") as say:
        say("night_ended", **{field: "1004"})
    assert "1004" not in file.read_text("utf-8")


def test_a_text_that_is_no_code_is_left_out_even_of_an_allowed_field(file: Path) -> None:
    with open_log(file, "acme") as say:
        say("night_ended", cause=PERSON, run={"secret": PERSON})
    (line,) = lines(file)
    assert line["cause"] == "unfit" and "run" not in line and PERSON not in str(line)


def test_what_libraries_say_is_told_without_their_words(file: Path) -> None:
    with open_log(file, "acme"):
        logging.getLogger("some.library").warning("cannot read %s", PERSON)
        logging.getLogger("some.library").info("never mind")
    (line,) = lines(file)
    assert line["logger"] == "some.library" and PERSON not in str(line)


def test_what_somebody_should_look_at_is_a_warning(file: Path) -> None:
    with open_log(file, "acme") as say:
        say("step_failed", cause="StoreError")
    assert lines(file)[0]["level"] == "warning"


def test_without_a_file_lines_go_to_standard_error_and_an_ended_log_is_silent(capsys: Any) -> None:
    with open_log(None, "acme") as say:
        say("started")
    logging.getLogger("some.library").info("after")
    assert json.loads(capsys.readouterr().err)["event"] == "started"
