"""The make-believe company on real ports: `demo` plays nights through it, `sandbox` keeps it open for others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.frame import (
    DONE,
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
    from connector.cli.screen import Screen
    from connector.model.runs import NightRecord
    from connector.sandbox.http import StandIn
    from connector.sandbox.server import Sandbox
    from connector.sandbox.world import World
    from connector.sync.connections import Desk

# The sample company's first night; two more follow.
_FIRST_NIGHT = "2026-07-29"
# The first line of a configuration that a sandbox or a demo wrote, and may write anew.
_MADE_HERE = "# made by a sandbox, which may overwrite it\n"


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)
    app.command("sandbox")(sandbox)


@dataclass(frozen=True)
class HrSource:
    """Where HR is read from: an url of the caller's, or the stand-in's own database."""

    url: str = ""
    profile: str = "company"


def demo(
    company: Annotated[Path | None, typer.Option("--company", help="company folder; default: the sample of 30")] = None,
    as_of: DateOption = "",
    hr_url: Annotated[str, typer.Option("--hr-url", help="SQLAlchemy url of an HR database; only read")] = "",
    hr_profile: Annotated[str, typer.Option("--hr-profile", help="company or horilla")] = "company",
    out: Annotated[Path, typer.Option("--out", help="folder for the results")] = Path("connector-demo"),
    json: JsonOption = False, lang: LangOption = "",
) -> int:
    """The main job on a make-believe company: three nights of the sample, or one live night of a company folder."""
    lang = language(lang)
    from connector.cli.night import exit_code, summary
    from connector.cli.screen import Screen

    hr, screen = HrSource(hr_url, hr_profile), Screen(is_quiet=json)
    if company is not None:
        records = [_one_live_night(company, as_of, hr, out, lang, screen)]
    else:
        records = _three_nights(as_of, hr, out, lang, screen)
    _next_steps(records[-1], out, lang, screen)
    if json:
        print_json({"nights": [summary(record, out) for record in records]})
    return exit_code(records[-1]) if company is not None else DONE


def sandbox(
    company: Annotated[Path | None, typer.Option("--company", help="company folder; default: the sample of 30")] = None,
    as_of: DateOption = "",
    port_base: Annotated[int, typer.Option("--port-base", help="first port; 0 = free ones", min=0, max=65_000)] = 0,
    chaos: Annotated[Path | None, typer.Option("--chaos", help="JSON file: the list that POST /_chaos takes")] = None,
    config_out: Annotated[Path | None, typer.Option("--config-out", help="also write a connector.yaml for it")] = None,
) -> int:
    """All stand-ins on 127.0.0.1; prints one JSON line when ready and stays until it is stopped."""
    import signal
    import sys
    import threading

    import orjson

    from connector.errors import StateError, UsageError
    from connector.model.faults import fault

    try:
        faults = orjson.loads(chaos.read_bytes()) if chaos is not None else []
    except orjson.JSONDecodeError as error:
        raise fault(UsageError, "command.no_chaos", str(chaos), problem=error) from error
    if config_out is not None and not _is_ours(config_out):
        raise fault(StateError, "command.not_ours", str(config_out))
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    with _world(company, as_of) as world, \
            _open(world, port_base, faults, rate_limits=True) as box:
        if config_out is not None:
            _write_config(config_out, world, box.describe(), HrSource(), calls_per_second=15)
        sys.stdout.write(orjson.dumps(box.describe()).decode() + "\n")
        sys.stdout.flush()
        stopped.wait()
    return DONE


@contextmanager
def _world(company: Path | None, as_of: str) -> Iterator[World]:
    """The world of a company folder, or of the sample company in a folder that goes away."""
    import tempfile

    from connector.errors import UsageError
    from connector.model.faults import fault
    from connector.sandbox.company import write_sample_company
    from connector.sandbox.world import FolderError, load_world

    day = parse_day(as_of) if as_of else None
    try:
        if company is not None:
            yield load_world(company, day)
            return
        with tempfile.TemporaryDirectory() as folder:
            write_sample_company(Path(folder), day or parse_day(_FIRST_NIGHT))
            yield load_world(Path(folder), day)
    except FolderError as error:
        raise fault(UsageError, "command.bad_company", "--company", problem=error) from error


@contextmanager
def _open(world: World, port_base: int, faults: list[Any], rate_limits: bool) -> Iterator[Sandbox]:
    from connector.adapters.dingtalk.sandbox import DingTalkStandIn
    from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
    from connector.sandbox.server import start_sandbox

    standins: dict[str, StandIn] = {"kingdee": KingdeeStandIn(world), "dingtalk": DingTalkStandIn(world, rate_limits)}
    box = start_sandbox(world, standins, port_base=port_base, chaos=faults)
    try:
        yield box
    finally:
        box.close()


# Tables of the stand-in's HR beside the employees → stream, and the query that reads it.
_MONTHS = {
    "appraisals": ("appraisal_month", "SELECT employee, month, target, actual FROM appraisals"),
    "attendance": ("attendance_month", "SELECT employee, month, late_count, closed FROM attendance"),
    "signals": ("signal", "SELECT employee, kind, at, source FROM signals"),
}


def _people(world: World, url: str, hr: HrSource) -> dict[str, dict[str, Any]]:
    """HR's connections. Months and signals come from the stand-in, wherever the employees come from."""
    queries = dict(_MONTHS[table] for table in _MONTHS if world.rows(table))
    people: dict[str, Any] = {"adapter": "sql_store", "url": hr.url or url, "profile": hr.profile}
    if not queries:
        return {"hr": people}
    if not hr.url:
        return {"hr": people | {"queries": queries}}
    return {"hr": people, "months": {"adapter": "sql_store", "url": url, "queries": queries}}


