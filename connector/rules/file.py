"""One person, one file: the employee, loan and exit files, one wide row each, built by joins and grouped sums.

An exit's balance comes from the ledger, never through the employee file: an HR store that answers three rows must
neither make debtors nor free them. Rows dated after the business date are ignored here. Masking never touches a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from connector.model.values import exponent, months_before
from connector.rules.book import Policy
from connector.rules.columns import APPROVAL, EMPLOYEE, EXIT, EXIT_FILE, HR, LOAN, OPEN, PAYOUT, REQUEST
from connector.rules.knowledge import Facts, decimal, is_past, known_total, sum_known
from connector.rules.lending import band_of, beside_others
from connector.rules.months import month_columns

_ODD_EXPONENTS = {code: exponent(code) for code in ("JPY", "KRW", "VND", "CLP", "KWD", "BHD", "OMR", "JOD", "TND")}


def digits_of(currency: pl.Expr) -> pl.Expr:
    """Digits after the decimal point, per row."""
    return currency.replace_strict(_ODD_EXPONENTS, default=2, return_dtype=pl.Int64)


def paid_out(facts: Facts) -> pl.DataFrame:
    """Loans paid out on or before the business date: the only ones that owe."""
    return facts.loan.filter(pl.col("lent_on") <= facts.as_of)


def loan_file(facts: Facts, policies: Mapping[str, Policy], employees: pl.DataFrame) -> pl.DataFrame:
    """One row per loan and application (columns: `columns.LOAN`), those of the past apart. `employees`: the employee
    file."""
    has_requests = {REQUEST, PAYOUT} <= facts.complete
    start = months_before(facts.as_of, policies["approval_months"].default)
    approved = facts.loan.filter(~is_past()).join(
        _approvals(facts), left_on="approval", right_on="number", how="left", validate="m:1"
    )
    is_paid_out = (pl.col("lent_on") <= facts.as_of).fill_null(False)
    approved = approved.with_columns(is_paid_out=is_paid_out, is_application=_is_application(facts))
    loans = beside_others(approved, facts, employees)
    has_trip = pl.col("trip_start").is_not_null() | pl.col("trip_end").is_not_null()
    days = (pl.col("trip_end") - pl.col("trip_start")).dt.total_days() + 1
    overdue = pl.max_horizontal((facts.as_of - pl.col("due_on")).dt.total_days(), 0)
    file = loans.with_columns(
        loan=pl.col("number"), number_in_finance=pl.col("employee"), employee=pl.col("person"),
        is_linked=pl.col("person").is_not_null(),
        has_due_date=pl.col("due_on").is_not_null(), days_overdue=overdue,
        has_trip=pl.when(has_trip | has_requests).then(has_trip), trip_days=days,
        is_in_approval_window=((pl.col("lent_on") > start) & (pl.col("lent_on") <= facts.as_of)).fill_null(False),
        **_approval_columns(facts),
    )
    return file.select([pl.col(name).cast(column.dtype) for name, column in LOAN.items()])


def _is_application(facts: Facts) -> pl.Expr:
    """Not paid out, and its approval neither refused nor withdrawn; what the OA cannot list any more is none."""
    if not {OPEN, REQUEST, PAYOUT, APPROVAL} <= facts.complete:
        return pl.when(pl.col("lent_on").is_not_null()).then(False)
    edge = facts.as_of - timedelta(days=facts.reach_days - 1)
    is_waiting = ~pl.col("oa_refused").fill_null(False) & (pl.col("applied_on") > edge).fill_null(True)
    return pl.col("lent_on").is_null() & pl.col("paid_on").is_null() & is_waiting


def _approvals(facts: Facts) -> pl.DataFrame:
    """One row per approval: its state, day of completion, and how the company's chain was kept."""
    is_done = pl.col("state") == "completed"
    ends = facts.approval.group_by("number").agg(
        oa_done=is_done.any(), oa_refused=pl.col("state").is_in(["refused", "withdrawn"]).any(),
        oa_done_on=pl.col("finished_at").filter(is_done).min().dt.convert_time_zone(facts.zone.key).dt.date(),
    )
    kept = ends.with_columns(at=pl.lit(-1, pl.Int64), chain_missing=pl.lit(0, pl.Int64), chain_in_order=pl.lit(True))
    steps = facts.approval.with_columns(
        last_start=pl.col("step").filter(pl.col("decision") == "submit").max().over("number")
    ).filter((pl.col("decision") == "agree") & (pl.col("step") > pl.col("last_start").fill_null(-1)))
    for nodes in facts.approval_chain:
        kept = _one_link(kept, steps.filter(pl.col("node").is_in(list(nodes))))
    return kept.drop("at")


