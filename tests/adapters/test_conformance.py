"""Every product keeps the contract on its own stand-in: one suite, no word of a product."""

import pytest

from connector.adapters import registry
from connector.testing.conformance import CASES
from tests.testing.tries import tried


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", registry.NAMES)
def test_an_adapter_keeps_what_the_contract_promises(name: str, case: str) -> None:
    outcome = tried(name, case)
    assert outcome.state != "failed", outcome.found
