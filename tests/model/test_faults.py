"""Errors by code: each has its words and its mend in every language, and each of them is met somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
import yaml

from connector.errors import ConfigError, StateError, UsageError
from connector.i18n import LANGUAGES, catalog
from connector.i18n.sentences import places
from connector.model.faults import fault, words_of
from tests.house.source import PACKAGE, called, of_product

AREAS: dict[str, dict[str, dict[str, str]]] = yaml.safe_load((PACKAGE / "i18n/zh_CN/faults.yaml").read_text("utf-8"))
CODES = {f"{area}.{name}" for area, parts in AREAS.items() for name in parts["fault"]}


def raised() -> Iterator[tuple[str, set[str] | None]]:
    """Every fault that is made with its whole code written out, and the names of its facts (None: not listed)."""
    for file, tree in of_product().items():
        for node in ast.walk(tree):
            made = called(node).rpartition(".")[2] if isinstance(node, ast.Call) else ""
            at, area = {"fault": (1, ""), "_wrong": (0, "condition.")}.get(made, (-1, ""))
            if at < 0 or not isinstance(node, ast.Call) or not (made == "fault" or file.endswith("gate.py")):
                continue
            code = node.args[at] if len(node.args) > at else None
            names = {keyword.arg or "" for keyword in node.keywords}
            if isinstance(code, ast.Constant) and "." in area + str(code.value):
                yield area + str(code.value), None if "" in names else names


def test_every_error_that_is_raised_by_code_has_its_words() -> None:
    found = {code for code, _ in raised()}
    assert len(found) > 70
    assert found - CODES == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_an_error_has_a_gap(language: str) -> None:
    for code, names in raised():
        area, _, name = code.partition(".")
        for part in ("fault", "mend"):
            needed = places(catalog(language)[f"{area}.{part}.{name}"])
            assert names is None or needed <= names, code


def test_no_words_are_kept_for_an_error_that_nobody_makes() -> None:
    written = {str(node.value) for tree in of_product().values() for node in ast.walk(tree)
               if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert CODES - written - {code for code, _ in raised()} == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("area", list(AREAS))
def test_every_error_says_how_to_mend_it(area: str, language: str) -> None:
    texts = catalog(language)
    for name in AREAS[area]["fault"]:
        assert texts[f"{area}.mend.{name}"].strip() and texts[f"{area}.fault.{name}"].strip()
        assert places(texts[f"{area}.fault.{name}"]) <= places(catalog("en")[f"{area}.fault.{name}"])


def test_chinese_errors_are_chinese() -> None:
    said = {f"{area}.{name}": text for area, parts in AREAS.items() for name, text in parts["fault"].items()}
    assert [code for code, text in said.items() if not any("一" <= letter <= "鿿" for letter in text)] == []


def test_an_error_has_its_english_words_with_it_and_others_at_the_door() -> None:
    error = fault(ConfigError, "secrets.for_all", "connections.hr.url", path="secrets/hr")
    assert str(error) == "connections.hr.url: secrets/hr can be read by others → chmod 600 secrets/hr"
    assert words_of(error, "zh_CN") == ("其他账号也能读 secrets/hr", "运行 chmod 600 secrets/hr")
    assert words_of(error, "en") == (error.message, error.mend)


def test_an_error_without_a_code_is_told_in_its_own_words() -> None:
    assert words_of(StateError("nobody can", mend="ask somebody"), "zh_CN") == ("nobody can", "ask somebody")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_found_is_never_read_as_a_pattern(language: str) -> None:
    odd = "{0.__class__} {known} {{x}} %s"
    assert odd in words_of(fault(UsageError, "command.no_day", "--as-of", found=odd), language)[0]
