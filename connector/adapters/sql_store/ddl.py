"""The one table of ours in an HR database, and the SQL with which its administrator makes it. Nothing is run here.

It holds what HR should know of an employee, as codes and one sentence; no amount, no salary and no row of anybody's
own table.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

MARKS = sa.Table(
    "connector_employee_marks", sa.MetaData(),
    sa.Column("employee_number", sa.String(100), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("codes", sa.Text, nullable=False),
    sa.Column("level", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("written_at", sa.DateTime, nullable=False),
    # Capitals told apart: E1 and e1 are two employees.
    mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin",
)
DIALECTS = ("postgresql", "mariadb", "mysql", "sqlite")
_WRITER = "connector_writer"
_HEAD = """\
-- What the connector tells HR about an employee: one row each, written, changed and removed by the connector only.
-- connector 写给人事的提醒：每名员工一行，只由 connector 写入、更新和删除。
--   codes: rules, with commas / 规则编码；level: info | warning | critical / 级别；text: the sentence / 说明
--   as_of: the business date it rests on / 业务日期；written_at: UTC
"""
_ACCOUNT = """\

-- An account for `writeback_url` that can do this and nothing else. Choose its password.
-- writeback_url 使用的专用账号，只有这张表的权限。请自行设置密码。
"""


def writeback_ddl(dialect: str) -> str:
    """SQL for one of `DIALECTS`: the table, and where there are accounts, one that may write this table only."""
    product = "mysql" if dialect == "mariadb" else dialect  # the same SQL
    made = str(CreateTable(MARKS, if_not_exists=True).compile(dialect=sa.make_url(f"{product}://").get_dialect()()))
    made = made.strip().replace("\n)", "\n) ")
    lines = [line.rstrip() for line in made.replace("\t", "    ").splitlines() if line.strip()]
    return _HEAD + "\n".join(lines).rstrip() + ";\n" + _account(dialect)


def _account(dialect: str) -> str:
    rights = f"GRANT SELECT, INSERT, UPDATE, DELETE ON {MARKS.name} TO"
    if dialect == "sqlite":
        return ""
    if dialect == "postgresql":
        return f"{_ACCOUNT}CREATE USER {_WRITER} PASSWORD '…';\n{rights} {_WRITER};\n"
    return f"{_ACCOUNT}CREATE USER {_WRITER}@'%' IDENTIFIED BY '…';\n{rights} {_WRITER}@'%';\n"
