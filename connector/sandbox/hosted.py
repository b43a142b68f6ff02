"""One stand-in on a port of this machine over the built-in company, and the knobs that trouble it.

Promises: everything it opened is closed and removed at the end; refusals are counted as they left. Never here: what
a product answers, or who asks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from connector.sandbox.company import write_sample_company
from connector.sandbox.faults import Chaos
from connector.sandbox.http import Request, Response, StandIn
from connector.sandbox.server import start_sandbox
from connector.sandbox.world import World, load_world

# The day on which the built-in company stands.
STANDS_ON = date(2026, 7, 31)
Fill = Callable[[Path], None]


@dataclass
class Hosted:
    """`options`: addresses and credential of the stand-in; `url` its address; `hr_url` the company's HR database."""

    world: World
    chaos: Chaos
    options: dict[str, Any]
    hr_url: str
    witness: Witness

    def refusals(self) -> int:
        """How often a credential was refused so far."""
        return self.witness.refused

    def arm(self, fault: str, op: str = "*", after: int = 0, times: int = 0, **args: object) -> None:
        """From now on these requests go wrong; `times` 0 = for ever."""
        self.chaos.arm([{"op": op, "fault": fault, "after": after, "times": times, "args": args}])

    def repeat_pages(self) -> None:
        """From now on a path answers with its first page for ever, whatever the product calls the place of a page."""
        self.witness.first_pages = {}


class Witness:
    """A stand-in that counts its refusals of a credential, and repeats its first pages where it is told to."""

    def __init__(self, standin: StandIn, is_refusal: Callable[[Response], bool]) -> None:
        self._standin, self._is_refusal = standin, is_refusal
        self.refused = 0
        self.first_pages: dict[tuple[str, str], Response] | None = None

    def respond(self, request: Request) -> Response:
        if self.first_pages is not None and (request.method, request.path) in self.first_pages:
            return self.first_pages[request.method, request.path]
        answer = self._standin.respond(request)
        self.refused += self._is_refusal(answer)
        if self.first_pages is not None:
            self.first_pages[request.method, request.path] = answer
        return answer

    def describe(self) -> dict[str, object]:
        return self._standin.describe()


def built_in(folder: Path) -> None:
    """The built-in company of thirty."""
    write_sample_company(folder, STANDS_ON)


@contextmanager
def hosted(
    system: str, make: Callable[[World], StandIn], is_refusal: Callable[[Response], bool], fill: Fill = built_in
) -> Iterator[Hosted]:
    """The stand-in that `make` builds over a company, listening until the block ends. Status 401 is what most
    products call a refused credential (`is_401`)."""
    with tempfile.TemporaryDirectory(prefix="connector-trial-") as folder:
        fill(Path(folder))
        world = load_world(Path(folder))
        witness = Witness(make(world), is_refusal)
        with start_sandbox(world, {system: witness}) as sandbox:
            said = sandbox.describe()
            yield Hosted(world, sandbox.chaos, dict(said[system]), sandbox.hr_url, witness)


def is_401(answer: Response) -> bool:
    """A refused credential as HTTP says it."""
    return answer.status == 401
