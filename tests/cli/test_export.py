"""Lists as an admin takes them out."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest

from connector.cli.export import LISTS
from connector.cli.papers import Findings
from connector.errors import StateError
from tests.cli.conftest import Terminal


def exported(terminal: Terminal, what: str) -> list[dict[str, Any]]:
    told = terminal("export", what, "--format", "json", "--json")
    assert told.code == 0, told.err
    lines = Path(told.document["path"]).read_text("utf-8").splitlines()
    assert told.document["rows"] == len(lines)
    return [json.loads(line) for line in lines]


def test_every_list_is_written_in_every_format(terminal: Terminal, tmp_path: Path) -> None:
    terminal("live", "on", "--by", "王芳")
    terminal("run")
    for what in LISTS:
        for format in ("xlsx", "csv", "json"):
            told = terminal("export", what, "--format", format, "--out", str(tmp_path / f"{what}.{format}"))
            assert told.code == 0 and str(tmp_path / f"{what}.{format}") in told.out


def test_lists_hold_what_the_night_read_and_found(terminal: Terminal) -> None:
    terminal("plan")
    papers = Path(terminal("run", "--json").document["papers"])
    found = orjson.loads((papers / "findings.json").read_bytes())["findings"]
    assert [row["key"] for row in exported(terminal, "findings")] == [one["key"] for one in found]
    people = exported(terminal, "employees")
    assert len(people) == len(terminal.box.world.rows("employees"))
    assert sum(Decimal(row["balance"]) for row in exported(terminal, "loans") if row["employee"] == "1004") == 28000
    assert {row["number"] for row in exported(terminal, "exits")} >= {"LZ0001"}
    assert len(exported(terminal, "runs")) == 2


def test_a_plan_is_exported_with_what_became_of_it(terminal: Terminal) -> None:
    terminal("live", "on", "--by", "王芳")
    terminal("run")
    assert {row["outcome"] for row in exported(terminal, "plan")} == {"已确认"}


def test_a_salary_and_a_phone_number_are_in_no_list(terminal: Terminal) -> None:
    canary = {"monthly_salary": "8713.13", "mobile": "13987654321"}
    terminal.box.world.put("employees", {"number": "1004", **canary})
    terminal("plan")
    for what in LISTS:
        text = str(exported(terminal, what))
        assert not any(value in text for value in (*canary.values(), "871313"))


def test_a_workbook_is_the_same_list_with_a_cover(terminal: Terminal, tmp_path: Path) -> None:
    terminal("plan")
    assert terminal("export", "employees", "--out", str(tmp_path / "a.xlsx"), "--lang", "en").code == 0
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames == ["About", "Employees"]


@pytest.mark.parametrize("what", ["loans", "employees", "findings", "plan"])
def test_a_list_that_no_night_has_brought_says_what_to_do(terminal: Terminal, what: str) -> None:
    told = terminal("export", what)
    assert told.code == 1 and "connector plan" in told.err


@pytest.mark.parametrize("words", [["export", "salaries"], ["export", "loans", "--format", "pdf"]])
def test_an_unknown_list_or_format_is_2(terminal: Terminal, words: list[str]) -> None:
    assert terminal(*words).code == 2


@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 20])
def test_findings_are_read_one_by_one_however_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(Findings, "_PIECE", piece)
    wanted = [{"key": f"r|loan|{n}", "facts": {"name": '"findings": [ }] 张伟'}} for n in range(9)]
    path = tmp_path / "findings.json"
    for option in (0, orjson.OPT_INDENT_2):
        path.write_bytes(orjson.dumps({"as_of": "2026-07-31", "findings": wanted, "more": []}, option=option))
        assert list(Findings(path)) == wanted == list(Findings(path))


@pytest.mark.parametrize("text", ["{}", '{"findings": [{"a": 1}, {"b"', '{"findings": [{"a": 1}'])
def test_a_findings_file_that_is_cut_short_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "findings.json").write_text(text)
    with pytest.raises(StateError, match=r"findings|middle"):
        list(Findings(tmp_path / "findings.json"))
