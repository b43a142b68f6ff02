"""The quality card of an adapter: what its author claims, and what a machine found of it.

Promises: a level is reached when all its criteria and those below it are met; a criterion that cannot be tried counts
only with a reason on the card, and a reason that is no longer needed is a fault too. Never here: a product's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from pydantic import SecretStr, ValidationError

from connector.adapters.registry import Product
from connector.errors import ConfigError
from connector.model.faults import fault
from connector.testing.conformance import Outcome

# Level → what it asks on top of the one before: cases of the suite, and the two criteria below.
LEVELS: Mapping[str, tuple[str, ...]] = {
    "bronze": (
        "describes_itself", "check_passes", "closes_twice", "streams_end_proved", "every_row_is_mapped",
        "unknown_is_refused",
    ),
    "silver": (
        "failures_have_a_mend", "secrets_stay_inside", "refused_credential_is_given_up", "reads_twice_alike",
        "only_limits", "cut_off_has_no_end", "example_fits",
    ),
    "gold": (
        "repeated_page_is_an_error", "mark_goes_round", "pushed_twice_is_once", "lost_answer_is_unknown", "call_budget",
    ),
}
NO_LEVEL = "none"
_KEYS = {"level", "exempt"}
# Whatever a secret's option may hold, its example only names where it is.
_REFERENCES = ("env:", "file:")


@dataclass(frozen=True)
class Card:
    """`level` as claimed; `exempt`: criterion → why it cannot be tried of this product."""

    level: str
    exempt: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """One criterion and what became of it."""

    criterion: str
    level: str
    state: Literal["met", "exempt", "failed"]
    found: str = ""


def load_card(product: Product) -> Card:
    """The card in the product's folder. ConfigError names what is wrong with it."""
    place = f"{product.name} quality.yaml"
    try:
        found = yaml.safe_load(product.read("quality.yaml"))
    except yaml.YAMLError as error:
        raise fault(ConfigError, "quality.no_card", place, known=", ".join(sorted(_KEYS))) from error
    if not isinstance(found, dict) or not set(found) <= _KEYS or not isinstance(found.get("exempt") or {}, dict):
        raise fault(ConfigError, "quality.no_card", place, known=", ".join(sorted(_KEYS)))
    level = str(found.get("level", NO_LEVEL))
    if level not in (NO_LEVEL, *LEVELS):
        raise fault(ConfigError, "quality.no_level", place, found=level, known=", ".join((NO_LEVEL, *LEVELS)))
    exempt = {str(name): str(why or "").strip() for name, why in (found.get("exempt") or {}).items()}
    known = {name for names in LEVELS.values() for name in names}
    for name, why in exempt.items():
        if name not in known or not why:
            raise fault(ConfigError, "quality.no_reason", place, found=name, known=", ".join(sorted(known)))
    return Card(level, exempt)


def verify(product: Product, card: Card, outcomes: Iterable[Outcome]) -> list[Verdict]:
    """Every criterion of every level against what the suite found, in the order of the levels."""
    found = {one.case: one for one in (*outcomes, _call_budget(product), _example_fits(product))}
    return [
        _verdict(found[name], level, card.exempt.get(name, "")) for level, names in LEVELS.items() for name in names
    ]


def level_of(verdicts: Iterable[Verdict]) -> str:
    """The highest level of which nothing failed, nor of those below."""
    failed = {one.level for one in verdicts if one.state == "failed"}
    reached = NO_LEVEL
    for level in LEVELS:
        if level in failed:
            break
        reached = level
    return reached


def _verdict(outcome: Outcome, level: str, why: str) -> Verdict:
    name = outcome.case
    if outcome.state == "not_tried":
        return Verdict(name, level, "exempt", why) if why else Verdict(name, level, "failed", outcome.found)
    if outcome.state == "passed" and why:
        return Verdict(name, level, "failed", f"found it met, expected no exemption: {why}")
    return Verdict(name, level, "met" if outcome.state == "passed" else "failed", outcome.found)


def _call_budget(product: Product) -> Outcome:
    """How often the vendor may be asked is the admin's to say."""
    has_budget = "calls_per_day" in product.form().model_fields
    return Outcome("call_budget", "passed" if has_budget else "not_tried", "" if has_budget else "no calls_per_day")


def _example_fits(product: Product) -> Outcome:
    """`example.yaml` is a connection that an admin can copy: its form takes it, its secrets are references."""
    try:
        example = yaml.safe_load(product.read("example.yaml"))
        product.form().model_validate(example)
    except (ConfigError, yaml.YAMLError, ValidationError) as error:
        shown = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)
        ) if isinstance(error, ValidationError) else str(error)
        return Outcome("example_fits", "failed", f"found in example.yaml {shown}, expected a connection that fits")
    bare = [name for name, value in _secrets(product, example) if not str(value).startswith(_REFERENCES)]
    if bare:
        return Outcome("example_fits", "failed", f"found {', '.join(bare)} as it is, expected env:NAME or file:PATH")
    return Outcome("example_fits", "passed")


def _secrets(product: Product, example: Mapping[str, Any]) -> list[tuple[str, Any]]:
    fields = product.form().model_fields
    secret = SecretStr.__name__
    return [(name, value) for name, value in example.items() if secret in repr(fields[name].annotation)]
