"""The service units and the compose file, as far as their text shows it: who runs, and what may be written."""

import configparser
import re
from typing import Any

import pytest
import yaml

from connector.cli.main import app
from tests.house.source import ROOT
from tests.house.test_dockerfile import value_of

UNITS = ("connector.service", "connector-status.service")
Unit = dict[str, dict[str, list[str]]]


def unit(name: str) -> Unit:
    """Section → key → its values; a key may stand more than once."""
    found: Unit = {}
    section = ""
    for line in (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(section, {}).setdefault(key, []).append(value)
    return found


def environment(name: str) -> dict[str, str]:
    return dict(word.split("=", 1) for line in unit(name)["Service"]["Environment"] for word in line.split())


def commands() -> set[str]:
    return {str(one.name) for one in app.registered_commands}


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [*UNITS, "connector-status.timer"])
def test_a_unit_can_be_read_and_says_what_it_is(name: str):
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string((ROOT / "deploy" / name).read_text(encoding="utf-8"))
    assert parser.get("Unit", "Description").startswith("connector")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_that_there_is(name: str):
    service = unit(name)["Service"]
    started = [line for key in ("ExecStartPre", "ExecStart") for line in service.get(key, [])]
    assert started and all(" -P -m connector " in line for line in started)
    assert {line.split()[-1] for line in started} <= commands()


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_runs_as_nobody_in_particular_and_writes_in_one_place(name: str):
    service = unit(name)["Service"]
    assert service["User"] == ["connector"] and service["CapabilityBoundingSet"] == [""]
    assert service["ProtectSystem"] == ["strict"] and service["NoNewPrivileges"] == ["yes"]
    assert service["StateDirectory"] == ["connector"] and service["UMask"] == ["0077"]
    assert environment(name)["CONNECTOR_DATA_DIR"] == "/var/lib/connector"
    assert "ReadWritePaths" not in service


def test_the_service_has_time_to_end_and_rests_when_it_cannot_start():
    service = unit("connector.service")
    assert int(service["Service"]["TimeoutStopSec"][0]) > 30
    assert service["Service"]["Restart"] == ["on-failure"] and service["Unit"]["StartLimitBurst"] == ["5"]


def test_a_container_is_read_only_without_rights_and_without_a_port():
    connector = compose()["services"]["connector"]
    assert connector["read_only"] is True and connector["cap_drop"] == ["ALL"]
    assert connector["security_opt"] == ["no-new-privileges:true"] and "ports" not in connector
    assert connector["user"] == value_of("USER") and connector["tmpfs"] == ["/tmp"]
    assert connector["volumes"][0] == "data:/data"
    assert all(volume.endswith(":ro") for volume in connector["volumes"][1:])
    assert "healthcheck" not in connector and "command" not in connector  # the image's own


def test_postgres_is_a_profile_and_sqlite_needs_none():
    services = compose()["services"]
    assert services["database"]["profiles"] == ["postgres"] and "profiles" not in services["connector"]
    assert services["connector"]["depends_on"]["database"]["required"] is False
    assert services["connector"]["environment"] == ["CONNECTOR_STORE"]  # an empty one would overrule the file


def test_no_secret_stands_in_a_file_that_is_handed_over():
    for path in [ROOT / "compose.yaml", *(ROOT / "deploy").iterdir()]:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
        assert [line for line in lines if re.search(r"(password|secret|token)\w*\s*[:=]\s*\S", line, re.I)] == []


def test_the_guide_names_every_command_of_operation_and_every_exit_code():
    guide = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    for command in ("serve", "status", "runs", "retry", "undo", "unmark", "export", "config show", "live off"):
        assert f"`{command}" in guide or f"connector {command}" in guide, command
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", guide, re.MULTILINE)} == {0, 1, 2, 3, 4, 70, 130}
