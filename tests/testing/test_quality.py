"""Quality cards: every product's claim is what a machine finds, and a card cannot be talked into a level."""

import pytest

from connector.adapters import registry
from connector.errors import ConfigError
from connector.testing.conformance import CASES, Outcome, attempt_all
from connector.testing.quality import LEVELS, level_of, load_card, verify
from tests.testing.clay import product
from tests.testing.tries import tried

EXAMPLE = "color: blue\n"
CARD = "level: gold\nexempt: {call_budget: clay has no quota}\n"
WHOLE = {"quality.yaml": CARD, "example.yaml": EXAMPLE}


def found(fault: str = "", **files: str) -> tuple[str, dict[str, str]]:
    made = product(fault, **WHOLE | files)
    verdicts = verify(made, load_card(made), attempt_all(made))
    return level_of(verdicts), {one.criterion: one.state for one in verdicts}


@pytest.mark.parametrize("name", registry.NAMES)
def test_a_product_has_the_level_that_its_card_claims(name: str) -> None:
    one = registry.PRODUCTS[name]
    verdicts = verify(one, load_card(one), [tried(name, case) for case in CASES])
    assert [v for v in verdicts if v.state == "failed"] == []
    assert level_of(verdicts) == load_card(one).level


def test_every_case_of_the_suite_counts_for_one_level() -> None:
    asked = [name for names in LEVELS.values() for name in names]
    assert set(CASES) < set(asked) and len(asked) == len(set(asked))


def test_a_clay_adapter_that_keeps_everything_is_gold() -> None:
    level, states = found()
    assert level == "gold" and states["call_budget"] == "exempt"


@pytest.mark.parametrize(
    ("fault", "level"), [("sure", "silver"), ("shows_secret", "bronze"), ("endless", "none"), ("sick", "none")]
)
def test_a_broken_promise_costs_its_level_and_those_above(fault: str, level: str) -> None:
    assert found(fault)[0] == level


def test_what_is_not_tried_needs_a_reason_on_the_card() -> None:
    level, states = found(**{"quality.yaml": "level: gold\n"})
    assert (level, states["call_budget"]) == ("silver", "failed")


def test_a_reason_that_is_no_longer_needed_is_a_fault() -> None:
    card = "level: gold\nexempt: {call_budget: none, only_limits: cannot}\n"
    assert found(**{"quality.yaml": card})[1]["only_limits"] == "failed"


@pytest.mark.parametrize(("text", "words"), [("size: 7\n", "size"), ("", "example.yaml"), ("color: [", "example.yaml")])
def test_an_example_that_does_not_fit_is_named(text: str, words: str) -> None:
    made = product(**WHOLE | {"example.yaml": text})
    (one,) = [v for v in verify(made, load_card(made), attempt_all(made)) if v.criterion == "example_fits"]
    assert one.state == "failed" and words in one.found


@pytest.mark.parametrize(
    "card", ["level: platinum\n", "exempt: {only_limits: }\n", "exempt: {odd: why}\n", "stars: 5\n", "[]\n", "a: [\n"]
)
def test_a_card_that_is_none_is_refused(card: str) -> None:
    with pytest.raises(ConfigError, match=r"quality\.yaml"):
        load_card(product(**{"quality.yaml": card}))


def test_a_case_that_failed_is_not_met_by_a_reason() -> None:
    made = product(**WHOLE | {"quality.yaml": "level: gold\nexempt: {call_budget: none, only_limits: cannot}\n"})
    outcomes = [Outcome(case, "failed" if case == "only_limits" else "passed") for case in CASES]
    assert level_of(verify(made, load_card(made), outcomes)) == "bronze"
