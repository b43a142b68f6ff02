"""Values: money in minor units, months, business dates, ids. Pure functions of their arguments; no clock.

Money is an integer count of minor units plus a currency code (ISO 4217 exponents). It never passes through a
binary float.
"""

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal
from typing import NewType

EmployeeNumber = NewType("EmployeeNumber", str)  # as HR writes it
Ref = NewType("Ref", str)  # a record's key in a foreign system, as delivered

# ISO 4217: minor-unit exponents that differ from 2.
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3}

# No loan or salary reaches this; larger amounts are unreadable data, and products of an amount with a policy
# number of up to 10^4 stay inside 64 bits.
MONEY_LIMIT = 10**13


def exponent(currency: str) -> int:
    """Digits after the decimal point of a currency (CNY 2, JPY 0, KWD 3)."""
    return _EXPONENTS.get(currency, 2)


def decimal_text(minor: int, currency: str) -> str:
    """`2800000, "CNY"` → `"28000.00"`: the form of money at every door."""
    digits = exponent(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def minor_units(text: str, currency: str) -> int:
    """`"28000.00", "CNY"` → `2800000`. ValueError when it has more digits than the currency."""
    scaled = Decimal(text).scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{text} has more decimals than {currency} allows")
    return int(scaled)


def months_before(day: date, months: int) -> date:
    """The same day `months` calendar months earlier, clipped to the month's end (31 Aug − 6 → 28/29 Feb)."""
    index = day.year * 12 + (day.month - 1) - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))

