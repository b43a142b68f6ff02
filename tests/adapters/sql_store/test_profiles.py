"""The ready-made queries of two products, on SQLite and on the server each product runs on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa

from connector.adapters.contract import Setting, Since
from connector.adapters.kit.clock import SystemClock
from connector.adapters.sql_store import adapter
from connector.mappings.table import Context, load_mapping, map_rows
from tests.databases import execute, scratch_database

SETTING = Setting("hr", "CNY", ZoneInfo("Asia/Shanghai"), SystemClock())
HORILLA = """
CREATE TABLE employee_employee (id integer PRIMARY KEY, badge_id varchar(50), employee_first_name varchar(200),
  employee_last_name varchar(200), phone varchar(25), is_active boolean);
CREATE TABLE employee_employeeworkinformation (id integer PRIMARY KEY, employee_id_id integer, date_joining date,
  contract_end_date date, basic_salary integer, department_id_id integer, job_position_id_id integer,
  reporting_manager_id_id integer);
CREATE TABLE base_department (id integer PRIMARY KEY, department varchar(50));
CREATE TABLE base_jobposition (id integer PRIMARY KEY, job_position varchar(50));
CREATE TABLE offboarding_resignationletter (id integer PRIMARY KEY, employee_id_id integer, planned_to_leave_on date,
  status varchar(10));
CREATE TABLE payroll_contract (id integer PRIMARY KEY, employee_id_id integer, wage double precision,
  contract_status varchar(250));
INSERT INTO base_department VALUES (1, 'Sales');
INSERT INTO base_jobposition VALUES (1, 'Staff');
INSERT INTO employee_employee VALUES
 (1, 'E1', 'San', 'Zhang', '138', TRUE), (2, 'E2', 'Si', NULL, '', TRUE), (3, 'E3', 'Wu', 'Wang', '', FALSE),
 (4, 'E4', 'Liu', 'Zhao', '', TRUE), (5, 'E5', 'Qi', 'Sun', '', FALSE);
INSERT INTO employee_employeeworkinformation VALUES
 (1, 1, '2020-01-01', NULL, 7000, 1, 1, NULL), (2, 2, '2020-02-01', '2024-05-22', 0, 1, NULL, 1),
 (3, 3, '2020-03-01', '2024-07-31', 5000, NULL, NULL, NULL), (4, 4, NULL, NULL, 6000, 1, 1, 1),
 (5, 5, '2020-05-01', '2025-01-31', 4000, 1, 1, 1);
INSERT INTO offboarding_resignationletter VALUES
 (1, 1, '2026-08-14', 'approved'), (2, 4, '2026-08-01', 'requested'), (3, 4, '2026-08-02', 'rejected'),
 (4, 5, '2026-08-03', 'approved');
INSERT INTO payroll_contract VALUES (1, 1, 7500.5, 'active'), (2, 4, 9999, 'draft'), (3, 4, 8888, 'expired')
"""
FULLER_HORILLA = HORILLA + """;
ALTER TABLE offboarding_resignationletter ADD COLUMN is_active boolean DEFAULT FALSE;
ALTER TABLE payroll_contract ADD COLUMN wage_type varchar(250) DEFAULT 'hourly'
"""
ICEHRM = """
CREATE TABLE Employees (id bigint PRIMARY KEY, employee_id varchar(50), first_name varchar(100),
  middle_name varchar(100), last_name varchar(100), job_title bigint, mobile_phone varchar(50), joined_date date,
  supervisor bigint, department bigint, termination_date date, status varchar(20));
CREATE TABLE ArchivedEmployees (id bigint PRIMARY KEY, ref_id bigint, employee_id varchar(50), first_name varchar(100),
  last_name varchar(100), joined_date datetime, supervisor bigint, department bigint, termination_date datetime);
CREATE TABLE CompanyStructures (id bigint PRIMARY KEY, title varchar(100));
CREATE TABLE JobTitles (id bigint PRIMARY KEY, name varchar(100));
CREATE TABLE EmployeeSalary (id bigint PRIMARY KEY, employee bigint, component bigint, pay_frequency varchar(20),
  currency bigint, amount decimal(10, 2));
CREATE TABLE SalaryComponent (id bigint PRIMARY KEY, name varchar(100), componentType bigint);
CREATE TABLE SalaryComponentType (id bigint PRIMARY KEY, code varchar(10));
CREATE TABLE CurrencyTypes (id bigint PRIMARY KEY, code varchar(3));
INSERT INTO CompanyStructures VALUES (1, 'Sales');
INSERT INTO JobTitles VALUES (1, 'Staff');
INSERT INTO CurrencyTypes VALUES (1, 'USD'), (2, 'EUR');
INSERT INTO SalaryComponentType VALUES (1, 'B001'), (2, 'B002'), (3, 'B003');
INSERT INTO SalaryComponent VALUES (1, 'Basic', 1), (2, 'Fixed', 1), (3, 'Car', 2), (4, 'Hourly', 3);
INSERT INTO Employees VALUES
 (1, 'E1', 'San ', ' ', 'Zhang', 1, '138', '2020-01-01', NULL, 1, NULL, 'Active'),
 (2, 'E2', 'Si', 'Xiao', '', 1, '', '2020-02-01', 1, 1, '2026-08-14', 'Active'),
 (3, 'E3', 'Wu', NULL, 'Wang', NULL, NULL, NULL, 2, NULL, '2026-07-01', 'Terminated'),
 (4, 'E4', 'Liu', NULL, 'Zhao', 1, NULL, '2020-04-01', 2, 1, NULL, 'Active');
