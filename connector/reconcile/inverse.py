"""The way back: for an action that was written, the action that undoes it, or why there is none. Pure.

Compared is what stands now with what we wrote: whatever somebody changed since stays as he left it. A hold is never
taken away by this: its comment is history in the OA, and what ends a gate is a release, which needs a proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.model.plan import Action, Content, Verb, digest
from connector.reconcile.plan import Observed

# Why an action stays, as codes.
RELEASED, COMMENT_STAYS, CHANGED_SINCE, CONTENT_UNKNOWN = (
    "released", "comment_stays", "changed_since", "content_unknown",
)
# Marks that are comments: history in the OA, which nobody can take back.
COMMENTS = frozenset({"exit_hold", "brief"})


@dataclass(frozen=True)
class Kept:
    """A mark that stays as it is, and why (a code)."""

    action: Action
    reason: str


def inverse(written: Action, seen: Observed | None, content_of: Callable[[str], Content | None]) -> Action | Kept:
    """`seen`: the mark as it stands now; `content_of`: digest → a content that we once wrote there."""
    if written.kind in COMMENTS:
        is_release = written.kind == "exit_hold" and written.verb == "remove"
        return Kept(written, RELEASED if is_release else COMMENT_STAYS)
    if not _is_as_written(written, seen):
        return Kept(written, CHANGED_SINCE)
    after = written.before
    if after is not None and set(after) == {"ref"}:  # over there it carries only the digest of its content
        after = content_of(str(after["ref"]))
        if after is None:
            return Kept(written, CONTENT_UNKNOWN)
    before = seen.document() if seen is not None else None
    verb: Verb = "remove" if after is None else "put" if written.after is None else "replace"
    if after is None and written.after is None:  # nothing stood, nothing stands
        return Kept(written, CHANGED_SINCE)
    return Action(verb, *written.identity, written.employee, before, after)


def _is_as_written(written: Action, seen: Observed | None) -> bool:
    stands = "" if seen is None or seen.is_ticked else seen.digest
    return stands == ("" if written.after is None else digest(written.after))
