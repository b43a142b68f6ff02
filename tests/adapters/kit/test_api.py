"""The next page of a Link header is followed on its own origin only; an error is told at its stage."""

import pytest

from connector.adapters.contract import Check
from connector.adapters.kit.api import _next_page, staged
from connector.adapters.kit.http import Response
from connector.errors import AuthError, ConfigError, ConnectorError, RetryableError, WireError

ORIGIN = "https://hr.example.com/api"


def following(header: str) -> tuple[str, dict[str, str]] | None:
    return _next_page(Response(200, {"link": header}, b""), ORIGIN, "/v1/people")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('<https://hr.example.com/api/v1/people?p=2&q=>; rel="next"', ("/v1/people", {"p": "2", "q": ""})),
        ("</api/v1/people?p=2>; rel=next", ("/v1/people", {"p": "2"})),
        ('<people?p=2>; rel="next"', ("/v1/people", {"p": "2"})),
        ('<https://hr.example.com/api/v1/people>; rel="first"', None),
        ("", None),
    ],
)
def test_a_link_is_read_as_path_and_query(header: str, found: object) -> None:
    assert following(header) == found


@pytest.mark.parametrize(
    "url", ["https://evil.example.com/api/v1/people", "http://hr.example.com/api/x", "https://hr.example.com/admin"]
)
def test_a_link_to_another_origin_is_refused(url: str) -> None:
    with pytest.raises(WireError, match="another origin"):
        following(f'<{url}?p=2>; rel="next"')


@pytest.mark.parametrize(
    ("error", "stage", "mend"),
    [
        (ConfigError("certificate", place="GET hr.example.com/api/v1/people"), "reach", "not_reached"),
        (ConfigError("http", place="base_url 'http://hr.example.com'"), "reach", "not_reached"),
        (RetryableError("no connection", place="GET hr.example.com/v1"), "reach", "not_reached"),
        (RetryableError("429", retry_after_s=60), "reach", "later"),
        (AuthError("401", place="GET /v1/people"), "login", "bad_login"),
        (ConfigError("403", place="GET /v1/people"), "permission", "no_right"),
    ],
)
def test_an_error_is_told_at_its_stage_with_its_mend(error: ConnectorError, stage: str, mend: str) -> None:
    def look() -> Check:
        raise error

    last = staged(look, "rest_hr")[-1]
    assert (last.stage, last.passed, last.mend) == (stage, False, f"rest_hr.mend.{mend}")