INSERT INTO ArchivedEmployees VALUES (1, 5, 'E5', 'Qi', 'Sun', '2020-05-01 00:00:00', 1, 1, '2025-01-31 00:00:00');
INSERT INTO EmployeeSalary VALUES
 (1, 1, 1, NULL, NULL, 7000), (2, 1, 2, 'Monthly', NULL, 500.5), (3, 1, 3, NULL, NULL, 999),
 (4, 2, 1, 'Monthly', 1, 9000), (5, 3, 1, 'Weekly', NULL, 2000), (6, 3, 2, NULL, NULL, 100),
 (7, 4, 1, NULL, 1, 100), (8, 4, 2, NULL, 2, 100)
"""
People = Callable[..., pl.DataFrame]


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """Employees, as mapped, of a database that a script makes."""
    with ExitStack() as stack:

        def read(product: str, profile: str, script: str) -> pl.DataFrame:
            here = sa.make_url(f"sqlite:///{tmp_path / 'hr.sqlite'}")
            url = here if product == "sqlite" else stack.enter_context(scratch_database(product))
            execute(url, script)
            return mapped(url.render_as_string(hide_password=False), profile)

        yield read


def mapped(url: str, profile: str) -> pl.DataFrame:
    store = adapter.build({"url": url, "profile": profile, "network": "sandbox"}, SETTING)
    raw = pl.concat([page.rows for page in store.pull("employee", Since(date(2026, 7, 31)))])
    text = (resources.files(adapter.__package__) / "mapping.yaml").read_text("utf-8")
    context = Context("hr", datetime(2026, 7, 31, tzinfo=UTC), "CNY", SETTING.zone)
    rows, bad = map_rows(load_mapping(text, "sql_store")["employee"], raw, context)
    assert bad == []
    return rows


on_horilla = pytest.mark.parametrize("product", ["sqlite", "postgresql"])
on_icehrm = pytest.mark.parametrize("product", ["sqlite", "mariadb"])


@on_horilla
def test_horilla_says_status_last_day_and_salary(people: People, product: str) -> None:
    found = people(product, "horilla", HORILLA).select("number", "status", "last_day", "monthly_salary")
    assert found.rows() == [
        ("E1", "leaving", date(2026, 8, 14), 750050),  # active, letter approved, active contract
        ("E2", "active", None, None),  # an old contract end alone says nothing; salary 0 = not filled in
        ("E3", "left", date(2024, 7, 31), 500000),
        ("E4", "active", None, 600000),  # letters requested and rejected, contracts draft and expired
        ("E5", "left", date(2025, 1, 31), 400000),  # archived: his approved letter counts no more
    ]


@on_horilla
def test_horilla_joins_names_departments_and_managers(people: People, product: str) -> None:
    rows = people(product, "horilla", HORILLA)
    assert rows.select("ref", "number", "name", "department", "position", "manager", "hired_on").row(1) == (
        "2", "E2", "Si", "Sales", None, "E1", date(2020, 2, 1),
    )  # fmt: skip


@on_horilla
def test_archived_letters_and_hourly_wages_are_passed_over_where_horilla_says_so(people: People, product: str) -> None:
    first = people(product, "horilla", FULLER_HORILLA).row(0, named=True)
    assert (first["status"], first["last_day"], first["monthly_salary"]) == ("active", None, 700000)


@on_icehrm
def test_icehrm_says_status_and_last_day_and_who_is_archived_has_left(people: People, product: str) -> None:
    found = people(product, "icehrm", ICEHRM).select("ref", "number", "status", "last_day")
    assert found.rows() == [
        ("1", "E1", "active", None),
        ("2", "E2", "leaving", date(2026, 8, 14)),
        ("3", "E3", "left", date(2026, 7, 1)),
        ("4", "E4", "active", None),
        ("5", "E5", "left", date(2025, 1, 31)),
    ]


@on_icehrm
def test_icehrm_adds_up_monthly_basic_pay_and_leaves_anything_else_unknown(people: People, product: str) -> None:
    found = people(product, "icehrm", ICEHRM).select("number", "monthly_salary", "currency")
    assert found.rows()[:2] == [("E1", 750050, "CNY"), ("E2", 900000, "USD")]  # without the car
    assert found["monthly_salary"].to_list()[2:] == [None, None, None]  # weekly; two currencies; archived


@on_icehrm
def test_icehrm_joins_names_departments_and_supervisors(people: People, product: str) -> None:
    rows = people(product, "icehrm", ICEHRM).select("name", "mobile", "department", "position", "manager", "hired_on")
    assert rows.row(0) == ("San Zhang", "138", "Sales", "Staff", None, date(2020, 1, 1))
    assert rows.row(1) == ("Si Xiao", None, "Sales", "Staff", "E1", date(2020, 2, 1))
    assert rows.row(4) == ("Qi Sun", None, "Sales", None, "E1", date(2020, 5, 1))
