"""The plan: what should stand minus what stands, as a document with a hash. Codes and numbers only, no text.

The hash is sha256 over the canonical JSON of the sorted (target, kind, ref, verb, before, after): no times, no run
ids and no evidence are in it, so that the same difference has the same hash on any night.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson

Verb = Literal["put", "replace", "remove"]
Content = Mapping[str, object]


def canonical(value: object) -> bytes:
    """Canonical JSON bytes: sorted keys, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(content: Content) -> str:
    """First 8 hex of sha256 over the canonical content: what stands in a mark as its reference."""
    return hashlib.sha256(canonical(content)).hexdigest()[:8]


@dataclass(frozen=True)
class Action:
    """One step: `verb` on the mark (target, kind, ref) of one employee."""

    verb: Verb
    target: str
    kind: str
    ref: str
    employee: str
    before: Content | None
    after: Content | None
    because: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str]:
        return (self.target, self.kind, self.ref)

    def hashed(self) -> list[object]:
        return [self.target, self.kind, self.ref, self.verb, self.before, self.after]

    def document(self) -> dict[str, object]:
        return {
            "verb": self.verb, "target": self.target, "kind": self.kind, "ref": self.ref,
            "employee": self.employee, "before": self.before, "after": self.after,
            "because": list(self.because),
        }


def plan_hash(actions: Iterable[Action]) -> str:
    """sha256 (hex) of the sorted actions."""
    rows = sorted(canonical(action.hashed()) for action in actions)
    return hashlib.sha256(b"\n".join(rows)).hexdigest()


@dataclass(frozen=True)
class HeldGroup:
    """Actions of one target, kind and verb that wait for a named approval of `hash`."""

    target: str
    kind: str
    verb: Verb
    limit: int
    population: int
    cause: str
    actions: tuple[Action, ...]
    done: int = 0  # writes of the same kind earlier this business day

    @property
    def hash(self) -> str:
        return plan_hash(self.actions)

    def document(self) -> dict[str, object]:
        return {
            "target": self.target, "kind": self.kind, "verb": self.verb, "count": len(self.actions),
            "limit": self.limit, "population": self.population, "cause": self.cause, "hash": self.hash,
            "actions": [action.document() for action in self.actions],
        }


@dataclass(frozen=True)
class Plan:
    """Actions that may run, and groups that the brakes hold back."""

    actions: tuple[Action, ...] = ()
    held: tuple[HeldGroup, ...] = field(default=())

    @property
    def hash(self) -> str:
        return plan_hash(self.actions)

    def document(self) -> dict[str, object]:
        return {
            "hash": self.hash,
            "actions": [action.document() for action in self.actions],
            "held": [group.document() for group in self.held],
        }
