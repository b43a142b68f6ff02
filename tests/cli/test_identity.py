"""Links by hand, as a person types them."""

from __future__ import annotations

import pytest

from connector.i18n import LANGUAGES, catalog
from tests.cli.conftest import Terminal


def test_a_case_is_settled_by_the_command_it_names(terminal: Terminal) -> None:
    terminal.box.world.put("loans", {
        "number": "JK7777", "employee": "F-9", "principal": "300.00", "currency": "CNY", "lent_on": "2026-07-29",
        "applied_on": "2026-07-20", "kind": "business", "approval": "",
    })
    terminal("plan")
    before = terminal("cases", "--json").document["cases"]
    assert [case["subjects"] for case in before if case["number"] == "F-9"] == [["JK7777"]]
    told = terminal("link", "F-9", "1004", "--by", "王芳", "--why", "核对过身份证", "--json")
    assert told.code == 0 and told.document["employee"] == "1004"
    terminal("plan")
    assert "F-9" not in {case["number"] for case in terminal("cases", "--json").document["cases"]}


def test_explain_tells_by_what_a_number_is_linked_by_whom_and_since_when(terminal: Terminal) -> None:
    terminal("plan")
    (link,) = terminal("explain", "1004", "--json").document["links"]
    assert (link["number"], link["rule"], link["by"]) == ("1004", "number_and_name", "connector")
    assert set(link["evidence"]) == {"number", "name"} and link["evidence"]["name"].endswith("*")
    assert "same number and name" in terminal("explain", "1004", "--lang", "en").out


@pytest.mark.parametrize(("lang", "words"), [("zh_CN", "不再对应"), ("en", "is not 1004 any more")])
def test_an_ended_link_is_told_in_the_language_asked_for(terminal: Terminal, lang: str, words: str) -> None:
    terminal("plan")
    told = terminal("unlink", "1004", "--by", "王芳", "--why", "不是他", "--lang", lang)
    assert told.code == 0 and words in told.out
    assert terminal("unlink", "1004", "--by", "王芳", "--why", "不是他").code == 1


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_every_case_is_told_with_what_to_do(terminal: Terminal, lang: str) -> None:
    terminal.box.world.put("loans", {
        "number": "JK7777", "employee": "F-9", "principal": "300.00", "currency": "CNY", "lent_on": "2026-07-29",
        "applied_on": "2026-07-20", "kind": "business", "approval": "",
    })
    terminal("plan")
    told = terminal("cases", "--lang", lang)
    assert told.code == 0 and "JK7777" in told.out and "link F-9" in told.out


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_of_case_has_its_words_and_its_mend(lang: str) -> None:
    kinds = [f"{over}.{kind}" for over in ("loan", "employee") for kind in ("disputed", "vanished")]
    for kind in (*kinds, "loan.unlinked", "exit.unlinked", "employee.possible_rehire"):
        assert {f"identity_case.{kind}", f"identity_mend.{kind}"} <= set(catalog(lang))


def test_a_decision_needs_a_name_and_a_reason(terminal: Terminal) -> None:
    assert terminal("link", "F-9", "1004", "--by", "王芳", "--why", " ").code == 2
    assert terminal("link", "F-9", "1004", "--why", "是他").code == 2
