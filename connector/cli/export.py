"""Lists as files: what the last night found and read, for spreadsheets and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.frame import CONFIG, DONE, ConfigOption, JsonOption, LangOption, house, language, print_json

if TYPE_CHECKING:
    from connector.model.runs import NightRecord
    from connector.reports.cells import Cell
    from connector.reports.tables import Table
    from connector.sync.connections import Desk

LISTS = ("findings", "loans", "employees", "exits", "plan", "runs")
FORMATS = ("xlsx", "csv", "json")


def register(app: typer.Typer) -> None:
    app.command("export")(export)


def export(
    what: Annotated[str, typer.Argument(help=" | ".join(LISTS))],
    format: Annotated[str, typer.Option("--format", help="xlsx, csv, or json: one object a line")] = "xlsx",
    out: Annotated[Path | None, typer.Option("--out", help="default: data_dir/exports/LIST-DATE.FORMAT")] = None,
    config: ConfigOption = CONFIG, json: JsonOption = False, lang: LangOption = "",
) -> int:
    """A list as a file: columns and care of the report, real numbers and dates, no salary, no formula."""
    from connector.cli.screen import Screen
    from connector.errors import UsageError
    from connector.i18n import text

    lang = language(lang)
    for place, found, known in (("export", what, LISTS), ("--format", format, FORMATS)):
        if found not in known:
            raise UsageError(f"`{found}`; known: {', '.join(known)}", place=place, mend="name one of them")
    with house().desk(config) as desk:
        path = out or desk.folder / "exports" / f"{what}-{desk.today()}.{format}"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows = _write(desk, what, path, format, lang)
    if json:
        print_json({"what": what, "rows": rows, "path": str(path)})
    else:
        Screen().line(text("cli.exported", lang, count=f"{rows:,}", path=path))
    return DONE


def _write(desk: Desk, what: str, path: Path, format: str, lang: str) -> int:
    """Write one list; returns its rows. StateError when no night has brought it yet."""
    from connector.reports.about import cover
    from connector.reports.lines import write_csv, write_json_lines
    from connector.reports.workbook import write_sheet

    night = last_night(desk) if what in ("findings", "plan") else None
    table = _list_of_night(night, what, lang) if night is not None else _list_of_store(desk, what, lang)
    if format == "csv":
        return write_csv(table, path)
    if format == "json":
        return write_json_lines(table, path)
    now = desk.clock.now()
    facts: list[tuple[str, Cell]] = [("company", desk.company.title), ("made_at", now)]
    facts += [("as_of", night.as_of), ("run", night.run)] if night is not None else []
    return write_sheet(table, path, cover(f"{desk.company.title} · {table.title}", facts, lang), lang, now)


def _list_of_night(night: NightRecord, what: str, lang: str) -> Table:
    from connector.reports.tables import findings_table, plan_table

    return findings_table(night, lang) if what == "findings" else plan_table(night, lang)


def _list_of_store(desk: Desk, what: str, lang: str) -> Table:
    from connector.reports.ledgers import ledger
    from connector.sync import exporting

    rows: Mapping[str, Callable[[Desk], Iterable[dict[str, object]]]] = {
        "loans": exporting.loans, "employees": exporting.employees, "exits": exporting.exits, "runs": _runs,
    }
    return ledger(what, rows[what](desk), lang)


def last_night(desk: Desk) -> NightRecord:
    """The last night as far as its papers and our store hold it: findings are read from disk when they are walked."""
    from connector.cli.papers import Findings
    from connector.cli.people import last_papers
    from connector.model.runs import ActionOutcome, NightRecord
    from connector.store import outbox
    from connector.store.audit import read_setting
    from connector.sync.exporting import names

    papers = last_papers(desk, ("plan", "proof"))
    proof, at = papers["proof"], desk.clock.now()
    findings = Findings(Path(read_setting(desk.store, "last_papers")) / "findings.json")
    ended: tuple[ActionOutcome, ...] = tuple(
        ActionOutcome(c.action.document(), c.state, c.detail)  # type: ignore[arg-type]
        for c in outbox.of_run(desk.store, proof["run"])
    )
    return NightRecord(
        company=desk.company.code, title=desk.company.title, run=proof["run"], as_of=date.fromisoformat(proof["as_of"]),
        mode="live" if ended else "observe", currency=desk.company.currency, started_at=at, ended_at=at,
        findings={"findings": findings}, plan=papers["plan"], proof=proof, outcomes=ended, troubles=(), bars=(),
        waterfall=(), stories=(), names=names(desk),
    )


def _runs(desk: Desk) -> Iterator[dict[str, Any]]:
    from connector.cli.watching import run_document
    from connector.store.runs import newest_first

    for row in newest_first(desk.store):
        said = run_document(row)
        yield {
            **said, "as_of": row["business_date"], "started_at": row["started_at"], "ended_at": row["ended_at"],
            "troubles": len(said["troubles"]),
            "seconds": None if said["seconds"] is None else Decimal(str(said["seconds"])),
        }
