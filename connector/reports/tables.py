"""The night as tables: columns and rows of findings, plan, evidence, proof and rejects, in the words of a language.

The columns are those of the JSON documents, with words beside the codes. Rows are made one by one; no medium here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from connector.i18n import catalog, text
from connector.i18n.sentences import (
    MONEY_FACTS,
    action_sentence,
    cause_text,
    finding_sentence,
    reject_sentence,
    rule_title,
    word,
)
from connector.model.runs import NightRecord
from connector.reports.cells import Cell, flat, masked_reject, shown, typed

# Facts whose codes are shown as words.
_FACT_WORDS = {"salary_band": "band", "status": "status", "gate": "gate", "strength": "strength", "reason": "reason"}


@dataclass(frozen=True)
class Column:
    """One column: its name in the JSON document, its title, its width in characters."""

    key: str
    title: str
    width: int


@dataclass(frozen=True)
class Table:
    """One table. `rows` can be read once."""

    code: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterator[tuple[Cell, ...]]


# Width of a column in characters, by its name; text columns that are not listed get the default.
_WIDTHS = {
    "key": 34, "rule": 26, "title": 24, "sentence": 60, "name": 16, "todo": 44, "before": 40, "after": 44,
    "because": 44, "sha256": 20, "hash": 20, "value": 28, "seen_at": 19, "found": 44, "explained": 60,
    "verdict": 9, "severity": 9, "verb": 9, "currency": 8, "complete": 12, "detail": 30, "cause": 34,
}
_DEFAULT_WIDTH = 15


def tables(night: NightRecord, language: str) -> list[Table]:
    """Findings, plan, evidence, proof, rejects: in this order."""
    return [
        findings_table(night, language), plan_table(night, language), _evidence(night, language),
        _proof(night, language), _rejects(night, language),
    ]


def new_table(code: str, keys: Iterable[str], rows: Iterator[tuple[Cell, ...]], language: str) -> Table:
    """A table of this code with these columns; titles in the words of the language."""
    columns = tuple(Column(k, _title(k, language), _WIDTHS.get(k, _DEFAULT_WIDTH)) for k in keys)
    return Table(code, text(f"sheet.{code}", language), columns, rows)


def _title(key: str, language: str) -> str:
    known = catalog(language)
    name = key.removeprefix("facts.")
    return known.get(f"column.{name}") or known.get(f"fact.{name}") or name


def fact_names(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of all facts, in the order of their first appearance."""
    names: dict[str, None] = {}
    for finding in findings:
        names.update(dict.fromkeys(finding.get("facts") or {}))
    return list(names)


_FINDING = ("rule", "title", "over", "subject", "employee", "name", "verdict", "severity", "audience", "opened_on")


def findings_table(night: NightRecord, language: str) -> Table:
    """The night's findings, one a row; they are walked twice, once for the names of their facts."""
    findings = night.findings["findings"]
    names = fact_names(findings)
    keys = [*_FINDING, "sentence", *(f"facts.{name}" for name in names), "todo", "key"]

    def rows() -> Iterator[tuple[Cell, ...]]:
        for finding in findings:
            yield tuple(_finding_row(finding, names, night, language))

    return new_table("findings", keys, rows(), language)


def _finding_row(
    finding: Mapping[str, Any], names: list[str], night: NightRecord, language: str
) -> Iterator[Cell]:
    rule, facts, employee = str(finding["rule"]), finding.get("facts") or {}, finding.get("employee")
    join = text("say.join", language)
    yield rule
    yield rule_title(rule, language)
    yield word("over", finding["over"], language)
    yield str(finding["subject"])
    yield employee
    yield night.names.get(str(employee))
    yield word("verdict", finding["verdict"], language)
    yield word("severity", finding["severity"], language)
    yield join.join(word("audience", who, language) for who in finding["audience"])
    yield typed("opened_on", finding.get("opened_on"))
    yield finding_sentence(finding, language, night.currency)
    for name in names:
        yield _fact(name, facts.get(name), language)
    yield text(f"rule.{rule}.todo", language) if f"rule.{rule}.todo" in catalog(language) else None
    yield str(finding["key"])


def _fact(name: str, value: object, language: str) -> Cell:
    value = flat(shown(name, value, language), language)
    if isinstance(value, bool):
        return word("truth", "yes" if value else "no", language)
    if value is not None and name in _FACT_WORDS:
        return word(_FACT_WORDS[name], value, language)
    return typed(name, value)


_PLAN = (
    "state", "verb", "target", "kind", "ref", "employee", "name", "sentence", "amount", "currency", "before",
    "after", "because", "outcome", "detail", "cause", "count", "limit", "population", "hash",
)


def plan_table(night: NightRecord, language: str) -> Table:
    """The night's actions, held ones too, with what became of them."""
    outcomes = outcomes_by_action(night)

    def rows() -> Iterator[tuple[Cell, ...]]:
        for action in night.plan["actions"]:
            yield tuple(_action_row(action, {}, outcomes, night, language))
        for group in night.plan["held"]:
            for action in group["actions"]:
                yield tuple(_action_row(action, group, outcomes, night, language))

    return new_table("plan", _PLAN, rows(), language)


