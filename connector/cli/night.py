"""Nights by hand: plan, apply, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.frame import (
    CONFIG,
    DONE,
    FAILED,
    INCOMPLETE,
    WAITING,
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
    from connector.model.runs import NightRecord
    from connector.sync.connections import Desk
    from connector.sync.nightly import Marks


def register(app: typer.Typer) -> None:
    app.command("plan")(plan)
    app.command("apply")(apply)
    app.command("run")(run)


OutOption = Annotated[Path | None, typer.Option("--out", help="folder for the documents; default: data_dir/runs/<run>")]


def plan(
    config: ConfigOption = CONFIG, as_of: DateOption = "", out: OutOption = None, json: JsonOption = False,
    lang: LangOption = "",
    detailed: Annotated[bool, typer.Option("--detailed-exitcode", help="exit 3 when actions are waiting")] = False,
) -> int:
    """Look at everything and show what would be written. Writes nothing to any system."""
    from connector.cli.show import show_night

    lang = language(lang)
    with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
        record, folder = one_night(desk, as_of, "observe", out, lang)
    if json:
        print_json(record.plan)
    else:
        show_night(record, folder, lang)
    waiting = bool(record.plan["actions"] or record.plan["held"])
    return WAITING if detailed and waiting else exit_code(record)


def run(
    config: ConfigOption = CONFIG, as_of: DateOption = "", out: OutOption = None, json: JsonOption = False,
    lang: LangOption = "",
) -> int:
    """One night: in mode live it writes, in mode observe it only plans."""
    from connector.cli.show import show_night
    from connector.sync.nightly import company_mode

    lang = language(lang)
    with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
        record, folder = one_night(desk, as_of, company_mode(desk), out, lang)
    if json:
        print_json(summary(record, folder))
    else:
        show_night(record, folder, lang)
    return exit_code(record)


def apply(
    plan_file: Annotated[Path, typer.Argument(help="plan.json of an earlier `plan`, or its folder")],
    config: ConfigOption = CONFIG, as_of: DateOption = "", json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Write exactly the plan that was shown; if the world has moved on, write nothing and show the new plan."""
    import orjson

    from connector.cli.show import show_night
    from connector.errors import StateError, UsageError
    from connector.model.faults import fault
    from connector.sync.nightly import company_mode

    lang = language(lang)
    file = plan_file / "plan.json" if plan_file.is_dir() else plan_file
    try:
        wanted = str(orjson.loads(file.read_bytes())["hash"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise fault(UsageError, "command.no_plan", str(file)) from error
    with progress_shown(json, lang) as progress, house().desk(config, progress) as desk:
        if company_mode(desk) != "live":
            raise fault(StateError, "command.observing")
        record, folder = one_night(desk, as_of, "live", None, lang, wanted)
    if json:
        print_json(summary(record, folder))
    else:
        show_night(record, folder, lang)
    stale = any(t.code == "stale_plan" for t in record.troubles)
    return FAILED if stale else exit_code(record)


def one_night(
    desk: Desk, as_of: str, mode: Any, out: Path | None, lang: str, only_plan: str = "",
    only_marks: Marks | None = None,
) -> tuple[NightRecord, Path]:
    """Run one night and write its documents; returns the record and their folder."""
    from connector.sync.nightly import run_night

    record = run_night(desk, parse_day(as_of) if as_of else desk.today(), mode, only_plan, only_marks)
    return record, keep_papers(desk, record, out, lang)


def keep_papers(desk: Desk, record: NightRecord, out: Path | None, lang: str) -> Path:
    """Write the documents of a night; returns their folder."""
    from connector.cli.papers import write_papers

    folder = out or desk.folder / "runs" / record.run
    write_papers(record, folder, lang)
    write_papers_pointer(desk, folder)
    return folder


def write_papers_pointer(desk: Desk, folder: Path) -> None:
    """Remember where the newest documents are, for `explain`."""
    from connector.store.audit import write_setting

    write_setting(desk.store, "last_papers", str(folder.resolve()))


def exit_code(record: NightRecord) -> int:
    """4 when a stream was incomplete, books differ, something is held, refused or unknown; else 0."""
    return INCOMPLETE if record.troubles else DONE


def summary(record: NightRecord, folder: Path) -> dict[str, Any]:
    """A night in a few numbers, for `--json`."""
    outcomes: dict[str, int] = {}
    for outcome in record.outcomes:
        outcomes[outcome.outcome] = outcomes.get(outcome.outcome, 0) + 1
    return {
        "run": record.run, "as_of": record.as_of.isoformat(), "mode": record.mode, "plan": record.plan["hash"],
        "actions": len(record.plan["actions"]), "held": [g["hash"] for g in record.plan["held"]],
        "findings": len(record.findings["findings"]), "outcomes": outcomes,
        "troubles": [{"place": t.place, "code": t.code, "facts": t.facts} for t in record.troubles],
        "papers": str(folder),
    }
