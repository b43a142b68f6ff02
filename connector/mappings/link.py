"""Whose row is it: finance's people and HR's employees are the same person only by what is certain, never by a name.

What links and what parts, and which of them comes first, is one table below. What is not linked is disputed (something
points at somebody in HR, and something else does not fit) or unlinked. A loan of a disputed or unlinked person counts
as a possible debt of every candidate: whoever has the number in any spelling, the name or the identity, or had the
link before, or is named on the approval of that loan. Never here: when a link was made, or by whom.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from connector.model.links import ID_HASH, NAME_AND_MOBILE, NUMBER_AND_NAME, PERSON, STORED

NO_PAIRS = pl.DataFrame(schema={"number": pl.String, "person": pl.String})

# The first row that fits decides: condition, state, column of the person, rule. No row fits: unlinked.
ORDER: tuple[tuple[str, str, str, str], ...] = (
    ("kept_by_a_person", "linked", "kept", STORED),  # somebody has said so, by name and with a reason
    ("kept_by_a_rule_and_of_another_identity", "disputed", "", ""),  # a number that was given to somebody else
    ("kept_by_a_rule", "linked", "kept", STORED),  # names change
    ("of_his_identity_and_name", "linked", "holder", ID_HASH),
    ("of_an_identity_that_does_not_fit", "disputed", "", ""),  # another name, or several people
    ("his_number_is_of_another_identity", "disputed", "", ""),
    ("of_his_number_and_name", "linked", "number", NUMBER_AND_NAME),
    ("his_number_is_there", "disputed", "", ""),
    ("of_his_name_and_mobile_alone", "linked", "twin", NAME_AND_MOBILE),
)


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
    parted: pl.DataFrame = NO_PAIRS, heirs: pl.DataFrame = NO_PAIRS,
) -> Links:
    """Finance's `person` rows against HR's `employee` rows.

    `stored`: number, person, rule — links that live; they count while that employee exists. `parted`: number, person —
    pairs that a person has taken apart: no rule links them, and whoever was parted from a number stays a candidate
    for it until it is linked. `heirs`: number, person — an earlier number in HR, and the one of today; the two are one.
    """
    keyed, staff = _keyed(people), _staff(employees, doubled, heirs)
    seen = _seen(keyed, staff, stored, parted)
    fits = [(pl.col(condition), state, who, rule) for condition, state, who, rule in ORDER]
    nothing = pl.lit(None, pl.String)
    settled = seen.select(
        "number", "kept",
        state=_first([(fit, pl.lit(state)) for fit, state, _, _ in fits], pl.lit("unlinked")),
        person=_first([(fit, pl.col(who) if who else nothing) for fit, _, who, _ in fits], nothing),
        rule=_first([(fit, pl.lit(rule) if rule else nothing) for fit, _, _, rule in fits], nothing),
        evidence=_first([(fit, _evidence(rule)) for fit, _, _, rule in fits], nothing),
    )
    return Links(settled.drop("kept"), _candidates(keyed, staff, settled, parted))


def _first(cases: list[tuple[pl.Expr, pl.Expr]], otherwise: pl.Expr) -> pl.Expr:
    """The value of the first case that holds."""
    for fit, value in reversed(cases):
        otherwise = pl.when(fit).then(value).otherwise(otherwise)
    return otherwise


def _evidence(rule: str) -> pl.Expr:
    """What matched, masked; a link that was there already has its own."""
    number, name = pl.col("number"), masked("name").alias("name")
    shown = {
        NUMBER_AND_NAME: (number, name), NAME_AND_MOBILE: (name, pl.col("mobile_hash").str.slice(0, 8)),
        ID_HASH: (pl.col("id_hash").str.slice(0, 8), name),
    }.get(rule)
    return pl.struct(*shown).struct.json_encode() if shown else pl.lit(None, pl.String)


def masked(column: str) -> pl.Expr:
    """The first letter of a name, and that there is more: enough for whoever knows the person."""
    return pl.col(column).str.strip_chars().str.slice(0, 1) + "*"


def _keyed(people: pl.DataFrame) -> pl.DataFrame:
    """One row per number of finance with its keys; `is_ambiguous` where two names or identities stand under it."""
    here = people.select("number", "name", "mobile_hash", "id_hash").unique(maintain_order=True)
    who = here.select("number", "name", "id_hash").unique()
    several = who.filter(pl.col("number").is_duplicated()).select("number").unique()
    return here.unique("number", keep="first", maintain_order=True).join(
        several.with_columns(is_ambiguous=pl.lit(True)), on="number", how="left", validate="1:1"
    ).with_columns(
        pl.col("is_ambiguous").fill_null(False), name_key=name_key("name"), number_key=_number_key("number"),
    )


def _staff(employees: pl.DataFrame, doubled: pl.DataFrame, heirs: pl.DataFrame) -> pl.DataFrame:
    """One row per number of HR with its keys; `now` is the number that its person has today."""
    several = doubled.select(person="number").unique().with_columns(is_doubled=pl.lit(True))
    return employees.select("name", "mobile_hash", "id_hash", person="number").join(
        several, on="person", how="left", validate="1:1"
    ).join(
        heirs.rename({"number": "person", "person": "now"}), on="person", how="left", validate="1:1"
    ).select(
        "person", "id_hash", "mobile_hash", pl.coalesce("now", "person").alias("now"),
        pl.col("is_doubled").fill_null(False), name_key=name_key("name"), number_key=_number_key("person"),
    )


def _seen(keyed: pl.DataFrame, staff: pl.DataFrame, stored: pl.DataFrame, parted: pl.DataFrame) -> pl.DataFrame:
    """Per number of finance: who is kept, holds its identity, has its number, or its name and mobile; and every
    condition of `ORDER` as a yes or no."""
    kept = stored.rename({"person": "kept", "rule": "kept_rule"}).join(
        staff.select("person"), left_on="kept", right_on="person", how="semi"
    )
    seen = keyed.join(kept, on="number", how="left", validate="1:1").join(
        _holders(keyed, staff), on="number", how="left", validate="1:1"
    ).join(_twins(keyed, staff), on="number", how="left", validate="1:1")
    seen = seen.with_columns(own=pl.when(pl.col("number").is_in(staff["person"].implode())).then(pl.col("number")))
    for who in ("kept", "holder", "own", "twin"):
        seen = _beside(seen, who, staff, parted)
    is_free = ~pl.col("is_ambiguous")
    conditions = (
        pl.col("kept_rule") == PERSON,
        pl.col("kept").is_not_null() & pl.col("kept_is_another"),
        pl.col("kept").is_not_null(),
        is_free & pl.col("holder_fits"),
        pl.col("holders") > 0,
        pl.col("own").is_not_null() & pl.col("own_is_another"),
        is_free & pl.col("own_fits"),
        pl.col("own").is_not_null(),
        is_free & pl.col("twin_fits") & ~pl.col("twin_is_another"),
    )
    names = [condition for condition, *_ in ORDER]
    return seen.with_columns([c.fill_null(False).alias(n) for n, c in zip(names, conditions, strict=True)])


def _beside(seen: pl.DataFrame, who: str, staff: pl.DataFrame, parted: pl.DataFrame) -> pl.DataFrame:
    """`<who>_fits`: the same name, one person in HR, and nobody took the two apart. `<who>_is_another`: his identity
    is known to be another one than the number's."""
    there = staff.select(
        pl.col("person").alias(who), there_name="name_key", there_id="id_hash", there_doubled="is_doubled"
    )
    apart = parted.rename({"person": who}).with_columns(is_parted=pl.lit(True))
    joined = seen.join(there, on=who, how="left", validate="m:1").join(
        apart, on=["number", who], how="left", validate="m:1"
    )
    is_named = (pl.col("name_key") == pl.col("there_name")) & (pl.col("name_key") != "")
    other = pl.when(pl.col("there_id").is_not_null()).then(pl.col("there_id") != pl.col("id_hash")).otherwise(
        pl.col("holders") > 0)
    return joined.with_columns(
        (is_named & ~pl.col("there_doubled") & pl.col("is_parted").is_null()).fill_null(False).alias(f"{who}_fits"),
        (pl.col("id_hash").is_not_null() & other).fill_null(False).alias(f"{who}_is_another"),
    ).drop("there_name", "there_id", "there_doubled", "is_parted")


