"""The next page of a Link header: followed on its own origin only."""

import pytest

from connector.adapters.kit.api import _next_page
from connector.adapters.kit.http import Response
from connector.errors import WireError

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
