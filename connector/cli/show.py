"""Nights and people on a terminal: a short answer first, then what to do next. Colour never carries meaning alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from connector.cli.screen import Screen
from connector.i18n import text
from connector.i18n.sentences import (
    action_sentence,
    finding_sentence,
    number_text,
    owed_text,
    rule_title,
    rules_text,
    trouble_sentence,
    trouble_todo,
    word,
)
from connector.model.links import Link
from connector.model.runs import NightRecord, Story, Trouble
from connector.reports.stories import evidence_lines

# Lines of one kind that a screen shows before it points to the report.
_MOST_LINES = 12


def show_night(record: NightRecord, folder: Path, lang: str, out: Screen | None = None) -> None:
    """One night: what would be or was written, what is not whole, where the papers are."""
    out = out or Screen()
    out.line(headline(record, lang), style="bold")
    _show_proof(out, record, lang)
    show_troubles(out, record.troubles, lang)
    _show_actions(out, record, lang)
    _show_findings(out, record, lang)
    out.line(text("cli.papers", lang, folder=folder))


def headline(record: NightRecord, lang: str) -> str:
    """One line: company, day, mode, counts by verb."""
    counts = Counter(str(action["verb"]) for action in record.plan["actions"])
    held = sum(int(group["count"]) for group in record.plan["held"])
    mode = text(f"mode.{record.mode}", lang)
    return text(
        "cli.headline", lang, title=record.title, as_of=record.as_of.isoformat(), mode=mode, put=counts["put"],
        replace=counts["replace"], remove=counts["remove"], held=held,
    )


def _show_proof(out: Screen, record: NightRecord, lang: str) -> None:
    parts = []
    for stream in record.proof["streams"]:
        mark = "●" if stream["complete"] else "▲"
        parts.append(f"{mark} {text('stream.' + stream['stream'], lang)} {stream['staged']:,}")
    out.line("  " + " · ".join(parts), style="dim")
    for currency, row in record.proof["books"].items():
        amounts = {name: number_text(amount) for name, amount in row.items()}
        out.line("  " + text("cli.books", lang, currency=currency, **amounts), style="dim")
    if record.proof["rules_off"]:
        out.line("  " + text("page.rules_off", lang, rules=rules_text(record.proof["rules_off"], lang)), style="dim")


def show_troubles(out: Screen, troubles: Iterable[Trouble], lang: str) -> None:
    """What is not whole, each with what to do; neighbours that ask for the same are followed by it once."""
    grouped = _grouped(troubles)
    todos = [trouble_todo(trouble.code, lang) for trouble, _ in grouped]
    for (trouble, count), todo, following in zip(grouped, todos, [*todos, ""][1:], strict=True):
        times = f" (×{count})" if count > 1 else ""
        out.line(f"▲ {trouble_sentence(trouble.code, trouble.facts, lang)}{times}", style="yellow")
        if todo and todo != following:
            out.line(f"  → {todo}")


def _grouped(troubles: Iterable[Trouble]) -> list[tuple[Trouble, int]]:
    """Troubles of one code and cause once, with how often."""
    seen: dict[tuple[str, str, str], list[Trouble]] = {}
    for trouble in troubles:
        cause = str(trouble.facts.get("cause") or trouble.facts.get("detail") or trouble.facts.get("kind") or "")
        seen.setdefault((trouble.place, trouble.code, cause), []).append(trouble)
    return [(group[0], len(group)) for group in seen.values()]


def _show_actions(out: Screen, record: NightRecord, lang: str) -> None:
    said = {(o.action["target"], o.action["kind"], o.action["ref"]): o.outcome for o in record.outcomes}
    marks = {"confirmed": "✓", None: "→", "sent": "?"}
    actions = sorted(record.plan["actions"], key=_gravity)
    _some(out, [
        f"  {marks.get(said.get((a['target'], a['kind'], a['ref'])), '✗')} {action_sentence(a, record.names, lang)}"
        for a in actions
    ], lang)
    for group in record.plan["held"]:
        held = [f"  ⏸ {action_sentence(action, record.names, lang)}" for action in group["actions"]]
        _some(out, held, lang)
        out.line(f"    → connector approve {str(group['hash'])[:12]} --by …")


def _some(out: Screen, lines: list[str], lang: str) -> None:
    """The first lines, and how many more there are."""
    for line in lines[:_MOST_LINES]:
        out.line(line)
    if len(lines) > _MOST_LINES:
        out.line("  " + text("cli.more", lang, count=len(lines) - _MOST_LINES), style="dim")


def _gravity(action: Mapping[str, Any]) -> tuple[int, str]:
    order = {"exit_hold": 0, "todo": 1, "risk_flag": 2, "warning": 3}
    return order.get(str(action["kind"]), 3), str(action["ref"])


def _show_findings(out: Screen, record: NightRecord, lang: str) -> None:
    counts: Counter[tuple[str, str]] = Counter((f["rule"], f["verdict"]) for f in record.findings["findings"])
    if not counts:
        return
    rows = []
    for rule in sorted({rule for rule, _ in counts}):
        hits, unknown = counts[(rule, "hit")], counts[(rule, "unknown")]
        extra = text("cli.unknown", lang, count=unknown) if unknown else ""
        rows.append(("  ", rule_title(rule, lang), f"{hits:,}", extra))
    out.rows(rows)


def show_story(story: Story, currency: str, lang: str, out: Screen | None = None) -> None:
    """One person: who he is, what he owes, why each finding stands, from which documents."""
    out = out or Screen()
    owed = owed_said(story.balance, lang)
    status = text(f"status.{story.status}", lang)
    who = text("cli.person", lang, name=story.name, employee=story.employee, department=story.department,
               status=status, owed=owed)
    out.line(who, style="bold")
    for finding in story.findings:
        show_finding(finding, currency, lang, out)
    for action in story.actions:
        out.line(f"  → {action_sentence(action, {story.employee: story.name}, lang)}")


def owed_said(balance: Mapping[str, str] | None, lang: str) -> str:
    """What he owes, per currency; nothing; or that nobody knows."""
    if balance is None:
        return text("say.unknown", lang)
    return owed_text(balance, lang) if balance else "0"


def show_finding(finding: Mapping[str, Any], currency: str, lang: str, out: Screen) -> None:
    mark = "■" if finding["severity"] == "critical" else "▲"
    mark = "○" if finding["verdict"] == "unknown" else mark
    since = text("cli.since", lang, day=finding["opened_on"]) if finding.get("opened_on") else ""
    out.line(f"  {mark} {rule_title(finding['rule'], lang)} {since}")
    out.line(f"    {finding_sentence(finding, lang, currency)}")
    documents: dict[str, list[str]] = {}
    read: dict[str, str] = {}
    for line in evidence_lines([finding], lang):
        if line["value"] != line["document"]:
            place = f"{line['system']} {line['document']}"
            documents.setdefault(place, []).append(f"{line['field']} {line['value']}")
            read[place] = text("cli.seen", lang, at=line["seen_at"]) if line["seen_at"] else ""
    for place, fields in list(documents.items())[:_MOST_LINES]:
        out.line(f"    · {place}｜{' · '.join(fields)}{read[place]}", style="dim")
    if len(documents) > _MOST_LINES:
        out.line("    " + text("cli.more", lang, count=len(documents) - _MOST_LINES), style="dim")


def link_document(link: Link) -> dict[str, Any]:
    """A living link with what it rests on."""
    evidence = orjson.loads(link.evidence) if link.evidence else {}
    return {"system": link.system, "number": link.number, "rule": link.rule, "evidence": evidence, "why": link.why,
            "by": link.by, "at": link.at}


def link_said(link: Link, zone: ZoneInfo, lang: str) -> str:
    """A living link in a line: whose number, by what, on what evidence, by whom, since when."""
    shown = link_document(link)["evidence"]
    evidence = ", ".join(str(value) for value in shown.values() if value) or link.why or "–"
    return text(
        "cli.link", lang, system=word("system", link.system, lang), number=link.number, evidence=evidence, by=link.by,
        rule=text(f"link_rule.{link.rule}", lang), at=f"{link.at.astimezone(zone):%Y-%m-%d}",
    )
