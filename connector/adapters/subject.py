"""How an adapter is put to the test: over a stand-in of its own, with the troubles that the stand-in can make.

Capabilities and plain values only. No product is named here, no case is written and nothing is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

from connector.adapters.contract import Adapter, Setting
from connector.model.plan import Content

# cut_off: every read breaks off before its end. repeated_page: the second page of a list is its first one again.
# lost_answer: the next write lands, its answer does not come.
Trouble = Literal["cut_off", "repeated_page", "lost_answer"]


@dataclass(frozen=True)
class Marked:
    """Where one mark may stand over there, and two contents that differ."""

    kind: str
    ref: str
    employee: str
    first: Content
    second: Content


@dataclass(frozen=True)
class Trial:
    """One stand-in, freshly opened. Its adapters read and write the same world until it is closed.

    `broken`: stage of `check` → an adapter that fails there. `refusals`: how often a credential was refused so far.
    `secrets`: texts of the connection that nobody may read anywhere else. `marks`: one for each kind of sink.
    """

    connect: Callable[[], Adapter]
    broken: Mapping[str, Callable[[], Adapter]]
    troubles: Mapping[Trouble, Callable[[], None]] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    marks: Callable[[Adapter], tuple[Marked, ...]] = lambda adapter: ()
    refusals: Callable[[], int] | None = None


# Opens a trial for what the adapter is told of its company; closing it ends the stand-in.
Subject = Callable[[Setting], AbstractContextManager[Trial]]