def settings_of(
    world: World, described: Mapping[str, Any], hr: HrSource, calls_per_second: int = 1000
) -> dict[str, Any]:
    """A configuration document for the stand-ins. `calls_per_second`: what theirs of DingTalk allows."""
    kingdee, dingtalk = described["kingdee"], described["dingtalk"]
    return {
        "company": {
            "code": "demo", "title": world.name, "currency": world.currency, "time_zone": world.zone.key,
            "approval_chain": world.approval_chain,
        },
        "data_dir": "data", "allow_plain_secrets": True, "today": world.today(),
        "connections": {
            "kingdee": {
                "adapter": "kingdee_cloud", "network": "sandbox", "base_url": kingdee["base_url"],
                "acct_id": kingdee["acct_id"], "username": kingdee["username"], "app_id": kingdee["app_id"],
                "app_secret": kingdee["app_secret"], "lcid": kingdee["lcid"], "org_num": str(kingdee["org_num"]),
            },
            "dingtalk": {
                "adapter": "dingtalk", "network": "sandbox", "base_url": dingtalk["base_url"],
                "legacy_base_url": dingtalk["legacy_base_url"], "app_key": dingtalk["app_key"],
                "app_secret": dingtalk["app_secret"], "agent_id": str(dingtalk["agent_id"]),
                "service_user": dingtalk["service_user"], "process_codes": dingtalk["process_codes"],
                "calls_per_second": calls_per_second, "calls_per_day": 1_000_000,
            },
            **_people(world, described["hr"]["url"], hr),
        },
    }


def _is_ours(path: Path) -> bool:
    """Whether a configuration may be written here: nothing stands there, or what an earlier sandbox wrote."""
    found = path.read_text("utf-8", "replace") if path.exists() else ""
    return not found.strip() or found.startswith(_MADE_HERE)


