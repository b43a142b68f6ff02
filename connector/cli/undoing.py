"""Again, or back: a night for what failed, the inverse of a plan, all marks of ours taken away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.frame import (
    CONFIG,
    DONE,
    INCOMPLETE,
    ConfigOption,
    JsonOption,
    LangOption,
    house,
    language,
    print_json,
    progress_shown,
)

if TYPE_CHECKING:
    from connector.model.runs import ActionOutcome
    from connector.sync.connections import Desk
    from connector.sync.repeating import Failed
    from connector.sync.undoing import Undoing

YesOption = Annotated[bool, typer.Option("--yes", help="write what is shown; without it nothing is written")]
MaybeByOption = Annotated[str, typer.Option("--by", help="your name, kept in the audit log; needed with --yes")]


def register(app: typer.Typer) -> None:
    app.command("retry")(retry)
    app.command("undo")(undo)
    app.command("unmark")(unmark)


def retry(
    only: Annotated[str, typer.Option("--only", help="failed: the only choice there is")] = "failed",
    run: Annotated[str, typer.Option("--run", help="a run's id; default: the last that ended")] = "last",
    config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """The night again for what failed: writes that were refused or not seen afterwards, streams that broke off."""
    from connector.cli.night import exit_code, one_night, summary
    from connector.cli.show import show_night
    from connector.errors import UsageError
    from connector.sync.nightly import company_mode
    from connector.sync.repeating import failed_in

    lang = language(lang)
    if only != "failed":
        raise UsageError(f"`{only}`", place="--only", mend="--only failed")
    with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
        failed = failed_in(desk.store, run)
        _show_failed(failed, json, lang)
        if not failed:
            return DONE
        marks = None if failed.streams else failed.marks  # nobody knows what a torn stream has hidden
        record, folder = one_night(desk, "", company_mode(desk), None, lang, only_marks=marks)
    if json:
        print_json({"retried": failed.run, **summary(record, folder)})
    else:
        show_night(record, folder, lang)
    return exit_code(record)


def _show_failed(failed: Failed, json: bool, lang: str) -> None:
    from connector.cli.screen import Screen
    from connector.i18n import text

    if json:
        if not failed:
            print_json({"retried": failed.run, "run": None})
        return
    streams = ", ".join(failed.streams) or "–"
    key = "undo.failed" if failed else "undo.nothing_failed"
    Screen().line(text(key, lang, run=failed.run, marks=len(failed.marks), streams=streams))


def undo(
    plan: Annotated[str, typer.Argument(help="plan.json, its folder, a run's id or a plan's hash (8 characters)")],
    yes: YesOption = False, by: MaybeByOption = "", config: ConfigOption = CONFIG, json: JsonOption = False,
    lang: LangOption = "",
) -> int:
    """Take back what a plan wrote: shown first, written with --yes --by NAME. What somebody changed since stays."""
    from connector.sync.undoing import undo_of

    lang, by = language(lang), _signed(yes, by)
    with house().desk(config) as desk:
        undoing = undo_of(desk, _named(plan))
        outcomes = _carried_out(desk, undoing, by, "undo")
    return _shown(undoing, outcomes, json, lang)


def unmark(
    yes: YesOption = False, by: MaybeByOption = "", config: ConfigOption = CONFIG, json: JsonOption = False,
    lang: LangOption = "",
) -> int:
    """Take all our marks away: shown first, written with --yes --by NAME, and only while the company is not live."""
    from connector.errors import StateError
    from connector.sync.nightly import company_mode
    from connector.sync.undoing import unmark_of

    lang, by = language(lang), _signed(yes, by)
    with house().desk(config) as desk:
        if by and company_mode(desk) == "live":
            mend = "connector live off --by NAME, then unmark"
            raise StateError("the company is live: the next night would put the marks again", mend=mend)
        undoing = unmark_of(desk)
        outcomes = _carried_out(desk, undoing, by, "unmark")
    return _shown(undoing, outcomes, json, lang)


def _signed(yes: bool, by: str) -> str:
    """The name of whoever decides, "" when it is only to be shown."""
    from connector.errors import UsageError

    if yes and not by.strip():
        raise UsageError("found no name", place="--yes", mend="--yes --by NAME: who decides this")
    return by.strip() if yes else ""


def _named(plan: str) -> str:
    """A plan.json or its folder → the hash in it; anything else is a name already."""
    import orjson

    from connector.errors import UsageError

    path = Path(plan)
    file = path / "plan.json" if path.is_dir() else path
    if not file.exists():
        return plan
    try:
        return str(orjson.loads(file.read_bytes())["hash"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise UsageError("not a plan", place=str(file), mend="name a plan.json, a run or a hash") from error


def _carried_out(desk: Desk, undoing: Undoing, by: str, what: str) -> list[ActionOutcome] | None:
    """Outcomes; None when it was only to be shown."""
    from connector.sync.undoing import carry_out

    return carry_out(desk, undoing, by, what) if by and undoing.plan.actions else [] if by else None


def _shown(undoing: Undoing, outcomes: list[ActionOutcome] | None, json: bool, lang: str) -> int:
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.i18n.sentences import action_sentence

    is_whole = all(one.outcome == "confirmed" for one in outcomes or [])
    if json:
        said = None if outcomes is None else [vars(one) for one in outcomes]
        print_json({**undoing.document(), "outcomes": said})
        return DONE if is_whole else INCOMPLETE
    out = Screen()
    became = {id(a): o.outcome for a, o in zip(undoing.plan.actions, outcomes or [], strict=False)}
    for action in undoing.plan.actions:
        mark = {"confirmed": "✓", None: "→", "sent": "?"}.get(became.get(id(action)), "✗")
        out.line(f"  {mark} {action_sentence(action.document(), {}, lang)}")
    for one in undoing.kept:
        reason = text(f"undo.{one.reason}", lang)
        out.line(f"  ○ {text(f'kind.{one.action.kind}', lang)} {one.action.employee} {one.action.ref}: {reason}")
    counts = {"actions": len(undoing.plan.actions), "kept": len(undoing.kept)}
    out.line(text("undo.shown" if outcomes is None else "undo.written", lang, **counts), style="bold")
    return DONE if is_whole else INCOMPLETE
