"""The guide for authors, followed to the letter: its files are written, its commands run, and they end as it says."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from connector.app import House
from connector.cli.main import run
from connector.i18n import _guests, catalog
from connector.settings import read_settings

GUIDE = (Path(__file__).resolve().parents[1] / "docs" / "write-an-adapter.md").read_text("utf-8")
# A file with its content, or commands with how each ends.
STEP = re.compile(
    r"^`(?P<file>desk_hr/[^`]+)`:\n\n```\w+\n(?P<text>.*?)^```|^```console\n(?P<commands>.*?)^```", re.M | re.S
)
ENDS = {"ok": 0, "green": 0, "red": 1}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path / "clone"
    _guests.clear()
    catalog.cache_clear()


def follow(adapters: Path) -> Iterator[tuple[str, int, int]]:
    """(command, exit code that the guide says, exit code) in the guide's order."""
    for step in STEP.finditer(GUIDE):
        if step["file"]:
            (adapters / step["file"]).write_text(step["text"], "utf-8")
            continue
        for line in step["commands"].splitlines():
            command, _, ending = line.partition("#")
            for name in [one for one in sys.modules if one.split(".")[0] == "desk_hr"]:
                del sys.modules[name]  # each command is a process of its own
            yield command, ENDS[ending.strip()], run(shlex.split(command)[2:], House)


def test_whoever_follows_the_guide_ends_green(clone: Path) -> None:
    done = list(follow(clone.parent / "adapters"))
    assert [code for _, _, code in done] == [said for _, said, _ in done] == [0, 1, 1, 0]


def test_the_settings_of_the_guide_are_settings(tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.M | re.S)
    shown = next(block for block in blocks if block.startswith("adapters:"))
    settings = read_settings({"company": {"code": "c"}, **yaml.safe_load(shown)}, tmp_path / "connector.yaml")
    assert settings.adapters == ["desk_hr"] and settings.connections["hr"]["adapter"] == "desk_hr"
