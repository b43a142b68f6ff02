"""What failed in a night, and whether looking again may bring it: nothing is repeated here, only named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import StateError
from connector.model.runs import Trouble
from connector.store import outbox
from connector.store.database import Store
from connector.store.runs import newest_first

# Causes of an incomplete stream that time does not mend: a person has to.
_FOR_A_PERSON = ("AuthError", "ConfigError", "shrunk", "repeated_key")
_UNREAD = ("stream_incomplete", "not_observed")


def worth_another_look(troubles: Iterable[Trouble]) -> str:
    """The code of a trouble that may be over in a while, "" when there is none."""
    for trouble in troubles:
        cause = str(trouble.facts.get("cause") or trouble.facts.get("detail") or "")
        if trouble.code in _UNREAD and not any(word in cause for word in _FOR_A_PERSON):
            return trouble.code
    return ""


def is_whole(document: Mapping[str, Any]) -> bool:
    """Whether the night of a run's document read every stream to its end."""
    streams = document.get("proof", {}).get("streams", [])
    return bool(streams) and all(stream["complete"] for stream in streams)


@dataclass(frozen=True)
class Failed:
    """What did not succeed in a run: writes that were refused or not seen afterwards, streams that broke off."""

    run: str
    marks: frozenset[tuple[str, str, str]]  # target, kind, ref
    streams: tuple[str, ...]  # system.stream

    def __bool__(self) -> bool:
        return bool(self.marks or self.streams)


def failed_in(store: Store, name: str) -> Failed:
    """What failed in a run (`last`: the newest that ended). StateError when there is no such run."""
    for run in newest_first(store):
        if run["id"] == name or (name == "last" and run["state"] in ("done", "incomplete")):
            streams = run["document"].get("proof", {}).get("streams", [])
            unread = tuple(f"{s['system']}.{s['stream']}" for s in streams if not s["complete"])
            ended = outbox.of_run(store, run["id"])
            return Failed(
                run["id"], frozenset(c.action.identity for c in ended if c.state in ("rejected", "blocked")), unread
            )
    raise StateError(f"no run `{name}` has ended", mend="connector runs shows them")
