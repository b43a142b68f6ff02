"""Text of strangers: read by people, obeyed by nothing."""

from __future__ import annotations

from connector.i18n.foreign import clean
from connector.i18n.sentences import mark_text


def test_control_characters_and_marks_that_turn_the_direction_are_removed() -> None:
    assert clean("a\x00b\x07c\u202ed\u2066e\x7ff") == "abcdef"
    assert clean("line\ntab\t") == "line\ntab\t"
    assert clean("\ud800x") == "�x"


def test_what_is_written_to_another_system_is_clean_whatever_its_facts_hold() -> None:
    action = {"kind": "todo", "verb": "put", "after": {"exit": "LZ\x00\x1b[2J\u202e1"}}
    assert mark_text(action, "zh_CN").splitlines()[0] == "离职前请结清借款（LZ[2J1）"
