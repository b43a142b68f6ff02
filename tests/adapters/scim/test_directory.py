"""The adapter against a SCIM server that other people wrote (scim2-server), on a port of this machine."""

from collections.abc import Callable

import pytest

from connector.adapters import registry
from connector.adapters.contract import Since
from connector.adapters.scim.adapter import Scim
from connector.errors import AuthError
from connector.mappings.table import Context, load_mapping, map_rows
from connector.testing.judging import AS_OF, Patient, setting_of
from tests.adapters.scim.conftest import Directory


def employees(adapter: Scim) -> list[dict[str, object]]:
    setting = setting_of("hr", Patient())
    context = Context("hr", setting.clock.now(), "CNY", setting.zone)
    mapping = load_mapping(registry.mapping_text("scim"), "scim")["employee"]
    parts = [map_rows(mapping, page.rows, context) for page in adapter.pull("employee", Since(AS_OF))]
    assert not any(bad for _, bad in parts)
    return [row for rows, _ in parts for row in rows.iter_rows(named=True)]


def test_identity_and_status_are_read_as_the_server_has_them(
    directory: Directory, connect: Callable[..., Scim]
) -> None:
    boss = directory.add("wang", "001", displayName="王芳", title="经理")
    directory.add("li", "002", active=False, manager=boss, name={"familyName": "李", "givenName": "四"},
                  phoneNumbers=[{"type": "mobile", "value": "tel:+86-139-0000-0000"}])
    first, second = sorted(employees(connect(directory.url)), key=lambda row: str(row["number"]))
    assert (first["number"], first["name"], first["position"], first["status"]) == ("001", "王芳", "经理", "active")
    assert (second["name"], second["status"], second["manager"]) == ("李四", "left", "001")
    assert (second["department"], second["ref"] != first["ref"]) == ("销售部", True)


@pytest.mark.parametrize("rows", [1, 2, 5, 100])
def test_every_user_comes_once_whatever_the_size_of_a_page(
    directory: Directory, connect: Callable[..., Scim], rows: int
) -> None:
    for number in range(5):
        directory.add(f"user{number}", f"{number:03d}")
    found = [row["number"] for row in employees(connect(directory.url, page_rows=rows))]
    assert sorted(map(str, found)) == ["000", "001", "002", "003", "004"]


def test_an_empty_directory_has_a_proved_end(directory: Directory, connect: Callable[..., Scim]) -> None:
    (page,) = connect(directory.url).pull("employee", Since(AS_OF))
    assert page.rows.height == 0 and page.end is not None and page.end.expected == 0


def test_the_check_passes_and_a_wrong_token_is_named(directory: Directory, connect: Callable[..., Scim]) -> None:
    directory.add("wang", "001")
    assert [one.passed for one in connect(directory.url).check()] == [True] * 4
    assert connect(directory.url, token="wrong").check()[-1].mend == "scim.mend.bad_login"
    with pytest.raises(AuthError):
        list(connect(directory.url, token="wrong").pull("employee", Since(AS_OF)))
