from decimal import Decimal

import pytest

from connector.adapters.kit.json import parse
from connector.errors import WireError


def test_plain_json_is_read() -> None:
    assert parse(b'[[1,"x",null,true,840.7]]', "here") == [[1, "x", None, True, 840.7]]


def test_numbers_a_float_cannot_hold_stay_exact() -> None:
    found = parse(b"[9007199254740993, 18446744073709551617, 0.12345678901234567890]", "here")
    assert found == [9007199254740993, 18446744073709551617, Decimal("0.12345678901234567890")]


@pytest.mark.parametrize("number", [b"9" * 1_000_000, b"9" * 100, b"0." + b"1" * 1_000_000, b"1e400"])
def test_a_number_nobody_means_is_refused(number: bytes) -> None:
    with pytest.raises(WireError):
        parse(b"[" + number + b"]", "here")


@pytest.mark.parametrize("depth", [33, 500, 100_000])
@pytest.mark.parametrize("sides", [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused(depth: int, sides: tuple[bytes, bytes]) -> None:
    with pytest.raises(WireError):
        parse(sides[0] * depth + b"1" + sides[1] * depth, "here")


def test_the_deepest_allowed_nesting_is_read() -> None:
    assert parse(b"[" * 32 + b"]" * 32, "here")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1,",
        b'{"a":1}x',
        b"[NaN]",
        b"[Infinity]",
        b'"\xff"',
        b"\xef\xbb\xbf[]",
        b"<html>",
        b"[12345678901234567,",
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(WireError, match="offset"):
        parse(body, "here")


def test_the_error_names_place_and_offset_and_not_the_content() -> None:
    with pytest.raises(WireError) as caught:
        parse(b'{"salary": 8000, "id": "110101199001011234" "x"}', "kingdee person")
    assert str(caught.value).startswith("kingdee person: not readable as JSON at offset 44")
    assert "8000" not in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.parametrize(("said", "meant"), [
    (rb"a\ud800b", "a�b"), (rb"\uDFFF", "�"), (rb"\udc00\ud83d\ude00", "�😀"), (rb"\ud83d\ud83d\ude00", "�😀"),
    (rb"\\ud800 \ud800", r"\ud800 �"),
])
def test_half_a_character_hides_nothing_but_itself(said: bytes, meant: str) -> None:
    assert parse(b'["' + said + b'", "x", 12345678901234567890.5]', "here")[:2] == [meant, "x"]


def test_a_body_that_is_cut_short_is_refused_with_half_a_character_too() -> None:
    with pytest.raises(WireError, match="offset 13"):
        parse(rb'["\ud800", "x', "here")


def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(WireError, match="at most 4"):
        parse(b"[1,2]", "here", max_bytes=4)
