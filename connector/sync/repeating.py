"""What failed in a night, and whether looking again may bring it: nothing is repeated here, only named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connector.model.runs import Trouble

# Causes of an incomplete stream that time does not mend: a person has to.
_FOR_A_PERSON = ("AuthError", "ConfigError", "shrunk", "repeated_key")
_UNREAD = ("stream_incomplete", "not_observed")


def worth_another_look(troubles: Iterable[Trouble]) -> str:
    """The code of a trouble that may be over in a while, "" when there is none."""
    for trouble in troubles:
        cause = str(trouble.facts.get("cause") or trouble.facts.get("detail") or "")
        if trouble.code in _UNREAD and not cause.startswith(_FOR_A_PERSON):
            return trouble.code
    return ""


def is_whole(document: Mapping[str, Any]) -> bool:
    """Whether the night of a run's document read every stream to its end."""
    streams = document.get("proof", {}).get("streams", [])
    return bool(streams) and all(stream["complete"] for stream in streams)
