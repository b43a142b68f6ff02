"""Whose row is it: finance's people and HR's employees are the same person only by a stored link, or by the same
number *and* the same normalised name. Anything else is disputed (somebody in HR has that number) or unlinked.

A loan of a disputed or unlinked person counts as a possible debt of every candidate: whoever has the number in any
spelling, or the name, or is named on the approval of that loan.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from connector.model.links import NUMBER_AND_NAME, STORED

NO_PAIRS = pl.DataFrame(schema={"number": pl.String, "person": pl.String})


@dataclass(frozen=True)
class Links:
    """`people`: number (in finance), state, person, rule, evidence (canonical JSON). `candidates`: number, person."""

    people: pl.DataFrame
    candidates: pl.DataFrame


def settle_employees(employees: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """HR rows → (one row per number, numbers that stand more than once with different content).

    Rows alike but for their key are one. Of a disputed number nothing but the number is known.
    """
    content = [name for name in employees.columns if name not in ("ref", "seen_at", "system")]
    once = employees.unique(content, keep="first", maintain_order=True)
    doubled = once.filter(pl.col("number").is_duplicated())
    single = once.filter(~pl.col("number").is_duplicated())
    bare = doubled.unique("number", keep="first", maintain_order=True).select(
        [pl.col(n) if n in ("system", "ref", "seen_at", "number")
         else pl.lit(None, dtype=employees.schema[n]).alias(n) for n in employees.columns]
    )
    return pl.concat([single, bare]).sort("number"), doubled


def link_people(
    people: pl.DataFrame, employees: pl.DataFrame, doubled: pl.DataFrame, stored: pl.DataFrame,
    parted: pl.DataFrame = NO_PAIRS,
) -> Links:
    """Finance's `person` rows against HR's `employee` rows.

    `stored`: number, person — links kept from earlier nights or made by a person; they win while that employee exists.
    `parted`: number, person — pairs that a person has taken apart: no rule links them, and whoever was parted from a
    number stays a candidate for it until it is linked.
    """
    here = people.select("number", "name").unique(maintain_order=True)
    ambiguous = here.filter(pl.col("number").is_duplicated()).select("number").unique()
    keyed = here.unique("number", keep="first", maintain_order=True).with_columns(
        name_key=_name_key("name"), number_key=_number_key("number")
    )
    staff = employees.select(person="number", hr_name="name").join(
        doubled.select(person="number").unique().with_columns(is_doubled=pl.lit(True)), on="person", how="left"
    ).with_columns(hr_name_key=_name_key("hr_name"), hr_number_key=_number_key("person"))
    same = keyed.join(staff, left_on="number", right_on="person", how="left", validate="1:1").join(
        stored.rename({"person": "stored_person"}), on="number", how="left", validate="1:1"
    ).join(ambiguous.with_columns(is_ambiguous=pl.lit(True)), on="number", how="left", validate="1:1")
    exists = pl.col("hr_number_key").is_not_null()
    is_parted = pl.struct("number", person="number").is_in(parted.to_struct().implode())
    by_both = (exists & (pl.col("name_key") == pl.col("hr_name_key")).fill_null(False)
               & pl.col("is_doubled").is_null() & pl.col("is_ambiguous").is_null() & ~is_parted)
    keeps = pl.col("stored_person").is_in(staff["person"].implode())
    settled = same.select(
        "number",
        state=pl.when(keeps).then(pl.lit("linked")).when(by_both).then(pl.lit("linked"))
        .when(exists).then(pl.lit("disputed")).otherwise(pl.lit("unlinked")),
        person=pl.when(keeps).then(pl.col("stored_person")).when(by_both).then(pl.col("number")),
        rule=pl.when(keeps).then(pl.lit(STORED)).when(by_both).then(pl.lit(NUMBER_AND_NAME)),
        evidence=pl.when(~keeps.fill_null(False) & by_both).then(
            pl.struct("number", name=masked("name")).struct.json_encode()),
    )
    return Links(settled, _candidates(keyed, staff, settled, parted))


def masked(column: str) -> pl.Expr:
    """The first letter of a name, and that there is more: enough for whoever knows the person."""
    return pl.col(column).str.strip_chars().str.slice(0, 1) + "*"


def _name_key(column: str) -> pl.Expr:
    """NFKC, lower case, no spaces; the words of a Latin name in any order (`Zhang San` = `san zhang`)."""
    folded = pl.col(column).str.normalize("NFKC").str.to_lowercase().str.replace_all("ß", "ss", literal=True)
    plain = folded.str.replace_all(r"[\s·.,'’-]+", " ").str.strip_chars()
    latin = plain.str.contains(r"^[\x{0000}-\x{024F}]*$")
    return pl.when(latin).then(plain.str.split(" ").list.sort().list.join("")).otherwise(
        plain.str.replace_all(" ", "", literal=True)
    )


def _number_key(column: str) -> pl.Expr:
    """A number in the form in which typing slips fall together: upper case, no signs, no leading zeros."""
    plain = pl.col(column).str.to_uppercase().str.replace_all(r"[^0-9A-Z\p{Han}]", "")
    return plain.str.replace_all(r"(^|[A-Z])0+(\d)", "$1$2")


def _candidates(
    keyed: pl.DataFrame, staff: pl.DataFrame, settled: pl.DataFrame, parted: pl.DataFrame
) -> pl.DataFrame:
    open_cases = keyed.join(settled.filter(pl.col("state") != "linked").select("number"), on="number", how="semi")
    by_number = open_cases.join(staff, left_on="number_key", right_on="hr_number_key", how="inner")
    by_name = open_cases.filter(pl.col("name_key") != "").join(
        staff, left_on="name_key", right_on="hr_name_key", how="inner"
    )
    before = parted.join(open_cases.select("number"), on="number", how="semi")
    named = (by_number, by_name, before)
    return pl.concat([one.select("number", "person") for one in named]).unique().sort("number", "person")
