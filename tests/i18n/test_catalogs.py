"""The catalogs say the same things in every language."""

from __future__ import annotations

import pytest
import yaml

from connector.i18n import LANGUAGES, _flatten, catalog
from connector.i18n.sentences import places
from tests.house.source import ROOT

RULES = (
    "loan.over_salary_share", "loan.too_many_in_window", "loan.over_trip_limit", "loan.overdue",
    "loan.without_approval", "exit.open_loan", "exit.left_with_loan", "exit.unproven", "exit.cannot_hold",
    "exit.slipped_through", "exit.owes_after_release", "identity.unlinked", "identity.disputed", "identity.vanished",
    "books.person_difference", "loan.split", "loan.while_one_open", "application.over_trip_limit",
    "application.over_salary_share", "performance.exit_warning", "performance.improvement_talk",
    "performance.behind_pace", "attendance.late_doubled", "signal.resume_updated", "org.manager_left",
    "org.approver_vacant", "exit.back_with_loan", "identity.possible_rehire",
)


def test_every_language_has_the_same_keys() -> None:
    zh, en = (set(catalog(language)) for language in ("zh_CN", "en"))
    assert zh - en == set()
    assert en - zh == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_stands_in_one_place_only(language: str) -> None:
    files = [*(ROOT / "connector").glob(f"i18n/{language}/*.yaml"),
             *(ROOT / "connector").glob(f"adapters/*/texts/{language}.yaml")]
    keys: list[str] = []
    for file in files:
        flat: dict[str, str] = {}
        _flatten(yaml.safe_load(file.read_text("utf-8")), "", flat)
        keys += flat
    assert len(keys) > 300
    assert {key for key in keys if keys.count(key) > 1} == set()


@pytest.mark.parametrize("prefix", ["rule.", "mark.", "say.", "page.", "trouble.", "reject.", "about.", "sheet."])
def test_every_place_of_a_text_is_used_in_both_languages(prefix: str) -> None:
    zh, en = catalog("zh_CN"), catalog("en")
    differing = {key for key in zh if key.startswith(prefix) and places(zh[key]) != places(en[key])}
    assert differing == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_title_a_sentence_what_to_do_and_why_it_may_be_unknown(rule: str, language: str) -> None:
    for part in ("title", "sentence", "short", "todo", "unknown"):
        assert catalog(language)[f"rule.{rule}.{part}"].strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_of_the_default_book_has_a_title(language: str) -> None:
    text = (ROOT / "connector" / "rules" / "default.yaml").read_text("utf-8")
    codes = [rule["code"] for rule in yaml.safe_load(text)["rules"]]
    assert [code for code in codes if f"rule.{code}.title" not in catalog(language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_says_what_to_do(language: str) -> None:
    codes = {key.removeprefix("trouble.") for key in catalog(language) if key.startswith("trouble.")}
    assert {code for code in codes if not catalog(language).get(f"trouble_todo.{code}")} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_and_no_word_was_read_as_yes_or_no(language: str) -> None:
    assert [key for key, value in catalog(language).items() if value in ("", "None", "True", "False")] == []


def test_chinese_texts_are_chinese() -> None:
    """Every sentence of the Chinese catalog holds Chinese letters, so that none was forgotten in English."""
    sentences = {k: v for k, v in catalog("zh_CN").items() if k.startswith(("rule.", "trouble.", "trouble_todo."))}
    assert [k for k, v in sentences.items() if not any("一" <= letter <= "鿿" for letter in v)] == []
