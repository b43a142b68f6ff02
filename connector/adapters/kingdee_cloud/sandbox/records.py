"""The books and people of the made-up company as records of the product's forms.

Promises: a record's internal id stays with its number for the life of the stand-in, and a new number gets a
higher one. Per loan a request (if it has an approval number), and once paid out a payment, an open item and a
voucher; per repayment a reimbursement (offset) or a refund, and a voucher. Never here: a filter, or a write.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from connector.adapters.kingdee_cloud.sandbox.books import (
    Booking,
    Books,
    Loan,
    day_of,
    decided_at,
    people_of,
    read_books,
)
from connector.adapters.kingdee_cloud.sandbox.table import Record
from connector.sandbox.world import World

# ISO code → internal id and code of the base data that every installation starts with.
CURRENCIES = {
    "CNY": (1, "PRE001", "人民币"), "HKD": (2, "PRE002", "香港元"), "EUR": (3, "PRE003", "欧元"),
    "JPY": (4, "PRE004", "日本日元"), "TWD": (5, "PRE005", "新台币元"), "GBP": (6, "PRE006", "英镑"),
    "USD": (7, "PRE007", "美元"),
}  # fmt: skip
ORGANISATION = (1, "100", "总公司")
BOOK = (1, "001", "主账簿")
EMPLOYEES_ACCOUNT, BANK_ACCOUNT, EXPENSE_ACCOUNT = "1221.01", "1002", "6602"
ACCOUNTS = {
    "1002": (4002, "1002", "银行存款"), "1221": (4020, "1221", "其他应收款"),
    "1221.01": (4021, "1221.01", "其他应收款_员工借款"), "6602": (4060, "6602", "管理费用"),
}  # fmt: skip
_TYPES = {
    "receivable": (5001, "QTYSD01_SYS", "其他应收单"), "payment": (5002, "FKDLX04_SYS", "费用报销付款单"),
    "refund": (5003, "FKTKDLX04_SYS", "费用报销退款单"),
}  # fmt: skip
# Where the internal ids of each form begin.
_FIRST_ID = 100_001

Reference = tuple[object, ...]
# Version of the world, its day, and how many approval steps have been decided by now.
Moment = tuple[int, date, int]


class Numbering:
    """Internal ids: one per form, number and how many of that number came before."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int], int] = {}
        self._next: dict[str, Iterator[int]] = {}

    def id_of(self, form: str, number: str, nth: int = 0) -> int:
        """The id, the same every time."""
        key = (form, number, nth)
        if key not in self._known:
            self._known[key] = self.fresh(form)
        return self._known[key]

    def fresh(self, form: str) -> int:
        """An id for a record that a client makes."""
        return next(self._next.setdefault(form, count(_FIRST_ID)))


@dataclass
class _Nth:
    """How often a number was met in one build."""

    seen: dict[str, int] = field(default_factory=dict)

    def of(self, number: str) -> int:
        nth = self.seen.get(number, 0)
        self.seen[number] = nth + 1
        return nth


