"""Whose number it is: link, unlink, and the cases that wait for somebody to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.frame import (
    CONFIG,
    DONE,
    ByOption,
    ConfigOption,
    JsonOption,
    LangOption,
    house,
    language,
    print_json,
)

if TYPE_CHECKING:
    from connector.model.links import Link
    from connector.sync.identity import OpenCase

NumberArgument = Annotated[str, typer.Argument(help="the number as finance writes it; with --succeeds: the old one")]
PairArgument = Annotated[
    tuple[str, str],
    typer.Argument(metavar="NUMBER EMPLOYEE", help="the number as finance writes it, the employee's number in HR"),
]
SucceedsOption = Annotated[bool, typer.Option("--succeeds", help="both are HR's: an earlier number, and today's")]


def _said(why: str) -> str:
    """A reason that can be read later."""
    if not why.strip():
        from connector.errors import UsageError
        from connector.model.faults import fault

        raise fault(UsageError, "command.no_why", "--why")
    return why.strip()


WhyOption = Annotated[str, typer.Option("--why", help="your reason; kept with the link", callback=_said)]


def register(app: typer.Typer) -> None:
    app.command("link")(link)
    app.command("unlink")(unlink)
    app.command("cases")(cases)


def link(
    pair: PairArgument, by: ByOption, why: WhyOption, succeeds: SucceedsOption = False, config: ConfigOption = CONFIG,
    json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Say that a number in finance is this employee of HR; wins over every rule, from the next run on."""
    from connector.sync.identity import link_by_hand, succeed_by_hand

    lang = language(lang)
    with house().desk(config) as desk:
        decide = succeed_by_hand if succeeds else link_by_hand
        made, before = decide(desk, *pair, by, why)
    _tell("cli.succeeded" if succeeds else "cli.linked", made, before, json, lang)
    return DONE


def unlink(
    number: NumberArgument, by: ByOption, why: WhyOption, succeeds: SucceedsOption = False,
    config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """End the link of a number; it stays in the books, and no rule links the two again."""
    from dataclasses import replace

    from connector.sync.identity import unlink_by_hand

    lang = language(lang)
    with house().desk(config) as desk:
        ended = unlink_by_hand(desk, number, by, why, succeeds)
    _tell("cli.unlinked", replace(ended, ended_by=by, ended_why=why), None, json, lang)
    return DONE


def cases(config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "") -> int:
    """Every number whose person is not certain: who may be meant, and the command that settles it."""
    from connector.cli.people import last_papers
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.sync.identity import open_cases

    lang = language(lang)
    with house().desk(config) as desk:
        papers = last_papers(desk, ("findings",))["findings"]
        found = open_cases(desk, papers["findings"])
    if json:
        print_json({"as_of": papers["as_of"], "cases": [_case_document(case) for case in found]})
        return DONE
    out = Screen()
    key = "cli.cases" if found else "cli.no_cases"
    out.line(text(key, lang, count=len(found), as_of=papers["as_of"]), style="bold")
    for case in found:
        _show_case(case, lang, out)
    return DONE


def _case_document(case: OpenCase) -> dict[str, Any]:
    return {
        "case": case.kind, "over": case.over, "number": case.number, "subjects": list(case.subjects),
        "candidates": [vars(choice) for choice in case.choices],
    }


def _show_case(case: OpenCase, lang: str, out: Any) -> None:
    from connector.i18n import text

    shown = {"number": case.number, "subjects": ", ".join(case.subjects)}
    out.line("● " + text(f"identity_case.{case.over}.{case.kind}", lang, **shown))
    for choice in case.choices:
        status = text(f"status.{choice.status}", lang)
        out.line(f"    ? {choice.employee} {choice.name} ({status})")
        if choice.command:
            out.line(f"      → {choice.command}")
    out.line(f"    → {text(f'identity_mend.{case.over}.{case.kind}', lang, number=case.number)}")


def _tell(key: str, link: Link, before: Link | None, json: bool, lang: str) -> None:
    from connector.cli.screen import Screen
    from connector.i18n import text

    if json:
        print_json({
            "system": link.system, "number": link.number, "employee": link.person, "rule": link.rule,
            "by": link.ended_by or link.by, "why": link.ended_why or link.why,
            "before": before.person if before else None,
        })
        return
    by = link.ended_by or link.by
    Screen().line(text(key, lang, number=link.number, employee=link.person, by=by))
    if before is not None:
        Screen().line("  " + text("cli.link_before", lang, employee=before.person, by=before.by))