def _one_link(kept: pl.DataFrame, agreed: pl.DataFrame) -> pl.DataFrame:
    """One role of the chain: the first time it agreed after the role before it; `at` is where the chain stands."""
    first = agreed.join(kept.select("number", "at"), on="number", how="inner", validate="m:1").group_by("number").agg(
        following=pl.col("step").filter(pl.col("step") > pl.col("at")).min()
    ).with_columns(has_agreed=pl.lit(True))
    return kept.join(first, on="number", how="left", validate="1:1").with_columns(
        chain_missing=pl.col("chain_missing") + pl.col("has_agreed").is_null().cast(pl.Int64),
        chain_in_order=pl.col("chain_in_order") & (pl.col("following").is_not_null() | pl.col("has_agreed").is_null()),
        at=pl.coalesce("following", "at"),
    ).drop("following", "has_agreed")


def _approval_columns(facts: Facts) -> dict[str, pl.Expr]:
    """Whether a loan's approval is completed: the OA says; where the OA cannot list so far back, finance's own
    approved request does, and the steps of the chain stay unknown."""
    if APPROVAL not in facts.complete:
        nothing = pl.lit(None)
        return {"is_approved": nothing, "approved_on": nothing, "steps_missing": nothing, "steps_in_order": nothing}
    edge = facts.as_of - timedelta(days=facts.reach_days - 1)
    in_oa = pl.col("oa_done").is_not_null()
    beyond = pl.min_horizontal("applied_on", "lent_on") <= edge
    named = {REQUEST, PAYOUT} <= facts.complete
    names_none = pl.lit(named) & pl.col("approval").is_null()
    absent = pl.when(names_none).then(False).when(beyond).then(pl.col("is_approved")).when(named).then(False)
    keeps_steps = not facts.approval_chain
    return {
        "is_approved": pl.when(in_oa).then(pl.col("oa_done")).otherwise(absent),
        "approved_on": pl.when(in_oa).then(pl.col("oa_done_on")).when(beyond).then(pl.col("approved_on")),
        "steps_missing": pl.when(in_oa).then(pl.col("chain_missing")).when(keeps_steps).then(0),
        "steps_in_order": pl.when(in_oa).then(pl.col("chain_in_order")).when(keeps_steps).then(True),
    }


def _debts(loans: pl.DataFrame, key: str, facts: Facts, window_months: int) -> pl.DataFrame:
    """Per `key`: what its loans add up to. Overpaid loans count as zero; currencies are never added."""
    owed = pl.col("balance").clip(lower_bound=0)
    is_home = pl.col("currency") == facts.currency
    is_open = pl.col("balance") > 0
    is_recent = pl.col("lent_on") > months_before(facts.as_of, window_months)
    return loans.group_by(key).agg(
        home_total=pl.when(pl.col("balance").null_count() == 0).then(owed.filter(is_home).sum()),
        home_seen=owed.filter(is_home).sum(),
        foreign=(is_open & ~is_home).sum(),
        seen_open=is_open.sum().cast(pl.Int64),
        seen_before=(is_open & pl.col("lent_under").is_not_null()).sum(),
        overdue_total=known_total(owed.filter(is_home & (pl.col("due_on") < facts.as_of).fill_null(False))),
        oldest=pl.col("lent_on").filter(is_open).min(),
        # What is all past reminds nobody.
        window=pl.when((is_recent & ~is_past()).any()).then(is_recent.sum()).otherwise(0).cast(pl.Int64),
        rows=pl.len(),
    )


