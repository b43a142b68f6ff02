"""What people owe in a made-up company, counted from its rows."""

from __future__ import annotations

from decimal import Decimal

from connector.sandbox.world import Row, World


def balance(world: World, loan: Row) -> Decimal:
    paid = (Decimal(row["amount"]) for row in world.rows("repayments") if row["loan"] == loan["number"])
    return Decimal(loan["principal"]) - sum(paid) if loan["lent_on"] else Decimal(0)


def owed(world: World, employee: str) -> Decimal:
    return sum(
        (balance(world, loan) for loan in world.rows("loans") if loan["employee"] == employee), Decimal(0)
    )
