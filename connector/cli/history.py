"""The time before: loans and repayments imported from a folder, shown first, kept when they tie out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.frame import (
    CONFIG,
    DONE,
    INCOMPLETE,
    ByOption,
    ConfigOption,
    JsonOption,
    LangOption,
    house,
    language,
    print_json,
)

if TYPE_CHECKING:
    from connector.sync.history import Past

FolderArgument = Annotated[Path, typer.Argument(help="folder with loans and repayments, each as .csv, .xlsx or .xls")]
TotalOption = Annotated[list[str], typer.Option("--total", help="open balance by the old books, as CNY=123.45")]
YesOption = Annotated[bool, typer.Option("--yes", help="keep what is shown; without it nothing is kept")]


def register(app: typer.Typer) -> None:
    app.command("import")(import_history)


def import_history(
    folder: FolderArgument, by: ByOption, total: TotalOption, yes: YesOption = False, config: ConfigOption = CONFIG,
    json: JsonOption = False, lang: LangOption = "",
) -> int:
    """Loans and repayments of the time before: shown first, kept with --yes when every row fits and they tie out."""
    from connector.sync.history import keep_past, read_history

    lang, stated = language(lang), _stated(total)
    with house().desk(config) as desk:
        past = read_history(desk, folder, stated)
        if yes:
            keep_past(desk, past, by)
    if json:
        print_json({
            "totals": past.totals, "loans": past.loans.height, "settled": past.settled, "in_finance": past.in_finance,
            "repayments": past.repayments.height, "rejects": list(past.rejects), "kept": yes, "by": by,
        })
    else:
        _show(past, by if yes else "", lang)
    return DONE if past.ties_out and not past.rejects else INCOMPLETE


def _stated(totals: list[str]) -> dict[str, int]:
    """`CNY=123.45` → minor units by currency."""
    from decimal import InvalidOperation

    from connector.errors import UsageError
    from connector.model.faults import fault
    from connector.model.values import minor_units

    stated = {}
    for total in totals:
        currency, _, amount = total.partition("=")
        try:
            stated[currency.strip().upper()] = minor_units(amount.strip(), currency.strip().upper())
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise fault(UsageError, "history.odd_total", "--total", found=total) from error
    return stated


def _show(past: Past, by: str, lang: str) -> None:
    from connector.cli.screen import Screen
    from connector.i18n import text
    from connector.i18n.sentences import reject_sentence

    out = Screen()
    for reject in past.rejects:
        out.line(f"▲ {reject_sentence(reject, lang)}", style="yellow")
    for currency, row in past.totals.items():
        mark = "✓" if not row["difference"].strip("-0.") else "✗"
        out.line(f"{mark} " + text("cli.import_books", lang, currency=currency, **row))
    counts = {"kept": past.loans.height, "settled": past.settled, "in_finance": past.in_finance}
    out.line(text("cli.import_counts", lang, repayments=past.repayments.height, **counts))
    out.line(text("cli.import_kept", lang, by=by) if by else text("cli.import_shown", lang), style="bold")
