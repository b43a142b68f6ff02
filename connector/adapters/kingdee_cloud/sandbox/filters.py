"""FilterString: text in the manner of SQL, or a list of conditions, read into a question about one row.

    or      = and ("or" and)*              and = not ("and" not)*         not = "not" not | "(" or ")" | test
    test    = side (sign side | [not] like 'text' | [not] in (…) | [not] between side and side | is [not] null)
    side    = field key | 'text' | number | GETDATE() | {ts '…'}

Promises: three-valued as a database is (nothing compares with null); text compares without case and trailing
spaces; what cannot be read is refused, never guessed. Never here: which rows there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from connector.adapters.kingdee_cloud.sandbox.table import Cells, Table, normal

Test = Callable[[Cells], bool | None]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>N?'(?:[^']|'')*')|(?P<stamp>\{ts\s*'[^']*'\s*\})|(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_][\w.]*)|(?P<sign><>|!=|>=|<=|=|<|>|\(|\)|,|-))""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_NUMBERS, _DATES = ("id", "number", "amount"), ("date", "time")
# Compare codes of the list grammar that a client was seen to send, and the signs themselves.
_COMPARES = {"67": "=", "statusequalto": "=", "equal": "=", **{sign: sign for sign in _SIGNS}}
_DEEPEST = 60


class BadFilter(Exception):
    """The filter cannot be read."""


@dataclass(frozen=True)
class Question:
    """A filter: `test` for one row, and what it says for sure about where such rows stand.

    `values` (column, cells): the row's cell is one of these. `above`, `up_to`: bounds of `column`, which is one
    that the rows are sorted by. `reads`: every column it looks at.
    """

    test: Test
    values: tuple[int, frozenset[object]] | None = None
    column: int = -1
    above: float | None = None
    up_to: float | None = None
    reads: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Side:
    """A field (`column` >= 0) or a literal."""

    value: object = None
    column: int = -1
    type: str = "text"


ALL = Question(lambda row: True)


def read_filter(given: object, table: Table, now: datetime) -> Question:
    """FilterString → question. BadFilter when it cannot be read, Unknown for a field the form does not have."""
    if (isinstance(given, str) and given.lstrip().startswith("[")) or isinstance(given, list):
        given = _from_list(given)
    text = str(given or "").strip()
    return _Reader(text, table, now).read() if text else ALL


def _from_list(given: object) -> str:
    """The list grammar as text: each item (Left FieldName Compare 'Value' Right) and how it goes on."""
    try:
        items = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError as error:
        raise BadFilter(str(error)) from error
    parts: list[str] = []
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, Mapping):
            raise BadFilter(f"{item!r}")
        said = {str(name).lower(): value for name, value in item.items()}
        sign = _COMPARES.get(str(said.get("compare", "")).strip().lower())
        if sign is None:
            raise BadFilter(f"Compare {said.get('compare')!r}")
        value = str(said.get("value", "")).replace("'", "''")
        joint = "or" if str(said.get("logic", "0")).strip().lower() in ("1", "or") else "and"
        test = f"{said.get('left', '')} {said.get('fieldname', '')} {sign} '{value}' {said.get('right', '')}"
        parts += [test, joint]
    return " ".join(parts[:-1])


class _Reader:
    def __init__(self, text: str, table: Table, now: datetime) -> None:
        self._table = table
        self._now = now
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._columns: set[int] = set()

    def read(self) -> Question:
        question = self._either()
        if self._at < len(self._tokens):
            raise BadFilter(f"near {self._tokens[self._at][1]!r}")
        return replace(question, reads=frozenset(self._columns))

    def _either(self) -> Question:
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Question(_any_of([part.test for part in parts]))

    def _all(self) -> Question:
        parts = [self._one()]
        while self._word("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _one(self) -> Question:
        if self._word("not"):
            inner = self._one().test
            return Question(_negated(inner))
        if not self._sign("("):
            return self._test()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadFilter("too many parentheses")
        question = self._either()
        self._need(")")
        self._depth -= 1
        return question

    def _test(self) -> Question:
        left = self._side()
        if self._word("is"):
            is_not = self._word("not")
            self._need_word("null")
            return Question(lambda row: (_cell(left, row) is None) is not is_not)
        is_not = self._word("not")
        if self._word("like"):
            question = self._like(left)
        elif self._word("in"):
            question = self._in(left)
        elif self._word("between"):
            low = _compared(left, ">=", self._side(), self._table)
            self._need_word("and")
            question = _joined([low, _compared(left, "<=", self._side(), self._table)])
        elif is_not:
            raise BadFilter("after not: expected like, in or between")
        else:
            kind, sign = self._next()
            if kind != "sign" or sign not in _SIGNS:
                raise BadFilter(f"near {sign!r}")
            return _compared(left, sign, self._side(), self._table)
        return Question(_negated(question.test)) if is_not else question

    def _like(self, left: _Side) -> Question:
        pattern = self._side()
        try:
            matches = re.compile(_pattern(str(pattern.value)), re.IGNORECASE | re.DOTALL).fullmatch
        except re.error as error:
            raise BadFilter(f"near {pattern.value!r}") from error

        def test(row: Cells) -> bool | None:
            cell = _cell(left, row)
            return None if cell is None else matches(str(cell)) is not None

        return Question(test)

    def _in(self, left: _Side) -> Question:
        self._need("(")
        wanted = [_literal(self._side(), left.type)]
        while self._sign(","):
            wanted.append(_literal(self._side(), left.type))
        self._need(")")
        chosen = frozenset(one for one in wanted if one is not None)

        def test(row: Cells) -> bool | None:
            cell = _literal(_Side(_cell(left, row)), left.type)
            return None if cell is None else cell in chosen

        return Question(test, values=_findable(left, chosen))

    def _side(self) -> _Side:
        kind, text = self._next()
        if kind == "text":
            return _Side(text[text.index("'") + 1 : -1].replace("''", "'"))
        if kind == "stamp":
            return _Side(text.split("'")[1])
        if kind == "number":
            return _Side(float(text) if "." in text else int(text), type="number")
        if (kind, text) == ("sign", "-"):
            number = self._side()
            if number.type != "number" or not isinstance(number.value, int | float):
                raise BadFilter("near '-'")
            return _Side(-number.value, type="number")
        if kind != "name":
            raise BadFilter(f"near {text!r}")
        if text.lower() == "getdate":
            self._need("(")
            self._need(")")
            return _Side(self._now.replace(tzinfo=None).isoformat(timespec="milliseconds"))
        column = self._table.place(text)
        self._columns.add(column)
        return _Side(column=column, type=self._table.types[column])

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise BadFilter("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, kind: str, text: str) -> bool:
        return self._at < len(self._tokens) and (kind, text) == (
            self._tokens[self._at][0], self._tokens[self._at][1].lower()
        )  # fmt: skip

    def _word(self, word: str) -> bool:
        found = self._is("name", word)
        self._at += found
        return found

    def _sign(self, sign: str) -> bool:
        found = self._is("sign", sign)
        self._at += found
        return found

    def _need(self, sign: str) -> None:
        if not self._sign(sign):
            raise BadFilter(f"expected {sign}")

    def _need_word(self, word: str) -> None:
        if not self._word(word):
            raise BadFilter(f"expected {word}")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise BadFilter(f"near {text[at : at + 20]!r}")
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        at = token.end()
    return found


def _cell(side: _Side, row: Cells) -> Any:
    return side.value if side.column < 0 else row[side.column]


def _literal(side: _Side, type: str) -> Any:
    """A value in the way this type is compared; BadFilter when it is none of that type."""
    value = side.value
    if value is None:
        return None
    if type in _NUMBERS:
        return _number(value)
    if type == "flag":
        return str(value).lower() in ("1", "true")
    if type in _DATES:
        return _moment(str(value))
    return normal(value)


def _number(value: object) -> float | int:
    if isinstance(value, int | float):
        return value
    try:
        return float(str(value))
    except ValueError as error:
        raise BadFilter(f"从数据类型 varchar 转换为 numeric 时出错: {value!r}") from error


def _moment(value: str) -> str:
    """Any spelling of a date or instant → the one that cells have, so that text order is time order."""
    try:
        moment = datetime.fromisoformat(value.strip().replace("/", "-"))
    except ValueError as error:
        raise BadFilter(f"从字符串转换日期和/或时间时失败: {value!r}") from error
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds").removesuffix(".000")


def _compared(left: _Side, sign: str, right: _Side, table: Table) -> Question:
    if left.column < 0 and right.column >= 0:
        left, right, sign = right, left, _MIRRORED.get(sign, sign)
    holds = _SIGNS[sign]
    if left.column < 0 or right.column >= 0:
        type = left.type if left.column >= 0 else right.type

        def compares(row: Cells) -> bool | None:
            a, b = _literal(_Side(_cell(left, row)), type), _literal(_Side(_cell(right, row)), type)
            return None if a is None or b is None else holds(a, b)

        return Question(compares)
    column, type, wanted = left.column, left.type, _literal(right, left.type)
    if type in _NUMBERS or type in _DATES:

        def plain(row: Cells) -> bool | None:
            cell = row[column]
            return None if cell is None else holds(cell, wanted)

        return _placed(Question(plain), left, sign, wanted, table)

    def test(row: Cells) -> bool | None:
        cell = row[column]
        return None if cell is None else holds(_literal(_Side(cell), type), wanted)

    return _placed(Question(test), left, sign, wanted, table)


def _placed(question: Question, left: _Side, sign: str, wanted: Any, table: Table) -> Question:
    """The question with what it says about where its rows stand."""
    test, column = question.test, left.column
    is_sorted = column == 0 or (bool(table.form.entry) and column == len(table.columns))
    if sign == "=" and not is_sorted:
        return Question(test, values=_findable(left, frozenset([wanted])))
    if not is_sorted:
        return question
    above = {">": wanted, ">=": wanted - 1, "=": wanted - 1}.get(sign)
    up_to = {"<": wanted, "<=": wanted, "=": wanted}.get(sign)
    return Question(test, column=column, above=above, up_to=up_to)


def _findable(side: _Side, wanted: frozenset[object]) -> tuple[int, frozenset[object]] | None:
    return (side.column, wanted) if side.column >= 0 and side.type not in ("flag", *_DATES) else None


def _joined(parts: Sequence[Question]) -> Question:
    bounded = [part for part in parts if part.column >= 0]
    same = [part for part in bounded if part.column == bounded[0].column]
    return Question(
        _all_of([part.test for part in parts]),
        values=next((part.values for part in parts if part.values), None),
        column=bounded[0].column if bounded else -1,
        above=max((part.above for part in same if part.above is not None), default=None),
        up_to=min((part.up_to for part in same if part.up_to is not None), default=None),
    )


def _all_of(tests: Sequence[Test]) -> Test:
    def test(row: Cells) -> bool | None:
        answer: bool | None = True
        for one in tests:
            said = one(row)
            if said is False:
                return False
            answer = answer and said
        return answer

    return test


def _any_of(tests: Sequence[Test]) -> Test:
    def test(row: Cells) -> bool | None:
        answer: bool | None = False
        for one in tests:
            said = one(row)
            if said:
                return True
            answer = None if said is None else answer
        return answer

    return test


def _negated(inner: Test) -> Test:
    def test(row: Cells) -> bool | None:
        said = inner(row)
        return None if said is None else not said

    return test


def _pattern(like: str) -> str:
    """A LIKE pattern as a regular expression: % any text, _ one letter, […] one of these."""
    parts = re.split(r"(%|_|\[[^\]]*\])", like)
    plain = {"%": ".*", "_": "."}
    return "".join(
        plain.get(part) or (part if part.startswith("[") and part.endswith("]") and len(part) > 2 else re.escape(part))
        for part in parts
    )
