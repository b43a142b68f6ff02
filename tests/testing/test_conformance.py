"""The suite itself: what keeps the contract passes, and each broken promise is met by the case that watches it."""

import pytest

from connector.testing.conformance import CASES, attempt, attempt_all
from tests.testing.clay import FILES, product

BREAKS = {
    "silent_form": "describes_itself", "sick": "check_passes", "nameless_stage": "check_passes",
    "mendless": "failures_have_a_mend", "shows_secret": "secrets_stay_inside",
    "stubborn": "refused_credential_is_given_up", "closes_once": "closes_twice", "endless": "streams_end_proved",
    "miscounts": "streams_end_proved", "numbers": "streams_end_proved", "unnumbered": "every_row_is_mapped",
    "forgets": "reads_twice_alike", "unlimited": "only_limits", "takes_all": "unknown_is_refused",
    "ends_anyway": "cut_off_has_no_end", "swallows_repeat": "repeated_page_is_an_error", "blind": "mark_goes_round",
    "appends": "pushed_twice_is_once", "sure": "lost_answer_is_unknown",
}


def test_an_adapter_that_keeps_the_contract_passes_every_case() -> None:
    assert [one for one in attempt_all(product()) if one.state != "passed"] == []


@pytest.mark.parametrize(("fault", "case"), BREAKS.items())
def test_a_broken_promise_is_noticed_by_its_case(fault: str, case: str) -> None:
    assert attempt(case, product(fault)).state == "failed"


def test_every_case_has_a_promise_that_breaks_it() -> None:
    assert set(BREAKS.values()) == set(CASES)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("texts/en.yaml", "clay: {other: x}\n"),
        ("mapping.yaml", "streams:\n  employee: {ref: id}\n"),
        ("manifest.yaml", FILES["manifest.yaml"].replace("adapter: clay", "adapter: mud")),
        ("manifest.yaml", FILES["manifest.yaml"].replace("zh_CN: 泥, ", "")),
    ],
)
def test_a_folder_that_contradicts_itself_is_noticed(file: str, text: str) -> None:
    assert attempt("describes_itself", product(**{file: text})).state == "failed"


def test_a_mistake_of_the_adapter_fails_its_case_and_not_the_suite() -> None:
    outcome = attempt("closes_twice", product("closes_once"))
    assert (outcome.state, outcome.found) == ("failed", "RuntimeError: closed already")
