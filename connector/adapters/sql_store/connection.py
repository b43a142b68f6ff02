"""The form an admin fills in to read an HR database and, if wanted, to warn HR in it. Values only, nothing opened."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connector.adapters.kit.form import NetworkForm

# Streams a query may give, and the columns that tell a row of each: its person first, then the month or moment.
TOLD_BY = {
    "employee": ("number",), "appraisal_month": ("employee", "month"), "attendance_month": ("employee", "month"),
    "signal": ("employee", "at"),
}


class SqlForm(NetworkForm):
    """Where the database is, and which queries give which stream."""

    url: SecretStr = Field(
        description="SQLAlchemy URL of a read-only account, e.g. postgresql+psycopg://reader:…@host/hr "
        "/ 只读账号的数据库地址"
    )
    writeback_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of an account that may write our one table there; without it HR gets no warnings "
        "/ 写回账号的数据库地址；不填则不写回人事",
    )
    profile: Literal["company", "horilla", "icehrm"] | None = Field(
        default=None, description="ready-made queries for a known product / 预置查询"
    )
    queries: dict[str, str] = Field(
        default_factory=dict,
        description="own queries: stream → one SELECT with our columns; wins over the profile / 自定义查询",
    )
    salary_unit: Literal["major", "minor"] = Field(
        default="major", description="monthly_salary in yuan (major) or in fen (minor) / 工资单位：元或分"
    )
    salary_period: Literal["month", "year"] = Field(
        default="month", description="monthly_salary holds the pay of a month or of a year / 工资周期：月或年"
    )
    currency: str | None = Field(
        default=None,
        pattern="^[A-Z]{3}$",
        description="currency of the salary where the query gives none; default the company's / 币种",
    )
    timeout_s: int = Field(
        default=300, ge=1, le=3600, description="longest time one statement may take, seconds / 单条查询超时（秒）"
    )

    @field_validator("queries")
    @classmethod
    def _known_streams(cls, queries: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(queries) - set(TOLD_BY))
        if unknown:
            raise ValueError(f"found queries for {', '.join(unknown)}, expected: {', '.join(TOLD_BY)}")
        return queries

    @model_validator(mode="after")
    def _has_a_query(self) -> Self:
        if self.profile is None and not self.queries:
            raise ValueError("needs `profile:` or `queries: {employee: SELECT ...}`")
        return self
