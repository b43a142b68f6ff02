"""One suite for every adapter: what the contract promises, tried on the adapter's own stand-in.

Promises: capabilities decide what is tried, never a name; a case that fails says what was found and what was expected.
Never here: a product, a vendor's word, or a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from connector.adapters.contract import Setting
from connector.adapters.registry import Product
from connector.testing import marking, reading, standing
from connector.testing.judging import Bench, Broken, NotTriedError, Patient, setting_of

Case = Callable[[Bench], None]
State = Literal["passed", "failed", "not_tried"]

# Case → what it tries; its sentence is in the text catalog under `conformance.` and its name.
CASES: Mapping[str, Case] = {
    "describes_itself": standing.describes_itself,
    "check_passes": standing.check_passes,
    "failures_have_a_mend": standing.failures_have_a_mend,
    "secrets_stay_inside": standing.secrets_stay_inside,
    "refused_credential_is_given_up": standing.refused_credential_is_given_up,
    "closes_twice": standing.closes_twice,
    "streams_end_proved": reading.streams_end_proved,
    "every_row_is_mapped": reading.every_row_is_mapped,
    "reads_twice_alike": reading.reads_twice_alike,
    "only_limits": reading.only_limits,
    "unknown_is_refused": reading.unknown_is_refused,
    "cut_off_has_no_end": reading.cut_off_has_no_end,
    "repeated_page_is_an_error": reading.repeated_page_is_an_error,
    "mark_goes_round": marking.mark_goes_round,
    "pushed_twice_is_once": marking.pushed_twice_is_once,
    "lost_answer_is_unknown": marking.lost_answer_is_unknown,
}


@dataclass(frozen=True)
class Outcome:
    """How one case ended. `found`: what was found and expected where it failed, what is lacking where it was not
    tried."""

    case: str
    state: State
    found: str = ""


def attempt(case: str, product: Product, setting: Setting | None = None) -> Outcome:
    """One case on a fresh stand-in. Whatever the adapter raises by mistake is a failure of the case, never of the
    suite."""
    setting = setting or setting_of(product.name, Patient())
    try:
        with product.subject()(setting) as trial, closing(Bench(product, trial, setting)) as bench:
            CASES[case](bench)
    except Broken as broken:
        return Outcome(case, "failed", str(broken))
    except NotTriedError as lacking:
        return Outcome(case, "not_tried", str(lacking))
    except Exception as error:
        return Outcome(case, "failed", f"{type(error).__name__}: {error}")
    return Outcome(case, "passed")


def attempt_all(product: Product) -> list[Outcome]:
    """Every case, each on a stand-in of its own."""
    return [attempt(case, product) for case in CASES]


__all__ = ["CASES", "Outcome", "attempt", "attempt_all"]
