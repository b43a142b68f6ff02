"""An ordinary night: link, judge, plan and write down, with the vendors' own time left out.

    .venv/bin/python -m bench.night [employees] [--profile]

A made-up company stands in frames behind the adapters' contract; the night is the product's. Prints the seconds of the
first night and of the one after it (nothing changed), the peak memory, and each time as a multiple of a bare scan of
the very same frames written and read as Parquet.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from connector.adapters.contract import Check, End, Manifest, Page, Receipt, Since, SinkKind
from connector.mappings.table import Field, StreamMapping
from connector.model.plan import Action, canonical, digest
from connector.model.tables import TABLES, schema
from connector.rules.book import load_book
from connector.store.database import open_store
from connector.sync.connections import Company, Connection, Desk
from connector.sync.nightly import run_night

AS_OF = date(2026, 7, 31)
PAGE = 10_000
STEPS = (("self", "submit"), ("boss", "agree"), ("finance", "agree"), ("hr", "agree"))
_KINDS = {pl.Date: "date", pl.Int64: "money", pl.Boolean: "flag"}


class Frames:
    """One system whose answers are frames in memory; it keeps the marks that are put on it."""

    def __init__(self, name: str, role: str, sinks: tuple[SinkKind, ...], **tables: pl.DataFrame) -> None:
        self.name, self.tables = name, tables
        self.manifest = Manifest(name, {}, (role,), tuple(tables), sinks, strength="hard")
        self.marks: dict[tuple[str, str], Action] = {}

    def check(self) -> list[Check]:
        return []

    def pull(self, stream: str, since: Since) -> Iterator[Page]:
        rows = self.tables[stream]
        if since.only is not None:
            rows = rows.filter(pl.col("employee").is_in(list(since.only)))
        if since.closed:
            rows = rows.filter(~pl.col("ref").is_in(list(since.closed)))
        for page in rows.iter_slices(PAGE):
            yield Page(page, page["ref"][-1])
        yield Page(rows.clear(), "", end=End("empty_page"))

    def observe(self, kind: str, refs: Sequence[str] | None) -> pl.DataFrame:
        keys = [ref for k, ref in self.marks if k == kind] if refs is None else list(refs)
        gates = dict(self.tables["exit"].select("ref", "gate").iter_rows()) if "exit" in self.tables else {}
        found = []
        for ref in keys:
            mark = self.marks.get((kind, ref))
            row: dict[str, object] = {"system": self.name, "kind": kind, "ref": ref, "gate": gates.get(ref)}
            if mark is not None and mark.after is not None:
                row |= {"digest": digest(mark.after), "content": canonical(mark.after).decode()}
            if mark is not None and mark.verb == "remove" and kind == "exit_hold":
                row |= {"gate": "passed", "gate_by_us": True}
            found.append(row)
        return pl.DataFrame(found, schema=schema("mark"))

    def push(self, action: Action, text: str) -> Receipt:
        self.marks[(action.kind, action.ref)] = action
        return Receipt("landed")

    def close(self) -> None:
        return None


class Clock:
    """A minute a look, so that nothing waits."""

    def __init__(self) -> None:
        self._at = datetime(2026, 7, 31, 10, tzinfo=UTC)

    def now(self) -> datetime:
        self._at += timedelta(milliseconds=1)
        return self._at

    def monotonic(self) -> float:
        return self._at.timestamp()

    def sleep(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)


def made_up(employees: int) -> dict[str, pl.DataFrame]:
    """Text frames of a company: 1.5 loans a head, one repayment a loan, four steps an approval, 1 in 500 leaving."""
    n = pl.int_range(employees, eager=True)
    who = pl.select(pl.format("E{}", n.cast(pl.String).str.zfill(7))).to_series()
    leaving = n % 500 == 7
    people = pl.DataFrame({
        "ref": who, "number": who, "name": pl.select(pl.format("Name {}", n)).to_series(),
        "status": pl.select(pl.when(leaving).then(pl.lit("leaving")).when(n % 11 == 3).then(pl.lit("left"))
                            .otherwise(pl.lit("active"))).to_series(),
        "monthly_salary": pl.select(pl.format("{}.00", 5000 + n % 20_000)).to_series(),
        "hired_on": pl.select(pl.lit("2020-01-01").repeat_by(employees).explode()).to_series(),
    }).with_columns(currency=pl.lit("CNY"), department=pl.format("D{}", n % 200))
    count = employees * 3 // 2
    k = pl.int_range(count, eager=True)
    lent = pl.select(pl.date(2026, 7, 31) - pl.duration(days=k * 7919 % 700)).to_series()
    loans = pl.DataFrame({"k": k, "lent_on": lent}).with_columns(
        number=pl.format("L{}", pl.col("k")), ref=pl.col("k").cast(pl.String),
        employee=pl.format("E{}", (pl.col("k") * 6151 % employees).cast(pl.String).str.zfill(7)),
        principal=pl.format("{}.50", 100 + pl.col("k") * 31 % 3000), currency=pl.lit("CNY"),
        due_on=(pl.col("lent_on") + pl.duration(days=60)).cast(pl.String), approval=pl.format("A{}", pl.col("k")),
        balance=pl.when(pl.col("k") % 20 == 0).then(pl.format("{}.50", 100 + pl.col("k") * 31 % 3000))
        .otherwise(pl.lit("0.00")),
    ).with_columns(pl.col("lent_on").cast(pl.String))
    asked = loans.with_columns(loan=pl.col("number"), number=pl.col("approval"), amount=pl.col("principal"),
                               applied_on=pl.col("lent_on"), is_approved=pl.lit("true"))
    steps = pl.concat([
        asked.select("ref", "number", "employee", finished_at=pl.format("{}T09:00:00+08:00", "lent_on")).with_columns(
            state=pl.lit("completed"), step=pl.lit(str(step)), node=pl.lit(node), decision=pl.lit(word))
        for step, (node, word) in enumerate(STEPS)
    ])
    total = loans["balance"].cast(pl.Decimal(20, 2)).sum()
    control = pl.DataFrame({"ref": ["1"], "account": ["1221.01"], "currency": ["CNY"], "amount": [f"{total}"]})
    exits = people.filter(pl.col("status") == "leaving").select(
        ref=pl.format("X{}", "number"), number=pl.format("X{}", "number"), employee="number",
        requested_on=pl.lit("2026-07-20"), last_day=pl.lit("2026-08-20"), state=pl.lit("running"), gate=pl.lit("open"),
        strength=pl.lit("hard"))
    return {
        "employee": people, "person": people.select("ref", "number", "name"), "open_item": loans.drop("k", "approval"),
        "payout": loans.select("ref", "employee", "currency", "approval", number=pl.format("FK{}", "number"),
                               paid_on="lent_on", amount="principal"),
        "request": asked.drop("k", "balance", "principal", "lent_on", "due_on", "approval"), "approval": steps,
        "repayment": loans.select("ref", "employee", "currency", number=pl.format("H{}", "number"), loan="number",
                                  paid_on="lent_on", amount="principal"),
        "control": control, "exit": exits,
    }


def mapping(stream: str) -> StreamMapping:
    """Every canonical column from the text of the same name."""
    fields = []
    for name, column in TABLES[stream].items():
        if name not in ("system", "seen_at"):
            kind = "instant" if isinstance(column.dtype, pl.Datetime) else str(_KINDS.get(column.dtype, "text"))
            kind = "int" if name == "step" else kind
            fields.append(Field(name, name, kind, {"currency": "currency"} if kind == "money" else {}))
    return StreamMapping(stream, stream, tuple(fields))


def desk_over(frames: dict[str, pl.DataFrame], folder: Path) -> Desk:
    """A company whose three systems answer with these frames."""
    books = ("person", "open_item", "payout", "request", "repayment", "control")
    systems = (
        ("finance", Frames("kingdee", "finance", (SinkKind("risk_flag", "upsert"),),
                           **{name: frames[name] for name in books})),
        ("oa", Frames("dingtalk", "oa", (SinkKind("exit_hold", "append", 1.0), SinkKind("todo", "upsert")),
                      exit=frames["exit"], approval=frames["approval"])),
        ("hr", Frames("hr", "hr", (), employee=frames["employee"])),
    )
    connections = tuple(
        Connection(system.name, role, system, {name: mapping(name) for name in system.tables})
        for role, system in systems
    )
    book = load_book((resources.files("connector.rules") / "default.yaml").read_text("utf-8"))
    company = Company("bench", "bench", "CNY", ZoneInfo("Asia/Shanghai"), connections, book)
    return Desk(company, open_store(f"sqlite:///{folder / 'c.db'}", "bench"), Clock(), folder)


def bare_scan(frames: dict[str, pl.DataFrame], folder: Path) -> float:
    """Seconds to write the frames as Parquet and to read the largest of each column again."""
    started = time.perf_counter()
    for name, frame in frames.items():
        frame.write_parquet(folder / f"bare.{name}.parquet")
        pl.scan_parquet(folder / f"bare.{name}.parquet").select(pl.all().max()).collect()
    return time.perf_counter() - started


def main(arguments: list[str]) -> None:
    employees = int(next((word for word in arguments if word.isdigit()), "100000"))
    frames = made_up(employees)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = bare_scan(frames, folder)
        desk = desk_over(frames, folder)
        for night in ("first", "second"):
            started = time.perf_counter()
            record = run_night(desk, AS_OF, "live")
            spent = time.perf_counter() - started
            print(f"{night} night, {employees:,} employees: {spent:.1f} s = {spent / bare:.1f} x a bare scan "
                  f"({bare:.2f} s); findings {len(record.findings['findings']):,}, actions "
                  f"{len(record.plan['actions']):,}, held {sum(g['count'] for g in record.plan['held']):,}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    if "--profile" in sys.argv:
        import cProfile
        import pstats

        with cProfile.Profile() as profile:
            main(sys.argv[1:])
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
    else:
        main(sys.argv[1:])
