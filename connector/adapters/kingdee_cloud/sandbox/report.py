"""GL_RPT_AccountBalance, the account balance report (科目余额表), of the made-up company's vouchers.

Read from the model: FACCTBOOKID {"FNumber"} (001, or none), FCURRENCY (PRE001, CNY, 1 or {"FNumber"}; none, ""
or "0" = all, each in rows of its own), FSTARTYEAR, FSTARTPERIOD, FENDYEAR, FENDPERIOD (none = today's),
FBALANCELEVEL (1 = first level only; none = all), FSHOWDETAIL (true = a row per employee below his account, whose
account cells are empty). Other keys are passed over. The exchange rate is 1, so amounts in a currency (…DEBIT,
…DEBITFOR) and in local money (…DEBITLOCAL) are the same number.

Promises: numbers are text with thousands separators; an account's parent and a total stand in the same list.
Never here: the open items; this is the other read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connector.adapters.kingdee_cloud.sandbox.answers import FIELD_MISSING, NO_FORM, NOT_FOUND, Refusal
from connector.adapters.kingdee_cloud.sandbox.books import Booking
from connector.adapters.kingdee_cloud.sandbox.calls import Call, is_true
from connector.adapters.kingdee_cloud.sandbox.query import field_keys, unknown_field
from connector.adapters.kingdee_cloud.sandbox.records import (
    ACCOUNTS,
    BANK_ACCOUNT,
    BOOK,
    EMPLOYEES_ACCOUNT,
    EXPENSE_ACCOUNT,
    Records,
)

FORM = "GL_RPT_ACCOUNTBALANCE"
_TOTAL = "合计"


@dataclass
class Sums:
    """Movements of one line in minor units, debit positive."""

    before: int = 0
    before_year: int = 0
    debit: int = 0
    credit: int = 0
    year_debit: int = 0
    year_credit: int = 0

    def add(self, amount: int, month: str, start: str, year: str) -> None:
        """One booking of a month (YYYY-MM) into a report that begins with month `start` of `year`."""
        if month < start:
            self.before += amount
        elif amount > 0:
            self.debit += amount
        else:
            self.credit -= amount
        if month < f"{year}-01":
            self.before_year += amount
        elif amount > 0:
            self.year_debit += amount
        else:
            self.year_credit -= amount

    @property
    def end(self) -> int:
        """The balance at the end."""
        return self.before + self.debit - self.credit


@dataclass
class Line:
    """One row of the report."""

    account: str
    name: str
    currency: str
    detail: tuple[object, object] = ("", "")
    sums: Sums = field(default_factory=Sums)


@dataclass(frozen=True)
class Asked:
    """What the model asks for."""

    currency: str
    start: str
    end: str
    is_first_level: bool
    has_details: bool


def report(records: Records, call: Call, today: date) -> dict[str, Any]:
    """Answer of GetSysReportData. Refusal for another report, an unknown field or another account book."""
    form = str(call.fields.get("formid") or "")
    if not form:
        raise Refusal(NO_FORM, "表单标识为空")
    if form.upper() != FORM:
        raise Refusal(NOT_FOUND, f"标识为“{form}”的业务对象不存在，或者被删除")
    keys = field_keys(call)
    unknown = [key for key in keys if key.upper() not in _CELLS]
    if unknown:
        raise unknown_field(unknown[0])
    cells = [_CELLS[key.upper()] for key in keys]
    lines = _lines(records, _asked(records, call, today))
    start, limit = max(0, call.number("StartRow")), call.number("Limit")
    page = lines[start : start + limit if limit > 0 else None]
    rows = [[cell(line, records) for cell in cells] for line in page]
    return {"Result": {"IsSuccess": True, "RowCount": len(lines), "Rows": rows}}


def _asked(records: Records, call: Call, today: date) -> Asked:
    model = call.data.get("model")
    given = {str(k).upper(): v for k, v in model.items()} if isinstance(model, Mapping) else {}
    book = _plain(given.get("FACCTBOOKID"))
    if book not in ("", "0", str(BOOK[0]), BOOK[1]):
        raise Refusal(FIELD_MISSING, f"编码为{book}的账簿不存在")
    level = _plain(given.get("FBALANCELEVEL"))
    return Asked(
        currency=_currency(records, _plain(given.get("FCURRENCY"))),
        start=_month(given, "START", today),
        end=_month(given, "END", today),
        is_first_level=level == "1",
        has_details=is_true(given.get("FSHOWDETAIL")),
    )


def _lines(records: Records, asked: Asked) -> list[Line]:
    bookings = [one for one in records.books().bookings if one.on[:7] <= asked.end]
    currencies = sorted({one.currency for one in bookings})
    chosen = [code for code in currencies if asked.currency in ("", code)]
    lines: list[Line] = []
    for account, reference in ACCOUNTS.items():
        is_inner = any(other.startswith(f"{account}.") for other in ACCOUNTS)
        if asked.is_first_level and "." in account:
            continue
        for code in chosen:
            amounts = [one for one in _amounts(bookings, account) if one[0].currency == code]
            line = Line(account, str(reference[2]), code)
            lines.append(_summed(line, amounts, asked))
            if asked.has_details and account.startswith(EMPLOYEES_ACCOUNT) and not is_inner:
                lines += _details(records, code, amounts, asked)
    for code in chosen:
        every = [one for account in ACCOUNTS if "." not in account for one in _amounts(bookings, account)]
        lines.append(_summed(Line(" ", _TOTAL, code), [one for one in every if one[0].currency == code], asked))
    return lines


def _amounts(bookings: Iterable[Booking], account: str) -> list[tuple[Booking, int]]:
    """The bookings that touch an account or one below it, with their amount there."""
    if account == EMPLOYEES_ACCOUNT or EMPLOYEES_ACCOUNT.startswith(f"{account}."):
        return [(one, one.amount) for one in bookings]
    offsets = {EXPENSE_ACCOUNT: True, BANK_ACCOUNT: False}
    return [(one, -one.amount) for one in bookings if one.is_offset is offsets.get(account)]


def _details(records: Records, code: str, amounts: list[tuple[Booking, int]], asked: Asked) -> list[Line]:
    by_employee: dict[str, list[tuple[Booking, int]]] = defaultdict(list)
    for one in amounts:
        by_employee[one[0].employee].append(one)
    return [
        _summed(Line("", "", code, (employee, records.employee(employee)[2])), by_employee[employee], asked)
        for employee in sorted(by_employee)
    ]


def _summed(line: Line, amounts: Iterable[tuple[Booking, int]], asked: Asked) -> Line:
    for booking, amount in amounts:
        line.sums.add(amount, booking.on[:7], asked.start, asked.start[:4])
    return line


def _month(given: Mapping[str, Any], which: str, today: date) -> str:
    year, period = _plain(given.get(f"F{which}YEAR")), _plain(given.get(f"F{which}PERIOD"))
    if not (year.isdecimal() and period.isdecimal()):
        return f"{today:%Y-%m}"
    return f"{int(year):04d}-{int(period):02d}"


def _currency(records: Records, given: str) -> str:
    """A currency by code, number or internal id → its ISO code; "" = all."""
    if given in ("", "0"):
        return ""
    known = {one.currency for one in records.books().bookings} | {"CNY"}
    for code in known:
        if given in map(str, records.currency(code)):
            return code
    return given


def _plain(value: Any) -> str:
    """A model's value as text; a reference is named by its number."""
    if isinstance(value, Mapping):
        value = next((v for k, v in value.items() if str(k).upper() in ("FNUMBER", "NUMBER", "ID")), "")
    return "" if value is None else str(value).strip()