def _write_config(
    path: Path, world: World, described: Mapping[str, Any], hr: HrSource, calls_per_second: int = 1000
) -> None:
    """A connector.yaml for the stand-ins. A password of the caller's own database does not go into it."""
    from urllib.parse import urlsplit

    import yaml

    if hr.url and urlsplit(hr.url).password:
        hr = HrSource("env:HR_URL", hr.profile)
    document = settings_of(world, described, hr, calls_per_second)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(_MADE_HERE + yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")
    path.chmod(0o600)


def _fresh(out: Path) -> None:
    """A demo starts from nothing: what an earlier demo left in its own data folder goes."""
    import shutil

    from connector.errors import UsageError
    from connector.model.faults import fault

    data, marker = out / "data", out / "data" / ".made-by-demo"
    if data.exists() and not marker.exists():
        raise fault(UsageError, "command.foreign_data", str(data))
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    marker.write_text("")


def _live(desk: Desk) -> None:
    from connector.store.audit import write_line, write_setting

    write_setting(desk.store, "mode", "live")
    write_line(desk.store, "demo", "live_on", {}, desk.clock.now())


def _one_live_night(
    company: Path, as_of: str, hr: HrSource, out: Path, lang: str, screen: Screen
) -> NightRecord:
    from connector.cli.night import one_night
    from connector.cli.show import show_night, show_story

    _fresh(out)
    with _world(company, as_of) as world, _open(world, 0, [], rate_limits=False) as box:
        _write_config(out / "connector.yaml", world, box.describe(), hr)
        document = settings_of(world, box.describe(), hr)
        with progress_shown(False, lang) as progress, house().desk_of(document, out, progress) as desk:
            _live(desk)
            record, folder = one_night(desk, world.as_of.isoformat(), "live", out, lang)
    show_night(record, folder, lang, screen)
    for story in record.stories[:2]:
        screen.line()
        show_story(story, record.currency, lang, screen)
    return record


def _three_nights(as_of: str, hr: HrSource, out: Path, lang: str, screen: Screen) -> list[NightRecord]:
    from connector.i18n import text

    _fresh(out)
    with _world(None, as_of) as world, _open(world, 0, [], rate_limits=False) as box:
        _write_config(out / "connector.yaml", world, box.describe(), hr)
        document = settings_of(world, box.describe(), hr)
        with progress_shown(False, lang) as progress, house().desk_of(document, out, progress) as desk:
            _live(desk)
            screen.line(text("demo.welcome", lang, title=world.name, people=len(world.rows("employees"))))
            return _play(desk, world, out, lang, screen)


def _play(desk: Desk, world: World, out: Path, lang: str, screen: Screen) -> list[NightRecord]:
    """Three nights: a debt is flagged; its debtor resigns and is held; he repays, finance confirms, he is released."""
    from connector.cli.night import one_night
    from connector.cli.show import show_story
    from connector.i18n import text
    from connector.sandbox.company import SAMPLE_DEBTOR, sample_story
    from connector.sync.clearances import confirm_exit

    records: list[NightRecord] = []
    for night, changes in enumerate(sample_story(world.as_of), start=1):
        if night > 1:
            world.advance(24 * 3600)
        for table, row in changes:
            world.put(table, row)
        day = world.today().isoformat()
        record, _ = one_night(desk, day, "live", out, lang)
        screen.line()
        screen.line(text(f"demo.night_{night}", lang, day=day), style="bold")
        _show_written(screen, record, lang)
        if night == 3:
            case, _ = confirm_exit(desk, SAMPLE_DEBTOR, text("demo.finance", lang))
            screen.line(text("demo.confirmed", lang, exit=case.number, by=text("demo.finance", lang)))
            records.append(record)
            record, _ = one_night(desk, day, "live", out, lang)
            _show_written(screen, record, lang)
        records.append(record)
        told = next((s for s in record.stories if s.employee == SAMPLE_DEBTOR), None)
        if told is not None and night < 3:
            show_story(told, record.currency, lang, screen)
    record = records[-1]
    for story in [s for s in record.stories if s.employee != SAMPLE_DEBTOR][:1]:
        screen.line()
        show_story(story, record.currency, lang, screen)
    left = sum(1 for f in record.findings["findings"] if (f["rule"], f["verdict"]) == ("exit.left_with_loan", "hit"))
    screen.line()
    screen.line(text("demo.done", lang, name=record.names.get(SAMPLE_DEBTOR, SAMPLE_DEBTOR), left=left), style="bold")
    return records


def _show_written(screen: Screen, record: NightRecord, lang: str) -> None:
    """What one night wrote: the actions of the story one by one, the others counted."""
    from connector.cli.show import headline
    from connector.i18n import text
    from connector.i18n.sentences import action_sentence
    from connector.sandbox.company import SAMPLE_DEBTOR

    screen.line(headline(record, lang), style="bold")
    actions = [one.action for one in record.outcomes if one.outcome == "confirmed"]
    told = [a for a in actions if a["employee"] == SAMPLE_DEBTOR or a["kind"] == "exit_hold"]
    for action in told:
        screen.line(f"  ✓ {action_sentence(action, record.names, lang)}")
    if len(actions) > len(told):
        screen.line("  " + text("cli.more", lang, count=len(actions) - len(told)), style="dim")


def _next_steps(record: NightRecord, out: Path, lang: str, screen: Screen) -> None:
    """The last screen: where the papers are and what to try next."""
    from connector.i18n import text

    person = record.stories[0].employee if record.stories else ""
    config = out / "connector.yaml"
    screen.line()
    screen.line(text("demo.papers", lang, report=out / "report.html", workbook=out / "reconciliation.xlsx"))
    screen.line(text("demo.next", lang))
    if person:
        screen.line(text("demo.next_explain", lang, employee=person, config=config))
    screen.line(text("demo.next_more", lang))


