"""The way back from an action: what undoes it, and what must stay."""

from __future__ import annotations

import pytest

from connector.model.plan import Action, digest
from connector.reconcile.inverse import Kept, inverse
from connector.reconcile.plan import Observed

OLD, NEW = {"codes": ["a"], "level": "info"}, {"codes": ["b"], "level": "warning"}


def flag(before: object, after: object) -> Action:
    verb = "remove" if after is None else "replace" if before else "put"
    return Action(verb, "kingdee", "risk_flag", "1", "E1", before, after, ("k",))  # type: ignore[arg-type]


def standing(content: object, **more: object) -> Observed | None:
    return Observed("kingdee", "risk_flag", "1", digest(content), content, **more) if content else None  # type: ignore


def back(written: Action, seen: Observed | None, *known: dict[str, object]) -> Action | Kept:
    return inverse(written, seen, {digest(content): content for content in known}.get)


@pytest.mark.parametrize(("before", "after", "verb"), [
    (None, NEW, "remove"), (OLD, NEW, "replace"), (OLD, None, "put"),
])
def test_an_action_is_undone_by_its_mirror(before: object, after: object, verb: str) -> None:
    undone = back(flag(before, after), standing(after))
    assert isinstance(undone, Action)
    assert (undone.verb, undone.before, undone.after) == (verb, after, before)


@pytest.mark.parametrize("seen", [standing(OLD), standing({"codes": [], "level": ""}), None,
                                  standing(NEW, is_ticked=True)])
def test_what_somebody_changed_since_stays(seen: Observed | None) -> None:
    found = back(flag(None, NEW), seen)
    assert isinstance(found, Kept) and found.reason == "changed_since"


def test_a_mark_that_somebody_put_again_stays() -> None:
    found = back(flag(OLD, None), standing(NEW))
    assert isinstance(found, Kept) and found.reason == "changed_since"


def test_a_content_of_which_only_the_digest_was_seen_comes_from_what_we_wrote_before() -> None:
    written = flag({"ref": digest(OLD)}, NEW)
    undone = back(written, standing(NEW), OLD)
    assert isinstance(undone, Action) and undone.after == OLD
    lost = back(written, standing(NEW))
    assert isinstance(lost, Kept) and lost.reason == "content_unknown"


@pytest.mark.parametrize(("verb", "reason"), [("put", "comment_stays"), ("replace", "comment_stays"),
                                              ("remove", "released")])
def test_a_gate_is_never_touched_on_the_way_back(verb: str, reason: str) -> None:
    hold = Action(verb, "dingtalk", "exit_hold", "X1", "E1", None, None if verb == "remove" else NEW)  # type: ignore
    found = back(hold, Observed("dingtalk", "exit_hold", "X1", digest(NEW), NEW, gate="open"))
    assert isinstance(found, Kept) and found.reason == reason
