"""Codes and facts become sentences for people, and the texts written to other systems. Pure; decides nothing.

A sentence whose facts are not all there falls back to a shorter one, so that nobody ever reads a gap. Facts come as
in the JSON documents: money as decimal text, days in ISO form. Nothing is escaped here; the medium does that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from string import Formatter
from typing import Any

from connector.i18n import catalog, text
from connector.i18n.foreign import clean

Facts = Mapping[str, Any]

# Facts that are amounts; everything else that looks like a number is a count or a name.
MONEY_FACTS = frozenset({
    "balance", "principal", "home_principal", "overdue_balance", "amount", "trip_limit", "trip_rate",
    "here", "source", "difference", "owner_balance", "same_day_total",
})
# Facts that are measured in the goal's own unit.
_MEASURES = frozenset({"goal_target", "goal_actual", "target", "actual"})
# Facts that are codes of a group of words.
_CODED = {
    "salary_band": "band", "asked_band": "band", "status": "status", "gate": "gate", "strength": "strength",
    "kind": "kind", "verb": "verb", "system": "system", "stream": "stream",
    "expected": "expected", "method": "method", "level": "severity",
    "state": "exit_state",
}
# What a brief may say of a person.
_BRIEF = (
    "position", "hired_on", "months_below", "open_loans", "balances", "loans", "asked", "limit", "share", "codes",
)
_AMOUNT = re.compile(r"(?P<amount>-?\d+(?:\.\d+)?)\s*(?P<currency>[A-Z]{3})\b")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def word(group: str, code: object, language: str) -> str:
    """The word of a code (`status`, `left` → 已离职); an unknown code shows itself."""
    return catalog(language).get(f"{group}.{code}", str(code))


def number_text(amount: object) -> str:
    """`28000.00` → `28,000.00`; what is not a number stays as it is."""
    try:
        return f"{Decimal(str(amount)):,f}"
    except (InvalidOperation, ValueError):
        return str(amount)


def money_text(amount: object, currency: str, language: str) -> str:
    """`28000.00`, CNY → `28,000.00 元` or `CNY 28,000.00`; without a currency the bare number."""
    shown = number_text(amount)
    if not currency:
        return shown
    pattern = "say.amount_home" if currency == "CNY" else "say.amount"
    return text(pattern, language, amount=shown, currency=currency)


def owed_text(owed: object, language: str) -> str:
    """`{"CNY": "28000.00"}` or `28000.00 CNY, 5.00 USD` → the amounts in words, one per currency."""
    if isinstance(owed, Mapping):
        pairs = [(str(amount), str(currency)) for currency, amount in sorted(owed.items())]
    else:
        pairs = [(m["amount"], m["currency"]) for m in _AMOUNT.finditer(str(owed))]
    if not pairs:
        return "" if isinstance(owed, Mapping) else str(owed)
    return text("say.join", language).join(money_text(a, c, language) for a, c in pairs)


def day_text(day: date, language: str) -> str:
    """31 July 2026, 2026年7月31日."""
    month = text(f"month.{day.month}", language)
    return text("say.day", language, year=day.year, month=month, day=day.day)


def person_text(employee: str, names: Mapping[str, str], language: str) -> str:
    """Name and number; the number alone when the name is not known."""
    name = names.get(employee)
    return text("say.person", language, name=name, employee=employee) if name else employee


def fact_text(name: str, value: object, language: str, currency: str = "") -> str:
    """One fact in words: amounts with their currency, codes as words, lists joined, unknown said."""
    if value is None:
        return text("say.unknown", language)
    if isinstance(value, bool):
        return word("truth", "yes" if value else "no", language)
    if name in MONEY_FACTS:
        return money_text(value, currency, language)
    if name in _MEASURES:
        whole, _, rest = number_text(value).partition(".")
        return f"{whole}.{rest.rstrip('0')}".rstrip(".")
    if name in {"owed", "balances"}:
        return owed_text(value, language)
    if name in {"rules", "codes"}:
        return rules_text(value, language)
    if isinstance(value, (list, tuple)):
        return text("say.join", language).join(str(item) for item in value)
    if name in {"cause", "reason"}:
        return cause_text(value, language)
    if name in _CODED:
        return word(_CODED[name], value, language)
    return f"{value:,}" if isinstance(value, int) else str(value)


def cause_text(cause: object, language: str) -> str:
    """`count_differs: 4 of 5` → the words of the code, then the detail as it came; `files.fault.empty: {"place": …}` →
    place, what is wrong there, and the mend."""
    code, _, detail = str(cause).partition(": ")
    if _is_fault(code, detail):
        mend = text(code.replace(".fault.", ".mend."), language)
        return text("say.fault", language, found=found_text(cause, language), mend=mend)
    named = word("reason", code, language)
    if not detail:
        return named
    if named == code:
        return str(cause)
    return text("say.cause", language, cause=named, detail=detail)


def found_text(found: object, language: str) -> str:
    """What a check found: place and what is wrong there, where it is a fault of the catalog; else as it came."""
    code, _, detail = str(found).partition(": ")
    if not _is_fault(code, detail):
        return str(found)
    words = _safe({name: str(value) for name, value in json.loads(detail).items()})
    return text("say.cause", language, cause=words.pop("place", ""), detail=text(code, language, **words))


def _is_fault(code: str, detail: str) -> bool:
    return ".fault." in code and detail.startswith("{")


def rules_text(codes: object, language: str) -> str:
    """Rule codes, as a list or as text with commas between, by their titles."""
    listed = codes if isinstance(codes, (list, tuple, set, frozenset)) else str(codes).split(", ")
    return text("say.join", language).join(rule_title(str(code), language) for code in sorted(listed))


def rule_title(rule: str, language: str) -> str:
    """The title of a rule; an own rule of the company without a text shows its code."""
    return catalog(language).get(f"rule.{rule}.title", rule)


def rule_todo(rule: str, language: str) -> str:
    """What finance, HR or IT should do now; empty for a rule without a text."""
    return catalog(language).get(f"rule.{rule}.todo", "")


def finding_sentence(finding: Facts, language: str, currency: str = "") -> str:
    """What was found, without the person's name. `currency`: of amounts whose facts name none.

    `finding` as in findings.json. An unknown verdict says why it could not be judged.
    """
    rule, facts = str(finding["rule"]), dict(finding.get("facts") or {})
    if finding.get("verdict") == "unknown":
        return _first([f"rule.{rule}.unknown"], {}, language) or rule_title(rule, language)
    home = str(facts.get("currency") or currency)
    words = {name: fact_text(name, value, language, home) for name, value in _known(_derived(facts)).items()}
    if "owed" not in words and "balance" in words:
        words["owed"] = words["balance"]
    if finding.get("subject"):
        words.setdefault("number", str(finding["subject"]))
    patterns = [f"rule.{rule}.{_variant(rule, facts)}", f"rule.{rule}.short", f"rule.{rule}.title"]
    return _first(patterns, words, language) or rule


def _known(facts: Facts) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None and value not in ("", [], {})}


def _derived(facts: dict[str, Any]) -> dict[str, Any]:
    """A trip's limit is its days times the rate, where both are given."""
    rate, days = facts.get("trip_rate"), facts.get("trip_days")
    if facts.get("trip_limit") is None and isinstance(rate, str) and isinstance(days, int):
        return facts | {"trip_limit": str(Decimal(rate) * days)}
    return facts


