"""The sections of the page as plain values in words: headline, sources, troubles, pictures, plan, findings.

No markup, and no escaping: the page does that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connector.i18n import text
from connector.i18n.sentences import (
    action_title,
    cause_text,
    content_text,
    finding_sentence,
    money_text,
    number_text,
    person_text,
    rule_title,
    rule_todo,
    rules_text,
    trouble_sentence,
    trouble_todo,
    word,
)
from connector.model.runs import NightRecord
from connector.model.values import decimal_text
from connector.reports import charts
from connector.reports.tables import action_name, outcomes_by_action

# Rows of one table on the page; the rest is in the workbook.
ROWS_SHOWN = 50
# Up to so many rows a list stands open; a longer one is folded, but for what is grave.
_OPEN_ROWS = 24

_SEVERITIES = ("critical", "warning")
View = dict[str, Any]


def headline(night: NightRecord, language: str) -> View:
    """The night in a few sentences, the counts of the plan, and whether anything was written."""
    plan = night.plan
    verbs = Counter(action["verb"] for action in plan["actions"])
    held = sum(len(group["actions"]) for group in plan["held"])
    counts = {verb: f"{verbs[verb]:,}" for verb in ("put", "replace", "remove")} | {"held": f"{held:,}"}
    note = f"page.mode_{night.mode}_note"
    if night.mode == "live" and not plan["actions"]:
        note = "page.mode_live_none"
    outcomes = Counter(outcome.outcome for outcome in night.outcomes if outcome.outcome != "planned")
    return {
        "sentences": list(_headlines(night, language)), "counts": text("page.counts", language, **counts),
        "note": text(note, language), "mode": word("mode", night.mode, language), "is_live": night.mode == "live",
        "outcomes": [f"{word('outcome', code, language)} {count:,}" for code, count in sorted(outcomes.items())],
    }


def _headlines(night: NightRecord, language: str) -> Iterable[str]:
    found = night.findings["findings"]
    hits = Counter(f["rule"] for f in found if f["verdict"] == "hit")
    yield _left_sentence(night, hits["exit.left_with_loan"], language)
    if hits["exit.open_loan"]:
        yield text("page.head_leaving", language, count=f"{hits['exit.open_loan']:,}")
    unproven = sum(1 for f in found if f["rule"] == "exit.unproven")
    if unproven:
        yield text("page.head_unproven", language, count=f"{unproven:,}")
    if not all(stream["complete"] for stream in night.proof["streams"]):
        yield text("page.head_incomplete", language)
    if any(trouble.code == "releases_suspended" for trouble in night.troubles):
        yield text("page.head_suspended", language)


def _left_sentence(night: NightRecord, people: int, language: str) -> str:
    """Nobody found is only said when the rule ran and every stream was complete."""
    if people:
        balance = sum(bar.balance for bar in night.bars if bar.status == "left")
        if balance <= 0:
            return text("page.head_left_plain", language, people=f"{people:,}")
        said = text("page.head_left", language, people=f"{people:,}", amount=_money(balance, night, language))
        return said + (text("page.head_foreign", language) if _has_foreign_debt(night) else "")
    whole = all(stream["complete"] for stream in night.proof["streams"])
    is_off = "exit.left_with_loan" in (night.proof.get("rules_off") or [])
    return text("page.head_left_none" if whole and not is_off else "page.head_left_unknown", language)


def _has_foreign_debt(night: NightRecord) -> bool:
    """A debtor's balance in the company's currency is not stated where he owes in another one too."""
    return any(
        f["rule"] == "exit.left_with_loan" and f["verdict"] == "hit" and f["facts"].get("balance") is None
        for f in night.findings["findings"]
    )


def _money(minor: int, night: NightRecord, language: str) -> str:
    return money_text(decimal_text(minor, night.currency), night.currency, language)


def is_whole(night: NightRecord) -> bool:
    """Whether everything was read, the marks included: only then does nothing found mean nothing there."""
    return all(s["complete"] for s in night.proof["streams"]) and not any(
        trouble.code == "not_observed" for trouble in night.troubles
    )


def sources(night: NightRecord, language: str) -> list[View]:
    """One card per system: its state, its streams."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for stream in night.proof["streams"]:
        grouped.setdefault(str(stream["system"]), []).append(stream)
    return [_source(system, streams, night, language) for system, streams in grouped.items()]


