"""The import as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "before"
    folder.mkdir()
    loans = "借款单号,工号,借款金额,借款日期\nH1,1004,100.00,2024-05-01\n"
    (folder / "loans.csv").write_text(loans, encoding="gb18030")
    (folder / "repayments.csv").write_text("number,loan,employee,paid_on,amount\n", encoding="utf-8")
    return folder


def test_an_import_is_shown_first_and_kept_when_it_ties_out(terminal: Terminal, folder: Path) -> None:
    terminal("plan")
    words = ("import", str(folder), "--by", "王芳", "--total")
    shown = terminal(*words, "CNY=100.00", "--json")
    assert shown.code == 0 and (shown.document["loans"], shown.document["kept"]) == (1, False)
    assert terminal(*words, "CNY=99.99").code == 4
    assert terminal(*words, "CNY=99.99", "--yes").code == 1
    assert terminal(*words, "CNY=100.00", "--yes", "--json").document["kept"] is True


@pytest.mark.parametrize(("lang", "words"), [("zh_CN", "旧账 100.00"), ("en", "the old books say 100.00")])
def test_the_sums_are_told_in_the_language_asked_for(terminal: Terminal, folder: Path, lang: str, words: str) -> None:
    terminal("plan")
    told = terminal("import", str(folder), "--by", "王芳", "--total", "CNY=100.00", "--lang", lang)
    assert told.code == 0 and words in told.out


@pytest.mark.parametrize("total", ["100.00", "CNY=much", "CNY=1.001"])
def test_a_total_that_is_none_is_refused(terminal: Terminal, folder: Path, total: str) -> None:
    assert terminal("import", str(folder), "--by", "王芳", "--total", total).code == 2
