"""Running by itself: the service, how it is, what its runs were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
)
from connector.cli.watching import run_document, run_line, show_status, status_document

if TYPE_CHECKING:
    import threading
    from datetime import date

    from connector.engine.local import Night
    from connector.engine.schedule import Schedule


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)
    app.command("status")(status)
    app.command("runs")(runs)


def serve(config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "") -> int:
    """Scheduler and worker in one process: runs each night when it is due, until it is told to stop."""
    import sys

    from connector import __version__
    from connector.cli.screen import Screen
    from connector.engine.local import Nights, work_until
    from connector.i18n import text
    from connector.sync.nightly import company_mode

    lang = language(lang)
    stopped = _stopped_by_signals()
    with house().log(config) as log, house().desk(config) as desk:
        schedule, mode = house().schedule(config), company_mode(desk)
        times = next_times(schedule, desk.clock.now())
        if json:
            print_json({"mode": mode, "next": times})
        else:
            Screen().line(text("serve.ready", lang, title=desk.company.title, mode=text(f"mode.{mode}", lang)))
            Screen().line(text("serve.next", lang, times="\n  ".join(times)))
        sys.stdout.flush()
        log("started", version=__version__, mode=mode, due_at=schedule.after(desk.clock.now(), 1)[0].due_at)
        nights = Nights(desk.store, desk.clock, schedule, _night(config, desk.company.language), log)
        work_until(stopped, nights)
        log("stopped")
    return DONE


def status(config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "") -> int:
    """How the nights are: mode, last run, last whole night, next five times, open troubles. Exit 4 when overdue."""
    from connector.engine.watch import look_after
    from connector.sync.nightly import company_mode

    lang = language(lang)
    with house().desk(config) as desk:
        now, zone = desk.clock.now(), desk.company.zone
        schedule, mode = house().schedule(config), company_mode(desk)
        health = look_after(desk.store, schedule, now)
    times = next_times(schedule, now)
    if json:
        print_json(status_document(health, mode, times, now))
    else:
        show_status(health, mode, times, (now, zone), lang)
    return INCOMPLETE if health.alarms else DONE


def runs(
    config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
    most: Annotated[int, typer.Option("--most", help="how many, the newest first", min=1, max=10_000)] = 20,
) -> int:
    """The runs, the newest first: business date, mode, how each ended and how long it took."""
    from itertools import islice

    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.store.runs import newest_first

    lang = language(lang)
    with house().desk(config) as desk:
        found = [run_document(row) for row in islice(newest_first(desk.store), most)]
        zone = desk.company.zone
    if json:
        print_json(found)
        return DONE
    out = Screen()
    for line in (run_line(row, zone, lang) for row in found):
        out.line(line)
    if not found:
        out.line(text("status.no_night", lang))
    return DONE


def next_times(schedule: Schedule, now: Any) -> list[str]:
    """The next five nights as wall time of the company, ISO with the offset."""
    return [
        slot.due_at.astimezone(schedule.zone).isoformat(" ", "minutes") for slot in schedule.after(now)
    ]


def _night(config: Path, lang: str) -> Night:
    """A night at a desk of its own, so that rules, secrets and settings are those of the day; with its papers."""
    from connector.cli.night import keep_papers
    from connector.engine.local import Ended
    from connector.sync.nightly import company_mode, run_under
    from connector.sync.repeating import worth_another_look

    def night(day: date, token: int) -> Ended:
        with house().desk(config) as desk:
            record = run_under(desk, token, desk.trial_day or day, company_mode(desk))
            keep_papers(desk, record, None, lang)
        return Ended(record.run, worth_another_look(record.troubles))

    return night


def _stopped_by_signals() -> threading.Event:
    """Set by the first SIGTERM or SIGINT; the second ends the process as it always does."""
    import signal
    import threading

    stopped = threading.Event()

    def stop(number: int, _frame: object) -> None:
        stopped.set()
        signal.signal(number, signal.SIG_DFL)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    return stopped
