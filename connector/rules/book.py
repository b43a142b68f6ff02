"""A rule book: policy numbers and rules, checked before use, with a version that is the hash of its text.

    policy: {salary_share_percent: 50, ...}
    rules:
      - {code: loan.overdue, over: loan, when: "...", facts: [...], audience: [finance], severity: warning,
         marks: [risk_flag]}

A policy number may differ by department or position: `policy: {loans_in_window: {default: 3, position: {销售: 5}}}`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl
import yaml

from connector.errors import RuleError
from connector.model.faults import fault
from connector.rules.columns import FILES, NEEDS_BASIS, kinds
from connector.rules.examples import Example, read_examples
from connector.rules.gate import Names, check_condition
from connector.rules.layers import PARTS, laid_over

SEVERITIES = ("info", "warning", "critical")
AUDIENCES = ("finance", "hr", "manager", "it")
MARKS = ("risk_flag", "exit_hold", "todo", "warning")
MODES = ("on", "observe", "off")
_KEYS = ("code", "over", "when", "facts", "audience", "severity", "marks", "mode", "legal_basis", "examples")

# No threshold is larger, be it an amount in minor units; what is too large for a product the gate refuses there.
POLICY_LIMIT = 10**10


@dataclass(frozen=True)
class Policy:
    """One threshold: the company's value, and what departments and positions have instead."""

    default: int
    department: Mapping[str, int] = field(default_factory=dict)
    position: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One condition over one file."""

    code: str
    over: str
    when: str
    facts: tuple[str, ...]
    audience: tuple[str, ...]
    severity: str
    marks: tuple[str, ...]
    mode: str
    columns: frozenset[str]
    legal_basis: str = ""
    examples: tuple[Example, ...] = ()

    @property
    def expression(self) -> pl.Expr:
        """The condition over the rule's file and the policy columns."""
        return pl.sql_expr(self.when)

    @property
    def streams(self) -> frozenset[str]:
        """Streams that the condition rests on."""
        return frozenset().union(*(FILES[self.over][name].streams for name in self.columns))


@dataclass(frozen=True)
class RuleBook:
    """Rules and policy numbers of one company. `version` is the hash of what it says; `text` says it again as YAML."""

    version: str
    policies: Mapping[str, Policy]
    rules: tuple[Rule, ...]
    text: str = ""

    def over(self, name: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.over == name and rule.mode != "off")

    def rule(self, code: str) -> Rule:
        return next(rule for rule in self.rules if rule.code == code)


# Numbers that the files themselves are built with, and what they are where a book does not say.
_NEEDED: dict[str, Any] = {"window_months": 6, "approval_months": 24}

# No window of months is longer: fifty years.
MOST_MONTHS = 600

# Words that SQL reads by itself: a policy of that name would never be asked for.
_SQL_WORDS = frozenset([
    "abs", "all", "and", "any", "as", "between", "case", "cast", "coalesce", "current_date", "current_time",
    "current_timestamp", "date", "distinct", "else", "end", "exists", "false", "from", "in", "interval", "is",
    "like", "not", "now", "null", "or", "select", "then", "true", "when", "where",
])


