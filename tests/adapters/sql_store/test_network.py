"""On the line: no password and no user name goes to a database that is not proved to be the one that is meant."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trustme

from connector.adapters.contract import Check, Setting
from connector.adapters.kit.clock import SystemClock
from connector.adapters.kit.network import Resolver
from connector.adapters.sql_store.adapter import SqlStore
from connector.adapters.sql_store.connection import SqlForm

SETTING = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
LOOPBACK = {"network": "private_cidr", "cidrs": ["127.0.0.0/8"]}
OpenDoor = Callable[[trustme.LeafCert | None], Any]


def here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def checked(product: str, port: int, options: dict[str, Any], resolver: Resolver = here) -> Check:
    """The last stage of a check of hr.corp, which stands here."""
    url = f"{product}://reader:canary-1@hr.corp:{port}/hr"
    store = SqlStore(SqlForm(**{"url": url, "profile": "company"} | options), SETTING, resolver)
    return store.check()[-1]


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, dict[str, Any]]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    return ca, LOOPBACK | {"ca_file": str(tmp_path / "ca.crt")}


def test_a_verified_server_is_logged_in_to(product: str, open_door: OpenDoor, authority: Any) -> None:
    door = open_door(authority[0].issue_cert("hr.corp"))
    assert checked(product, door.port, authority[1]).mend == "sql_store.mend.bad_login"
    assert b"reader" in door.heard[0]


def test_a_certificate_for_another_name_is_refused(product: str, open_door: OpenDoor, authority: Any) -> None:
    door = open_door(authority[0].issue_cert("other.corp"))
    found = checked(product, door.port, authority[1])
    assert (found.stage, found.passed, found.mend) == ("reach", False, "sql_store.mend.bad_network")
    assert door.heard == []


def test_a_certificate_of_another_authority_is_refused(product: str, open_door: OpenDoor, authority: Any) -> None:
    door = open_door(trustme.CA().issue_cert("hr.corp"))
    assert checked(product, door.port, authority[1]).mend == "sql_store.mend.bad_network"
    assert door.heard == []


def test_a_server_that_says_it_has_no_tls_gets_nothing(product: str, open_door: OpenDoor, authority: Any) -> None:
    door = open_door(None)
    assert checked(product, door.port, authority[1]).mend == "sql_store.mend.bad_network"
    assert door.heard == []


def test_a_listed_range_may_go_without_tls(product: str, open_door: OpenDoor) -> None:
    door = open_door(None)
    assert checked(product, door.port, LOOPBACK).mend == "sql_store.mend.bad_login"
    assert b"reader" in door.heard[0]


def test_a_public_database_at_an_inner_address_is_not_even_called(product: str, open_door: OpenDoor) -> None:
    door = open_door(None)
    found = checked(product, door.port, {})
    assert found.mend == "sql_store.mend.bad_network" and "127.0.0.1" in found.found
    assert door.heard == []


def test_a_name_that_is_bent_after_the_check_leads_where_it_was_checked(product: str, open_door: OpenDoor) -> None:
    door, answers = open_door(None), [["127.0.0.1"], ["203.0.113.7"]]
    found = checked(product, door.port, LOOPBACK, lambda host, port: answers.pop(0))
    assert found.mend == "sql_store.mend.bad_login" and len(answers) == 1


def test_of_several_judged_addresses_the_one_that_answers_is_taken(product: str, open_door: OpenDoor) -> None:
    door = open_door(None)
    options = LOOPBACK | {"cidrs": ["127.0.0.0/8", "::1/128"]}
    found = checked(product, door.port, options, lambda host, port: ["::1", "127.0.0.1"])
    assert found.mend == "sql_store.mend.bad_login"


def test_nobody_there_is_a_matter_of_reach(product: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = checked(product, port, LOOPBACK)
    assert (found.stage, found.mend) == ("reach", "sql_store.mend.not_reached")


def test_no_refusal_shows_the_password(product: str, open_door: OpenDoor, authority: Any) -> None:
    door = open_door(trustme.CA().issue_cert("hr.corp"))
    assert "canary-1" not in str(checked(product, door.port, authority[1]))