def _source(system: str, streams: list[Mapping[str, Any]], night: NightRecord, language: str) -> View:
    bad = [stream for stream in streams if not stream["complete"]]
    says = "page.streams_incomplete" if bad else "page.streams_complete"
    rejected = sum(int(stream.get("rejected") or 0) for stream in streams)
    return {
        "name": word("system", system, language), "is_complete": not bad,
        "says": text(says, language, bad=len(bad), count=len(streams)),
        "rows": text("page.rows", language, count=f"{sum(int(s['rows'] or 0) for s in streams):,}"),
        "rejected": text("page.rejected_rows", language, count=f"{rejected:,}") if rejected else "",
        "causes": [
            f"{word('stream', s['stream'], language)}: {cause_text(s['cause'], language)}"
            for s in bad if s.get("cause")
        ],
        "streams": [_stream(stream, night, language) for stream in streams],
    }


def _stream(stream: Mapping[str, Any], night: NightRecord, language: str) -> View:
    control = stream.get("control_total")
    pairs = control.items() if isinstance(control, Mapping) else [(night.currency, control)]
    shown = [money_text(amount, str(unit), language) for unit, amount in pairs if amount is not None]
    return {
        "name": word("stream", stream["stream"], language), "is_complete": bool(stream["complete"]),
        "rows": number_text(stream["rows"]), "staged": number_text(stream["staged"]),
        "rejected": number_text(stream["rejected"]), "control": text("say.join", language).join(shown),
    }


def books(night: NightRecord, language: str) -> list[View]:
    """One line per currency: whether our sum equals the ledger."""
    found = []
    for currency, book in sorted((night.proof.get("books") or {}).items()):
        agrees = book.get("difference") is not None and Decimal(str(book["difference"])) == 0
        amounts = {
            name: text("page.no_number", language) if book.get(name) is None else number_text(book[name])
            for name in ("source", "here", "difference")
        }
        says = "page.books_agree" if agrees else "page.books_differ"
        found.append({"agrees": agrees, "says": text(says, language, currency=currency, **amounts)})
    return found


def proof_notes(night: NightRecord, language: str) -> list[str]:
    """The link counts, and which rules did not run."""
    links = {name: number_text(count) for name, count in (night.proof.get("links") or {}).items()}
    notes = [text("page.links", language, **links)] if links else []
    if night.proof.get("rules_off"):
        notes.append(text("page.rules_off", language, rules=rules_text(night.proof["rules_off"], language)))
    return notes


def troubles(night: NightRecord, language: str) -> list[View]:
    """What went wrong and what to do about it."""
    counted = Counter((t.place, t.code, trouble_sentence(t.code, t.facts, language)) for t in night.troubles)
    return [
        {
            "place": _place(place, language), "todo": trouble_todo(code, language),
            "says": says if count == 1 else text("say.times", language, says=says, count=f"{count:,}"),
        }
        for (place, code, says), count in counted.items()
    ]


def _place(place: str, language: str) -> str:
    """A system, a stage, or `system stream`."""
    system, _, stream = place.partition(" ")
    if stream:
        return f"{word('system', system, language)} · {word('stream', stream, language)}"
    named = word("place", place, language)
    return named if named != place else word("system", place, language)


