"""Each case of each product tried once, whoever asks."""

from functools import cache

from connector.adapters import registry
from connector.testing.conformance import Outcome, attempt


@cache
def tried(name: str, case: str) -> Outcome:
    return attempt(case, registry.PRODUCTS[name])