def _variant(rule: str, facts: Facts) -> str:
    """Which sentence of a rule tells the cause."""
    if facts.get("months_unrated"):
        return "sentence_gap"
    if rule != "loan.without_approval" or not facts.get("approval"):
        return "sentence"
    approved_on, lent_on = str(facts.get("approved_on") or ""), str(facts.get("lent_on") or "")
    if facts.get("is_approved") is False:
        return "sentence_open"
    if _ISO_DAY.match(approved_on) and _ISO_DAY.match(lent_on) and approved_on > lent_on:
        return "sentence_late"
    if facts.get("steps_missing"):
        return "sentence_steps"
    return "sentence_order" if facts.get("steps_in_order") is False else "short"


def _first(patterns: list[str], words: Mapping[str, str], language: str) -> str:
    """The first pattern that exists and whose places are all filled."""
    known = catalog(language)
    for key in patterns:
        pattern = known.get(key)
        if pattern is not None and all(name in words for name in places(pattern)):
            return pattern.format_map(words)
    return ""


def places(pattern: str) -> set[str]:
    """The names of the places of a text: `{count} rows` → {"count"}."""
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


def content_text(kind: str, content: Facts | None, language: str) -> str:
    """What a mark says, in a phrase: the codes and level of a flag, what a hold is for. Empty for an empty gate."""
    if not content:
        return text("say.nothing", language)
    if kind in ("risk_flag", "warning") and content.get("codes"):
        codes, level = rules_text(content["codes"], language), word("severity", content.get("level", ""), language)
        return text("say.flag", language, codes=codes, level=level)
    if kind == "exit_hold" and "balances" in content:
        return _hold_phrase(content, language)
    if kind == "brief" and "ref" not in content:
        return _brief_text(content, language)
    if kind in ("exit_hold", "brief"):
        ref = content.get("ref")
        return text("say.record", language, ref=ref) if ref else text("say.nothing", language)
    shown = [f"{word('fact', k, language)} {fact_text(k, v, language)}" for k, v in sorted(_known(content).items())]
    return text("say.clause", language).join(shown)


def _hold_phrase(content: Facts, language: str) -> str:
    if content.get("state") == "settled":
        return text("say.settled", language)
    words = {"owed": owed_text(content["balances"], language), "loans": str(content.get("loans", ""))}
    return _first(["say.hold_loans" if words["loans"] else "say.hold"], words, language)


def action_sentence(action: Facts, names: Mapping[str, str], language: str) -> str:
    """One action of the plan in words: who, and what is done.

    `action` as in plan.json; `names`: employee number → name.
    """
    person = person_text(str(action.get("employee") or action.get("ref") or ""), names, language)
    return text("say.action", language, person=person, phrase=action_phrase(action, language))