def bars(night: NightRecord, language: str) -> View:
    """Picture 1: balance by employment status."""
    drawn = charts.status_bars(night.bars)
    in_ten_thousands = _is_large(max((bar.amount for bar in drawn), default=0), night, language)
    rows = [
        {
            "bar": bar, "title": word("status", bar.code, language),
            "amount": _short(bar.amount, night, language, in_ten_thousands),
            "full": number_text(decimal_text(bar.amount, night.currency)), "is_danger": bar.code == "left",
            "employees": f"{status.employees:,}", "open_loans": f"{status.open_loans:,}",
            "detail": text(
                "page.bar_detail", language, employees=f"{status.employees:,}", open_loans=f"{status.open_loans:,}"
            ),
        }
        for bar, status in zip(drawn, night.bars, strict=True)
    ]
    total = sum(bar.balance for bar in night.bars)
    return {
        "rows": rows, "height": charts.height(drawn), "summary": _bars_summary(total, night, language),
        "total": number_text(decimal_text(total, night.currency)),
        "employees": f"{sum(bar.employees for bar in night.bars):,}",
        "open_loans": f"{sum(bar.open_loans for bar in night.bars):,}",
    }


def _bars_summary(total: int, night: NightRecord, language: str) -> str:
    if total <= 0:
        return text("page.bars_summary_none", language)
    left = sum(bar.balance for bar in night.bars if bar.status == "left")
    share = f"{Decimal(100 * left) / Decimal(total):.1f}"
    return text(
        "page.bars_summary", language,
        total=_money(total, night, language), left=_money(left, night, language), share=share,
    )


def _is_large(minor: int, night: NightRecord, language: str) -> bool:
    """Chinese readers count large amounts in units of ten thousand."""
    home = Decimal(decimal_text(minor, night.currency))
    return language == "zh_CN" and night.currency == "CNY" and home >= 10_000


def _short(minor: int, night: NightRecord, language: str, in_ten_thousands: bool) -> str:
    """An amount beside a bar; all bars of a picture have the same unit."""
    amount = Decimal(decimal_text(minor, night.currency))
    if in_ten_thousands:
        return text("page.ten_thousand", language, amount=f"{amount / 10_000:,.2f}")
    return money_text(f"{amount:.0f}", night.currency, language)


def waterfall(night: NightRecord, language: str) -> View:
    """Picture 2: from HR's total to those who differ."""
    drawn = charts.waterfall(night.waterfall)
    rows = [
        {
            "bar": bar, "title": word("waterfall", bar.code, language),
            "count": f"−{bar.amount:,}" if bar.is_drop else f"{bar.amount:,}",
            "is_danger": bar.code == "differing", "is_level": not (bar.is_drop or bar.is_aside),
        }
        for bar in drawn
    ]
    steps = " → ".join(
        text("page.waterfall_step", language, title=row["title"], count=row["count"])
        for row in rows if row["is_level"]
    )
    return {
        "rows": rows, "height": charts.height(drawn),
        "summary": text("page.waterfall_summary", language, steps=steps) if steps else "",
    }


def plan(night: NightRecord, language: str) -> list[View]:
    """Actions grouped by kind and verb, in words."""
    grouped: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for action in night.plan["actions"]:
        grouped.setdefault((action["kind"], action["verb"], action["target"]), []).append(action)
    order = {"exit_hold": 0, "risk_flag": 1, "warning": 2, "todo": 3}
    is_short = len(night.plan["actions"]) <= _OPEN_ROWS
    found = []
    for (kind, verb, target), actions in sorted(grouped.items(), key=lambda g: (order.get(g[0][0], 9), g[0])):
        group = _group_title(kind, verb, target, language) | _actions(actions, night, language)
        found.append(group | {"is_open": is_short or kind == "exit_hold"})
    return found


def _group_title(kind: str, verb: str, target: str, language: str) -> View:
    title = action_title(kind, verb, language)
    return {"title": title[:1].upper() + title[1:], "target": word("system", target, language), "verb": verb}


def _actions(actions: list[Mapping[str, Any]], night: NightRecord, language: str) -> View:
    outcomes = outcomes_by_action(night)
    shown = actions[:ROWS_SHOWN]
    more = text("page.plan_more", language, shown=len(shown), count=f"{len(actions):,}")
    return {
        "count": text("page.plan_count", language, count=f"{len(actions):,}"),
        "rows": [_action(action, outcomes.get(action_name(action)), night, language) for action in shown],
        "more": more if len(actions) > len(shown) else "",
    }


