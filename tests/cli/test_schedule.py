"""The schedule as an admin meets it."""

from __future__ import annotations

import pytest
import yaml

from tests.cli.conftest import Terminal


def scheduled(terminal: Terminal, nightly: str) -> None:
    document = yaml.safe_load(terminal.config.read_text("utf-8")) | {"schedule": {"nightly": nightly}}
    terminal.config.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")


def test_check_shows_the_next_five_nights_in_the_companys_time(terminal: Terminal) -> None:
    scheduled(terminal, "30 1 * * 0")
    told = terminal("check")
    assert told.code == 0 and told.out.count(" 01:30") == 5 and "Asia/Shanghai" in told.out


@pytest.mark.parametrize("nightly", ["*/5 * * * *", "30 1 * * 8", "at night"])
def test_a_time_that_cannot_be_is_named_with_its_place(terminal: Terminal, nightly: str) -> None:
    scheduled(terminal, nightly)
    told = terminal("check")
    assert told.code == 1 and f"{terminal.config} schedule.nightly" in told.err and "30 1 * * *" in told.err
