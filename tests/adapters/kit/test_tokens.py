import threading
from typing import Any

import pytest

from connector.adapters.kit.tokens import Token, TokenBox
from connector.errors import AuthError


class Vendor:
    """Gives tokens t1, t2, ...; `refuses` says which of them (or the login itself) it does not accept."""

    def __init__(self, expires_in_s: float | None = 7200, refuses: tuple[str, ...] = ()) -> None:
        self.fetched, self._expires_in_s, self._refuses = 0, expires_in_s, refuses

    def fetch(self) -> Token[str]:
        self.fetched += 1
        if "login" in self._refuses:
            raise AuthError("wrong secret")
        return Token(f"t{self.fetched}", self._expires_in_s)

    def call(self, token: str) -> str:
        if token in self._refuses or "all" in self._refuses:
            raise AuthError(f"{token} refused")
        return f"with {token}"


def box(vendor: Vendor, clock: Any) -> TokenBox[str]:
    return TokenBox(vendor.fetch, clock, "dingtalk")


def test_a_token_is_fetched_once_for_all_threads(clock: Any) -> None:
    vendor = Vendor()
    shared = box(vendor, clock)
    threads = [threading.Thread(target=shared.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vendor.fetched == 1


def test_a_token_is_renewed_before_it_ends(clock: Any) -> None:
    shared = box(Vendor(), clock)
    assert shared.get() == "t1"
    clock.sleep(7200 - 301)
    assert shared.get() == "t1"
    clock.sleep(2)
    assert shared.get() == "t2"


def test_a_short_token_is_used_for_half_its_life(clock: Any) -> None:
    shared = box(Vendor(expires_in_s=100), clock)
    shared.get()
    clock.sleep(49)
    assert shared.get() == "t1"
    clock.sleep(2)
    assert shared.get() == "t2"


def test_a_refused_token_is_replaced_once_and_the_call_made_again(clock: Any) -> None:
    assert box(Vendor(refuses=("t1",)), clock).use(Vendor(refuses=("t1",)).call) == "with t2"


def test_a_second_refusal_in_a_row_is_final(clock: Any) -> None:
    vendor = Vendor(refuses=("all",))
    shared = box(vendor, clock)
    for _ in range(5):
        with pytest.raises(AuthError, match="refused"):
            shared.use(vendor.call)
    assert vendor.fetched == 2


def test_a_refused_login_is_tried_twice_and_never_again(clock: Any) -> None:
    vendor = Vendor(refuses=("login",))
    shared = box(vendor, clock)
    for _ in range(5):
        with pytest.raises(AuthError, match="wrong secret"):
            shared.get()
    assert vendor.fetched == 2


def test_a_token_that_works_forgives_the_refusal_before_it(clock: Any) -> None:
    vendor = Vendor(refuses=("t1", "t3", "t5"))
    shared = box(vendor, clock)
    assert shared.use(vendor.call) == "with t2"
    shared.drop("t2")  # worked until now, is refused later: once more with a fresh one
    assert shared.get() == "t3"
    shared.confirm("t3")
    assert shared.use(vendor.call) == "with t4"


def test_a_late_refusal_of_an_old_token_drops_nothing(clock: Any) -> None:
    shared = box(Vendor(), clock)
    old = shared.get()
    shared.drop(old)
    new = shared.get()
    shared.drop(old)
    assert shared.get() == new == "t2"


def test_a_token_does_not_print_itself() -> None:
    assert "canary" not in repr(Token("canary", 60.0))


def test_a_credential_that_was_refused_itself_is_not_used_again(clock: Any) -> None:
    vendor = Vendor()
    shared = box(vendor, clock)
    shared.get()
    shared.give_up(AuthError("not listed"))
    with pytest.raises(AuthError, match="not listed"):
        shared.get()


def test_a_login_that_may_be_tried_once_is_tried_once(clock: Any) -> None:
    vendor = Vendor(refuses=("login",))
    careful = TokenBox(vendor.fetch, clock, "kingdee_cloud", has_one_login=True)
    for _ in range(3):
        with pytest.raises(AuthError, match="wrong secret"):
            careful.get()
    assert vendor.fetched == 1


def test_a_final_refusal_is_not_tried_with_a_fresh_token(clock: Any) -> None:
    vendor, tried = Vendor(), list[str]()

    def refused(token: str) -> str:
        tried.append(token)
        raise AuthError("the gateway refuses", is_final=True)

    shared = box(vendor, clock)
    for _ in range(3):
        with pytest.raises(AuthError, match="the gateway refuses"):
            shared.use(refused)
    assert tried == ["t1"] and vendor.fetched == 1
