"""A mapping: canonical column ← source field and converter, written in YAML beside the adapter.

    streams:
      open_item:                      # the stream; its canonical table has the same name unless `table:` says so
        ref: FID                      # target: source field, as text
        lent_on: {from: FDATE, as: date}
        principal: {from: FAMOUNTFOR, as: money, currency: currency}   # a column of this mapping, or a code
        status: {from: state, as: word, words: {在职: active}}
        is_approved: {from: FDocumentStatus, as: flag, yes: [C], no: [A, B, D, Z]}
        step: {from: step, as: int}
        finished_at: {from: finishTime, as: instant}
        month: {from: month, as: month}                 # any day of it, or 2026-07
        target: {from: target, as: thousandths}
        cycle: {from: cycle, as: word, words: {季度: quarter}, else: month}   # where the source says nothing
        id_hash: {from: id_number, as: id_hash}         # a keyed hash; the number itself is kept nowhere
        number: {from: number, called: [工号, Employee No]}   # what a file's header may call it
        strength: {value: hard}       # a constant

A company's overlay has the same form and wins column by column. A row whose required field is missing, or whose
text a converter cannot read, is set aside with the field, what stood there and what was expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import yaml

from connector.errors import ConfigError
from connector.mappings import convert
from connector.model.faults import fault
from connector.model.tables import TABLES, schema
from connector.model.values import exponent

_KINDS = ("text", "date", "instant", "money", "word", "flag", "int", "month", "thousandths", "id_hash", "mobile_hash")
# Kinds that leave a keyed hash and nothing of what stood there.
HASHED = frozenset({"id_hash", "mobile_hash"})


@dataclass(frozen=True)
class Field:
    """One target column of one stream."""

    target: str
    source: str | None
    kind: str
    options: dict[str, Any]

    @property
    def is_optional(self) -> bool:
        """The source may not have this field at all."""
        return bool(self.options.get("optional"))

    @property
    def called(self) -> tuple[str, ...]:
        """Names the source field may have over there, beside its own."""
        return tuple(map(str, self.options.get("called") or ()))


@dataclass(frozen=True)
class StreamMapping:
    """All columns of one stream."""

    stream: str
    table: str
    fields: tuple[Field, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Source fields it reads, in order, each once."""
        return tuple(dict.fromkeys(f.source for f in self.fields if f.source is not None))


@dataclass(frozen=True)
class BadRow:
    """A row that could not be mapped: which field, what stood there, what was expected."""

    ref: str
    key: str
    field: str
    found: str
    expected: str


@dataclass(frozen=True)
class Context:
    """Constants of one pull."""

    system: str
    seen_at: datetime
    currency: str
    zone: ZoneInfo
    salt: bytes = b""  # the company's own, for keyed hashes; without it there are none


def load_mapping(text: str, place: str, overlay: str = "") -> dict[str, StreamMapping]:
    """YAML text → stream → mapping. ConfigError names the place, the stream and the column."""
    base, over = _read(text, place), _read(overlay, f"{place} (overlay)") if overlay else {}
    streams = {name: {**base.get(name, {}), **over.get(name, {})} for name in [*base, *over]}
    return {name: _stream(name, columns, place) for name, columns in streams.items()}


def _read(text: str, place: str) -> dict[str, dict[str, Any]]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise fault(ConfigError, "mapping.no_yaml", place, problem=error) from error
    streams = document.get("streams") if isinstance(document, dict) else None
    if not isinstance(streams, dict):
        raise fault(ConfigError, "mapping.no_streams", place)
    for name, columns in streams.items():
        if not isinstance(columns, dict):
            raise fault(ConfigError, "mapping.no_columns", f"{place} {name}", found=repr(columns))
    return streams


def _stream(name: str, columns: dict[str, Any], place: str) -> StreamMapping:
    table = str(columns.get("table", name))
    if table not in TABLES:
        raise fault(ConfigError, "mapping.no_table", f"{place} {name}", found=table, known=", ".join(TABLES))
    fields = []
    for target, spec in columns.items():
        if target == "table":
            continue
        here = f"{place} {name}.{target}"
        if target not in TABLES[table]:
            raise fault(ConfigError, "mapping.no_column", here, table=table, known=", ".join(TABLES[table]))
        if not isinstance(spec, (str, dict)):
            raise fault(ConfigError, "mapping.no_field", here, found=repr(spec))
        field = _field(target, {"from": spec} if isinstance(spec, str) else spec, here)
        _refuse_odd_words(field, TABLES[table][target].words, here)
        fields.append(field)
    return StreamMapping(name, table, tuple(fields))


def _field(target: str, spec: dict[str, Any], place: str) -> Field:
    spec = {_as_written(name): value for name, value in spec.items()}
    kind = str(spec.pop("as", "text"))
    source = spec.pop("from", None)
    if kind not in _KINDS:
        raise fault(ConfigError, "mapping.unknown_kind", place, found=kind, known=", ".join(_KINDS))
    if source is None and "value" not in spec:
        raise fault(ConfigError, "mapping.no_source", place)
    return Field(target, None if source is None else str(source), kind, spec)


def _as_written(word: object) -> str:
    """YAML 1.1 reads a bare `yes` or `no` as a boolean, and a code as a number."""
    return ("yes" if word else "no") if isinstance(word, bool) else str(word)