def employee_file(facts: Facts, policies: Mapping[str, Policy]) -> pl.DataFrame:
    """One row per employee number of HR (columns: `columns.EMPLOYEE`)."""
    debts = _debts(paid_out(facts), "person", facts, policies["window_months"].default)
    doubted = facts.doubt.select("person").unique().with_columns(in_doubt=pl.lit(True))
    file = facts.employee.join(debts, left_on="number", right_on="person", how="left", validate="1:1").join(
        doubted, left_on="number", right_on="person", how="left", validate="1:1"
    )
    known = pl.lit(OPEN in facts.complete) & pl.col("in_doubt").is_null()
    rows = pl.col("rows")
    no_foreign = pl.col("foreign").fill_null(0) == 0
    balance = pl.when(no_foreign).then(sum_known(pl.col("home_total"), rows, known))
    file = file.join(month_columns(facts), left_on="number", right_on="person", how="left", validate="1:1").join(
        facts.crowd, on="number", how="left", validate="1:1"
    )
    salary = pl.when(pl.col("currency").fill_null(facts.currency) == facts.currency).then(pl.col("monthly_salary"))
    file = file.with_columns(
        employee=pl.col("number"), owes=_owes(known), owes_from_before=_owes_from_before(facts, known), balance=balance,
        monthly_salary=salary,
        certain_balance=pl.when(no_foreign).then(pl.col("home_seen").fill_null(0)),
        certain_loans_in_window=pl.col("window").fill_null(0),
        open_loans=sum_known(pl.col("seen_open"), rows, known),
        overdue_balance=pl.when(no_foreign).then(sum_known(pl.col("overdue_total"), rows, known)),
        oldest_open_on=pl.col("oldest"), loans_in_window=sum_known(pl.col("window"), rows, known),
        active_reports=sum_known(pl.col("reports"), pl.col("reports"), pl.lit(HR in facts.complete)),
        waiting_approvals=sum_known(pl.col("waiting"), pl.col("waiting"), pl.lit(APPROVAL in facts.complete)),
    ).with_columns(salary_band=band_of(pl.col("balance"), pl.col("monthly_salary")))
    return file.select([pl.col(name).cast(column.dtype) for name, column in EMPLOYEE.items()])


def _owes(known: pl.Expr) -> pl.Expr:
    """True on positive evidence, even when more may be missing; false only when known; else unknown."""
    seen = pl.col("seen_open").fill_null(0) > 0
    return pl.when(seen).then(True).when(known).then(False)


def _owes_from_before(facts: Facts, known: pl.Expr) -> pl.Expr:
    """Whoever never had another number has no debt from before, whatever else may be missing."""
    seen = pl.col("seen_before").fill_null(0) > 0
    had_another = pl.col("number").is_in(facts.heirs["person"].implode())
    return pl.when(seen).then(True).when(known | ~had_another).then(False)


def exit_balances(facts: Facts) -> pl.DataFrame:
    """Per exit and currency what its person owes: `exit, currency, balance (minor units > 0), loans`."""
    is_open = paid_out(facts).filter(pl.col("balance") > 0)
    return (
        _ledger(facts.exit, is_open).group_by("exit", "currency")
        .agg(balance=pl.col("balance").sum(), loans=pl.len()).sort("exit", "currency")
    )


