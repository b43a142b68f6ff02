"""What is wrong with a whole file is said in both languages, with its place and its mend."""

from __future__ import annotations

import re

import pytest

from connector.adapters.files.faults import fault, mend_of
from connector.errors import WireError
from connector.i18n import LANGUAGES, catalog
from connector.i18n.sentences import cause_text, found_text
from tests.house.source import PACKAGE


def test_every_fault_that_is_raised_has_its_words_and_its_mend_and_no_other_has() -> None:
    texts = "".join(path.read_text("utf-8") for path in (PACKAGE / "adapters" / "files").glob("*.py"))
    raised = set(re.findall(r'fault\(\s*\w+, "(\w+)"', texts))
    for language in LANGUAGES:
        for part in ("fault", "mend"):
            prefix = f"files.{part}."
            assert {key.removeprefix(prefix) for key in catalog(language) if key.startswith(prefix)} == raised


def test_a_fault_is_kept_as_a_code_and_said_in_the_readers_language() -> None:
    error = fault(WireError, "encoding", "x.csv line 3", byte="0xd5", position=4, encoding="utf-8")
    assert error.record.startswith('files.fault.encoding: {"place": "x.csv line 3"')
    said = cause_text(error.record, "zh_CN")
    assert said.startswith("x.csv line 3（字节 0xd5（该行第 4 个字节）不能按 utf-8 读成文字）。请在 WPS")
    assert found_text(error.record, "en") == (
        "x.csv line 3: found the byte 0xd5 (byte 4 of the line), which is no utf-8 text"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mend_of_a_fault_needs_no_facts(language: str) -> None:
    mends = [text for key, text in catalog(language).items() if key.startswith("files.mend.")]
    assert len(mends) > 20
    assert not [text for text in mends if "{" in text]
    assert catalog(language)[mend_of(fault(WireError, "empty", "x"))] in mends


def test_an_error_without_a_code_is_kept_by_its_kind_and_words() -> None:
    assert WireError("cut", place="x", mend="again").record == "WireError: x: cut → again"
    assert found_text("WireError: x: cut", "zh_CN") == "WireError: x: cut"
