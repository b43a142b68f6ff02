"""A stand-in on a port for a trial: refusals are counted, pages repeated when that is ordered, nothing stays behind."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox.hosted import Hosted, built_in, hosted, is_401
from connector.sandbox.http import Request, Response


class Door:
    """Refuses /locked, and answers anything else with the query it was asked."""

    def respond(self, request: Request) -> Response:
        return Response(401 if request.path == "/locked" else 200, [], request.query.encode())

    def describe(self) -> dict[str, object]:
        return {"token": "t"}


@pytest.fixture
def door() -> Iterator[Hosted]:
    with hosted("door", lambda world: Door(), is_401) as found:
        yield found


def ask(door: Hosted, path: str) -> bytes:
    with urllib.request.urlopen(f"{door.options['base_url']}{path}", timeout=5) as answer:
        return bytes(answer.read())


def test_each_refusal_is_counted_and_nothing_else(door: Hosted) -> None:
    ask(door, "/open")
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError):
            ask(door, "/locked")
    assert (door.refusals(), door.options["token"]) == (2, "t")


def test_a_path_repeats_its_first_page_once_that_is_ordered(door: Hosted) -> None:
    assert [ask(door, f"/list?page={page}") for page in (1, 2)] == [b"page=1", b"page=2"]
    door.repeat_pages()
    assert [ask(door, f"/list?page={page}") for page in (1, 2)] == [b"page=1", b"page=1"]
    assert ask(door, "/other?page=2") == b"page=2"


def test_the_company_of_a_trial_is_gone_after_it() -> None:
    places: list[Path] = []
    with hosted("door", lambda world: Door(), is_401, lambda folder: _fill(folder, places)):
        assert places[0].is_dir()
    assert not places[0].exists()


def _fill(folder: Path, places: list[Path]) -> None:


    places.append(folder)
    built_in(folder)
