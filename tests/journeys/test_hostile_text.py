"""A night in which every free text of every system is an attack: it ends, counts, and carries none of them on."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connector.adapters.dingtalk.sandbox import DingTalkStandIn
from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.cli.demo import HrSource, _write_config
from connector.cli.main import run
from connector.sandbox.company import write_sample_company
from connector.sandbox.server import Sandbox, start_sandbox
from connector.sandbox.world import load_world
from tests.cli.conftest import QuickHouse, Told
from tests.journeys.conftest import FIRST_NIGHT
from tests.journeys.hostile import ATTACKS, Garbling, poison

# What drives a terminal, or turns the direction of what follows.
DRIVES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FOREIGN_TAGS = {"script", "img", "iframe", "object", "embed", "form", "base", "link", "input"}


@dataclass
class Attacked:
    """The night as an admin lived it: what the commands said, and where the papers are."""

    box: Sandbox
    config: Path
    papers: Path
    said: dict[str, Told]

    def document(self, name: str) -> Any:
        return json.loads((self.papers / name).read_bytes())


def speak(box: Sandbox, config: Path, *words: str) -> Told:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([words[0], "--config", str(config), *words[1:]], lambda: QuickHouse(box.world))
    return Told(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """Live, held by the brakes, approved, written; then one more plan and an explanation of everybody."""
    home = tmp_path_factory.mktemp("hostile")
    write_sample_company(home / "company", FIRST_NIGHT)
    world = load_world(home / "company")
    poison(world)
    standins = {"kingdee": Garbling(KingdeeStandIn(world)), "dingtalk": Garbling(DingTalkStandIn(world, False))}
    with start_sandbox(world, standins) as box:
        config, papers = home / "connector.yaml", home / "papers"
        _write_config(config, world, box.describe(), HrSource())
        said = {"live": speak(box, config, "live", "on", "--by", "王芳", "--despite-links")}
        for group in json.loads(speak(box, config, "plan", "--json").out)["held"]:
            said[f"approve {group['kind']}"] = speak(box, config, "approve", group["hash"], "--by", "王芳")
        said["written"] = speak(box, config, "run", "--json", "--out", str(papers))
        said |= {words: speak(box, config, words) for words in ("run", "plan")}
        numbers = [row["number"] for row in world.rows("employees") if row["monthly_salary"] == "100.00"]
        said |= {f"explain {number}": speak(box, config, "explain", "--", number) for number in numbers}
        said |= {f"look {number}": speak(box, config, "look", "--", number) for number in numbers[9:13]}
        yield Attacked(box, config, papers, said)


def test_the_night_ends_and_every_row_is_counted(attacked: Attacked) -> None:
    streams = attacked.document("proof.json")["streams"]
    assert all(s["complete"] and s["rows"] == s["staged"] + s["rejected"] for s in streams)
    rows = {s["stream"]: s["rows"] for s in streams}
    months = [row for table in ("appraisals", "attendance") for row in attacked.box.world.rows(table)]
    assert sum(s["rejected"] for s in streams) == 1 + len(months)  # an attack is no month
    assert rows["employee"] == rows["person"] == len(attacked.box.world.rows("employees"))
    assert rows["open_item"] == len([loan for loan in attacked.box.world.rows("loans") if loan["lent_on"]])


def test_whoever_has_an_attack_for_a_number_is_found_flagged_and_held(attacked: Attacked) -> None:
    found = {f["employee"] for f in attacked.document("findings.json")["findings"] if f["rule"] == "exit.open_loan"}
    assert len(found) == len(ATTACKS)
    assert attacked.said["written"].document["outcomes"]["confirmed"] > 3 * len(ATTACKS)


def test_only_a_number_that_is_not_readable_over_there_is_refused_and_named(attacked: Attacked) -> None:
    troubles = [t for t in attacked.said["written"].document["troubles"] if t["code"] != "rejects"]
    assert {(t["code"], t["facts"]["employee"]) for t in troubles} == {
        ("action_refused", "half � 22"), ("action_refused", "=1 18"),  # a tab stood before it
        ("action_refused", "nul␀nul 12"),  # no database of ours keeps a NUL
    }


def test_what_is_written_to_other_systems_carries_no_control_character(attacked: Attacked) -> None:
    for effect in attacked.box.world.effects:
        for words in texts(effect["body"]):
            assert not DRIVES.search(words), (effect["op"], words)


def texts(value: object) -> Iterator[str]:
    """Every text within a JSON value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def test_no_command_drives_the_terminal(attacked: Attacked) -> None:
    for words, told in attacked.said.items():
        assert not DRIVES.search(told.out + told.err), words
        assert "Traceback" not in told.err and told.code in (0, 1, 4), (words, told.err)


def test_the_documents_are_json_to_any_reader(attacked: Attacked) -> None:
    for name in ("plan.json", "findings.json", "proof.json"):
        assert attacked.document(name)
        assert "\\ud8" not in (attacked.papers / name).read_text("utf-8")


class Page(HTMLParser):
    """The elements of a page with their attributes, and what of it is read."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def page(attacked: Attacked) -> Page:
    return Page((attacked.papers / "report.html").read_text("utf-8"))


def test_the_page_shows_the_attacks_and_has_no_element_of_theirs(page: Page) -> None:
    assert "<script>alert(1)</script>" in "".join(page.words)
    assert {tag for tag, _ in page.tags}.isdisjoint(FOREIGN_TAGS)
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcdoc"}], tag
        assert (attributes.get("href") or "#").startswith("#")


def test_the_page_turns_no_text_around_and_fills_in_no_template(page: Page) -> None:
    assert not DRIVES.search("".join(page.words))
    assert "{{ 7 * 7 }}" in "".join(page.words)


def test_the_workbook_has_no_formula_and_no_link(attacked: Attacked) -> None:
    with closing(openpyxl.load_workbook(attacked.papers / "reconciliation.xlsx")) as book:
        cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert len(cells) > 500
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert not [c.value for c in cells if isinstance(c.value, str) and c.value.startswith(("=", "+", "-", "@", "＝"))]


def test_no_attack_has_done_anything_to_a_database(attacked: Attacked) -> None:
    for base in (attacked.config.parent / "data" / "connector.db", Path(attacked.box.hr_url.removeprefix("sqlite:///"))):
        with closing(sqlite3.connect(base)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with closing(sqlite3.connect(base)) as conn:
        assert conn.execute("SELECT count(*) FROM employees").fetchone() == (len(attacked.box.world.rows("employees")),)
