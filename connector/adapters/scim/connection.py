"""The form an admin fills in to read a SCIM 2.0 directory. Values only; nothing is opened here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.adapters.kit.api import ApiForm


class ScimForm(ApiForm):
    """One directory: its SCIM base address, its credential, and whom it holds beside employees."""

    base_url: str = Field(description="SCIM base address, e.g. https://id.example.com/scim/v2 / SCIM 服务地址")
    number: Literal["employeeNumber", "userName", "externalId"] = Field(
        default="employeeNumber", description="attribute that holds the employee number / 工号所在属性"
    )
    without_number: Literal["reject", "ignore"] = Field(
        default="reject",
        description="users without a number (service accounts): reject = an employee may be hidden, releases wait; "
        "ignore = they are counted and nothing else / 无工号的用户：reject 视为异常，ignore 仅计数",
    )
    page_rows: int = Field(default=100, ge=1, le=1000, description="users asked for at a time / 每页条数")
