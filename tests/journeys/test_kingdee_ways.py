"""Nights over the ways in which one Kingdee account can be entered and read: the same company, the same answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.adapters.kingdee_cloud.sandbox.sessions import Credentials
from connector.sandbox.company import write_sample_company
from tests.journeys.conftest import FIRST_NIGHT, Town, causes, open_town, planned


@pytest.mark.parametrize("auth", ["signature", "login_by_sign", "login_by_app_secret", "password"])
def test_whoever_logs_in_sees_the_same_night(tmp_path: Path, town: Town, auth: str) -> None:
    password = Credentials.of(town.world.name).password
    usual = town.night()
    write_sample_company(tmp_path / "other" / "company", FIRST_NIGHT)
    with open_town(tmp_path / "other", auth=auth, password=password) as other:
        found = other.night()
    assert planned(found) == planned(usual) != set()
    assert causes(found) == causes(usual)