class Records:
    """Builds the records of any form from the world. Remembers ids and the names of people who left the table."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._zone: ZoneInfo = world.zone
        self.numbering = Numbering()
        self._names: dict[str, str] = {}
        self._seen: Moment | None = None
        # Version of the world, and when its approval steps were or will be decided, sorted.
        self._decisions: tuple[int, list[datetime]] = (-1, [])
        self._books = Books()
        self._people: dict[str, Reference] = {}
        self._builders: dict[str, Callable[[], list[Record]]] = {
            "BD_EMPINFO": self._employees,
            "AR_OTHERRECABLE": self._receivables,
            "AP_PAYBILL": self._payments,
            "ER_EXPENSEREQUEST": self._requests,
            "ER_EXPREIMBURSEMENT": self._reimbursements,
            "AP_REFUNDBILL": self._refunds,
            "GL_VOUCHER": self._vouchers,
            "BD_CURRENCY": self._currencies,
            "BD_DEPARTMENT": self._departments,
            "ORG_ORGANIZATIONS": self._organisations,
            "PAEZ_LOANRISK": list,
        }

    def moment(self) -> Moment:
        """What the records depend on: they are the same as long as this is. Hold the world's lock."""
        version, now = self._world.version, self._world.now()
        if self._decisions[0] != version:
            times = (decided_at(row, self._zone) for row in self._world.rows("approvals"))
            self._decisions = (version, sorted(time for time in times if time is not None))
        return (version, now.date(), bisect_right(self._decisions[1], now))

    def books(self) -> Books:
        """The books of the world's today. Hold the world's lock."""
        self._refresh()
        return self._books

    def of(self, form: str) -> list[Record]:
        """The records of a form (its id in capitals). Hold the world's lock."""
        self._refresh()
        return self._builders[form]()

    def employee(self, number: str) -> Reference:
        """The reference to an employee by number."""
        return self._people.get(number) or (0, number, None, number)

    def currency(self, code: str) -> Reference:
        """The reference to a currency by ISO code; one beyond the base data is its own number."""
        key, number, name = CURRENCIES.get(code) or (self.numbering.id_of("currency", code), code, code)
        return (key, number, name, code)

    def _refresh(self) -> None:
        now = self.moment()
        if self._seen == now:
            return
        self._books = read_books(self._world)
        nth = _Nth()
        self._people = {}
        for number, name, _ in people_of(self._world):
            key = self.numbering.id_of("employee", number, nth.of(number))
            name = _text(name or self._names.get(number, ""))
            self._names[number] = name
            self._people.setdefault(number, (key, number, name, number))
        self._seen = now

    def _employees(self) -> list[Record]:
        nth = _Nth()
        woken = f"{self._world.as_of.isoformat()}T00:00:00"
        found: list[Record] = []
        for number, name, row in people_of(self._world):
            key = self.numbering.id_of("employee", number, nth.of(number))
            hired = day_of(row.get("hired_on", ""))
            found.append({
                "FID": key, "FNumber": number, "FStaffNumber": number,
                "FName": _text(name or self._names.get(number, "")), "FMobile": _text(row.get("mobile", "")),
                "FEmail": " ", "FDescription": " ", "FDocumentStatus": "C", "FForbidStatus": "A",
                "FUseOrgId": ORGANISATION, "FCreateOrgId": ORGANISATION, "FIsSHR": False,
                "FCreateDate": hired or woken, "FModifyDate": hired or woken,
                "F_PAEZ_RiskFlag": False, "F_PAEZ_RiskCodes": " ", "F_PAEZ_RiskLevel": " ",
                "F_PAEZ_RiskText": " ", "F_PAEZ_ExitBlock": False,
                "entry": [{
                    "FWorkOrgId": ORGANISATION, "FPostDept": self._named("department", row.get("department", "")),
                    "FPost": self._named("post", row.get("position", "")), "FStaffStartDate": hired,
                    "FIsFirstPost": True,
                }],
            })  # fmt: skip
        return found

    def _receivables(self) -> list[Record]:
        return [self._receivable(loan, key) for loan, key in self._paid("AR_OTHERRECABLE")]

    def _receivable(self, loan: Loan, key: int) -> Record:
        balance, principal = loan.balance, loan.principal
        status = "A" if not loan.repaid else "C" if balance == 0 else "B"
        return {
            "FID": key, "FBillNo": loan.row["number"], "FBillTypeID": _TYPES["receivable"],
            "FDATE": day_of(loan.row["lent_on"]), "FENDDATE_H": day_of(loan.row["due_on"]),
            **self._contact(loan), "FAMOUNTFOR": _amount(principal),
            "FWRITTENOFFAMOUNTFOR": _amount(loan.repaid), "FNOTWRITTENOFFAMOUNTFOR_H": _amount(balance),
            "FWRITTENOFFSTATUS": status, "FSETTLEORGID": ORGANISATION, "FREMARK": _text(loan.row["purpose"]),
            "F_PAEZ_LoanKind": _text(loan.row["kind"]), **_tail(loan, loan.row["lent_on"], loan.last_booked_on),
            "F_PAEZ_TripStart": day_of(loan.row["trip_start"]), "F_PAEZ_TripEnd": day_of(loan.row["trip_end"]),
            "entry": [{
                "FAMOUNTFOR_D": _amount(principal), "FNOTWRITTENOFFAMOUNTFOR": _amount(balance),
                "FCOMMENT": _text(loan.row["purpose"]),
            }],
        }  # fmt: skip

    def _payments(self) -> list[Record]:
        return [
            {
                "FID": key, "FBillNo": f"FK{loan.row['number']}", "FBillTypeID": _TYPES["payment"],
                "FDATE": day_of(loan.row["lent_on"]), **self._contact(loan),
                "FPAYTOTALAMOUNTFOR_H": _amount(loan.principal), "FREALPAYAMOUNTFOR_H": _amount(loan.principal),
                "FSETTLEORGID": ORGANISATION, "FPAYORGID": ORGANISATION,
                "FSourceBillNumber": _text(loan.row["approval"]), "F_PAEZ_DueDate": day_of(loan.row["due_on"]),
                **_tail(loan, loan.row["lent_on"], loan.row["lent_on"]),
                "entry": [{"FREALPAYAMOUNTFOR_D": _amount(loan.principal)}],
            }
            for loan, key in self._paid("AP_PAYBILL")
        ]  # fmt: skip

    def _requests(self) -> list[Record]:
        nth = _Nth()
        found: list[Record] = []
        for loan in self.books().loans:
            row, number = loan.row, loan.row["approval"]
            if not number:
                continue
            done = loan.approval.is_completed
            decided = loan.approval.decided_at if done else None
            approved = decided.astimezone(self._zone).replace(tzinfo=None).isoformat() if decided else None
            applied, amount = day_of(row["applied_on"]), _amount(loan.principal)
            employee = self.employee(row["employee"])
            found.append({
                "FID": self.numbering.id_of("ER_EXPENSEREQUEST", number, nth.of(number)), "FBillNo": number,
                "FDate": applied, "FStaffID": employee, "FOrgID": ORGANISATION, "FCostOrgID": ORGANISATION,
                "FCurrencyID": self.currency(loan.currency), "FReason": _text(row["purpose"]),
                "FIsBorrow": True, "FOrgAmount": amount, "FCheckedOrgAmount": amount if done else 0,
                "FTOCONTACTUNITTYPE": "BD_Empinfo", "FTOCONTACTUNIT": employee, "FCloseStatus": "A",
                "FDocumentStatus": "C" if done else "B", "FApproveDate": approved, "FCreateDate": applied,
                "FModifyDate": approved or applied, "F_PAEZ_LoanNo": row["number"],
                "F_PAEZ_LoanKind": _text(row["kind"]), "F_PAEZ_TripStart": day_of(row["trip_start"]),
                "F_PAEZ_TripEnd": day_of(row["trip_end"]),
                "entry": [{"FEntryOrgAmount": amount, "FEntryRemark": _text(row["purpose"])}],
            })  # fmt: skip
        return found

    def _reimbursements(self) -> list[Record]:
        nth = _Nth()
        found: list[Record] = []
        for one in self.books().repayments:
            if one.row["method"] != "offset":
                continue
            number, amount = one.row["number"], _amount(one.amount)
            contact = self._contact(one.loan)
            found.append({
                "FID": self.numbering.id_of("ER_EXPREIMBURSEMENT", number, nth.of(number)), "FBillNo": number,
                "FDate": day_of(one.row["paid_on"]), "FProposerID": contact["FCONTACTUNIT"],
                "FOrgID": ORGANISATION, "FCurrencyID": contact["FCURRENCYID"], "FExpenseAmount": amount,
                "FRequestAmount": amount, "FPayedAmount": 0, "FRefundedAmount": 0, "FBorrowAmount": amount,
                "FOffsetAmount": amount, "FReimbNotPayAmount": 0, "FRequestType": "1",
                "FCONTACTUNITTYPE": "BD_Empinfo", "FCONTACTUNIT": contact["FCONTACTUNIT"],
                **_tail(one.loan, one.row["paid_on"], one.row["paid_on"]),
            })  # fmt: skip
        return found

    def _refunds(self) -> list[Record]:
        nth = _Nth()
        found: list[Record] = []
        for one in self.books().repayments:
            if one.row["method"] == "offset":
                continue
            number = one.row["number"]
            found.append({
                "FID": self.numbering.id_of("AP_REFUNDBILL", number, nth.of(number)), "FBillNo": number,
                "FBillTypeID": _TYPES["refund"], "FDATE": day_of(one.row["paid_on"]), **self._contact(one.loan),
                "FREALREFUNDAMOUNTFOR": _amount(one.amount), "FSETTLEORGID": ORGANISATION,
                "FREMARK": _text(one.row["method"]),
                **_tail(one.loan, one.row["paid_on"], one.row["paid_on"]),
                "entry": [{"FREALREFUNDAMOUNTFOR_D": _amount(one.amount)}],
            })  # fmt: skip
        return found

    def _vouchers(self) -> list[Record]:
        nth = _Nth()
        found: list[Record] = []
        for one in self.books().bookings:
            number, day = f"PZ{one.number}", day_of(one.on)
            found.append({
                "FVOUCHERID": self.numbering.id_of("GL_VOUCHER", number, nth.of(number)), "FBillNo": number,
                "FAccountBookID": BOOK, "FDate": day, "FYEAR": int(one.on[:4]), "FPERIOD": int(one.on[5:7]),
                "FDocumentStatus": "C", "FInvalid": False, "FPosted": True, "FPostDate": day,
                "FCreateDate": day, "FModifyDate": day, "entry": self._entries(one),
            })  # fmt: skip
        return found

    def _entries(self, one: Booking) -> list[Record]:
        """The employees' account and the other side, the debit first."""
        employee, amount = self.employee(one.employee), _amount(abs(one.amount))
        other = ACCOUNTS[EXPENSE_ACCOUNT if one.is_offset else BANK_ACCOUNT]
        sides: list[dict[str, object]] = [
            {"FAccountID": ACCOUNTS[EMPLOYEES_ACCOUNT], "FDetailID": employee[0], "FDetailID.FFlex7": employee},
            {"FAccountID": other, "FDetailID": 0},
        ]
        if one.amount < 0:
            sides.reverse()
        common = {
            "FEXPLANATION": f"{one.text} {one.number}", "FCURRENCYID": self.currency(one.currency),
            "FEXCHANGERATE": 1, "FAMOUNTFOR": amount,
        }  # fmt: skip
        debit, credit = sides
        return [
            {**common, **debit, "FEntrySeq": 1, "FDEBIT": amount, "FCREDIT": 0},
            {**common, **credit, "FEntrySeq": 2, "FDEBIT": 0, "FCREDIT": amount},
        ]

    def _currencies(self) -> list[Record]:
        codes = dict.fromkeys([*CURRENCIES, *(loan.currency for loan in self.books().loans)])
        return [
            {
                "FCurrencyID": key, "FNumber": number, "FName": name, "FCODE": code, "FSysmbol": " ",
                "FDocumentStatus": "C", "FForbidStatus": "A",
            }
            for key, number, name, code in map(self.currency, codes)
        ]  # fmt: skip

    def _departments(self) -> list[Record]:
        names = dict.fromkeys(row["department"] for row in self._world.rows("employees"))
        return [
            {
                "FDEPTID": key, "FNumber": number, "FName": name, "FFullName": name, "FUseOrgId": ORGANISATION,
                "FDocumentStatus": "C", "FForbidStatus": "A",
            }
            for key, number, name in (self._named("department", name) for name in names if name)
        ]  # fmt: skip

    def _organisations(self) -> list[Record]:
        key, number, name = ORGANISATION
        return [{"FOrgID": key, "FNumber": number, "FName": name, "FDocumentStatus": "C", "FForbidStatus": "A"}]

    def _paid(self, form: str) -> Iterator[tuple[Loan, int]]:
        nth = _Nth()
        for loan in self.books().loans:
            if loan.is_paid_out:
                number = loan.row["number"]
                yield loan, self.numbering.id_of(form, number, nth.of(number))

    def _contact(self, loan: Loan) -> dict[str, object]:
        return {
            "FCONTACTUNITTYPE": "BD_Empinfo", "FCONTACTUNIT": self.employee(loan.row["employee"]),
            "FCURRENCYID": self.currency(loan.currency),
        }  # fmt: skip

    def _named(self, kind: str, name: str) -> Reference:
        """Base data that the folder knows by name only: its code is made of its id."""
        if not name:
            return (0, None, None)
        key = self.numbering.id_of(kind, name)
        return (key, f"{kind[0].upper()}{key - _FIRST_ID + 1:04d}", name)


def _tail(loan: Loan, made_on: str, changed_on: str) -> dict[str, object]:
    return {
        "FDOCUMENTSTATUS": "C", "FCancelStatus": "A", "FCreateDate": day_of(made_on),
        "FModifyDate": day_of(changed_on), "F_PAEZ_LoanNo": loan.row["number"],
    }  # fmt: skip


def _text(value: str) -> str:
    """Empty text is one space in this database."""
    return value if value.strip() else " "


def _amount(minor: int | None) -> int | float | None:
    """Minor units → the JSON number that the product writes: whole where it is whole."""
    if minor is None:
        return None
    return minor // 100 if minor % 100 == 0 else minor / 100
