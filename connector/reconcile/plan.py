"""The difference: desired marks minus observed marks, as actions. Pure, sorted, and the same on every machine.

Only content is compared, by its digest. What nobody desires and nobody forbids to stand is taken away; what is
unknown is left as it stands (the desire says so with `keep`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.model.plan import Action, Content, digest

Identity = tuple[str, str, str]  # target, kind, ref


@dataclass(frozen=True)
class Desired:
    """A mark that should stand (`content`), should not (None), or shall be left as it stands (`keep`)."""

    target: str
    kind: str
    ref: str
    employee: str
    content: Content | None
    because: tuple[str, ...] = ()
    keep: bool = False
    release: bool = False  # `remove` even where no mark stands: it ends the gate

    @property
    def identity(self) -> Identity:
        return (self.target, self.kind, self.ref)


@dataclass(frozen=True)
class Observed:
    """A mark as it stands: `digest` "" when nothing does."""

    target: str
    kind: str
    ref: str
    digest: str
    content: Content | None = None
    is_ticked: bool = False
    gate: str = ""
    gate_by_us: bool = False

    @property
    def identity(self) -> Identity:
        return (self.target, self.kind, self.ref)

    def document(self) -> Content | None:
        """What a plan shows as `before`."""
        if self.kind == "exit_hold":
            return {"gate": self.gate, "ref": self.digest or None}
        if not self.digest:
            return None
        return self.content if self.content is not None else {"ref": self.digest}


def difference(desired: Iterable[Desired], observed: Mapping[Identity, Observed]) -> tuple[Action, ...]:
    """Actions that turn what stands into what should stand, sorted by identity."""
    found = []
    for wish in desired:
        now = observed.get(wish.identity)
        action = None if wish.keep else _action(wish, now)
        if action is not None:
            found.append(action)
    return tuple(sorted(found, key=lambda action: action.identity))


def _action(wish: Desired, now: Observed | None) -> Action | None:
    stands = now is not None and bool(now.digest)
    before = now.document() if now is not None else None
    if wish.content is None:
        if not stands and not wish.release:
            return None
        return Action("remove", *wish.identity, wish.employee, before, None, wish.because)
    if now is not None and stands and now.is_ticked:  # a person has seen to it while the cause still stands
        return None
    if now is not None and now.digest == digest(wish.content):
        return None
    return Action("replace" if stands else "put", *wish.identity, wish.employee, before, wish.content, wish.because)