def _money(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02d}"


def _side(pick: Callable[[Sums], int], is_debit: bool) -> Callable[[Line, Records], object]:
    """A balance on the side where it stands; the other side is 0.00."""

    def cell(line: Line, records: Records) -> object:
        amount = pick(line.sums) if is_debit else -pick(line.sums)
        return _money(max(amount, 0))

    return cell


def _moved(pick: Callable[[Sums], int]) -> Callable[[Line, Records], object]:
    return lambda line, records: _money(pick(line.sums))


def _of_currency(at: int) -> Callable[[Line, Records], object]:
    return lambda line, records: records.currency(line.currency)[at]


_CELLS: dict[str, Callable[[Line, Records], object]] = {
    "FBALANCEID": lambda line, records: line.account,
    "FBALANCENAME": lambda line, records: line.name,
    "FDETAILNUMBER": lambda line, records: line.detail[0],
    "FDETAILNAME": lambda line, records: line.detail[1],
    "FCURRENCYID": _of_currency(0),
    **dict.fromkeys(("FCURRENCYNUMBER", "FCURRENCYID.FNUMBER"), _of_currency(1)),
    **dict.fromkeys(("FCURRENCYNAME", "FCURRENCYID.FNAME"), _of_currency(2)),
    **dict.fromkeys(("FCURRENCY", "FCURRENCYCODE", "FCURRENCYID.FCODE"), _of_currency(3)),
    **{
        f"F{name}{suffix}": cell
        for suffix in ("", "FOR", "LOCAL")
        for name, cell in {
            "BEGINYEARDEBIT": _side(lambda sums: sums.before_year, True),
            "BEGINYEARCREDIT": _side(lambda sums: sums.before_year, False),
            "BEGINDEBIT": _side(lambda sums: sums.before, True),
            "BEGINCREDIT": _side(lambda sums: sums.before, False),
            "DEBIT": _moved(lambda sums: sums.debit),
            "CREDIT": _moved(lambda sums: sums.credit),
            "YTDDEBIT": _moved(lambda sums: sums.year_debit),
            "YTDCREDIT": _moved(lambda sums: sums.year_credit),
            "ENDDEBIT": _side(lambda sums: sums.end, True),
            "ENDCREDIT": _side(lambda sums: sums.end, False),
        }.items()
    },
}
