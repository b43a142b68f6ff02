"""The adapter on its stand-in: every way to page, every way to log in, a mapping of the company's own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from connector.adapters.contract import Page, Since
from connector.adapters.kit.json import parse
from connector.adapters.rest_hr import wire
from connector.adapters.rest_hr.adapter import RestHr, build
from connector.adapters.rest_hr.sandbox import PASSWORD, TOKEN, USER, RestStandIn
from connector.errors import AuthError, ConfigError, WireError
from connector.sandbox.hosted import Hosted, hosted, is_401
from connector.testing.judging import AS_OF, Patient, setting_of

PAGES: dict[str, dict[str, Any]] = {
    "page": {"rows": "data.items", "total": "data.total", "paging": {"by": "page", "size_ask": "per_page"}},
    "offset": {"rows": "data.items", "total": "data.total", "paging": {"by": "offset"}},
    "cursor": {"rows": "data.items", "paging": {"by": "cursor", "next": "meta.next"}},
    "link": {"paging": {"by": "link"}},
    "none": {},
}
LOGINS: dict[str, dict[str, Any]] = {
    "bearer": {"auth": "bearer", "token": TOKEN},
    "header": {"auth": "header", "header": "X-Api-Key", "token": TOKEN},
    "basic": {"auth": "basic", "user": USER, "password": PASSWORD},
    "oauth2": {"auth": "oauth2", "client_id": USER, "client_secret": PASSWORD, "token_path": "/oauth/token"},
}


@pytest.fixture
def site() -> Iterator[Hosted]:
    with hosted("rest", RestStandIn, is_401) as found:
        yield found


@pytest.fixture
def connect(site: Hosted) -> Iterator[Callable[..., RestHr]]:
    made: list[RestHr] = []

    def make(style: str = "none", overlay: str = "", **options: Any) -> RestHr:
        stream = {"path": f"/v1/{style}/employees", "key": "id", **PAGES[style]}
        whole = {"base_url": site.options["base_url"], "network": "sandbox", "streams": {"employee": stream}}
        setting = replace(setting_of("hr", Patient()), overlay=overlay)
        made.append(build({**whole, **LOGINS["bearer"], **options}, setting))
        return made[-1]

    yield make
    for one in made:
        one.close()


def read(adapter: RestHr, stream: str = "employee") -> list[Page]:
    return list(adapter.pull(stream, Since(AS_OF)))


@pytest.mark.parametrize("style", PAGES)
def test_every_way_to_page_gives_all_employees(site: Hosted, connect: Callable[..., RestHr], style: str) -> None:
    pages = read(connect(style))
    numbers = [number for page in pages for number in page.rows["number"]]
    assert numbers == [row["number"] for row in site.world.rows("employees")]
    assert pages[-1].end is not None and pages[-1].end.expected in (None, len(numbers))


@pytest.mark.parametrize("auth", LOGINS)
def test_every_way_to_log_in_is_let_in(connect: Callable[..., RestHr], auth: str) -> None:
    found = connect(**LOGINS[auth]).check()
    assert [(one.stage, one.passed) for one in found] == [
        (stage, True) for stage in ("reach", "login", "permission", "fields")
    ]


@pytest.mark.parametrize(("auth", "secret"), [("basic", "password"), ("oauth2", "client_secret"), ("header", "token")])
def test_a_refused_credential_is_shown_once(
    site: Hosted, connect: Callable[..., RestHr], auth: str, secret: str
) -> None:
    adapter = connect(**LOGINS[auth] | {secret: "wrong"})
    for _ in range(3):
        with pytest.raises(AuthError):
            read(adapter)
    assert site.refusals() == 1


@pytest.mark.parametrize(("auth", "lacking"), [("bearer", "token"), ("oauth2", "token_path"), ("header", "header")])
def test_a_login_that_lacks_something_is_refused_by_name(
    connect: Callable[..., RestHr], auth: str, lacking: str
) -> None:
    with pytest.raises(ConfigError, match=lacking):
        connect(**{"token": ""} | LOGINS[auth] | {lacking: ""})


def test_a_companys_own_mapping_looks_inside_rows(connect: Callable[..., RestHr]) -> None:
    rows = read(connect(overlay="streams: {employee: {department: unit.name}}"))[0].rows
    assert rows["unit.name"].to_list()[:2] == ["unit 0", "unit 1"]


def test_a_key_on_two_pages_is_an_error(site: Hosted, connect: Callable[..., RestHr]) -> None:
    pages = connect("page").pull("employee", Since(AS_OF))
    last = next(pages).rows["#ref"][-1]  # a row came in before it: the next page begins with it again
    site.arm("error_200", times=1, body={"data": {"items": [{"id": int(last)}], "total": 30}})
    with pytest.raises(WireError, match="two pages"):
        list(pages)


def test_a_row_that_is_no_object_is_set_aside(site: Hosted, connect: Callable[..., RestHr]) -> None:
    site.arm("error_200", times=1, body=[{"id": 1, "number": "7"}, "odd", None])
    page = read(connect())[-1]
    assert page.rows["number"].to_list() == ["7"]
    assert [reject.reason for reject in page.rejects] == ["rest_hr.reject.no_object"] * 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), (True, "true"), (7, "7"), (8000.5, "8000.5"), ("x", "x"), ({"a": 1}, '{"a":1}')],
)
def test_a_value_is_told_as_it_stood(value: Any, text: str | None) -> None:
    assert wire.text_of(value) == text


def test_an_exact_amount_stays_exact() -> None:
    document = parse(b'{"pay": 12345678901234567.25}', "x")
    assert wire.text_of(document["pay"]) == "12345678901234567.25"
