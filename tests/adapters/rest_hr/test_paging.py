"""How the end of a list is proved, and what is no proof: each strategy over answers written by hand."""

from typing import Any

import pytest

from connector.adapters.kit.api import Answer
from connector.adapters.rest_hr import paging
from connector.adapters.rest_hr.connection import StreamForm
from connector.errors import WireError


class Api:
    """Answers in turn, the last one for ever; what was asked is in `asked`."""

    def __init__(self, *answers: Answer) -> None:
        self._answers, self.asked = list(answers), []

    def __call__(self, path: str, query: dict[str, str]) -> Answer:
        self.asked.append((path, query))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def form(by: str, **more: Any) -> StreamForm:
    paged = {"by": by, "next": "next" if by == "cursor" else ""}
    return StreamForm.model_validate({"path": "/e", "rows": "rows", "paging": paged, **more})


def answer(*rows: int, total: Any = None, next: Any = None, link: Any = None) -> Answer:
    return Answer({"rows": [{"id": one} for one in rows], "total": total, "next": next}, link)


def read(api: Api, one: StreamForm) -> tuple[list[int], str]:
    found = list(paging.parts(api, one))
    return [row["id"] for part in found for row in part.rows], found[-1].proof


@pytest.mark.parametrize(("by", "asked"), [("page", ["1", "2", "3"]), ("offset", ["0", "2", "3"])])
def test_an_empty_page_is_the_end_and_a_short_one_is_not(by: str, asked: list[str]) -> None:
    api = Api(answer(1, 2), answer(3), answer())
    assert read(api, form(by)) == ([1, 2, 3], "empty_page")
    assert [query[by] for _, query in api.asked] == asked


def test_a_cursor_is_followed_until_there_is_none() -> None:
    api = Api(answer(1, next="x"), answer(next="y"), answer(2))
    assert read(api, form("cursor", query={"status": "all"})) == ([1, 2], "vendor_end")
    assert api.asked[1] == ("/e", {"status": "all", "cursor": "x"})


def test_a_link_is_followed_until_there_is_none() -> None:
    api = Api(answer(1, link=("/other", {"p": "2"})), answer(2))
    assert read(api, form("link")) == ([1, 2], "vendor_end")
    assert api.asked[1] == ("/other", {"p": "2"})


@pytest.mark.parametrize(
    ("one", "api", "words"),
    [
        (form("page"), Api(answer(1, 2)), "page seen before"),
        (form("cursor"), Api(answer(1, next="x"), answer(2, next="x")), "second time"),
        (form("link"), Api(answer(1, link=("/e", {"p": "2"})), answer(2, link=("/e", {"p": "2"}))), "second time"),
        (form("page", total="total"), Api(answer(1, total=3), answer(2, total=2)), "2 rows in all, 3 a page ago"),
        (form("none", total="total"), Api(answer(1, total="many")), "expected a number"),
        (form("none", rows="nowhere"), Api(answer(1)), "expected the rows"),
    ],
    ids=["page again", "cursor again", "link again", "total moves", "no total", "no rows"],
)
def test_what_proves_nothing_is_an_error(one: StreamForm, api: Api, words: str) -> None:
    with pytest.raises(WireError, match=words):
        read(api, one)


def test_a_list_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 3)
    api = Api(*(answer(n) for n in range(9)))
    with pytest.raises(WireError, match="more than 3 pages"):
        read(api, form("page"))
    assert len(api.asked) == 3


@pytest.mark.parametrize("paged", [{"by": "cursor"}, {"by": "page", "next": "x"}, {"by": "scroll"}])
def test_a_strategy_that_cannot_work_is_refused(paged: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"next|by"):
        StreamForm.model_validate({"path": "/e", "paging": paged})
