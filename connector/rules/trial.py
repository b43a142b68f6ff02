"""The examples that stand beside rules, tried: what each should give and what it gives. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from connector.rules.book import Rule, RuleBook
from connector.rules.columns import FILES
from connector.rules.examples import Example

_WORDS = {True: "hit", False: "clear", None: "unknown"}


@dataclass(frozen=True)
class Tried:
    """What an example should give and what it gives."""

    rule: str
    number: int  # from 1, as they stand in the rule
    expected: str
    found: str

    @property
    def is_right(self) -> bool:
        return self.expected == self.found


def try_examples(book: RuleBook) -> list[Tried]:
    """Every example of every rule, tried with the company's policy numbers."""
    return [
        Tried(rule.code, number, example.verdict, _verdict(rule, example, book))
        for rule in book.rules for number, example in enumerate(rule.examples, start=1)
    ]


def _verdict(rule: Rule, example: Example, book: RuleBook) -> str:
    file = FILES[rule.over]
    numbers = {name: policy.default for name, policy in book.policies.items()}
    cells = {name: example.row.get(name) for name in file} | numbers
    cells |= {name: value for name, value in example.row.items() if name in numbers}
    types = {name: column.dtype for name, column in file.items()} | dict.fromkeys(numbers, pl.Int64)
    frame = pl.DataFrame({name: [value] for name, value in cells.items()}, schema=types)
    return _WORDS[frame.select(verdict=rule.expression)["verdict"][0]]
