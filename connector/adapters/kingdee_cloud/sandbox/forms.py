"""The forms of this tenant: which fields stand on them, of which type, under which caption.

A field line is `Key type caption`; `!` after the type = must be given when a record is made. Types: id, number,
amount, text, date, time, flag, enum, and references to base data (`employee`, `currency`, …), which answer to
their key with the internal id and to `.FNumber`, `.FName` and so on with the rest. Promises: what is not here is
unknown to every call. Never here: a record.
"""

from __future__ import annotations

from dataclasses import dataclass

# reference type → what follows the dot, in the order of the values; "" is the internal id.
REFERENCES: dict[str, tuple[str, ...]] = {
    "employee": ("", ".FNumber", ".FName", ".FStaffNumber"),
    "currency": ("", ".FNumber", ".FName", ".FCODE"),
    **dict.fromkeys(
        ("organisation", "department", "post", "account", "book", "bill_type", "user"),
        ("", ".FNumber", ".FName"),
    ),
}
NO_REFERENCE: dict[str, tuple[object, ...]] = {
    kind: (0, *(None for _ in parts[1:])) for kind, parts in REFERENCES.items()
}


@dataclass(frozen=True)
class Field:
    """One field of the head or of the entry."""

    key: str
    type: str
    caption: str
    must: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys that a query may ask for."""
        return tuple(self.key + part for part in REFERENCES.get(self.type, ("",)))

    @property
    def is_custom(self) -> bool:
        """Whether the company made this field itself."""
        return self.key.startswith("F_PAEZ_")


@dataclass(frozen=True)
class Form:
    """One form: `key` its primary key, `number` its code, `entry` the key of its only entry."""

    id: str
    caption: str
    key: str
    number: str
    head: tuple[Field, ...]
    entry: str = ""
    entry_fields: tuple[Field, ...] = ()
    is_base: bool = False

    @property
    def entry_key(self) -> str:
        """The key of an entry row."""
        return f"{self.entry}_FEntryID"


def _fields(text: str) -> tuple[Field, ...]:
    lines = (line.split(None, 2) for line in text.strip().splitlines())
    return tuple(Field(key, kind.rstrip("!"), caption, kind.endswith("!")) for key, kind, caption in lines)


_CONTACT = """
FCONTACTUNITTYPE enum 往来单位类型
FCONTACTUNIT employee 往来单位
"""
_TAIL = """
FDOCUMENTSTATUS enum 单据状态
FCancelStatus enum 作废状态
FCreateDate time 创建日期
FModifyDate time 修改日期
F_PAEZ_LoanNo text 借款编号
"""

EMPLOYEE = Form(
    "BD_Empinfo", "员工", "FID", "FNumber",
    _fields("""
        FID id 内码
        FNumber text! 编码
        FStaffNumber text! 员工编号
        FName text! 员工姓名
        FMobile text 移动电话
        FEmail text 电子邮箱
        FDescription text 描述
        FDocumentStatus enum 数据状态
        FForbidStatus enum 禁用状态
        FForbidDate time 禁用日期
        FUseOrgId organisation 使用组织
        FCreateOrgId organisation 创建组织
        FJoinDate date 进店日期
        FUserId user 用户账号
        FIsSHR flag 来源SHR
        FCreateDate time 创建日期
        FModifyDate time 修改日期
        F_PAEZ_RiskFlag flag 借款风险
        F_PAEZ_RiskCodes text 风险代码
        F_PAEZ_RiskLevel text 风险等级
        F_PAEZ_RiskText text 风险说明
        F_PAEZ_RiskAsOf date 风险日期
        F_PAEZ_ExitBlock flag 离职冻结
        F_PAEZ_HrStatus text 人事状态
        F_PAEZ_HiredOn date 入职日期
        F_PAEZ_LastDay date 最后工作日
        F_PAEZ_HrDepartment text 人事部门
        F_PAEZ_HrPosition text 人事岗位
        F_PAEZ_OpenLoans text 未还笔数
        F_PAEZ_OldestLoan date 最早未还借款日
    """),
    "FPostEntity",
    _fields("""
        FWorkOrgId organisation 工作组织
        FPostDept department 所属部门
        FPost post 就任岗位
        FStaffStartDate date 任岗开始日期
        FIsFirstPost flag 是否主任岗
        FStaffDetails text 任岗明细
    """),
    is_base=True,
)  # fmt: skip

RECEIVABLE = Form(
    "AR_OtherRecAble", "其他应收单", "FID", "FBillNo",
    _fields(f"""
        FID id 内码
        FBillNo text! 单据编号
        FBillTypeID bill_type 单据类型
        FDATE date 业务日期
        FENDDATE_H date 到期日
        {_CONTACT.strip()}
        FCURRENCYID currency 币别
        FAMOUNTFOR amount 总金额
        FWRITTENOFFAMOUNTFOR amount 已核销金额
        FNOTWRITTENOFFAMOUNTFOR_H amount 未核销金额
        FWRITTENOFFSTATUS enum 核销状态
        FSETTLEORGID organisation 结算组织
        FDEPARTMENTID department 部门
        FREMARK text 备注
        {_TAIL.strip()}
        F_PAEZ_LoanKind text 借款类别
        F_PAEZ_TripStart date 出差开始日期
        F_PAEZ_TripEnd date 出差结束日期
    """),
    "FEntity",
    _fields("""
        FAMOUNTFOR_D amount 金额
        FNOTWRITTENOFFAMOUNTFOR amount 明细未核销金额
        FCOMMENT text 明细备注
        FCOSTID id 费用项目
    """),
)  # fmt: skip

PAYMENT = Form(
    "AP_PAYBILL", "付款单", "FID", "FBillNo",
    _fields(f"""
        FID id 内码
        FBillNo text! 单据编号
        FBillTypeID bill_type 单据类型
        FDATE date 业务日期
        {_CONTACT.strip()}
        FCURRENCYID currency 币别
        FPAYTOTALAMOUNTFOR_H amount 应付金额
        FREALPAYAMOUNTFOR_H amount 实付金额
        FSETTLEORGID organisation 结算组织
        FPAYORGID organisation 付款组织
        FSourceBillNumber text 源单编号
        FPURPOSEID id 付款用途
        {_TAIL.strip()}
        F_PAEZ_DueDate date 借款到期日
    """),
    "FPAYBILLENTRY",
    _fields("FREALPAYAMOUNTFOR_D amount 明细实付金额"),
)  # fmt: skip

REQUEST = Form(
    "ER_ExpenseRequest", "费用申请单", "FID", "FBillNo",
    _fields("""
        FID id 内码
        FBillNo text! 单据编号
        FDate date 申请日期
        FStaffID employee 申请人
        FDeptID department 申请部门
        FOrgID organisation 申请组织
        FCostOrgID organisation 费用承担组织
        FCurrencyID currency 币别
        FReason text 事由
        FIsBorrow flag 申请借款
        FOrgAmount amount 申请金额
        FCheckedOrgAmount amount 核定金额
        FTOCONTACTUNITTYPE enum 往来单位类型
        FTOCONTACTUNIT employee 往来单位
        FCloseStatus enum 关闭状态
        FDocumentStatus enum 单据状态
        FApproveDate time 审核日期
        FCreateDate time 创建日期
        FModifyDate time 修改日期
        F_PAEZ_LoanNo text 借款编号
        F_PAEZ_LoanKind text 借款类别
        F_PAEZ_TripStart date 出差开始日期
        F_PAEZ_TripEnd date 出差结束日期
    """),
    "FEntity",
    _fields("""
        FEntryOrgAmount amount 明细申请金额
        FEntryRemark text 明细备注
        FExpenseItemID id 费用项目
        FLocAmount amount 本位币金额
        FEntryCostDeptID department 费用承担部门
    """),
)  # fmt: skip

REIMBURSEMENT = Form(
    "ER_ExpReimbursement", "费用报销单", "FID", "FBillNo",
    _fields(f"""
        FID id 内码
        FBillNo text! 单据编号
        FDate date 申请日期
        FProposerID employee 申请人
        FRequestDeptID department 申请部门
        FOrgID organisation 申请组织
        FCurrencyID currency 币别
        FExpenseAmount amount 费用金额
        FRequestAmount amount 申请报销金额
        FPayedAmount amount 已付款金额
        FRefundedAmount amount 已退款金额
        FBorrowAmount amount 冲借款金额
        FOffsetAmount amount 核销金额
        FReimbNotPayAmount amount 未付款金额
        FRequestType enum 申请付退款
        {_CONTACT.strip()}
        {_TAIL.strip()}
    """),
)  # fmt: skip

REFUND = Form(
    "AP_REFUNDBILL", "付款退款单", "FID", "FBillNo",
    _fields(f"""
        FID id 内码
        FBillNo text! 单据编号
        FBillTypeID bill_type 单据类型
        FDATE date 业务日期
        {_CONTACT.strip()}
        FCURRENCYID currency 币别
        FREALREFUNDAMOUNTFOR amount 实退金额
        FSETTLEORGID organisation 结算组织
        FPURPOSEID id 退款用途
        FREMARK text 备注
        {_TAIL.strip()}
    """),
    "FREFUNDBILLENTRY",
    _fields("FREALREFUNDAMOUNTFOR_D amount 明细实退金额"),
)  # fmt: skip

VOUCHER = Form(
    "GL_VOUCHER", "凭证", "FVOUCHERID", "FBillNo",
    _fields("""
        FVOUCHERID id 内码
        FBillNo text! 凭证编号
        FAccountBookID book 账簿
        FDate date 日期
        FYEAR number 会计年度
        FPERIOD number 期间
        FDocumentStatus enum 审核状态
        FInvalid flag 作废
        FPosted flag 过账
        FPostDate time 过账日期
        FCreateDate time 创建日期
        FModifyDate time 修改日期
    """),
    "FEntity",
    _fields("""
        FEntrySeq number 分录行号
        FEXPLANATION text 摘要
        FAccountID account 科目编码
        FDetailID id 核算维度
        FDetailID.FFlex7 employee 员工
        FDetailID.FFlex4 id 供应商
        FDetailID.FFlex5 department 部门
        FDetailID.FFlex6 id 客户
        FDetailID.FFlex9 id 费用项目
        FCURRENCYID currency 币别
        FEXCHANGERATE amount 汇率
        FAMOUNTFOR amount 原币金额
        FDEBIT amount 借方金额
        FCREDIT amount 贷方金额
    """),
)  # fmt: skip

CURRENCY = Form(
    "BD_Currency", "币别", "FCurrencyID", "FNumber",
    _fields("""
        FCurrencyID id 内码
        FNumber text! 编码
        FName text! 名称
        FCODE text 货币代码
        FSysmbol text 货币符号
        FDocumentStatus enum 数据状态
        FForbidStatus enum 禁用状态
    """),
    is_base=True,
)  # fmt: skip

DEPARTMENT = Form(
    "BD_Department", "部门", "FDEPTID", "FNumber",
    _fields("""
        FDEPTID id 内码
        FNumber text! 编码
        FName text! 名称
        FFullName text 部门全称
        FParentID department 上级部门
        FLapseDate date 失效日期
        FUseOrgId organisation 使用组织
        FDocumentStatus enum 数据状态
        FForbidStatus enum 禁用状态
    """),
    is_base=True,
)  # fmt: skip

ORGANISATION = Form(
    "ORG_Organizations", "组织机构", "FOrgID", "FNumber",
    _fields("""
        FOrgID id 内码
        FNumber text! 编码
        FName text! 名称
        FDocumentStatus enum 数据状态
        FForbidStatus enum 禁用状态
    """),
    is_base=True,
)  # fmt: skip

# A form that the company made for risk flags alone; clients make its records.
LOAN_RISK = Form(
    "PAEZ_LoanRisk", "员工借款风险", "FID", "FBillNo",
    _fields("""
        FID id 内码
        FBillNo text! 单据编号
        FDocumentStatus enum 单据状态
        FCreateDate time 创建日期
        FModifyDate time 修改日期
        F_PAEZ_Employee employee 员工
        F_PAEZ_RiskFlag flag 借款风险
        F_PAEZ_RiskCodes text 风险代码
        F_PAEZ_RiskLevel text 风险等级
        F_PAEZ_RiskText text 风险说明
        F_PAEZ_RiskAsOf date 风险日期
    """),
)  # fmt: skip

# Forms whose records a client may make.
OPEN_FORMS = (EMPLOYEE, LOAN_RISK)

FORMS: dict[str, Form] = {
    form.id.upper(): form
    for form in (
        EMPLOYEE, RECEIVABLE, PAYMENT, REQUEST, REIMBURSEMENT, REFUND, VOUCHER, CURRENCY, DEPARTMENT,
        ORGANISATION, LOAN_RISK,
    )
}  # fmt: skip
