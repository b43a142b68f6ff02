"""The built-in company of thirty: an energy supplier with a handful of loans that each show one thing.

Promises: every date stands relative to the first night; most people are clean. Never here: chance, or a real
person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from connector.sandbox.approval_steps import CHAIN, Application, agreed, returned_once, rows_of, waiting
from connector.sandbox.folder import Row

SAMPLE_NAME = "晴川能源示例公司"
# Li Qiang of sales owes 28,000.00 against a salary of 9,000.00.
SAMPLE_DEBTOR = "1004"
_SALES, _OPERATIONS, _ENGINEERING, _FINANCE, _HR = "销售部", "运营部", "工程部", "财务部", "人事部"

# number, name, department, position, manager, salary.
_PEOPLE = (
    ("1001", "陈国栋", "总经办", "总经理", "", "32000.00"),
    ("1002", "赵敏", _SALES, "部门经理", "1001", "19000.00"),
    ("1003", "王丽", _SALES, "销售代表", "1002", "8000.00"),
    ("1004", "李强", _SALES, "销售代表", "1002", "9000.00"),
    ("1005", "张伟", _SALES, "销售代表", "1002", "9500.00"),
    ("1006", "刘洋", _SALES, "销售代表", "1002", "8000.00"),
    ("1007", "孙磊", _SALES, "大客户经理", "1002", "13000.00"),
    ("1008", "周婷", _SALES, "销售助理", "1002", "6500.00"),
    ("1009", "冯涛", _SALES, "销售代表", "1002", "8800.00"),
    ("1010", "吴建国", _OPERATIONS, "部门经理", "1001", "18000.00"),
    ("1011", "郑凯", _OPERATIONS, "站点主管", "1010", "12000.00"),
    ("1012", "许晴", _OPERATIONS, "运营专员", "1010", "7800.00"),
    ("1013", "何雨", _OPERATIONS, "运营专员", "1010", "7600.00"),
    ("1014", "吕梁", _OPERATIONS, "站点值班员", "1011", "6200.00"),
    ("1015", "施雯", _OPERATIONS, "调度员", "1010", "7000.00"),
    ("1016", "曹阳", _OPERATIONS, "站点值班员", "1011", "6200.00"),
    ("1017", "林海峰", _ENGINEERING, "部门经理", "1001", "21000.00"),
    ("1018", "吴静", _ENGINEERING, "电气工程师", "1017", "14000.00"),
    ("1019", "马超", _ENGINEERING, "安装技师", "1017", "9800.00"),
    ("1020", "罗斌", _ENGINEERING, "电气工程师", "1017", "13500.00"),
    ("1021", "宋佳", _ENGINEERING, "项目工程师", "1017", "15000.00"),
    ("1022", "邓超群", _ENGINEERING, "安装技师", "1017", "9600.00"),
    ("1023", "彭飞", _ENGINEERING, "安全员", "1017", "8600.00"),
    ("1024", "王芳", _FINANCE, "财务经理", "1001", "20000.00"),
    ("1025", "蒋欣", _FINANCE, "会计", "1024", "9000.00"),
    ("1026", "沈悦", _FINANCE, "出纳", "1024", "7200.00"),
    ("1027", "韩雪", _FINANCE, "会计", "1024", "8800.00"),
    ("1028", "杨洁", _HR, "人事经理", "1001", "17000.00"),
    ("1029", "唐宁", _HR, "人事专员", "1028", "7600.00"),
    ("1030", "董浩", _HR, "招聘专员", "1028", "7400.00"),
)
_MANAGERS = {_SALES: "1002", _OPERATIONS: "1010", _ENGINEERING: "1017", _FINANCE: "1024", _HR: "1028"}
# number → status, exit requested, last day; days from the first night.
_LEAVING: dict[str, tuple[str, int, int]] = {
    "1009": ("left", -150, -120),
    "1012": ("leaving", -6, 24),
    "1019": ("leaving", -3, 27),
    "1030": ("left", -75, -45),
}


@dataclass(frozen=True)
class _Loan:
    """One loan; days count from the first night. Without `lent` not paid out, without `steps` unapproved."""

    serial: int
    employee: str
    purpose: str
    principal: str
    lent: int | None
    due: int
    trip: tuple[int, int] | None = None
    repaid: tuple[tuple[int, str, str], ...] = ()
    steps: tuple[tuple[str, str, str], ...] | None = field(default_factory=lambda: tuple(agreed()))


_PAID_BACK = ((-20, "1500.00", "offset"),)
_LOANS = (
    # Twenty thousand and eight: what the three nights tell of.
    _Loan(1, "1004", "渠道客户活动备用金", "20000.00", -75, 45),
    _Loan(2, "1004", "展会布展押金", "10000.00", -40, 50, repaid=((-12, "2000.00", "offset"),)),
    # One cent over half a salary of 8,000.00, and exactly half of one.
    _Loan(3, "1003", "客户接待备用金", "4000.01", -50, 40),
    _Loan(4, "1006", "客户接待备用金", "4000.00", -45, 45),
    # Four loans in half a year, three of them settled.
    _Loan(5, "1005", "客户拜访备用金", "900.00", -150, -60, repaid=((-100, "900.00", "offset"),)),
    _Loan(6, "1005", "样品采购", "1200.00", -110, -20, repaid=((-70, "1200.00", "cash"),)),
    _Loan(7, "1005", "客户拜访备用金", "800.00", -65, 25, repaid=((-30, "800.00", "offset"),)),
    _Loan(8, "1005", "投标保证金", "1500.00", -20, 70),
    # Five days of a trip carry 1,500.00; six carry 1,800.00.
    _Loan(9, "1007", "赴成都拜访客户", "2600.00", -16, 44, trip=(-9, -5)),
    _Loan(10, "1021", "赴西安项目验收", "1800.00", -25, 35, trip=(-18, -13)),
    # Overdue; approved by nobody; gone for months and still owing.
    _Loan(11, "1018", "现场检测设备押金", "1200.00", -110, -20),
    _Loan(12, "1011", "站点应急采购", "3000.00", -30, 60, steps=None),
    _Loan(13, "1009", "渠道费用备用金", "5000.00", -230, -140),
    # Settled before she resigned.
    _Loan(14, "1012", "站点巡检差旅", "1500.00", -60, 30, trip=(-55, -51), repaid=_PAID_BACK),
    # Clean: partly settled, returned once and then agreed, and an application that nobody has decided yet.
    _Loan(15, "1020", "项目调试备用金", "3000.00", -35, 55, repaid=((-10, "1800.00", "payroll"),)),
    _Loan(16, "1022", "安装工具采购", "1100.00", -28, 62, steps=tuple(returned_once(at=1))),
    _Loan(17, "1013", "培训差旅", "900.00", None, 60, steps=tuple(waiting(1))),
    # Asked for and not paid: four days of a trip carry 1,200.00.
    _Loan(19, "1023", "外地安全培训差旅", "2000.00", None, 60, trip=(12, 15), steps=tuple(waiting(1))),
    _Loan(18, "1030", "校园招聘备用金", "2000.00", -90, 0, repaid=((-50, "2000.00", "cash"),)),
)

# Who misses the target, so many months back; the running month is 0, and little of it is reached.
_MISSED = {
    (SAMPLE_DEBTOR, 2): "97.00", (SAMPLE_DEBTOR, 1): "64.00",
    ("1008", 3): "101.00", ("1008", 2): "88.00", ("1008", 1): "90.00", ("1006", 0): "30.00",
}  # fmt: skip
_OFTEN_LATE = ("1014", 1)

Change = tuple[str, dict[str, str | int]]
# What happens before each night; a number in a date's place counts days from the first night.
SAMPLE_STORY: tuple[tuple[Change, ...], ...] = (
    (),
    (
        ("exits", {
            "number": "LZ0003", "employee": SAMPLE_DEBTOR, "requested_on": 1, "last_day": 31,
            "kind": "resignation", "status": "running", "gate": "open",
        }),
    ),
    tuple(
        ("repayments", {
            "number": number, "loan": loan, "employee": SAMPLE_DEBTOR, "paid_on": 2, "amount": amount,
            "currency": "CNY", "method": "cash",
        })
        for number, loan, amount in (("HK9001", "JK0001", "20000.00"), ("HK9002", "JK0002", "8000.00"))
    ),
)  # fmt: skip


def sample_story(first_night: date) -> list[list[tuple[str, dict[str, str]]]]:
    """The story on dates: for each of the three nights, the (table, row) to put before it."""
    return [
        [
            (table, {column: _cell(value, first_night) for column, value in row.items()})
            for table, row in night
        ]
        for night in SAMPLE_STORY
    ]


def sample_tables(as_of: date) -> dict[str, list[Row]]:
    """The tables of the company as they stand on the first night."""
    return {
        "employees": [_employee(at, person, as_of) for at, person in enumerate(_PEOPLE)],
        "loans": [_loan(one, as_of) for one in _LOANS],
        "repayments": [row for one in _LOANS for row in _repayments(one, as_of)],
        "approvals": [row for one in _LOANS for row in _approval(one, as_of)],
        "exits": [_exit("LZ0001", "1012", as_of), _exit("LZ0002", "1019", as_of)],
        "appraisals": _appraisals(as_of),
        "attendance": _attendance(as_of),
    }


def _employee(at: int, person: tuple[str, str, str, str, str, str], as_of: date) -> Row:
    number, name, department, position, manager, salary = person
    status, requested, last_day = _LEAVING.get(number, ("active", 0, 0))
    is_going = status != "active"
    return {
        "number": number, "name": name, "mobile": f"1390000{number}", "department": department,
        "position": position, "manager": manager, "hired_on": _on(as_of, -400 - 97 * (at * 7 % 30)),
        "status": status, "last_day": _on(as_of, last_day) if is_going else "",
        "exit_requested_on": _on(as_of, requested) if is_going else "", "monthly_salary": salary,
        "currency": "CNY", "kind": "resignation" if is_going else "",
    }  # fmt: skip


def _loan(one: _Loan, as_of: date) -> Row:
    start, end = one.trip or (0, 0)
    return {
        "number": f"JK{one.serial:04}", "employee": one.employee,
        "kind": "travel" if one.trip else "business", "purpose": one.purpose,
        "principal": one.principal, "currency": "CNY",
        "applied_on": _on(as_of, (one.lent if one.lent is not None else -1) - 3),
        "lent_on": _on(as_of, one.lent) if one.lent is not None else "", "due_on": _on(as_of, one.due),
        "trip_start": _on(as_of, start) if one.trip else "", "trip_end": _on(as_of, end) if one.trip else "",
        "approval": f"SP{one.serial:04}",
    }  # fmt: skip


def _repayments(one: _Loan, as_of: date) -> list[Row]:
    return [
        {
            "number": f"HK{one.serial:04}-{at}", "loan": f"JK{one.serial:04}", "employee": one.employee,
            "paid_on": _on(as_of, paid), "amount": amount, "currency": "CNY", "method": method,
        }
        for at, (paid, amount, method) in enumerate(one.repaid, start=1)
    ]  # fmt: skip


def _approval(one: _Loan, as_of: date) -> list[Row]:
    department = next(person[2] for person in _PEOPLE if person[0] == one.employee)
    approvers = dict(zip(CHAIN, (_MANAGERS[department], "1024", "1028"), strict=True))
    about = Application(f"SP{one.serial:04}", one.employee, f"JK{one.serial:04}")
    ends_on = as_of + timedelta(days=(one.lent if one.lent is not None else 0) - 1)
    return rows_of(about, one.steps or (), ends_on, approvers)


def _exit(number: str, employee: str, as_of: date) -> Row:
    _, requested, last_day = _LEAVING[employee]
    return {
        "number": number, "employee": employee, "requested_on": _on(as_of, requested),
        "last_day": _on(as_of, last_day), "kind": "resignation", "status": "running", "gate": "open",
    }  # fmt: skip


def _appraisals(as_of: date) -> list[Row]:
    """Sales targets in thousands: three closed months and the running one; whoever misses is named in `_MISSED`."""
    sellers = [person[0] for person in _PEOPLE if person[2] == _SALES and person[0] not in _LEAVING]
    return [
        {"employee": number, "month": _month(as_of, back), "target": "120.00",
         "actual": _MISSED.get((number, back), f"{118 + 3 * at}.00")}
        for at, number in enumerate(sellers, start=1) for back in (3, 2, 1, 0)
    ]  # fmt: skip


def _attendance(as_of: date) -> list[Row]:
    """Four closed months; one comes late far more often than before."""
    return [
        {"employee": person[0], "month": _month(as_of, back),
         "late_count": str(5 if (person[0], back) == _OFTEN_LATE else at * 5 % 3), "closed": "true"}
        for at, person in enumerate(_PEOPLE) for back in (4, 3, 2, 1)
        if _LEAVING.get(person[0], ("active",))[0] != "left"
    ]  # fmt: skip


def _month(as_of: date, back: int) -> str:
    """`2026-07` of a day, so many calendar months back."""
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - back, 12)
    return f"{year}-{month + 1:02}"


def _on(as_of: date, days: int) -> str:
    return (as_of + timedelta(days=days)).isoformat()


def _cell(value: str | int, first_night: date) -> str:
    return _on(first_night, value) if isinstance(value, int) else value
