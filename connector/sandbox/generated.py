"""Companies by chance: the same seed deals the same tables, with the dirt of real folders when asked for.

Promises: what chance leaves out, a dirty company holds all the same. Never here: a file.
"""

from __future__ import annotations

import random
from datetime import date

from connector.sandbox.approval_steps import CHAIN
from connector.sandbox.deal import Deal, Tables, deal_employee, deal_exit, deal_loan, fen_of
from connector.sandbox.dirt import add_dirt, sit_on_thresholds


def generate_tables(seed: int, employees: int, as_of: date, dirty: bool) -> tuple[list[list[str]], Tables]:
    """(approval chain, tables) of a company of so many employees."""
    dice = random.Random(f"{seed} {employees} {as_of} {dirty}")
    chain = [[node] for node in CHAIN] if dice.random() < 0.6 else []
    deal = Deal(dice, as_of, dirty, chain)
    for at in range(max(1, employees)):
        deal_employee(deal, at)
    for person in list(deal.tables["employees"]):
        for _ in range(deal.dice.choice((0, 0, 1, 1, 2, 5))):
            deal_loan(deal, person["number"], fen_of(person["monthly_salary"]))
        deal_exit(deal, person)
    sit_on_thresholds(deal)
    if dirty:
        add_dirt(deal)
    return chain, deal.tables
