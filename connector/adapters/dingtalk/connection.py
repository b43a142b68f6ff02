"""The form an admin fills in to connect one DingTalk organisation. Values only; nothing is opened here."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connector.adapters.kit.form import HttpForm
from connector.adapters.kit.network import Endpoint


class ProcessCodes(BaseModel):
    """Which approval templates are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exit: str = Field(min_length=1, description="process code of the exit approval / 离职审批模板编码")
    loan: str = Field(min_length=1, description="process code of the loan approval / 借款审批模板编码")


class FormFields(BaseModel):
    """Names of the form fields that carry what the connector needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    employee: str = Field(default="工号", description="employee number / 工号控件名称")
    last_day: str = Field(default="最后工作日", description="last working day / 最后工作日控件名称")
    kind: str = Field(default="离职类型", description="kind of exit / 离职类型控件名称")
    loan: str = Field(default="借款单号", description="number of the loan / 借款单号控件名称")


class DingTalkForm(HttpForm):
    """One organisation: hosts, the app's credential, the service user and the clearance node."""

    base_url: str = Field(default="https://api.dingtalk.com", description="new API host / 新版接口地址")
    legacy_base_url: str = Field(
        default="https://oapi.dingtalk.com", description="legacy API host / 旧版接口地址"
    )
    app_key: str = Field(min_length=1, description="AppKey (Client ID) of the app / 应用 AppKey")
    app_secret: SecretStr = Field(description="AppSecret (Client Secret) of the app / 应用 AppSecret")
    agent_id: str = Field(default="", description="AgentId of the app / 应用 AgentId")
    service_user: str = Field(
        min_length=1, description="userid of the service user at the gate / 服务账号 userid"
    )
    process_codes: ProcessCodes = Field(description="templates / 审批模板")
    exit_node: str = Field(default="财务清算", description="name of the clearance node / 清算节点名称")
    exit_activity: str = Field(
        default="clearance", description="activity id of the clearance node / 清算节点 activityId"
    )
    form_fields: FormFields = Field(default_factory=FormFields, description="names of form fields / 控件名称")
    calls_per_second: float = Field(
        default=15, gt=0, le=1000, description="the standard edition allows 20 / 每秒调用上限"
    )
    calls_per_day: int = Field(
        default=2000, ge=50, description="share of the monthly quota for one day / 每日调用上限"
    )
    attendance: bool = Field(
        default=False, description="read times late; costs a call a person and month / 读取考勤迟到次数"
    )
    late_column: str = Field(
        default="迟到次数", min_length=1, description="its column of times late / 考勤报表中迟到次数的列名"
    )
    roster: bool = Field(
        default=False, description="use the roster as the HR store / 以智能人事花名册作为人事数据来源"
    )
    page: int = Field(default=20, ge=1, le=20, description="ids a page; the vendor's limit is 20 / 每页条数")

    @model_validator(mode="after")
    def _names_the_app(self) -> Self:
        """The roster is asked in the name of the app."""
        if (self.roster or self.attendance) and not self.agent_id.isdecimal():
            raise ValueError("agent_id must be the number of the app where roster or attendance is switched on")
        return self

    def endpoint(self, base_url: str) -> Endpoint:
        """Where the channel to one of the two hosts goes; `pins` name the keys of both."""
        return Endpoint(base_url, self.network, self.cidrs, self.ca_file, self.pins)
