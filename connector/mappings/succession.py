"""One person after the other number: which of HR's numbers is an earlier one of somebody who is there now.

Promises: only the same identity and name, or a person's word, makes two numbers one; chains end at the number of
today, and what goes in a circle is no succession. Never here: what is owed.
"""

from __future__ import annotations

import polars as pl

from connector.mappings.link import masked, name_key

HEIRS = {"number": pl.String, "person": pl.String}
# Numbers that one person may have had one after the other: more steps than a working life has employments.
_STEPS = 12


def by_identity(employees: pl.DataFrame) -> pl.DataFrame:
    """Canonical `employee` rows → `number, person, evidence`: an employment that has ended, and the one of the same
    identity and name that was begun last, one that goes on before all that have ended.

    Two that began on one day, or on a day nobody knows, say nothing of who follows whom.
    """
    known = employees.filter(pl.col("id_hash").is_not_null()).with_columns(
        name_key=name_key("name"), goes_on=pl.col("status") != "left"
    ).filter(pl.col("name_key") != "")
    line = ["id_hash", "name_key"]
    several = known.filter(pl.len().over(line) > 1)
    newest = several.sort("goes_on", "hired_on", descending=True, nulls_last=True)
    heads = newest.group_by(line, maintain_order=True).agg(
        person=pl.col("number").first(), begun_on=pl.col("hired_on").first(), head_goes_on=pl.col("goes_on").first(),
    )
    beside = several.join(heads, on=line, how="inner", validate="m:1").filter(pl.col("number") != pl.col("person"))
    is_earlier = ~pl.col("goes_on") & (pl.col("head_goes_on") | (pl.col("hired_on") < pl.col("begun_on")))
    rivals = beside.filter(pl.col("goes_on") & ~(pl.col("hired_on") < pl.col("begun_on")).fill_null(False))
    return beside.filter(is_earlier.fill_null(False)).join(rivals.select(line), on=line, how="anti").select(
        "number", "person",
        evidence=pl.struct(pl.col("id_hash").str.slice(0, 8), name=masked("name")).struct.json_encode(),
    )


def closed(pairs: pl.DataFrame) -> pl.DataFrame:
    """`number, person` step by step → each number with the last of its chain; circles are left out."""
    steps = pairs.select("number", further="person")
    found = pairs.select("number", "person")
    for _ in range(_STEPS):
        found = found.join(steps, left_on="person", right_on="number", how="left", validate="m:1").select(
            "number", person=pl.coalesce("further", "person")
        )
    return found.join(steps.select("number"), left_on="person", right_on="number", how="anti")


def follow(rows: pl.DataFrame, heirs: pl.DataFrame) -> pl.DataFrame:
    """The rows with `person` as of today, and `lent_under`: the earlier number, null where it is today's."""
    named = heirs.select(person="number", now="person")
    return rows.join(named, on="person", how="left", validate="m:1").with_columns(
        person=pl.coalesce("now", "person"), lent_under=pl.when(pl.col("now").is_not_null()).then(pl.col("person")),
    ).drop("now")


def with_heirs(rows: pl.DataFrame, heirs: pl.DataFrame) -> pl.DataFrame:
    """Every row once more for whoever follows its `person`: what may be owed by the one may be owed by the other."""
    more = rows.join(heirs.rename({"number": "person", "person": "now"}), on="person", how="inner")
    return pl.concat([rows, more.with_columns(person="now").select(rows.columns)]).unique(maintain_order=True)


def namesakes(employees: pl.DataFrame, debtors: pl.DataFrame) -> pl.DataFrame:
    """`number, person`: somebody of `debtors` (`number`) who has left, and somebody at work with his name who was
    hired since. Perhaps one person, perhaps not: nothing follows from it."""
    keyed = employees.with_columns(name_key=name_key("name")).filter(pl.col("name_key") != "")
    left = keyed.filter(pl.col("status") == "left").join(debtors.select("number").unique(), on="number", how="semi")
    both = left.join(keyed.filter(pl.col("status") != "left"), on="name_key", how="inner", suffix="_now")
    is_since = (pl.col("hired_on_now") >= pl.col("last_day")).fill_null(True)
    is_another = (pl.col("id_hash") != pl.col("id_hash_now")).fill_null(False)
    return both.filter(is_since & ~is_another).select("number", person="number_now").sort("number", "person")