def action_phrase(action: Facts, language: str) -> str:
    """What is done, without the person: for a flag that changes, before → after."""
    kind, verb = str(action["kind"]), str(action["verb"])
    what = action_title(kind, verb, language)
    before, after = (content_text(kind, action.get(side), language) for side in ("before", "after"))
    if verb == "replace" and kind in ("risk_flag", "warning"):
        return text("say.phrase_change", language, what=what, before=before, after=after)
    return text("say.phrase_after" if action.get("after") else "say.phrase", language, what=what, after=after)


def action_title(kind: str, verb: str, language: str) -> str:
    """`exit_hold`, `remove` → 放行离职审批; a kind without a phrase of its own gets verb and kind."""
    plain = f"{word('verb', verb, language)} {word('kind', kind, language)}"
    return catalog(language).get(f"kind_verb.{kind}.{verb}", plain)


def mark_text(action: Facts, language: str) -> str:
    """The text that people read on the foreign record, clean whatever its facts hold. Empty: the field is emptied.

    risk_flag, warning: rule titles and level; exit_hold: the comment, or the remark of a release; todo: the subject,
    a line break, the description (after `remove`: the closing remark).
    """
    return clean(_mark_text(action, language))


def _mark_text(action: Facts, language: str) -> str:
    kind, verb, after = str(action["kind"]), str(action["verb"]), action.get("after") or {}
    if kind in ("risk_flag", "warning"):
        return _flag_text(kind, after, language) if verb != "remove" else ""
    if kind == "exit_hold":
        return text("mark.exit_hold.release", language) if verb == "remove" else _hold_text(after, language)
    if kind == "todo":
        return text("mark.todo.done", language) if verb == "remove" else "\n".join(todo_texts(action, language))
    return "" if verb == "remove" else content_text(kind, after, language)


def _flag_text(kind: str, content: Facts, language: str) -> str:
    codes = rules_text(content.get("codes") or [], language)
    level = word("severity", content["level"], language) if content.get("level") else None
    words = {"codes": codes} | ({"level": level} if level else {})
    return _first([f"mark.{kind}.text", f"mark.{kind}.plain"], words, language)


def _hold_text(content: Facts, language: str) -> str:
    if content.get("state") == "settled":
        return text("mark.exit_hold.settled", language)
    words = {"owed": owed_text(content.get("balances") or {}, language)}
    if content.get("loans"):
        words["loans"] = str(content["loans"])
    return _first(["mark.exit_hold.owes", "mark.exit_hold.owes_plain"], words, language)


def _brief_text(content: Facts, language: str) -> str:
    """What approvers should know of an applicant: the record's own keys and no other; what is not known is said so."""
    currency = str(content.get("currency") or "")
    words = {name: fact_text(name, content.get(name), language, currency) for name in _BRIEF}
    amounts = [name for name in ("asked", "limit") if content.get(name)]
    words |= {name: money_text(content[name], currency, language) for name in amounts}
    if content.get("share") is not None:
        words["share"] = word("band", content["share"], language)
    nothing = text("say.nothing", language)
    empty = {name: nothing for name in ("balances", "codes", "limit") if content.get(name) in ({}, [], (), "")}
    return text("mark.brief.text", language, **words | empty)


def todo_texts(action: Facts, language: str) -> tuple[str, str]:
    """Subject and description of a to-do."""
    exit_number = (action.get("after") or {}).get("exit")
    words = {"exit": str(exit_number)} if exit_number else {}
    subject = _first(["mark.todo.subject", "mark.todo.subject_plain"], words, language)
    return subject, text("mark.todo.description", language)


def trouble_sentence(code: str, facts: Facts, language: str) -> str:
    """What went wrong, with the codes among its facts as words; an unknown code shows itself and its facts."""
    currency = str(facts.get("currency") or "")
    words = {name: fact_text(name, value, language, currency) for name, value in _known(facts).items()}
    if f"trouble.{code}" in catalog(language):
        return text(f"trouble.{code}", language, **_safe(words))
    return " ".join([code, *(f"{name}={value}" for name, value in words.items())])


def trouble_todo(code: str, language: str) -> str:
    """What to do about a trouble; empty for an unknown one."""
    return catalog(language).get(f"trouble_todo.{code}", "")


def reject_sentence(reject: Facts, language: str) -> str:
    """Why a row was set aside. `reject`: reason (a code), and where known field, found, expected."""
    reason = str(reject.get("reason") or "other")
    words = {name: fact_text(name, value, language) for name, value in _known(reject).items()}
    if "field" in words:
        words["field"] = word("fact", words["field"], language)
    return _first([reason, f"reject.{reason}", "reject.other"], words, language) or reason


def _safe(words: dict[str, str]) -> dict[str, str]:
    """Without the names that the lookup itself takes."""
    return {name: value for name, value in words.items() if name not in {"code", "language"}}
