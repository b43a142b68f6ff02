"""The gate before a condition: a small grammar that lets through comparisons over known columns and nothing else.

    or := and {or and}      and := not {and not}      not := [not] test
    test := sum [(= | <> | < | <= | > | >=) sum | [not] between sum and sum | [not] in (literal, ...)]
    sum := product {(+|-) product}      product := atom {* atom}
    atom := integer | 'text' | date 'YYYY-MM-DD' | interval 'n months' | true | false | column | abs(sum) | (or)

Both sides of a comparison are of one kind; a text column is compared with the words it can hold; a product has at
most one file column in it, and no number can grow beyond 64 bits. Everything else is refused with its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from connector.errors import RuleError
from connector.model.faults import fault

# A condition longer than this is a program, not a rule.
MOST_CHARACTERS, MOST_OPERATORS = 2_000, 100
# Brackets within brackets.
_DEEPEST = 20
# What a number of 64 bits can hold.
_LARGEST = 2**63 - 1

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+)|(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<op><>|<=|>=|!=|[-+*=<>(),])"
)
_COMPARISONS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True)
class Token:
    """One word of the condition and where it stands."""

    kind: str
    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Kind:
    """What a part of the condition is: its type, the words it can hold, how many file columns are multiplied in it,
    and for a number the largest size it can have."""

    name: str  # number | text | date | interval | yes_no
    words: tuple[str, ...] = ()
    literal: str | None = None
    factors: int = 0
    most: int = 0


@dataclass(frozen=True)
class Names:
    """What may be named: file columns (kind, words) and policy numbers."""

    columns: Mapping[str, Kind]
    policies: Mapping[str, int]  # name → the largest value it has


def check_condition(text: str, names: Names, place: str) -> frozenset[str]:
    """The file columns that the condition names. RuleError with line, column and what is known otherwise."""
    if len(text) > MOST_CHARACTERS:
        raise fault(RuleError, "condition.too_long", place, found=len(text), most=MOST_CHARACTERS)
    parser = _Parser(_tokens(text, place), names, place)
    kind = parser.either()
    parser.expect_end()
    if kind.name != "yes_no":
        raise fault(RuleError, "condition.no_yes_or_no", place, found=_said(kind.name))
    if parser.operators > MOST_OPERATORS:
        raise fault(RuleError, "condition.too_many", place, found=parser.operators, most=MOST_OPERATORS)
    if not parser.used:
        raise fault(RuleError, "condition.no_column", place)
    return frozenset(parser.used)


def _said(kind: str) -> str:
    return kind.replace("_", " or ")


def _tokens(text: str, place: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
        if match is None or match.lastgroup is None:
            raise fault(RuleError, "condition.no_part", f"{place} line {line}, column {column}", found=text[at])
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), line, column))
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens; every method returns the kind of what it read."""

    def __init__(self, tokens: list[Token], names: Names, place: str) -> None:
        self._tokens, self._names, self._place, self._at, self._depth = tokens, names, place, 0, 0
        self.used: set[str] = set()
        self.operators = 0

    def either(self) -> Kind:
        return self._chain("or")

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong("after_end", found=self._tokens[self._at].text)

    def _both(self) -> Kind:
        return self._chain("and")

    def _chain(self, word: str) -> Kind:
        read = self._negation if word == "and" else self._both
        kind = read()
        while self._take(word):
            self._need(kind, "yes_no", word)
            self._need(read(), "yes_no", word)
        return kind

    def _negation(self) -> Kind:
        if self._take("not"):
            kind = self._test()
            self._need(kind, "yes_no", "not")
            return kind
        return self._test()

    def _test(self) -> Kind:
        left = self._sum()
        token = self._peek()
        if token is None:
            return left
        if token.text in _COMPARISONS:
            self._advance()
            self._alike(left, self._sum())
            return Kind("yes_no")
        if self._take("not") or (token.text in ("in", "between") and token.kind == "word"):
            return self._among(left)
        return left

    def _among(self, left: Kind) -> Kind:
        if self._take("between"):
            self._alike(left, self._sum())
            self._expect("and")
            self._alike(left, self._sum())
            return Kind("yes_no")
        self._expect("in")
        self._expect("(")
        while True:
            item = self._atom()
            if item.literal is None:
                raise self._wrong("no_literal")
            self._alike(left, item)
            if not self._take(","):
                break
        self._expect(")")
        return Kind("yes_no")

    def _sum(self) -> Kind:
        left = self._product()
        while (token := self._peek()) is not None and token.text in ("+", "-"):
            self._advance()
            left = self._added(left, self._product(), token.text)
        return left

    def _added(self, left: Kind, right: Kind, sign: str) -> Kind:
        if left.name == "date" and right.name == "interval":
            return Kind("date")
        if left.name != "number" or right.name != "number":
            raise self._wrong("odd_sides", sign=sign, left=_said(left.name), right=_said(right.name))
        return self._sized(Kind("number", factors=max(left.factors, right.factors), most=left.most + right.most))

    def _product(self) -> Kind:
        left = self._atom()
        while self._take("*"):
            right = self._atom()
            if left.name != "number" or right.name != "number":
                raise self._wrong("odd_sides", sign="*", left=_said(left.name), right=_said(right.name))
            if left.factors + right.factors > 1:
                raise self._wrong("two_columns")
            left = self._sized(Kind("number", factors=left.factors + right.factors, most=left.most * right.most))
        return left

    def _sized(self, kind: Kind) -> Kind:
        if kind.most > _LARGEST:
            raise self._wrong("too_large")
        return kind

    def _atom(self) -> Kind:
        token = self._advance()
        if token.kind == "number":
            if len(token.text) > 15:
                raise self._wrong("long_number", token, found=token.text[:15])
            return Kind("number", literal=token.text, most=int(token.text))
        if token.kind == "text":
            return Kind("text", literal=token.text[1:-1].replace("''", "'"))
        if token.text == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._wrong("too_deep", token, most=_DEEPEST)
            kind = self.either()
            self._expect(")")
            self._depth -= 1
            return kind
        if token.kind == "word":
            return self._word(token)
        raise self._wrong("no_value", token, found=token.text)

    def _word(self, token: Token) -> Kind:
        match token.text:
            case "true" | "false":
                return Kind("yes_no", literal=token.text)
            case "date":
                return self._date()
            case "interval":
                shown = self._advance()
                if shown.kind != "text" or not re.fullmatch(r"'\d{1,3} (day|month)s?'", shown.text):
                    raise self._wrong("no_interval", shown)
                return Kind("interval")
            case "abs":
                self._expect("(")
                kind = self._sum()
                self._need(kind, "number", "abs")
                self._expect(")")
                return kind
        if token.text in self._names.policies:
            return Kind("number", most=self._names.policies[token.text])
        known = self._names.columns.get(token.text)
        if known is None:
            names = ", ".join(sorted({*self._names.columns, *self._names.policies}))
            raise self._wrong("unknown_name", token, found=token.text, known=names)
        self.used.add(token.text)
        return known

    def _date(self) -> Kind:
        shown = self._advance()
        try:
            date.fromisoformat(shown.text.strip("'"))
        except ValueError:
            raise self._wrong("no_date", shown) from None
        return Kind("date", literal=shown.text)

    def _alike(self, left: Kind, right: Kind) -> None:
        if left.name != right.name:
            raise self._wrong("unlike", left=_said(left.name), right=_said(right.name))
        for side, other in ((left, right), (right, left)):
            if other.literal is not None and side.words and other.literal not in side.words:
                raise self._wrong("no_such_word", found=other.literal, known=", ".join(side.words))

    def _need(self, kind: Kind, name: str, beside: str) -> None:
        if kind.name != name:
            raise self._wrong("wrong_side", beside=beside, found=_said(kind.name), wanted=_said(name))

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token is not None and token.text == text and token.kind != "text":
            self._at += 1
            self.operators += 1
            return True
        return False

    def _advance(self) -> Token:
        token = self._peek()
        if token is None:
            raise self._wrong("ends_early")
        self._at += 1
        self.operators += token.kind == "op"
        return token

    def _expect(self, text: str) -> None:
        if not self._take(text):
            found = self._peek()
            raise self._wrong("expected", wanted=text, found=found.text if found else "")

    def _wrong(self, code: str, token: Token | None = None, /, **facts: object) -> RuleError:
        at = token or self._tokens[max(0, min(self._at, len(self._tokens)) - 1)] if self._tokens else None
        place = f"{self._place} line {at.line}, column {at.column}" if at else self._place
        return fault(RuleError, f"condition.{code}", place, **facts)
