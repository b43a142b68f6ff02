"""The first sheet of a workbook: what it is, of which night, from what, and how to read it. Pure rows, no medium."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from connector.i18n import text
from connector.i18n.sentences import rule_title, rules_text, trouble_sentence, trouble_todo, word
from connector.model.runs import NightRecord
from connector.model.values import decimal_text
from connector.reports.cells import Cell, typed
from connector.reports.tables import tables

Row = tuple[str, tuple[Cell, ...]]  # style (title, section, pair, header, row, total, note), cells


def about(night: NightRecord, language: str) -> Iterator[Row]:
    """The rows of the sheet, from the top."""
    yield "title", (text("sheet.name", language, company=night.title, as_of=night.as_of.isoformat()),)
    yield "note", (text(f"sheet.mode_{night.mode}", language),)
    yield from _facts(night, language)
    yield from _troubles(night, language)
    yield from _books(night, language)
    yield from _counts(night, language)
    yield from _bars(night, language)
    yield from _reading(night, language)


def cover(title: str, facts: Iterable[tuple[str, Cell]], language: str) -> list[Row]:
    """The first sheet of a single list: its title, facts by their code, and how to read it."""
    rows: list[Row] = [("title", (title,)), ("row", ())]
    rows += [("pair", (text(f"about.{code}", language), value)) for code, value in facts]
    rows += [*_section("reading", language)]
    return rows + [("note", (text(f"about.{code}", language),)) for code in ("how_text_cells", "how_utc", "how_money")]


def _section(code: str, language: str) -> Iterator[Row]:
    yield "row", ()
    yield "section", (text(f"about.{code}", language), "")


def _facts(night: NightRecord, language: str) -> Iterator[Row]:
    yield from _section("night", language)
    links = night.proof.get("links") or {}
    facts: tuple[tuple[str, Cell], ...] = (
        ("company", night.title), ("as_of", night.as_of), ("mode", word("mode", night.mode, language)),
        ("run", night.run), ("started_at", night.started_at), ("ended_at", night.ended_at),
        ("currency", night.currency), ("rule_book", str(night.findings["rule_book"])),
        ("plan_hash", str(night.plan["hash"])),
        ("rules_off", rules_text(night.proof.get("rules_off") or [], language) or text("say.nothing", language)),
        ("filters", text("about.no_filter", language)),
    )
    for code, value in facts:
        yield "pair", (text(f"about.{code}", language), value)
    for code in ("linked", "unlinked", "disputed", "ignored"):
        yield "pair", (text(f"about.{code}", language), links.get(code))


def _troubles(night: NightRecord, language: str) -> Iterator[Row]:
    if not night.troubles:
        return
    yield from _section("troubles", language)
    for trouble in night.troubles:
        sentence = trouble_sentence(trouble.code, trouble.facts, language)
        yield "pair", (trouble.place, f"{sentence} {trouble_todo(trouble.code, language)}".strip())


def _books(night: NightRecord, language: str) -> Iterator[Row]:
    yield from _section("books", language)
    names = ("currency", "source", "here", "difference")
    yield "header", tuple(text(f"about.book_{name}", language) for name in names)
    for currency, book in sorted((night.proof.get("books") or {}).items()):
        yield "row", (currency, *(typed(name, book.get(name)) for name in names[1:]))


def _counts(night: NightRecord, language: str) -> Iterator[Row]:
    yield from _section("findings", language)
    yield "header", tuple(text(f"about.{name}", language) for name in ("rule", "title", "hits", "unknown"))
    counted = Counter((f["rule"], f["verdict"]) for f in night.findings["findings"])
    for rule in sorted({rule for rule, _ in counted}):
        yield "row", (rule, rule_title(rule, language), counted[rule, "hit"], counted[rule, "unknown"])
    hits = sum(n for (_, verdict), n in counted.items() if verdict == "hit")
    yield "total", (text("about.total", language), "", hits, counted.total() - hits)


def _bars(night: NightRecord, language: str) -> Iterator[Row]:
    yield from _section("bars", language)
    names = ("status", "employees", "open_loans", "balance")
    yield "header", tuple(text(f"about.bar_{name}", language, currency=night.currency) for name in names)
    for bar in night.bars:
        balance = Decimal(decimal_text(bar.balance, night.currency))
        yield "row", (word("status", bar.status, language), bar.employees, bar.open_loans, balance)
    totals = [sum(getattr(bar, name) for bar in night.bars) for name in names[1:]]
    balance = Decimal(decimal_text(totals[2], night.currency))
    yield "total", (text("about.total", language), totals[0], totals[1], balance)


def _reading(night: NightRecord, language: str) -> Iterator[Row]:
    yield from _section("reading", language)
    for code in ("text_cells", "utc", "money", "codes"):
        yield "note", (text(f"about.how_{code}", language),)
    yield "row", ()
    yield "header", tuple(text(f"about.{name}", language) for name in ("sheet", "column", "json"))
    for table in tables(night, language):
        for column in table.columns:
            yield "row", (table.title, column.title, column.key)
