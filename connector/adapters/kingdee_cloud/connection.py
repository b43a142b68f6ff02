"""The form an admin fills in to connect one Kingdee Cloud account. Values only; nothing is opened here."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connector.adapters.contract import Route
from connector.adapters.kit.form import HttpForm
from connector.adapters.kit.network import Endpoint

_NAME = r"^\w+$"

# How a session begins: every request signed; LoginBySign; LoginByAppSecret; ValidateUser.
Auth = Literal["signature", "login_by_sign", "login_by_app_secret", "password"]


class FlagFields(BaseModel):
    """Own fields of the form BD_Empinfo that carry the risk flag; created once in the BOS designer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flag: str = Field(default="F_PAEZ_RiskFlag", pattern=_NAME, description="check box: a flag is set")
    codes: str = Field(default="F_PAEZ_RiskCodes", pattern=_NAME, description="text: rule codes, with commas")
    level: str = Field(default="F_PAEZ_RiskLevel", pattern=_NAME, description="text: severity")
    text: str = Field(default="F_PAEZ_RiskText", pattern=_NAME, description="text: the sentence people read")
    as_of: str = Field(default="F_PAEZ_RiskAsOf", pattern=_NAME, description="date: day it was last written")

    @property
    def all(self) -> tuple[str, ...]:
        return (self.flag, self.codes, self.level, self.text, self.as_of)


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
    flag_fields: FlagFields = Field(default_factory=FlagFields, description="fields of the flag")
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
    def _counts_no_account_twice(self) -> Self:
        for account in self.accounts:
            if any(other.startswith(f"{account}.") for other in self.accounts) or self.accounts.count(account) > 1:
                raise ValueError(f"`accounts`: {account} holds another one of them; name each amount once")
        return self

    @property
    def endpoint(self) -> Endpoint:
        """Where the channel goes."""
        return Endpoint(self.base_url, self.network, self.cidrs, self.ca_file, self.pins)