def _ledger(exits: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    """Loans of each exit's person, each once: by the link; where HR does not know him, by the number on the form."""
    keyed = exits.select(pl.col("number").alias("exit"), "person", pl.col("employee").alias("form_number"))
    slim = loans.select("ref", "system", "person", "employee", "currency", "balance", "lent_on", "due_on", "lent_under")
    linked = keyed.join(slim, on="person", how="inner").drop("employee")
    strangers = keyed.filter(pl.col("person").is_null())
    by_number = strangers.join(
        slim.filter(pl.col("person").is_null()), left_on="form_number", right_on="employee", how="inner"
    )
    return pl.concat([linked, by_number.select(linked.columns)]).unique(["exit", "system", "ref"])


def exit_file(facts: Facts, policies: Mapping[str, Policy]) -> pl.DataFrame:
    """One row per exit (columns: `columns.EXIT_FILE`)."""
    loans = _ledger(facts.exit, paid_out(facts))
    debts = _debts(loans, "exit", facts, policies["window_months"].default)
    owed = exit_balances(facts).with_columns(
        part=decimal(pl.col("balance"), digits_of(pl.col("currency"))) + " " + pl.col("currency")
    ).group_by("exit").agg(owed=pl.col("part").sort().str.join(", "))
    status = facts.employee.select(pl.col("number").alias("person"), "status", "hired_on")
    doubt = facts.doubt.group_by("person").agg(doubt=pl.col("reason").min())
    file = (
        facts.exit.rename({"number": "exit"}).join(debts, on="exit", how="left", validate="1:1")
        .join(owed, on="exit", how="left", validate="1:1")
        .join(status, on="person", how="left", validate="m:1")
        .join(doubt, on="person", how="left", validate="m:1")
        .with_columns(reason=_reason(facts))
        .with_columns(
            owes=_owes(pl.col("reason").is_null()),
            is_running=pl.col("state") == "running",
            can_hold=pl.col("gate").is_in(["open", "not_reached"]) & (pl.col("strength") == "hard"),
            is_back=_is_back(facts),
            is_passed_without_us=_is_past() & ~_is_back(facts) & ~pl.col("gate_by_us").fill_null(False),
            is_passed_by_us=_is_past() & ~_is_back(facts) & pl.col("gate_by_us").fill_null(False),
            balance=_exit_balance(),
            open_loans=sum_known(pl.col("seen_open"), pl.col("rows"), pl.col("reason").is_null()),
            employee=pl.coalesce("person", "employee"),
        )
        .with_columns(is_debtor=pl.col("owes").fill_null(False), is_proven=pl.col("owes").is_not_null())
    )
    return file.select([pl.col(name).cast(column.dtype) for name, column in EXIT_FILE.items()])


def _is_past() -> pl.Expr:
    """The clearance lies behind: it was passed, or the whole approval is completed."""
    return ((pl.col("gate") == "passed") | (pl.col("state") == "completed")).fill_null(False)


def _is_back(facts: Facts) -> pl.Expr:
    """Hired again after the last day of this exit, and not gone since: an earlier employment has no more to say."""
    ended_on = pl.max_horizontal("last_day", "requested_on")
    is_hired = pl.col("hired_on").is_between(ended_on, facts.as_of, closed="right")
    return ((pl.col("status") != "left") & is_hired).fill_null(False)


def _exit_balance() -> pl.Expr:
    no_foreign = pl.col("foreign").fill_null(0) == 0
    known = pl.col("reason").is_null()
    return pl.when(no_foreign).then(sum_known(pl.col("home_total"), pl.col("rows"), known))


def _reason(facts: Facts) -> pl.Expr:
    """Why it cannot be proven that this person owes nothing: a code, null when it can."""
    if facts.suspended:
        return pl.lit(facts.suspended)
    if OPEN not in facts.complete:
        return pl.lit("ledger_incomplete")
    if EXIT not in facts.complete:
        return pl.lit("exits_incomplete")
    return (
        pl.when(pl.col("person").is_null()).then(pl.lit("unlinked"))
        .when(pl.col("doubt").is_not_null()).then(pl.col("doubt"))
        .when(pl.lit(HR not in facts.complete) & pl.col("status").is_null()).then(pl.lit("employee_not_seen"))
    )