def load_book(text: str, place: str = "rules", sheets: Iterable[tuple[str, str]] = ()) -> RuleBook:
    """Checked rule book from YAML text, with a company's own `sheets` (place, text) over it in their order.

    RuleError names the rule, the line and what is known.
    """
    document = _read(text, place)
    if not isinstance(document.get("rules"), list):
        raise fault(RuleError, "book.no_rules", place)
    for where, sheet in sheets:
        document, place = laid_over(document, _read(sheet, where), where), where
    given = _NEEDED | _section(document, "policy", f"{place} policy")
    policies = {name: _policy(name, value, place) for name, value in given.items()}
    largest = {name: max([p.default, *p.department.values(), *p.position.values()]) for name, p in policies.items()}
    rules = tuple(_rule(row, largest, place) for row in document["rules"])
    codes = [rule.code for rule in rules]
    for code in codes:
        if codes.count(code) > 1:
            raise fault(RuleError, "book.twice", place, rule=code)
    said = orjson.dumps(document, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return RuleBook(hashlib.sha256(said).hexdigest()[:12], policies, rules, said.decode())


def _read(text: str, place: str) -> dict[str, Any]:
    """One sheet: names at its top, of which nothing but the known parts may be there."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise fault(RuleError, "book.no_yaml", place, problem=error) from error
    if not isinstance(document, dict):
        raise fault(RuleError, "book.no_rules", place)
    unknown = [str(key) for key in document if key not in PARTS]
    if unknown:
        raise fault(RuleError, "book.unknown_key", place, found=unknown[0], known=", ".join(PARTS))
    return document


def _section(spec: Mapping[str, Any], key: str, place: str) -> dict[str, Any]:
    """A part that is names with values, or absent."""
    found = spec.get(key) or {}
    if not isinstance(found, dict):
        raise fault(RuleError, "book.no_names", place, key=key, found=repr(found))
    return found


def _policy(name: str, value: Any, place: str) -> Policy:
    spec = value if isinstance(value, dict) else {"default": value}
    here = f"{place} policy.{name}"
    is_taken = any(name in columns for columns in FILES.values()) or name in _SQL_WORDS
    if is_taken or not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)):
        raise fault(RuleError, "book.bad_name", here)
    unknown = set(spec) - {"default", "department", "position"}
    if unknown:
        known = "default, department, position"
        raise fault(RuleError, "book.unknown_key", here, found=sorted(unknown)[0], known=known)
    department, position = (_section(spec, part, here) for part in ("department", "position"))
    for number in (spec.get("default"), *department.values(), *position.values()):
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= POLICY_LIMIT:
            raise fault(RuleError, "book.no_number", here, found=repr(number), most=POLICY_LIMIT)
    if name in _NEEDED and (department or position or spec["default"] > MOST_MONTHS):
        raise fault(RuleError, "book.bad_months", here, most=MOST_MONTHS)
    return Policy(spec["default"], department, position)


def _rule(row: Any, policies: Mapping[str, int], place: str) -> Rule:
    code = str(row.get("code", "")) if isinstance(row, dict) else ""
    here = f"{place} rule {code or row!r}"
    if not code:
        raise fault(RuleError, "book.no_code", here)
    unknown = [str(key) for key in row if key not in _KEYS]
    if unknown:
        raise fault(RuleError, "book.unknown_key", here, found=unknown[0], known=", ".join(_KEYS))
    over = str(row.get("over", ""))
    if over not in FILES:
        raise fault(RuleError, "book.unknown_word", here, key="over", found=over, known=", ".join(FILES))
    columns = check_condition(str(row.get("when", "")), Names(kinds(over), policies), here)
    facts = _listed(row, "facts", tuple(FILES[over]) + tuple(policies), here)
    for name in facts:
        if name in FILES[over] and FILES[over][name].is_secret:
            raise fault(RuleError, "book.confidential", here, name=name)
    rule = Rule(
        code=code, over=over, when=" ".join(str(row["when"]).split()), facts=facts,
        audience=_listed(row, "audience", AUDIENCES, here), severity=_one(row, "severity", SEVERITIES, here),
        marks=_listed(row, "marks", MARKS, here), mode=_one(row, "mode", MODES, here, "on"), columns=columns,
        legal_basis=str(row.get("legal_basis") or "").strip(),
        examples=read_examples(row.get("examples"), over, policies, here),
    )
    if rule.streams & NEEDS_BASIS and rule.mode != "off" and not rule.legal_basis:
        raise fault(RuleError, "book.no_basis", here, streams=", ".join(sorted(rule.streams & NEEDS_BASIS)))
    _try_out(rule, policies, here)
    return rule


def _listed(row: Mapping[str, Any], key: str, known: tuple[str, ...], place: str) -> tuple[str, ...]:
    found = row.get(key) or []
    if not isinstance(found, list):
        raise fault(RuleError, "book.no_list", place, key=key, found=repr(found), example=known[0])
    values = tuple(str(value) for value in found)
    for value in values:
        if value not in known:
            raise fault(RuleError, "book.unknown_item", place, key=key, found=value, known=", ".join(known))
    return values


def _one(row: Mapping[str, Any], key: str, known: tuple[str, ...], place: str, default: str = "") -> str:
    value = row.get(key, default)
    value = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else str(value)
    if value not in known:
        raise fault(RuleError, "book.unknown_word", place, key=key, found=value, known=", ".join(known))
    return str(value)


# How Polars names the parts of what the gate lets through; a newer Polars that names them otherwise is refused loudly.
_NODES = frozenset([
    "Abs", "And", "Binary", "BinaryExpr", "Boolean", "Cast", "Column", "Date", "Dyn", "Eq", "Function", "Gt",
    "GtEq", "Int", "IsBetween", "IsIn", "Literal", "Lt", "LtEq", "Minus", "Mul", "Multiply", "Not", "NotEq",
    "OffsetBy", "Or", "Plus", "Scalar", "Series", "Sql", "Strict", "String", "TemporalExpr",
])
# Parts whose content is somebody's text.
_TEXTS = frozenset({"Column", "Series", "String"})


def node_names(expression: pl.Expr) -> set[str]:
    """The words by which Polars names the parts of an expression: node types, functions, operators."""
    found: set[str] = set()
    todo: list[Any] = [orjson.loads(expression.meta.serialize(format="json"))]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            found |= {name for name in node if name[:1].isupper()}
            todo += [inner for name, inner in node.items() if name not in _TEXTS]
        elif isinstance(node, list):
            todo += node
        elif isinstance(node, str) and node[:1].isupper():
            found.add(node)
    return found


def _try_out(rule: Rule, policies: Mapping[str, int], place: str) -> None:
    """Run the condition on two rows of nulls: it must give one yes-or-no per row."""
    columns = {name: column.dtype for name, column in FILES[rule.over].items()}
    frame = pl.DataFrame({name: [None, None] for name in columns}, schema=columns)
    frame = frame.with_columns([pl.lit(None, dtype=pl.Int64).alias(name) for name in policies])
    strange = node_names(rule.expression) - _NODES
    if strange:
        raise fault(RuleError, "book.strange", place, found=sorted(strange)[0])
    try:
        result = frame.select(rule.expression.alias("result"))["result"]
    except pl.exceptions.PolarsError as error:
        raise fault(RuleError, "book.not_evaluated", place, cause=error) from error
    if result.dtype != pl.Boolean or result.len() != 2:
        raise fault(RuleError, "book.no_yes_or_no", place, found=result.dtype)
