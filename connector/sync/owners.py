"""Owners: which number of finance is which person of HR tonight, and which earlier number of his is whose today.

Promises: whoever is not seen, or cannot be read, keeps the link he had; tonight's links are kept for ever. Never here:
a finding.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from connector.mappings.link import link_people
from connector.mappings.succession import follow, with_heirs
from connector.model.links import BY_RULE
from connector.store.links import keep_links, living_links, parted_links
from connector.sync.connections import Desk
from connector.sync.pull import Streams
from connector.sync.succession import heirs_of
from connector.sync.vanishing import rejected_keys


@dataclass(frozen=True)
class Owners:
    """`states`: number (in finance), state. `linked`: number, person (of today), lent_under. `candidates`: number,
    person. `heirs`: number (in HR), person (of today). `here`: number, everybody of HR who is not surely gone."""

    states: pl.DataFrame
    linked: pl.DataFrame
    candidates: pl.DataFrame
    heirs: pl.DataFrame
    here: pl.DataFrame

    @property
    def by_number(self) -> pl.DataFrame:
        """`number, person`."""
        return self.linked.select("number", "person")


def owners_of(
    desk: Desk, streams: Streams, employees: pl.DataFrame, doubled: pl.DataFrame, people: pl.DataFrame,
    is_whole: bool, keeps: bool,
) -> Owners:
    """`employees`, `doubled`: HR's rows, settled. `people`: everybody finance knows. `is_whole`: HR was read to its
    end. `keeps`: tonight's links are kept."""
    finance = desk.company.by_role("finance")
    system = finance.name if finance else ""
    stored, parted = living_links(desk.store, system), parted_links(desk.store, system)
    unseen = _unseen(streams, stored, employees, is_whole)
    here = pl.concat([employees.select("number"), unseen])
    heirs = heirs_of(desk, employees, here, keeps)
    stored = _followed_where_gone(stored, here, heirs)
    links = link_people(people, pl.concat([employees, unseen], how="diagonal"), doubled, stored, parted, heirs)
    linked = links.people.filter(pl.col("state") == "linked")
    if finance is not None and keeps:
        keep_links(desk.store, finance.name, linked, BY_RULE, desk.clock.now())
    return Owners(
        links.people.select("number", "state"), follow(linked.select("number", "person"), heirs),
        with_heirs(links.candidates, heirs), heirs, here,
    )


def everybody_in_finance(people: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    """Its employee records, and borrowers that have none."""
    bare = loans.select(number="employee").unique().join(people.select("number"), on="number", how="anti")
    return pl.concat([people.select("number", "name", "mobile_hash", "id_hash"), bare], how="diagonal")


def _unseen(streams: Streams, stored: pl.DataFrame, employees: pl.DataFrame, is_whole: bool) -> pl.DataFrame:
    """`number` of people of HR who are linked but not among tonight's rows: not read, or not readable."""
    gone = stored.select(number="person").unique().join(employees.select("number"), on="number", how="anti")
    if is_whole:
        gone = gone.filter(pl.col("number").is_in(sorted(rejected_keys(streams, "employee"))))
    return gone


def _followed_where_gone(stored: pl.DataFrame, here: pl.DataFrame, heirs: pl.DataFrame) -> pl.DataFrame:
    """The links, those of a number that HR has given up with whoever has followed it."""
    gone = stored.join(here, left_on="person", right_on="number", how="anti")
    kept = stored.join(gone.select("number"), on="number", how="anti")
    return pl.concat([kept, follow(gone, heirs).select(stored.columns)])
