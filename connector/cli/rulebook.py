"""The rule book: what it holds, whether it reads, whether its examples come out, what another one would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.frame import (
    CONFIG,
    DONE,
    FAILED,
    ConfigOption,
    JsonOption,
    LangOption,
    house,
    language,
    parse_day,
    print_json,
    progress_shown,
)

if TYPE_CHECKING:
    from connector.rules.book import RuleBook
    from connector.rules.changes import Change
    from connector.sync.replay import Replayed

group = typer.Typer(no_args_is_help=True)
BookArgument = Annotated[
    Path | None, typer.Argument(help="a rule book, or a folder of sheets; default: the company's own")
]
# Findings that a screen shows of one night before it counts the rest.
_MOST_LINES = 12


def register(app: typer.Typer) -> None:
    group.command("list")(list_rules)
    group.command("check")(check)
    group.command("test")(test)
    group.command("diff")(diff)
    group.command("replay")(replay)
    app.add_typer(group, name="rules")


def list_rules(config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "") -> int:
    """Every rule in force: over what, how grave, for whom, what it marks, and whether it is on."""
    from connector.cli.screen import Screen
    from connector.i18n.sentences import rule_title, word

    lang = language(lang)
    book = house().book(config)
    if json:
        print_json({"version": book.version, "policy": _numbers(book), "rules": [_rule(rule) for rule in book.rules]})
        return DONE
    out, wide = Screen(), max(len(rule.code) for rule in book.rules)
    for rule in book.rules:
        told = ", ".join(word("audience", one, lang) for one in rule.audience)
        words = (word("over", rule.over, lang), word("severity", rule.severity, lang), told)
        sign = {"on": "●", "observe": "○"}.get(rule.mode, "–")
        out.line(f"{sign} {rule.code:<{wide}}  {rule_title(rule.code, lang)} · {' · '.join(words)}")
    modes = " / ".join(word("rule_mode", mode, lang) for mode in ("on", "observe", "off"))
    out.line(f"● / ○ / –: {modes}", style="dim")
    return DONE


def _numbers(book: RuleBook) -> dict[str, Any]:
    return {
        name: {"default": p.default, "department": dict(p.department), "position": dict(p.position)}
        for name, p in book.policies.items()
    }


def _rule(rule: Any) -> dict[str, Any]:
    shown = ("code", "over", "when", "facts", "audience", "severity", "marks", "mode", "legal_basis")
    return {name: getattr(rule, name) for name in shown} | {"streams": sorted(rule.streams)}


def check(
    book: BookArgument = None, config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Read a rule book and say what is wrong in it: which rule, which line and column. Connects to nothing."""
    from connector.cli.screen import Screen
    from connector.i18n import text

    lang = language(lang)
    found = _book(book, config)
    examples = sum(len(rule.examples) for rule in found.rules)
    if json:
        print_json({"version": found.version, "rules": len(found.rules), "examples": examples})
    else:
        Screen().line(text("rules.read", lang, version=found.version, rules=len(found.rules), examples=examples))
    return DONE


def _book(path: Path | None, config: Path) -> RuleBook:
    return house().book(config) if path is None else house().book_at(path)


def test(
    book: BookArgument = None, config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Try the examples that stand beside the rules; exit 1 when one comes out otherwise."""
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.rules.trial import try_examples

    lang = language(lang)
    tried = try_examples(_book(book, config))
    wrong = [one for one in tried if not one.is_right]
    if json:
        print_json({"tried": len(tried), "wrong": [vars(one) for one in wrong]})
        return FAILED if wrong else DONE
    out = Screen()
    for one in wrong:
        expected, found = (text(f"verdict.{word}", lang) for word in (one.expected, one.found))
        out.line("✗ " + text("rules.wrong", lang, rule=one.rule, number=one.number, expected=expected, found=found))
    out.line(text("rules.tried", lang, count=len(tried), wrong=len(wrong)))
    return FAILED if wrong else DONE


def diff(
    other: Annotated[Path | None, typer.Argument(help="the book to compare with; default: the one that comes with "
                                                      "the program")] = None,
    config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """What differs: from OTHER to the company's own book, number by number and rule by rule."""
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.rules.changes import changes

    lang = language(lang)
    found = changes(house().book_at(other), house().book(config))
    if json:
        print_json({"changes": [vars(one) for one in found]})
        return DONE
    out = Screen()
    for one in found:
        out.line(_change(one))
    if not found:
        out.line(text("rules.alike", lang))
    return DONE


def _change(one: Change) -> str:
    name = f"{one.what} {one.name}" + (f" {one.field}" if one.field not in ("", "value") else "")
    if one.before is None:
        return f"+ {name}: {one.after}"
    return f"- {name}: {one.before}" if one.after is None else f"~ {name}: {one.before} → {one.after}"


def replay(
    since: Annotated[str, typer.Option("--from", help="first business date, YYYY-MM-DD")],
    until: Annotated[str, typer.Option("--to", help="last business date; default: today")] = "",
    book: Annotated[Path | None, typer.Option("--book", help="judge by this book; default: each night's own")] = None,
    config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Judge past nights again: by their own rule books (must give the same), or by another (what would change)."""
    from connector.cli.screen import Screen
    from connector.errors import StateError
    from connector.i18n import text
    from connector.sync.replay import replay as replayed

    lang = language(lang)
    first, last = parse_day(since), parse_day(until) if until else None
    other = house().book_at(book) if book is not None else None
    out, nights = Screen(is_quiet=json), []
    with progress_shown(json, lang), house().desk(config) as desk:
        for night in replayed(desk, first, last or desk.today(), other):
            _show(out, night, lang)
            nights.append(_night(night))
    if not nights:
        raise StateError("no night of that time was kept", place="--from", mend="connector runs shows what there is")
    same = sum(night["is_same"] for night in nights)
    out.line(text("rules.replayed", lang, nights=len(nights), same=same))
    if json:
        print_json({"nights": nights})
    return DONE if other is not None or same == len(nights) else FAILED


def _night(night: Replayed) -> dict[str, Any]:
    return {
        "run": night.run, "as_of": night.as_of.isoformat(), "kept_by": night.kept_by, "judged_by": night.judged_by,
        "hits": night.hits, "is_same": night.is_same, "appeared": night.appeared.to_dicts(),
        "gone": night.gone.to_dicts(),
    }


def _show(out: Any, night: Replayed, lang: str) -> None:
    from connector.i18n import text
    from connector.i18n.sentences import rule_title

    counts = {"hits": night.hits, "appeared": night.appeared.height, "gone": night.gone.height}
    says = "rules.night_same" if night.is_same else "rules.night_differs"
    out.line(text(says, lang, as_of=night.as_of.isoformat(), run=night.run, **counts))
    for sign, rows in (("+", night.appeared), ("-", night.gone)):
        for row in rows.head(_MOST_LINES).iter_rows(named=True):
            person = f" ({row['employee']})" if row["employee"] not in (None, row["subject"]) else ""
            out.line(f"  {sign} {rule_title(row['rule'], lang)}: {row['subject']}{person}")
        if rows.height > _MOST_LINES:
            out.line("    " + text("cli.more", lang, count=rows.height - _MOST_LINES), style="dim")
