"""Nights and people on a terminal: a short answer first, then what to do next. Colour never carries meaning alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.i18n import catalog, text
from connector.i18n.sentences import action_sentence, finding_sentence, rule_title
from connector.model.runs import NightRecord, Story, Trouble
from connector.reports.stories import evidence_lines

# Lines of one kind that a screen shows before it points to the report.
_MOST_LINES = 12


def console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def show_night(record: NightRecord, folder: Path, lang: str) -> None:
    """One night: what would be or was written, what is not whole, where the papers are."""
    out = console()
    out.print(headline(record, lang))
    _show_proof(out, record, lang)
    show_troubles(out, record.troubles, lang)
    _show_actions(out, record, lang)
    _show_findings(out, record, lang)
    out.print(text("cli.papers", lang, folder=folder))


def headline(record: NightRecord, lang: str) -> Text:
    """One line: company, day, mode, counts by verb."""
    counts = Counter(str(action["verb"]) for action in record.plan["actions"])
    held = sum(int(group["count"]) for group in record.plan["held"])
    mode = text(f"mode.{record.mode}", lang)
    line = text(
        "cli.headline", lang, title=record.title, as_of=record.as_of.isoformat(), mode=mode, put=counts["put"],
        replace=counts["replace"], remove=counts["remove"], held=held,
    )
    return Text(line, style="bold")


def _show_proof(out: Console, record: NightRecord, lang: str) -> None:
    parts = []
    for stream in record.proof["streams"]:
        mark = "●" if stream["complete"] else "▲"
        parts.append(f"{mark} {text('stream.' + stream['stream'], lang)} {stream['staged']:,}")
    out.print("  " + " · ".join(parts), style="dim")
    for currency, row in record.proof["books"].items():
        out.print("  " + text("cli.books", lang, currency=currency, **row), style="dim")


def show_troubles(out: Console, troubles: Iterable[Trouble], lang: str) -> None:
    for trouble, count in _grouped(troubles):
        line = text(f"trouble.{trouble.code}", lang, **_words(trouble.facts, lang))
        times = f" (×{count})" if count > 1 else ""
        out.print(Text(f"▲ {line}{times}", style="yellow"))
        todo = catalog(lang).get(f"trouble_todo.{trouble.code}")
        if todo:
            out.print(f"  → {todo}")
        if trouble.code == "brake":
            out.print(f"  → connector approve {str(trouble.facts['hash'])[:12]} --by …")


def _grouped(troubles: Iterable[Trouble]) -> list[tuple[Trouble, int]]:
    """Troubles of one code and cause once, with how often."""
    seen: dict[tuple[str, str, str], list[Trouble]] = {}
    for trouble in troubles:
        cause = str(trouble.facts.get("cause") or trouble.facts.get("detail") or trouble.facts.get("kind") or "")
        seen.setdefault((trouble.place, trouble.code, cause), []).append(trouble)
    return [(group[0], len(group)) for group in seen.values()]


def _words(facts: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Codes among the facts as words."""
    groups = {"system": "system", "stream": "stream", "cause": "reason", "kind": "kind", "verb": "verb"}
    return {
        name: catalog(lang).get(f"{groups[name]}.{value}", value) if name in groups else value
        for name, value in facts.items()
    }


def _show_actions(out: Console, record: NightRecord, lang: str) -> None:
    said = {(o.action["target"], o.action["kind"], o.action["ref"]): o.outcome for o in record.outcomes}
    actions = sorted(record.plan["actions"], key=_gravity)
    for action in actions[:_MOST_LINES]:
        outcome = said.get((action["target"], action["kind"], action["ref"]))
        mark = {"confirmed": "✓", None: "→", "sent": "?"}.get(outcome, "✗")
        out.print(f"  {mark} {action_sentence(action, record.names, lang)}")
    if len(actions) > _MOST_LINES:
        out.print("  " + text("cli.more", lang, count=len(actions) - _MOST_LINES), style="dim")


def _gravity(action: Mapping[str, Any]) -> tuple[int, str]:
    order = {"exit_hold": 0, "todo": 1, "risk_flag": 2}
    return order.get(str(action["kind"]), 3), str(action["ref"])


def _show_findings(out: Console, record: NightRecord, lang: str) -> None:
    counts: Counter[tuple[str, str]] = Counter((f["rule"], f["verdict"]) for f in record.findings["findings"])
    if not counts:
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for rule in sorted({rule for rule, _ in counts}):
        hits, unknown = counts[(rule, "hit")], counts[(rule, "unknown")]
        extra = text("cli.unknown", lang, count=unknown) if unknown else ""
        table.add_row("  ", rule_title(rule, lang), f"{hits:,}", extra)
    out.print(table)


def show_story(story: Story, currency: str, lang: str, out: Console | None = None) -> None:
    """One person: who he is, what he owes, why each finding stands, from which documents."""
    out = out or console()
    owed = ", ".join(f"{amount} {code}" for code, amount in story.balance.items()) or "0"
    status = text(f"status.{story.status}", lang)
    who = text("cli.person", lang, name=story.name, employee=story.employee, department=story.department,
               status=status, owed=owed)
    out.print(Text(who, style="bold"))
    for finding in story.findings:
        show_finding(finding, currency, lang, out)
    for action in story.actions:
        out.print(f"  → {action_sentence(action, {story.employee: story.name}, lang)}")


def show_finding(finding: Mapping[str, Any], currency: str, lang: str, out: Console) -> None:
    mark = "■" if finding["severity"] == "critical" else "▲"
    mark = "○" if finding["verdict"] == "unknown" else mark
    since = text("cli.since", lang, day=finding["opened_on"]) if finding.get("opened_on") else ""
    out.print(f"  {mark} {rule_title(finding['rule'], lang)} {since}")
    out.print(f"    {finding_sentence(finding, lang, currency)}")
    documents: dict[str, list[str]] = {}
    for line in evidence_lines([finding], lang):
        if line["value"] != line["document"]:
            place = f"{line['system']} {line['document']}"
            documents.setdefault(place, []).append(f"{line['field']} {line['value']}")
    for place, fields in list(documents.items())[:_MOST_LINES]:
        out.print(f"    · {place}｜{' · '.join(fields)}", style="dim", markup=False)
    if len(documents) > _MOST_LINES:
        out.print("    " + text("cli.more", lang, count=len(documents) - _MOST_LINES), style="dim")