def _action(
    action: Mapping[str, Any], outcome: tuple[str, str] | None, night: NightRecord, language: str
) -> View:
    kind, before, after = str(action["kind"]), action.get("before"), action.get("after")
    what = content_text(kind, after, language) if after else action_title(kind, str(action["verb"]), language)
    old = content_text(kind, before, language) if before and kind in ("risk_flag", "warning") else ""
    rules = sorted({str(key).split("|", 1)[0] for key in action.get("because") or ()})
    code, detail = outcome or ("", "")
    return {
        "person": person_text(str(action.get("employee") or action["ref"]), night.names, language),
        "what": what, "old": old, "why": rules_text(rules, language) or _why_taken_away(action, language),
        "outcome": word("outcome", code, language) if code else "", "detail": detail,
        "is_bad": code in {"rejected", "blocked"},
    }


def _why_taken_away(action: Mapping[str, Any], language: str) -> str:
    """What is released or removed rests on no finding, but on the proof that there is none."""
    return text(f"page.why_{action['kind']}", language) if action["verb"] == "remove" else ""


def held(night: NightRecord, language: str) -> list[View]:
    """Groups that the brakes hold back, each with what to check and how to approve it."""
    found = []
    for group in night.plan["held"]:
        says = "page.held_line" if group["cause"] == "over_limit" else "page.held_other"
        target = str(group.get("target") or "")
        line = text(
            says, language, kind=word("kind", group["kind"], language), verb=word("verb", group["verb"], language),
            count=f"{group['count']:,}", limit=f"{group['limit']:,}", population=f"{group['population']:,}",
            cause=cause_text(group["cause"], language),
        )
        found.append(
            {"says": line, "hash": group["hash"]}
            | _group_title(group["kind"], group["verb"], target, language)
            | _actions(group["actions"], night, language)
        )
    return found


def findings(night: NightRecord, language: str) -> list[View]:
    """Findings grouped by rule, the gravest first."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for finding in night.findings["findings"]:
        grouped.setdefault(str(finding["rule"]), []).append(finding)
    is_short = len(night.findings["findings"]) <= _OPEN_ROWS
    groups = [_rule_group(rule, found, night, language) for rule, found in grouped.items()]
    groups = [group | {"is_open": is_short or group["is_critical"]} for group in groups]
    return sorted(groups, key=lambda group: (group["rank"], -group["hits"], group["rule"]))


def _rule_group(rule: str, found: list[Mapping[str, Any]], night: NightRecord, language: str) -> View:
    found = sorted(found, key=lambda f: (f["verdict"] != "hit", str(f["subject"])))
    hits = sum(1 for f in found if f["verdict"] == "hit")
    severity, shown = str(found[0]["severity"]), found[:ROWS_SHOWN]
    rest = len(found) - hits
    more = text("page.finding_more", language, shown=len(shown), count=f"{len(found):,}")
    return {
        "rule": rule, "title": rule_title(rule, language), "todo": rule_todo(rule, language), "hits": hits,
        "rank": _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES),
        "severity": word("severity", severity, language), "is_critical": severity == "critical",
        "count": text("page.finding_hits", language, count=f"{hits:,}"),
        "unknown": text("page.finding_unknown", language, count=f"{rest:,}") if rest else "",
        "rows": [_finding(f, night, language) for f in shown], "more": more if len(found) > len(shown) else "",
        "has_subject": any(f["subject"] != f.get("employee") for f in shown),
    }


def _finding(finding: Mapping[str, Any], night: NightRecord, language: str) -> View:
    employee = finding.get("employee")
    return {
        "person": person_text(str(employee), night.names, language) if employee else "",
        "subject": finding["subject"] if finding["subject"] != employee else "",
        "says": finding_sentence(finding, language, night.currency), "opened_on": finding.get("opened_on") or "",
        "is_unknown": finding["verdict"] == "unknown",
    }
