"""Explained employees: the words beside each timeline, the list of events, the evidence. Plain values, no markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from connector.i18n import catalog, text
from connector.i18n.sentences import (
    MONEY_FACTS,
    action_phrase,
    action_title,
    fact_text,
    finding_sentence,
    money_text,
    owed_text,
    rule_title,
    word,
)
from connector.model.runs import Event, NightRecord, Story
from connector.model.values import decimal_text
from connector.reports.cells import instant, shown
from connector.reports.timeline import Timeline, timeline

View = dict[str, Any]


def stories(night: NightRecord, language: str) -> list[View]:
    """One view per explained employee."""
    return [_story(story, night, language) for story in night.stories]


def _story(story: Story, night: NightRecord, language: str) -> View:
    drawn = timeline(story, night.as_of)
    owed = owed_text({c: a for c, a in (story.balance or {}).items() if _is_owed(a)}, language)
    evidence = list(evidence_lines(story.findings, language))
    return {
        "employee": story.employee, "name": story.name, "department": story.department,
        "status": word("status", story.status, language), "code": story.status, "line": drawn,
        "balance": _balance(story, owed, language),
        "owes": bool(owed), "summary": _summary(drawn, night, language),
        "peak": text("page.lane_peak", language, amount=_money(drawn.peak, night, language)),
        "findings": [_finding(f, night, language) for f in story.findings],
        "actions": [action_phrase(action, language) for action in story.actions],
        "events": [_event(event, night, language) for event in sorted(story.events, key=lambda e: e.on)],
        "evidence": evidence, "evidence_title": text("page.evidence", language, count=len(evidence)),
        "spans": [{"span": span, "title": word("status", span.status, language)} for span in drawn.spans],
    }


def _is_owed(amount: str) -> bool:
    return not amount.startswith("-") and amount.strip("0.") != ""


def _money(minor: int, night: NightRecord, language: str) -> str:
    return money_text(decimal_text(minor, night.currency), night.currency, language)


def _summary(drawn: Timeline, night: NightRecord, language: str) -> str:
    return text(
        "page.story_summary", language, from_day=drawn.start.isoformat(), to_day=night.as_of.isoformat(),
        peak=_money(drawn.peak, night, language), now=_money(drawn.now, night, language),
    )


def _finding(finding: Mapping[str, Any], night: NightRecord, language: str) -> View:
    return {
        "title": rule_title(str(finding["rule"]), language),
        "says": finding_sentence(finding, language, night.currency),
        "subject": finding["subject"] if finding["subject"] != finding.get("employee") else "",
        "is_critical": finding.get("severity") == "critical", "is_unknown": finding.get("verdict") == "unknown",
    }


def _event(event: Event, night: NightRecord, language: str) -> View:
    """An event in words; a fact that is missing leaves the bare word."""
    facts = event.facts
    words: dict[str, str] = {}
    if facts.get("amount") is not None:
        words["amount"] = money_text(facts["amount"], str(facts.get("currency") or night.currency), language)
        method = facts.get("method")
        words["method"] = word("method", method, language) if method else word("event_word", event.code, language)
    if event.code == "finding" and facts.get("rule"):
        words["title"] = rule_title(str(facts["rule"]), language)
    if event.code == "action" and facts.get("kind"):
        words["title"] = action_title(str(facts["kind"]), str(facts.get("verb")), language)
    whole = bool(words) or "{" not in catalog(language).get(f"event.{event.code}", "{")
    says = text(f"event.{event.code}", language, **words) if whole else word("event_word", event.code, language)
    number = facts.get("number") or facts.get("loan") or facts.get("exit") or ""
    return {"on": event.on.isoformat(), "code": event.code, "says": says, "number": str(number)}


def _balance(story: Story, owed: str, language: str) -> str:
    if owed:
        return text("page.story_balance", language, owed=owed)
    return text("page.story_unknown" if story.balance is None else "page.story_clear", language)


def evidence_lines(findings: Iterable[Mapping[str, Any]], language: str) -> Iterable[View]:
    """Each field of each foreign record once. A record is called by its number, where it has one."""
    items: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for finding in findings:
        for item in finding.get("evidence") or ():
            items.setdefault((str(item["system"]), str(item["ref"]), str(item["field"])), item)
    for (system, ref, field), item in items.items():
        number = items.get((system, ref, "number"), {}).get("value")
        currency = items.get((system, ref, "currency"), {}).get("value") if field in MONEY_FACTS else ""
        yield {
            "system": word("system", system, language), "document": str(number or ref),
            "ref": ref if number and str(number) != ref else "", "field": word("fact", field, language),
            "value": fact_text(field, shown(field, item["value"], language), language, str(currency or "")),
            "seen_at": _seen(item.get("seen_at")),
        }


def _seen(value: object) -> str:
    """Minutes in UTC."""
    if not value:
        return ""
    try:
        return f"{instant(str(value)).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return str(value)
