"""People: look at one now, explain what was found, confirm an exit, approve what the brakes hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.frame import (
    CONFIG,
    DONE,
    INCOMPLETE,
    ByOption,
    ConfigOption,
    DateOption,
    JsonOption,
    LangOption,
    house,
    language,
    parse_day,
    print_json,
    progress_shown,
)

if TYPE_CHECKING:
    from connector.sync.connections import Desk

EmployeeArgument = Annotated[str, typer.Argument(help="employee number in HR")]


def register(app: typer.Typer) -> None:
    app.command("look")(look)
    app.command("explain")(explain)
    app.command("confirm")(confirm)
    app.command("approve")(approve)


def look(
    employee: EmployeeArgument, config: ConfigOption = CONFIG, as_of: DateOption = "", json: JsonOption = False,
    lang: LangOption = "",
) -> int:
    """Pull one employee from all systems now and judge him by the code of the night. Writes nothing."""
    from connector.cli.screen import Screen
    from connector.cli.show import show_story
    from connector.i18n import text
    from connector.i18n.sentences import action_sentence
    from connector.sync.look import look_at

    lang = language(lang)
    with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
        seen = look_at(desk, employee, parse_day(as_of) if as_of else desk.today())
        currency = desk.company.currency
    if json:
        print_json({
            "employee": seen.employee, "as_of": seen.as_of.isoformat(), "findings": list(seen.findings),
            "wanted": list(seen.wanted), "exits": list(seen.exits), "incomplete": list(seen.incomplete),
            "balance": seen.story.balance if seen.story else None,
        })
        return INCOMPLETE if seen.incomplete else DONE
    out = Screen()
    if seen.story is not None:
        show_story(seen.story, currency, lang, out)
    else:
        out.line(text("cli.not_in_hr", lang, employee=employee))
        for action in seen.wanted:
            out.line(f"  → {action_sentence(action, {}, lang)}")
    for one in seen.exits:
        why = ", ".join(text(f"reason.{code}", lang) for code in one["withheld"]) or text("cli.may_go", lang)
        out.line(text("cli.exit", lang, exit=one["exit"], gate=text(f"gate.{one['gate']}", lang), why=why))
    for cause in seen.incomplete:
        out.line(f"▲ {cause}", style="yellow")
    return INCOMPLETE if seen.incomplete else DONE


def explain(
    employee: EmployeeArgument, config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = ""
) -> int:
    """Why is he flagged or held? The evidence chain of the last night, document by document, and what was written."""
    from connector.cli.screen import Screen
    from connector.cli.show import show_finding
    from connector.errors import StateError
    from connector.i18n import text
    from connector.i18n.sentences import action_sentence
    from connector.store.outbox import history

    lang = language(lang)
    with house().desk(config) as desk:
        papers = last_papers(desk)
        mine = [f for f in papers["findings"]["findings"] if f["employee"] == employee or f["subject"] == employee]
        written = history(desk.store, employee)
        currency = desk.company.currency
    if not mine and not written:
        raise StateError(f"nothing was found about `{employee}`", mend="look at him now: connector look " + employee)
    if json:
        print_json({"employee": employee, "as_of": papers["findings"]["as_of"], "findings": mine, "written": [
            {**c.action.document(), "state": c.state, "detail": c.detail, "sent_at": c.sent_at} for c in written]})
        return DONE
    out = Screen()
    out.line(text("cli.explain", lang, employee=employee, as_of=papers["findings"]["as_of"]), style="bold")
    for finding in mine:
        show_finding(finding, currency, lang, out)
    for command in written:
        when = f"{command.sent_at:%Y-%m-%d %H:%M}Z" if command.sent_at else ""
        state = text(f"outcome.{command.state}", lang)
        out.line(f"  · {when} {action_sentence(command.action.document(), {}, lang)} [{state}]")
    return DONE


def last_papers(desk: Desk) -> dict[str, Any]:
    """findings.json and plan.json of the newest run. StateError when there is none."""
    import orjson

    from connector.errors import StateError
    from connector.store.audit import read_setting

    folder = Path(read_setting(desk.store, "last_papers"))
    try:
        return {name: orjson.loads((folder / f"{name}.json").read_bytes()) for name in ("findings", "plan")}
    except OSError as error:
        raise StateError("no night has run yet, or its papers are gone", mend="connector plan") from error


def confirm(
    number: Annotated[str, typer.Argument(metavar="EXIT", help="exit number, or the employee's number")],
    by: ByOption, config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Finance confirms that an exit's loans are settled. Never replaces the ledger; void when that changes."""
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.sync.clearances import confirm_exit

    lang = language(lang)
    with house().desk(config) as desk:
        case, day = confirm_exit(desk, number, by)
    if json:
        print_json({"exit": case.number, "employee": case.employee, "by": by, "on": day.isoformat()})
    else:
        Screen().line(text("cli.confirmed", lang, exit=case.number, employee=case.employee, by=by))
    return DONE


def approve(
    group: Annotated[
        str, typer.Argument(metavar="HASH", help="hash of a held group, at least 8 characters; or SYSTEM.STREAM")
    ],
    by: ByOption, config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Let a group through that the brakes hold: exactly these actions, for 72 hours. Or, named as hr.employee, accept
    that a stream has really become as small as it was last read."""
    from connector.cli.screen import Screen
    from connector.errors import StateError
    from connector.i18n import text
    from connector.store import audit

    lang = language(lang)
    if "." in group:
        return _accept(group, by, config, json, lang)
    with house().desk(config) as desk:
        held = last_papers(desk)["plan"]["held"]
        found = [g for g in held if len(group) >= 8 and str(g["hash"]).startswith(group)]
        if len(found) != 1:
            known = ", ".join(str(g["hash"])[:12] for g in held) or "none"
            raise StateError(f"no held group `{group}` in the last plan; held: {known}", mend="connector plan")
        audit.approve(desk.store, found[0]["hash"], by, desk.clock.now())
    if json:
        print_json({"hash": found[0]["hash"], "count": found[0]["count"], "by": by})
    else:
        Screen().line(text("cli.approved", lang, count=found[0]["count"], by=by))
    return DONE


def _accept(name: str, by: str, config: Path, json: bool, lang: str) -> int:
    """The new size of a stream that shrank."""
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.sync.staging import accept_size

    system, _, stream = name.partition(".")
    with house().desk(config) as desk:
        rows = accept_size(desk, system, stream, by)
    if json:
        print_json({"system": system, "stream": stream, "rows": rows, "by": by})
    else:
        Screen().line(text("cli.accepted", lang, system=system, stream=stream, rows=rows, by=by))
    return DONE