ActionName = tuple[str, str, str, str]


def action_name(action: Mapping[str, Any]) -> ActionName:
    """What an action is called within one plan."""
    return (str(action["target"]), str(action["kind"]), str(action["ref"]), str(action["verb"]))


def outcomes_by_action(night: NightRecord) -> dict[ActionName, tuple[str, str]]:
    """Action → (outcome, detail)."""
    return {action_name(o.action): (o.outcome, o.detail) for o in night.outcomes}


def _action_row(
    action: Mapping[str, Any], group: Mapping[str, Any], outcomes: Mapping[ActionName, tuple[str, str]],
    night: NightRecord, language: str,
) -> Iterator[Cell]:
    outcome, detail = outcomes.get(action_name(action), ("held" if group else "planned", ""))
    balances = (action.get("after") or {}).get("balances") or {}
    single = next(iter(balances.items())) if len(balances) == 1 else (None, None)
    yield text("sheet.held" if group else "sheet.free", language)
    yield word("verb", action["verb"], language)
    yield word("system", action["target"], language)
    yield word("kind", action["kind"], language)
    yield str(action["ref"])
    yield action.get("employee")
    yield night.names.get(str(action.get("employee")))
    yield action_sentence(action, night.names, language)
    yield typed("amount", single[1])
    yield single[0]
    yield _json(action.get("before"))
    yield _json(action.get("after"))
    yield text("say.join", language).join(action.get("because") or ())
    yield word("outcome", outcome, language)
    yield detail
    yield cause_text(group["cause"], language) if group else None
    for name in ("count", "limit", "population", "hash"):
        yield group.get(name)


def _json(content: object) -> str | None:
    return None if content is None else orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


_EVIDENCE = ("key", "title", "employee", "name", "system", "ref", "field", "value", "seen_at")


def _evidence(night: NightRecord, language: str) -> Table:
    def rows() -> Iterator[tuple[Cell, ...]]:
        for finding in night.findings["findings"]:
            for item in finding.get("evidence") or ():
                yield (
                    str(finding["key"]), rule_title(str(finding["rule"]), language), finding.get("employee"),
                    night.names.get(str(finding.get("employee"))), word("system", item["system"], language),
                    str(item["ref"]), word("fact", item["field"], language),
                    _fact(str(item["field"]), item["value"], language), typed("seen_at", item["seen_at"]),
                )

    return new_table("evidence", _EVIDENCE, rows(), language)


_PROOF = (
    "system", "stream", "complete", "cause", "rows", "staged", "rejected", "ignored", "control_total", "currency",
    "first_key", "last_key", "since", "sha256",
)


def _proof(night: NightRecord, language: str) -> Table:
    def rows() -> Iterator[tuple[Cell, ...]]:
        for stream in night.proof["streams"]:
            yield tuple(_stream_row(stream, night.currency, language))

    return new_table("proof", _PROOF, rows(), language)


def _stream_row(stream: Mapping[str, Any], currency: str, language: str) -> Iterator[Cell]:
    control, unit = stream.get("control_total"), currency
    if isinstance(control, Mapping) and len(control) == 1:
        unit, control = next(iter(control.items()))
    elif isinstance(control, Mapping):
        control, unit = flat(control, language) if control else None, ""
    yield word("system", stream["system"], language)
    yield word("stream", stream["stream"], language)
    yield text("sheet.complete" if stream["complete"] else "sheet.incomplete", language)
    yield cause_text(stream["cause"], language) if stream.get("cause") else None
    for name in ("rows", "staged", "rejected"):
        yield stream.get(name)
    yield _ignored(stream.get("ignored") or {}, language)
    yield typed("amount", control)
    yield unit if control is not None and unit else None
    for name in ("first_key", "last_key"):
        yield stream.get(name)
    yield typed("seen_at", stream.get("since"))
    yield stream.get("sha256")


def _ignored(counts: Mapping[str, int], language: str) -> str | None:
    """Lines that are no records, by what they are."""
    said = [f"{word('ignored', reason, language)} {count:,}" for reason, count in sorted(counts.items())]
    return text("say.join", language).join(said) or None


_REJECT = ("system", "stream", "ref", "key", "reason", "explained", "field", "found", "expected")


def _rejects(night: NightRecord, language: str) -> Table:
    def rows() -> Iterator[tuple[Cell, ...]]:
        for reject in night.rejects:
            yield tuple(_reject_row(masked_reject(reject, language), language))

    return new_table("rejects", _REJECT, rows(), language)


def _reject_row(reject: Mapping[str, Any], language: str) -> Iterator[Cell]:
    yield word("system", reject.get("system") or "", language)
    yield word("stream", reject.get("stream") or "", language)
    for name in ("ref", "key", "reason"):
        yield _text(reject.get(name))
    yield reject_sentence(reject, language)
    for name in ("field", "found"):
        yield _text(reject.get(name))
    expected = reject.get("expected")
    yield word("expected", expected, language) if expected else None


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def is_money(key: str) -> bool:
    """Whether a column holds amounts."""
    return key.removeprefix("facts.") in MONEY_FACTS or key == "control_total"
