"""Brakes: how many writes of one target, kind and verb may go out in one business day without a named approval. Pure.

limit = max(5 % of n, min(20, max(2, n / 3))), n = active + leaving people in the last complete HR pull; releases half
of it. What was written earlier the same day counts. Leaving a gate closed is never braked: it writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from connector.model.plan import Action, HeldGroup, Plan

Group = tuple[str, str, str]  # target, kind, verb
# Kinds that hold and forbid nothing: a first night writes them for everybody, and a group of everybody would change
# before anybody could approve it.
_TRICKLES = frozenset({"enrichment"})


def limit(population: int, kind: str, verb: str) -> int:
    """Writes per business day for one group (5 people → 2, 30 → 10, 10,000 → 500; releases half, at least 1)."""
    most = max(population * 5 // 100, min(20, max(2, population // 3)))
    return max(1, most // 2) if is_release(kind, verb) else most


def is_release(kind: str, verb: str) -> bool:
    return kind == "exit_hold" and verb == "remove"


def apply_brakes(
    actions: tuple[Action, ...], population: int, done_today: Mapping[Group, int], approved: Set[str]
) -> Plan:
    """Groups over their limit are held, unless the hash of the very group is among the `approved` ones.

    Of what only informs (`_TRICKLES`) the first go out up to the limit and the rest waits for the next day.
    """
    groups: dict[Group, list[Action]] = {}
    for action in actions:
        groups.setdefault((action.target, action.kind, action.verb), []).append(action)
    free: list[Action] = []
    held: list[HeldGroup] = []
    for (target, kind, verb), members in sorted(groups.items()):
        most = limit(population, kind, verb)
        done = done_today.get((target, kind, verb), 0)
        whole = HeldGroup(target, kind, members[0].verb, most, population, "over_limit", tuple(members), done)
        if len(members) + done <= most or whole.hash in approved:
            free.extend(members)
            continue
        room = max(0, most - done) if kind in _TRICKLES else 0
        free.extend(members[:room])
        held.append(replace(whole, actions=tuple(members[room:])))
    free.sort(key=lambda action: (action.target, action.kind, action.ref, action.verb))
    return Plan(tuple(free), tuple(held))