def _holders(keyed: pl.DataFrame, staff: pl.DataFrame) -> pl.DataFrame:
    """`number, holders, holder`: how many numbers of HR have this identity, and which it is: this number, or that of
    today where all are one person's."""
    both = keyed.select("number", "id_hash").drop_nulls().join(staff.drop_nulls("id_hash"), on="id_hash", how="inner")
    own = pl.col("person").filter(pl.col("person") == pl.col("number")).first()
    alone = pl.when(pl.col("now").n_unique() == 1).then(pl.col("now").first())
    return both.group_by("number").agg(holders=pl.col("person").n_unique(), holder=pl.coalesce(own, alone))


def _twins(keyed: pl.DataFrame, staff: pl.DataFrame) -> pl.DataFrame:
    """`number, twin`: who has the name and the mobile number, where that mobile stands once on either side."""
    keys = ["name_key", "mobile_hash"]
    here, there = (
        side.drop_nulls("mobile_hash").filter(~pl.col("mobile_hash").is_duplicated()) for side in (keyed, staff)
    )
    return here.join(there.select(*keys, twin="person"), on=keys, how="inner").select("number", "twin")


def name_key(column: str) -> pl.Expr:
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
    waiting = settled.filter(pl.col("state") != "linked")
    open_cases = keyed.join(waiting.select("number"), on="number", how="semi")
    parts = [
        open_cases.filter((pl.col(key) != "").fill_null(False)).join(staff, on=key, how="inner")
        for key in ("number_key", "name_key", "id_hash")
    ]
    parts += [parted.join(waiting, on="number", how="semi"), waiting.select("number", person="kept").drop_nulls()]
    return pl.concat([part.select("number", "person") for part in parts]).unique().sort("number", "person")
