from collections.abc import Callable

import polars as pl
import pytest

from connector.adapters.kit.paging import grouped_keyset, keyset, token_pages
from connector.errors import WireError


def frame(*keys: int | None) -> pl.DataFrame:
    return pl.DataFrame({"FID": list(keys)}, schema={"FID": pl.Int64})


def key(page: pl.DataFrame) -> pl.Series:
    return page["FID"]


def server(*keys: int, cap: int) -> Callable[[int], pl.DataFrame]:
    """Rows after `last`, never more than `cap` whatever was asked for."""
    return lambda last: frame(*sorted(k for k in keys if k > last)[:cap])


def rest(*keys: int) -> Callable[[int, int], pl.DataFrame]:
    return lambda one, skip: frame(*[k for k in keys if k == one][skip:])


@pytest.mark.parametrize("cap", [1, 2, 3, 7])
def test_every_row_is_read_whatever_the_servers_cap(cap: int) -> None:
    pages = list(keyset(server(1, 2, 5, 9, 11, cap=cap), key, mark=11, place="here"))
    assert [k for page in pages for k in page["FID"]] == [1, 2, 5, 9, 11]
    assert pages[-1].height == 0


def test_an_empty_stream_is_one_empty_page() -> None:
    assert [p.height for p in keyset(server(cap=2), key, mark=0, place="here")] == [0]


@pytest.mark.parametrize(
    "page", [frame(5, 5), frame(6, 5), frame(5, None), frame(3, 8), frame(4, 5), frame(5, 12)]
)
def test_keys_that_repeat_fall_or_pass_the_mark_are_refused(page: pl.DataFrame) -> None:
    pages = [frame(1, 4), page]
    with pytest.raises(WireError):
        list(keyset(lambda last: pages.pop(0), key, mark=11, place="here"))


def test_a_page_sent_twice_is_an_error_and_no_loop() -> None:
    with pytest.raises(WireError, match="seen before"):
        list(keyset(lambda last: frame(1, 2), key, mark=11, place="here"))


@pytest.mark.parametrize("cap", [3, 4, 5, 6, 7, 8])
def test_entries_of_one_bill_are_never_split_nor_read_twice(cap: int) -> None:
    keys = (1, 1, 2, 3, 3, 3, 4)
    pages = list(grouped_keyset(server(*keys, cap=cap), key, rest(*keys), mark=4, place="here"))
    assert tuple(k for page in pages for k in page["FID"]) == keys


def test_a_bill_larger_than_a_page_is_refused_rather_than_cut() -> None:
    keys = (1, 2, 2, 2)
    with pytest.raises(WireError, match="record 2 has more entries"):
        list(grouped_keyset(server(*keys, cap=2), key, rest(*keys), mark=2, place="here"))


@pytest.mark.parametrize("page", [frame(1, 2, 1), frame(2, 1), frame(0, 1), frame(1, 9), frame(1, None, 2)])
def test_grouped_keys_out_of_order_are_refused(page: pl.DataFrame) -> None:
    with pytest.raises(WireError):
        list(grouped_keyset(lambda last: page, key, rest(), mark=5, place="here"))


def test_vendor_tokens_are_followed_to_the_vendors_end() -> None:
    pages = {None: ([1, 2], "a"), "a": ([3], "b"), "b": ([], None)}
    assert [list(p) for p in token_pages(lambda t: pages[t], place="here")] == [[1, 2], [3], []]


def test_a_repeated_vendor_token_is_an_error_and_no_loop() -> None:
    with pytest.raises(WireError, match="second time"):
        list(token_pages(lambda t: ([1], "a"), place="here"))


def test_endless_vendor_tokens_end() -> None:
    with pytest.raises(WireError, match="more than 5"):
        list(token_pages(lambda t: ([1], (t or 0) + 1), place="here", max_pages=5))
