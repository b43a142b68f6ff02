"""The form an admin fills in to connect one Kingdee Cloud account. Values only; nothing is opened here."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connector.adapters.contract import Route
from connector.adapters.kit.form import HttpForm
from connector.adapters.kit.network import Endpoint

_NAME, _NAME_OR_NONE = r"^\w+$", r"^\w*$"

EMPLOYEES = "BD_Empinfo"

# How a session begins: every request signed; LoginBySign; LoginByAppSecret; ValidateUser.
Auth = Literal["signature", "login_by_sign", "login_by_app_secret", "password"]


class Flags(BaseModel):
    """Where risk flags stand: own fields of BD_Empinfo, or of a form of their own; created once in the BOS designer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: str = Field(default=EMPLOYEES, pattern=_NAME, description="BD_Empinfo, or your own form for flags")
    number: str = Field(
        default="FBillNo", pattern=_NAME, description="own form: its unique number; holds the employee's"
    )
    employee: str = Field(default="", pattern=_NAME_OR_NONE, description="own form: its reference to him, if any")
    flag: str = Field(default="F_PAEZ_RiskFlag", pattern=_NAME, description="check box: a flag is set")
    codes: str = Field(default="F_PAEZ_RiskCodes", pattern=_NAME, description="text: rule codes, with commas")
    level: str = Field(default="F_PAEZ_RiskLevel", pattern=_NAME, description="text: severity")
    text: str = Field(default="F_PAEZ_RiskText", pattern=_NAME, description="text: the sentence people read")
    as_of: str = Field(default="F_PAEZ_RiskAsOf", pattern=_NAME, description="date: day it was last written")

    @property
    def all(self) -> tuple[str, ...]:
        return (self.flag, self.codes, self.level, self.text, self.as_of)

    @property
    def has_own_form(self) -> bool:
        return self.form.lower() != EMPLOYEES.lower()


class Enrichment(BaseModel):
    """Own fields of BD_Empinfo for what HR knows of an employee; "" = not written. No field for a salary, ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: str = Field(default="", pattern=_NAME_OR_NONE, description="text: employment status, in status_words")
    hired_on: str = Field(default="", pattern=_NAME_OR_NONE, description="date: hire date")
    last_day: str = Field(default="", pattern=_NAME_OR_NONE, description="date: last working day")
    department: str = Field(default="", pattern=_NAME_OR_NONE, description="text: department, as HR calls it")
    position: str = Field(default="", pattern=_NAME_OR_NONE, description="text: position, as HR calls it")
    open_loans: str = Field(default="", pattern=_NAME_OR_NONE, description="text: number of open loans")
    oldest_open_on: str = Field(default="", pattern=_NAME_OR_NONE, description="date: oldest open loan paid out on")
    status_words: dict[Literal["active", "leaving", "left"], str] = Field(
        default={"active": "在职", "leaving": "待离职", "left": "已离职"}, description="status in words, each another"
    )

    @property
    def named(self) -> dict[str, str]:
        """Key of the content → field, for the fields that the company has."""
        fields = {key: str(getattr(self, key)) for key in type(self).model_fields if key != "status_words"}
        return {key: field for key, field in fields.items() if field}

    @model_validator(mode="after")
    def _can_be_read_back(self) -> Self:
        if len(set(self.status_words.values())) < len(self.status_words):
            raise ValueError("`status_words`: two statuses have the same word; give each its own")
        return self


class KingdeeForm(HttpForm):
    """One account (数据中心): address, credential of the integration user, accounts of the control total."""

    base_url: str = Field(description="address of the site, ends with /k3cloud/")
    acct_id: str = Field(min_length=1, description="id of the account (data center)")
    username: str = Field(min_length=1, description="integration user")
    auth: Auth = Field(default="signature", description="signature, login_by_sign, login_by_app_secret or password")
    app_id: str = Field(default="", description="<client>_<key>")
    app_secret: SecretStr = Field(default=SecretStr(""), description="application secret")
    password: SecretStr = Field(default=SecretStr(""), description="password, for auth password")
    sign_hash: Literal["sha256", "sha1"] = Field(
        default="sha256", description="for auth login_by_sign; servers before 8.0.0.202205 know sha1 only"
    )
    lcid: int = Field(default=2052, description="language: 2052 zh-CN, 1033 en, 3076 zh-TW")
    org_num: str = Field(default="0", description="number of the organisation, 0 = the user's own")
    route: Route = Field(default="open_items", description="where balances come from: open_items, bills or ledger")
    payout_filter: str = Field(
        default="", max_length=500,
        description="which payments to employees are loans, as a filter of AP_PAYBILL; empty = all of them",
    )
    accounts: tuple[str, ...] = Field(
        default=("1221.01",), min_length=1, description="exact accounts whose sum is the control total"
    )
    account_book: str = Field(default="", description="their account book; empty = the main one")
    page_rows: int = Field(default=2000, ge=1, le=10_000, description="rows a page; servers may cap it")
    flags: Flags = Field(default_factory=Flags, description="where risk flags stand")
    enrichment: Enrichment = Field(default_factory=Enrichment, description="own fields for what HR knows")
    full_every_days: int = Field(
        default=1, ge=1, le=7, description="1: everything is read every night; else only what changed in between"
    )
    timeout_s: float = Field(default=60.0, gt=0, le=600, description="longest wait for an answer, seconds")
    max_parallel: int = Field(default=2, ge=1, le=4, description="calls under way at once")

    @model_validator(mode="after")
    def _has_its_credential(self) -> Self:
        if self.auth == "password":
            if not self.password.get_secret_value():
                raise ValueError("auth password needs `password`")
            return self
        if not self.app_secret.get_secret_value():
            raise ValueError(f"auth {self.auth} needs `app_secret`")
        if self.app_id.count("_") != 1 or self.app_id.startswith("_"):
            raise ValueError(f"auth {self.auth} needs `app_id` in the form <client>_<key>")
        return self

    @model_validator(mode="after")
    def _writes_no_field_twice(self) -> Self:
        names = [*self.enrichment.named.values(), *(() if self.flags.has_own_form else self.flags.all)]
        twice = sorted({name for name in names if [n.lower() for n in names].count(name.lower()) > 1})
        if twice:
            raise ValueError(f"`flags` and `enrichment` name {', '.join(twice)} twice; each needs a field of its own")
        return self

    @model_validator(mode="after")
    def _counts_no_account_twice(self) -> Self:
        for account in self.accounts:
            if any(other.startswith(f"{account}.") for other in self.accounts) or self.accounts.count(account) > 1:
                raise ValueError(f"`accounts`: {account} holds another one of them; name each amount once")
        return self

    @property
    def endpoint(self) -> Endpoint:
        """Where the channel goes."""
        return Endpoint(self.base_url, self.network, self.cidrs, self.ca_file, self.pins)
