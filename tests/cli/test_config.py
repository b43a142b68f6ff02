"""The configuration in force, as an admin reads it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal


@pytest.mark.parametrize(("lang", "word"), [("zh_CN", "默认"), ("en", "default")])
def test_settings_are_listed_with_their_origin(terminal: Terminal, lang: str, word: str) -> None:
    told = terminal("config", "show", "--lang", lang)
    assert told.code == 0 and f"{terminal.config}:" in told.out and word in told.out
    secrets = [one for one in terminal("config", "show", "--json").document if one["name"].endswith("app_secret")]
    assert len(secrets) == 2 and {one["value"] for one in secrets} == {"•••"}


@pytest.mark.parametrize("words", [["config"], ["config", "show", "--help"]])
def test_the_group_describes_itself_in_the_readers_language(terminal: Terminal, words: list[str]) -> None:
    assert "来历" in terminal(*words, plain=True).out
