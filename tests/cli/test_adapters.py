"""The commands for authors: begin an adapter, try it, see which there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.registry import NAMES
from connector.app import House
from connector.cli.main import run
from connector.i18n import _guests, catalog
from tests.cli.conftest import Told

Say = Callable[..., Told]


@pytest.fixture
def say(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """A shell; whatever a folder's code left behind is forgotten at the end."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    known = set(sys.modules)

    def command(*words: str) -> Told:
        capsys.readouterr()
        code = run(["adapter", *words], House)
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    yield command
    for name in set(sys.modules) - known:
        if name.startswith("staff_api"):
            del sys.modules[name]
    _guests.clear()
    catalog.cache_clear()


def failed(told: Told) -> set[str]:
    return {one["criterion"] for one in told.document[0]["criteria"] if one["state"] == "failed"}


def test_a_new_adapter_is_red_until_its_mapping_names_the_number(say: Say, tmp_path: Path) -> None:
    folder = tmp_path / "staff_api"
    assert say("new", "staff_api", "--into", str(tmp_path)).code == 0
    red = say("check", str(folder), "--json")
    assert red.code == 1 and failed(red) == {"check_passes", "every_row_is_mapped", "only_limits"}
    mapping = folder / "staff_api" / "mapping.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("number: number", "number: staff_no"), "utf-8")
    green = say("check", str(folder), "--json")
    assert (green.code, failed(green), green.document[0]["proved"]) == (0, set(), "gold")


def test_a_new_adapter_tells_its_files_as_json(say: Say, tmp_path: Path) -> None:
    told = say("new", "staff_api", "--into", str(tmp_path), "--json").document
    assert {"pyproject.toml", "staff_api/wire.py", "staff_api/texts/zh_CN.yaml"} <= set(told["files"])
    assert all((tmp_path / "staff_api" / file).is_file() for file in told["files"])


@pytest.mark.parametrize("name", ["Staff", "9lives", "a-b", "class", "json", "connector", "../x", "files"])
def test_a_name_that_cannot_be_a_package_is_refused(say: Say, tmp_path: Path, name: str) -> None:
    assert say("new", name, "--into", str(tmp_path / "in")).code == 2
    assert not (tmp_path / "in").exists() and not (tmp_path / "x").exists()


def test_a_folder_that_holds_something_is_left_alone(say: Say, tmp_path: Path) -> None:
    (tmp_path / "staff_api").mkdir()
    (tmp_path / "staff_api" / "mine.txt").write_text("mine", "utf-8")
    assert say("new", "staff_api", "--into", str(tmp_path)).code == 1
    assert [path.name for path in (tmp_path / "staff_api").iterdir()] == ["mine.txt"]


def test_the_list_shows_every_adapter_with_its_level(say: Say) -> None:
    told = say("list", "--json").document
    assert {one["adapter"]: one["level"] for one in told} == dict.fromkeys(NAMES, "gold")
    assert "仿真" not in say("list", "--lang", "en").out and "银" not in say("list", "--lang", "en").out


def test_a_check_says_each_promise_in_the_readers_language(say: Say) -> None:
    english, chinese = say("check", "files", "--lang", "en"), say("check", "files", "--lang", "zh_CN")
    assert english.code == chinese.code == 0
    assert "a stream that breaks off is an error" in english.out and "等级：金" in chinese.out


def test_a_configuration_says_which_adapters_are_tried(say: Say, tmp_path: Path) -> None:
    config = tmp_path / "connector.yaml"
    config.write_text("company: {code: c}\nconnections:\n  hr: {adapter: files, folder: .}\n", "utf-8")
    told = say("check", "--config", str(config), "--json")
    assert [one["adapter"] for one in json.loads(told.out)] == ["files"]


def test_an_adapter_that_nobody_knows_is_named(say: Say) -> None:
    told = say("check", "nobody", "--lang", "en")
    assert told.code == 1 and "nobody" in told.err and "scim" in told.err
