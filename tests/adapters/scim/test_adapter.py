"""The adapter on its stand-in: counts that move, users twice or without an id, service accounts, odd shapes."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.adapters.contract import Page, Since
from connector.adapters.scim import wire
from connector.adapters.scim.adapter import Scim, build
from connector.adapters.scim.sandbox import ScimStandIn
from connector.errors import WireError
from connector.sandbox.hosted import Hosted, hosted, is_401
from connector.testing.judging import AS_OF, Patient, setting_of


class Site:
    """A directory on a port; `says` puts an answer in the next page's place."""

    def __init__(self, host: Hosted) -> None:
        self.host, self._made = host, list[Scim]()

    def connect(self, **options: Any) -> Scim:
        url = f"{self.host.options['base_url']}/scim/v2"
        whole = {**self.host.options, "base_url": url, "network": "sandbox", **options}
        self._made.append(build(whole, setting_of("hr", Patient())))
        return self._made[-1]

    def says(self, users: list[dict[str, Any]], total: Any = 2, **more: Any) -> None:
        body = {"schemas": [wire.LIST], "totalResults": total, "Resources": users} | more
        self.host.arm("error_200", times=1, body=body)

    def read(self, **options: Any) -> list[Page]:
        return list(self.connect(**options).pull("employee", Since(AS_OF)))

    def close(self) -> None:
        for one in self._made:
            one.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with hosted("scim", ScimStandIn, is_401) as host:
        found = Site(host)
        yield found
        found.close()


def user(ref: str | None, number: str = "") -> dict[str, Any]:
    return {"id": ref, "active": True, wire.ENTERPRISE: {"employeeNumber": number}}


def test_a_server_that_caps_its_pages_hides_nobody(site: Site) -> None:
    numbers = [number for page in site.read() for number in page.rows["employeeNumber"]]
    assert numbers == [row["number"] for row in site.host.world.rows("employees")]


def test_managers_are_named_by_their_employee_number(site: Site) -> None:
    known = {row["number"]: row.get("manager") or None for row in site.host.world.rows("employees")}
    found = {row["employeeNumber"]: row["manager"] for page in site.read() for row in page.rows.iter_rows(named=True)}
    assert found == known


@pytest.mark.parametrize(
    ("users", "total", "words"),
    [
        ([user("a"), user("a")], 2, "the user a twice"), ([user(None)], 1, "without an id"),
        ([], 2, "0 users at the end"), ([user("a")], 0, "1 users at the end"), ([user("a")], "1", "no totalResults"),
        (["odd"], 1, "no users"),
    ],
    ids=["twice", "no id", "ends early", "more than there are", "no count", "no user"],
)
def test_a_page_that_cannot_be_true_is_an_error(site: Site, users: list[Any], total: Any, words: str) -> None:
    site.says(users, total)
    with pytest.raises(WireError, match=words):
        site.read()


def test_a_count_that_moves_is_an_error(site: Site) -> None:
    site.says([user("x", "1")], total=31)
    with pytest.raises(WireError, match="a page ago"):
        site.read()


def test_an_answer_of_another_service_is_named(site: Site) -> None:
    site.says([], schemas=["urn:something:else"])
    assert site.connect().check()[-1].stage == "reach"


@pytest.mark.parametrize(
    ("option", "rows", "ignored"), [("reject", 2, {}), ("ignore", 1, {"no_number": 1})]
)
def test_a_service_account_is_set_aside_or_counted_as_the_company_says(
    site: Site, option: str, rows: int, ignored: dict[str, int]
) -> None:
    site.says([user("a", "001"), user("robot", "  ")])
    (page,) = site.read(without_number=option)
    assert (page.rows.height, dict(page.ignored)) == (rows, ignored)
    assert page.end is not None and page.end.expected == rows


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ({"familyName": "李", "givenName": "四"}, "李四"), ({"familyName": "Smith", "givenName": "Ann"}, "Ann Smith"),
        ({"formatted": "Dr Ann Smith"}, "Dr Ann Smith"), ({}, None), (None, None),
    ],
)
def test_a_name_is_put_together_as_its_language_does(name: Any, shown: str | None) -> None:
    assert wire.frame([{"id": "1", "name": name}])["displayName"].to_list() == [shown]


def test_attribute_names_count_in_any_case() -> None:
    odd = {"ID": "1", "ACTIVE": "False", wire.ENTERPRISE.upper(): {"employeenumber": 7}}
    row = wire.frame([odd]).row(0, named=True)
    assert (row["id"], row["active"], row["employeeNumber"]) == ("1", "false", "7")