def _refuse_odd_words(field: Field, known: tuple[str, ...], place: str) -> None:
    """A vocabulary that would fail row by row at night is refused when it is read."""
    words = field.options.get("words", {})
    if not isinstance(words, dict):
        raise fault(ConfigError, "mapping.odd_words", place, found=repr(words))
    for ours in words.values():
        if known and ours not in known:
            raise fault(ConfigError, "mapping.unknown_word", place, found=ours, known=", ".join(known))
    for side in ("yes", "no"):
        if not isinstance(field.options.get(side, []), list):
            raise fault(ConfigError, "mapping.no_list", place, side=side, found=repr(field.options[side]))


def map_rows(
    mapping: StreamMapping, raw: pl.DataFrame, context: Context
) -> tuple[pl.DataFrame, list[BadRow]]:
    """Raw text rows → canonical rows of the mapping's table, and the rows set aside.

    A source field that the raw frame does not have reads as null (a required one sets every row aside).
    """
    if raw.height == 0:
        return pl.DataFrame(schema=schema(mapping.table)), []
    missing = [s for s in mapping.sources if s not in raw.columns]
    raw = raw.with_columns([pl.lit(None, dtype=pl.String).alias(s) for s in missing])
    plain = [f for f in mapping.fields if f.kind != "money"]
    amounts = [f for f in mapping.fields if f.kind == "money"]
    mapped = raw.with_columns([_expression(f, context).alias(f"={f.target}") for f in plain])
    mapped = mapped.with_columns([_amount(f, mapping, context).alias(f"={f.target}") for f in amounts])
    bad_flags = {f.target: _is_bad(f, mapping.table) for f in mapping.fields}
    mapped = mapped.with_columns([flag.alias(f"!{name}") for name, flag in bad_flags.items()])
    is_bad = pl.any_horizontal([pl.col(f"!{name}") for name in bad_flags])
    rejected = mapped.filter(is_bad)
    bad = list(_bad_rows(mapping, rejected)) if rejected.height else []
    return _canonical(mapping, mapped.filter(~is_bad), context), bad


def _expression(field: Field, context: Context) -> pl.Expr:
    if field.source is None:
        return pl.lit(field.options["value"])
    value = _converted(field, context)
    if "else" not in field.options:
        return value
    return pl.when(convert.text(pl.col(field.source)).is_null()).then(pl.lit(field.options["else"])).otherwise(value)


def _converted(field: Field, context: Context) -> pl.Expr:
    source, options = pl.col(str(field.source)), field.options
    match field.kind:
        case "date":
            return convert.day(source, context.zone)
        case "instant":
            return convert.instant(source, context.zone)
        case "word":
            words = options.get("words", {})
            return convert.word(source, {_as_written(theirs): ours for theirs, ours in words.items()})
        case "flag":
            yes, no = options.get("yes", ["true", "1"]), options.get("no", ["false", "0"])
            return convert.flag(source, list(map(_as_written, yes)), list(map(_as_written, no)))
        case "int":
            return convert.whole(source)
        case "month":
            return convert.month(source, context.zone)
        case "thousandths":
            return convert.thousandths(source)
        case "id_hash":
            return convert.id_hash(source, context.salt)
        case "mobile_hash":
            return convert.mobile_hash(source, context.salt)
        case _:
            return convert.text(source)


def _amount(field: Field, mapping: StreamMapping, context: Context) -> pl.Expr:
    named = field.options.get("currency", context.currency)
    source = pl.col(str(field.source))
    if any(f.target == named for f in mapping.fields):
        odd = {code: 10 ** exponent(code) for code in ("JPY", "KRW", "VND", "CLP", "KWD", "BHD", "OMR", "JOD", "TND")}
        return convert.money(source, odd, pl.col(f"={named}"))
    return convert.money(source, None, str(named))


def _is_bad(field: Field, table: str) -> pl.Expr:
    value = pl.col(f"={field.target}")
    if field.source is None or field.kind in HASHED:  # a witness: a passport is no reason to lose the row
        return pl.lit(False)
    unreadable = value.is_null() & convert.text(pl.col(field.source)).is_not_null()
    if field.kind == "date":  # "no date" is written as a very early date: readable
        is_no_date = pl.col(field.source).str.contains(r"^\s*(1[0-8]\d\d-|1900-01-01|0001-)").fill_null(False)
        unreadable = unreadable & ~is_no_date
    if TABLES[table][field.target].required:
        return unreadable | value.is_null()
    return unreadable


def _bad_rows(mapping: StreamMapping, rejected: pl.DataFrame) -> Iterator[BadRow]:
    by_target = {f.target: f for f in mapping.fields}
    key = next((f"={name}" for name in ("employee", "number") if name in by_target), None)
    for row in rejected.iter_rows(named=True):
        field = next(f for f in mapping.fields if row[f"!{f.target}"])
        found = str(row[field.source] or "").strip() if field.source else ""
        yield BadRow(
            ref=str(row.get("=ref") or ""), key=str(row[key] or "") if key else "",
            field=field.source or field.target,
            found=found[:80], expected=field.kind if found else "a value",
        )


def _canonical(mapping: StreamMapping, mapped: pl.DataFrame, context: Context) -> pl.DataFrame:
    wanted = schema(mapping.table)
    constants: dict[str, object] = {"system": context.system, "seen_at": context.seen_at}
    have = {f.target for f in mapping.fields}
    columns = []
    for name, dtype in wanted.items():
        if name in have:
            columns.append(pl.col(f"={name}").cast(dtype).alias(name))
        else:
            columns.append(pl.lit(constants.get(name)).cast(dtype).alias(name))
    return mapped.select(columns)
