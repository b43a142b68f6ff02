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
    from zoneinfo import ZoneInfo

    from connector.reconcile.clearance import Case
    from connector.store.outbox import Command
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
    from connector.cli.show import owed_said, show_finding, show_story
    from connector.i18n import text
    from connector.i18n.sentences import action_sentence, cause_text
    from connector.sync.look import look_at

    lang = language(lang)
    with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
        seen = look_at(desk, employee, parse_day(as_of) if as_of else desk.today())
        currency = desk.company.currency
    if json:
        print_json({
            "employee": seen.employee, "as_of": seen.as_of.isoformat(), "findings": list(seen.findings),
            "wanted": list(seen.wanted), "exits": list(seen.exits), "incomplete": list(seen.incomplete),
            "balance": seen.balance,
        })
        return INCOMPLETE if seen.incomplete else DONE
    out = Screen()
    if seen.story is not None:
        show_story(seen.story, currency, lang, out)
    else:
        out.line(text("cli.not_in_hr", lang, employee=employee, owed=owed_said(seen.balance, lang)))
        for finding in seen.findings:
            show_finding(finding, currency, lang, out)
        for action in seen.wanted:
            out.line(f"  → {action_sentence(action, {}, lang)}")
    for one in seen.exits:
        why = ", ".join(text(f"reason.{code}", lang) for code in one["withheld"]) or text("cli.may_go", lang)
        out.line(text("cli.exit", lang, exit=one["exit"], gate=text(f"gate.{one['gate']}", lang), why=why))
    for cause in seen.incomplete:
        out.line(f"▲ {cause_text(cause, lang)}", style="yellow")
    return INCOMPLETE if seen.incomplete else DONE


def explain(
    employee: EmployeeArgument, config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = ""
) -> int:
    """Why is he flagged or held? The evidence chain of the last night, document by document, and what was written."""
    from connector.cli.screen import Screen
    from connector.cli.show import link_document, link_said, show_finding
    from connector.errors import StateError
    from connector.i18n import text
    from connector.i18n.sentences import word
    from connector.model.faults import fault
    from connector.store.exits import cases
    from connector.store.links import links_of
    from connector.store.outbox import history
    from connector.sync.succession import number_now

    lang = language(lang)
    with house().desk(config) as desk:
        employee = number_now(desk, employee)
        papers, zone, currency = last_papers(desk), desk.company.zone, desk.company.currency
        mine = [f for f in papers["findings"]["findings"] if f["employee"] == employee or f["subject"] == employee]
        written = history(desk.store, employee)
        exits = [case for case, _ in cases(desk.store).values() if case.employee == employee]
        links = links_of(desk.store, employee)
    unread = [s for s in papers["proof"]["streams"] if not s["complete"]]
    if not mine and not written and not exits:
        code = "command.nothing_read" if unread else "command.nothing_found"
        raise fault(StateError, code, papers["findings"]["as_of"], employee=employee)
    if json:
        print_json({
            "employee": employee, "as_of": papers["findings"]["as_of"], "findings": mine,
            "exits": [_exit_document(case) for case in exits],
            "links": [link_document(link) for link in links],
            "written": [{**c.action.document(), "state": c.state, "detail": c.detail, "sent_at": c.sent_at}
                        for c in written],
            "incomplete": [f"{s['system']}.{s['stream']}" for s in unread],
        })
        return DONE
    out = Screen()
    out.line(text("cli.explain", lang, employee=employee, as_of=papers["findings"]["as_of"]), style="bold")
    for stream in unread:
        name = f"{word('system', stream['system'], lang)} {word('stream', stream['stream'], lang)}"
        out.line("▲ " + text("cli.unread", lang, stream=name), style="yellow")
    for finding in mine:
        show_finding(finding, currency, lang, out)
    told = [f"= {link_said(link, zone, lang)}" for link in links]
    told += [f"● {_exit_said(case, zone, lang)}" for case in exits]
    for line in [*told, *(f"· {_write_said(command, zone, lang)}" for command in written)]:
        out.line(f"  {line}")
    return DONE


def _exit_document(case: Case) -> dict[str, Any]:
    confirmed = case.confirmation
    return {
        "exit": case.number, "state": case.state, "opened_on": case.opened_on,
        "confirmed": {"by": confirmed.by, "at": confirmed.at} if confirmed else None,
    }


def _write_said(command: Command, zone: ZoneInfo, lang: str) -> str:
    """What was written or meant to be, when, and what became of it."""
    from connector.i18n import text
    from connector.i18n.sentences import action_sentence

    when = f"{command.sent_at.astimezone(zone):%Y-%m-%d %H:%M}" if command.sent_at else ""
    return f"{when} {action_sentence(command.action.document(), {}, lang)} [{text(f'outcome.{command.state}', lang)}]"


def _exit_said(case: Case, zone: ZoneInfo, lang: str) -> str:
    """An exit as it stands in our books, and who confirmed it."""
    from connector.i18n import text

    said = text("cli.case", lang, exit=case.number, state=text(f"case_state.{case.state}", lang))
    if case.confirmation is None:
        return said
    at = f"{case.confirmation.at.astimezone(zone):%Y-%m-%d %H:%M}"
    return said + text("cli.case_confirmed", lang, by=case.confirmation.by, at=at)


def last_papers(desk: Desk, wanted: tuple[str, ...] = ("findings", "plan", "proof")) -> dict[str, Any]:
    """The documents of the newest run, by name. StateError when there is none."""
    import orjson

    from connector.errors import StateError
    from connector.model.faults import fault
    from connector.store.audit import read_setting

    folder = Path(read_setting(desk.store, "last_papers"))
    try:
        return {name: orjson.loads((folder / f"{name}.json").read_bytes()) for name in wanted}
    except OSError as error:
        raise fault(StateError, "command.no_papers") from error


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
    from connector.model.faults import fault
    from connector.store import audit

    lang = language(lang)
    if "." in group:
        return _accept(group, by, config, json, lang)
    with house().desk(config) as desk:
        held = last_papers(desk)["plan"]["held"]
        found = [g for g in held if len(group) >= 8 and str(g["hash"]).startswith(group)]
        if len(found) != 1:
            known = ", ".join(str(g["hash"])[:12] for g in held) or "–"
            raise fault(StateError, "command.not_held", group, known=known)
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
