"""What months say of a person: results against targets, the pace of what runs, lateness, signals. One row a person.

A month is closed when it lies before the month of the business date and its source calls it final. A month without a
result is a gap. Whose row could not be read is unknown here, not without one.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from connector.rules.columns import APPRAISAL, ATTENDANCE, SIGNAL
from connector.rules.knowledge import Facts

# Gaps that a chain of months survives, and how many months back one is looked for.
_GAPS, _REACH = 1, 36
# Closed months before the newest one that lateness is compared with.
_BASELINE = 3


def month_columns(facts: Facts) -> pl.DataFrame:
    """`person` and every column of the employee file that rests on months or signals; all employees of the part."""
    file = facts.employee.select(person="number")
    for rows, stream, absent in (
        (_chains(facts), APPRAISAL, {"months_below": 0, "months_unrated": 0}),
        (_paces(facts), APPRAISAL, {"has_running_goal": False}),
        (_lateness(facts), ATTENDANCE, {"has_late_history": False}),
        (_resumes(facts), SIGNAL, {"has_resume_signal": False}),
    ):
        names = [name for name in rows.columns if name not in ("person", "is_open")]
        file = file.join(rows, on="person", how="left", validate="1:1")
        settled = pl.col("is_open").is_null()  # a row that stands open keeps its nulls
        filled = [pl.when(settled).then(pl.col(n).fill_null(absent[n])).otherwise(pl.col(n)).alias(n) for n in absent]
        file = file.with_columns(filled).drop("is_open")
        file = file.with_columns([pl.when(_is_known(facts, stream)).then(pl.col(n)).alias(n) for n in names])
    return file


def newest_closed(as_of: date) -> date:
    """First day of the newest month that can be closed: the one before that of the business date."""
    return (as_of.replace(day=1) - timedelta(days=1)).replace(day=1)


def _is_known(facts: Facts, stream: str) -> pl.Expr:
    unread = facts.unread.filter(pl.col("stream") == stream)["person"].drop_nulls()
    return pl.lit(stream in facts.complete) & ~pl.col("person").is_in(unread.implode())


def _age(facts: Facts) -> pl.Expr:
    """Months from a row's month to the newest closed one: 0 = the month before the business date's, below 0 = later."""
    newest = facts.as_of.year * 12 + facts.as_of.month - 1
    return newest - (pl.col("month").dt.year().cast(pl.Int64) * 12 + pl.col("month").dt.month())


def _chains(facts: Facts) -> pl.DataFrame:
    """Months in a row below target, the newest closed month first. One gap is bridged, a second one ends the chain.

    Met = actual ≥ target; a month of several goals is met when each is, and without a result while one of them has
    none and the others are met. `is_open`: the newest month has no result yet and the chain before it could go on, so
    that its length is not known.
    """
    rated = facts.appraisal.filter(
        (pl.col("cycle") == "month") & pl.col("is_closed") & pl.col("target").is_not_null()
    ).with_columns(age=_age(facts)).filter(pl.col("age").is_between(0, _REACH))
    months = rated.group_by("person", "age").agg(
        is_below=(pl.col("actual") < pl.col("target")).any(), month=pl.col("month").min(),
        is_whole=pl.col("actual").is_not_null().all(),
    ).filter(pl.col("is_below") | pl.col("is_whole")).sort("person", "age").with_columns(
        gaps=pl.col("age") - pl.int_range(pl.len(), dtype=pl.Int64).over("person"),
        met=(~pl.col("is_below")).cast(pl.Int64).cum_sum().over("person"),
    )
    chain = months.filter((pl.col("met") == 0) & (pl.col("gaps") <= _GAPS)).group_by("person").agg(
        months_below=pl.len().cast(pl.Int64), months_unrated=pl.col("gaps").max(), below_since=pl.col("month").min(),
        is_rated=pl.col("age").min() == 0,
    )
    waiting = months.group_by("person").agg(
        is_open=pl.col("is_below").first() & pl.col("age").first().is_between(1, _GAPS + 1)
    ).filter(pl.col("is_open"))
    rated_now = chain.filter(pl.col("is_rated")).drop("is_rated").with_columns(is_open=pl.lit(None, pl.Boolean))
    nothing = [pl.lit(None, rated_now.schema[n]).alias(n) for n in ("months_below", "months_unrated", "below_since")]
    return pl.concat([rated_now, waiting.select("person", *nothing, "is_open")])


def _paces(facts: Facts) -> pl.DataFrame:
    """The running goal that is furthest behind: what was reached and what was due by today, as whole numbers.

    `goal_reached` = actual × days of the period, `goal_due` = target × days elapsed (thousandths × days), so that
    reached / due is the share of the pace. Months run by their own days, quarters by theirs, both ends counted.
    """
    quarter = pl.col("cycle") == "quarter"
    today = pl.lit(facts.as_of)
    start = pl.when(quarter).then(today.dt.truncate("1q")).otherwise(today.dt.truncate("1mo"))
    own = pl.when(quarter).then(pl.col("month").dt.truncate("1q")).otherwise(pl.col("month").dt.truncate("1mo"))
    end = pl.when(quarter).then(start.dt.offset_by("3mo")).otherwise(start.dt.offset_by("1mo"))
    running = facts.appraisal.filter(
        (own == start) & (pl.col("target") > 0) & pl.col("actual").is_not_null()
    ).with_columns(
        goal_days=(today - start).dt.total_days() + 1, goal_length=(end - start).dt.total_days()
    ).with_columns(
        goal_reached=pl.col("actual") * pl.col("goal_length"), goal_due=pl.col("target") * pl.col("goal_days")
    )
    share = pl.col("goal_reached") / pl.col("goal_due")
    return running.with_columns(share=share).sort("person", "share", "cycle", "goal").unique(
        "person", keep="first", maintain_order=True
    ).select(
        "person", "goal", "goal_reached", "goal_due", "goal_days", "goal_length", goal_actual="actual",
        goal_target="target", has_running_goal=pl.lit(True), is_open=pl.lit(None, pl.Boolean),
    )


def _lateness(facts: Facts) -> pl.DataFrame:
    """Times late in the newest closed month, and in the three before it together; only where all four are there.

    A count that nobody knows yet, or only the newest month not there yet, leaves it open: it may be there tomorrow.
    """
    closed = facts.attendance.filter(pl.col("is_closed")).with_columns(age=_age(facts)).filter(
        pl.col("age").is_between(0, _BASELINE)
    ).group_by("person", "age").agg(pl.col("late_count").max())
    late = closed.group_by("person").agg(
        late_count=pl.col("late_count").filter(pl.col("age") == 0).sum(),
        late_baseline=pl.col("late_count").filter(pl.col("age") > 0).sum(),
        months=pl.len(), is_open=pl.col("late_count").is_null().any() | (
            (pl.len() == _BASELINE) & (pl.col("age") > 0).all()
        ),
    ).filter((pl.col("months") == _BASELINE + 1) | pl.col("is_open"))
    known = pl.when(~pl.col("is_open"))
    return late.select(
        "person", known.then("late_count").alias("late_count"), known.then("late_baseline").alias("late_baseline"),
        has_late_history=known.then(pl.lit(True)), is_open=pl.when(pl.col("is_open")).then(True),
    )


def _resumes(facts: Facts) -> pl.DataFrame:
    """Days since a résumé was last seen updated, of those seen on or before the business date."""
    on = pl.col("at").dt.convert_time_zone(facts.zone.key).dt.date()
    seen = facts.signal.with_columns(on=on).filter((pl.col("kind") == "resume_updated") & (pl.col("on") <= facts.as_of))
    return seen.group_by("person").agg(resume_signal_on=pl.col("on").max()).select(
        "person", "resume_signal_on", resume_signal_days=(facts.as_of - pl.col("resume_signal_on")).dt.total_days(),
        has_resume_signal=pl.lit(True), is_open=pl.lit(None, pl.Boolean),
    )
