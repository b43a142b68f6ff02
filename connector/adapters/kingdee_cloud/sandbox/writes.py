"""Save, BatchSave, Submit, Audit, UnAudit, Delete and the operations: what a client may change.

Promises: with NeedUpDateFields only those fields change and unknown ones are passed over in silence, as the
product does; nothing is idempotent; what is accepted is recorded in the world's effects. Never here: a change
of the company's own tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connector.adapters.kingdee_cloud.sandbox.answers import (
    BAD_PARAMETER,
    EXCEPTION,
    NO_OPERATION,
    NOT_FOUND,
    NOT_OPERABLE,
    NOT_VALID,
    Fault,
    Refusal,
    entity,
    status_of,
)
from connector.adapters.kingdee_cloud.sandbox.calls import Call, is_true
from connector.adapters.kingdee_cloud.sandbox.forms import EMPLOYEE, OPEN_FORMS, Field, Form
from connector.adapters.kingdee_cloud.sandbox.records import ORGANISATION
from connector.adapters.kingdee_cloud.sandbox.table import Cells, Table
from connector.adapters.kingdee_cloud.sandbox.tenant import Tenant

# Standard fields that may be written on an approved record; the company's own fields always may.
_WRITABLE = frozenset({"FNAME", "FMOBILE", "FEMAIL", "FDESCRIPTION", "FREMARK", "FREASON"})
# Keys of a model that say which record is meant, or that the server keeps for itself.
_KEPT = frozenset({"FDOCUMENTSTATUS", "FFORBIDSTATUS", "FCREATEDATE", "FMODIFYDATE", "FCANCELSTATUS"})
# operation → (statuses it starts from, status it leaves, words of the refusal).
_FLOW = {
    "submit": ("AZD", "B", "只有暂存、创建或重新审核状态的数据才能提交"),
    "audit": ("B", "C", "只有审核中的数据才能审核"),
    "unaudit": ("C", "D", "只有已审核的数据才能反审核"),
}
_FORBIDDING = {"forbid": "B", "enable": "A"}

Saved = tuple[int, str, dict[str, Any]]


class Writer:
    """Changes records of one tenant. Hold the world's lock."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._world = tenant.world

    def save(self, call: Call) -> dict[str, Any]:
        """Answer of Save. Refusal when the model is refused."""
        model = call.data.get("model")
        if not isinstance(model, Mapping):
            raise Refusal(BAD_PARAMETER, "data数据包中的参数Model的值不能为空")
        table = self._tenant.table(call.form)
        key, number, returned = self._save_one(table, call, model)
        self._world.record("kingdee", "Save", f"{table.form.id}/{number}", dict(call.data) | {"model": dict(model)})
        status = status_of((), [entity(key, number)])
        return {"Result": {"ResponseStatus": status, "Id": key, "Number": number, "NeedReturnData": [returned]}}

    def batch_save(self, call: Call) -> dict[str, Any]:
        """Answer of BatchSave: each model by itself, the good ones are kept."""
        models = call.data.get("model")
        if not isinstance(models, list) or not models:
            raise Refusal(BAD_PARAMETER, "data数据包中的参数Model的值不能为空")
        table = self._tenant.table(call.form)
        faults: list[Fault] = []
        entities: list[dict[str, Any]] = []
        msg_code = 0
        for at, model in enumerate(models):
            try:
                if not isinstance(model, Mapping):
                    raise Refusal(BAD_PARAMETER, f"Model 第{at + 1}项不是对象")
                key, number, _ = self._save_one(table, call, model)
            except Refusal as refusal:
                faults += [Fault(fault.message, fault.field, at) for fault in refusal.faults]
                msg_code = refusal.msg_code
                continue
            entities.append(entity(key, number, at))
            body = dict(call.data) | {"model": dict(model)}
            self._world.record("kingdee", "BatchSave", f"{table.form.id}/{number}", body)
        return {"Result": {"ResponseStatus": status_of(faults, entities, msg_code), "NeedReturnData": []}}

    def operate(self, call: Call, operation: str, op: str) -> dict[str, Any]:
        """Answer of Submit, Audit, UnAudit, Delete, Forbid, Enable; `op` names the call in the effects."""
        table = self._tenant.table(call.form)
        name = operation.lower()
        if name not in _FLOW and name not in _FORBIDDING and name != "delete":
            raise Refusal(NO_OPERATION, f"操作编码“{operation}”不存在")
        if name in _FORBIDDING and not table.form.is_base:
            raise Refusal(NO_OPERATION, f"业务对象{table.form.id}没有操作“{operation}”")
        rows = self._named_rows(table, call)
        faults = [Fault(words, None, at) for at, row in enumerate(rows) if (words := self._hinders(table, row, name))]
        if faults:
            raise Refusal(NOT_VALID, faults[0].message, *faults)
        entities = []
        for at, row in enumerate(rows):
            key, number = row[0], str(row[table.place(table.form.number)])
            self._apply(table, row, name)
            entities.append(entity(key, number, at))
            self._world.record("kingdee", op, f"{table.form.id}/{number}", {"operation": operation, "FID": key})
        return {"Result": {"ResponseStatus": status_of((), entities)}}

    def _save_one(self, table: Table, call: Call, model: Mapping[str, Any]) -> Saved:
        row = _addressed(table, model)
        chosen = {str(name).upper() for name in _listed(call.data.get("needupdatefields"))}
        is_approved = row is not None and row[_status_place(table)] == "C"
        cells = _cells(table, model, chosen, is_approved)
        if row is None:
            row = self._create(table, call, model, cells)
        else:
            self._tenant.edit(table, row[0], cells)
        asked = [str(name) for name in _listed(call.data.get("needreturnfields"))]
        returned = {name: row[table.columns[name.upper()]] for name in asked if name.upper() in table.columns}
        return row[0], str(row[table.place(table.form.number)]), returned

    def _create(
        self, table: Table, call: Call, model: Mapping[str, Any], cells: Mapping[str, Any]
    ) -> Cells:
        form = table.form
        if form not in OPEN_FORMS:
            raise Refusal(NOT_OPERABLE, f"此账套不允许通过接口新增“{form.caption}”")
        given = {str(name).upper(): value for name, value in model.items()}
        record = {field.key: _plain(given.get(field.key.upper())).strip() for field in form.head if field.must}
        faults = [
            Fault(f"字段“{field.caption}”是必填项", field.key) for field in form.head if record.get(field.key) == ""
        ]
        if faults:
            raise Refusal(NOT_VALID, faults[0].message, *faults)
        number = record[form.number]
        if table.find_number(number) is not None:
            raise Refusal(NOT_VALID, f"编码为“{number}”的{form.caption}已存在", Fault(f"{number}已存在", form.number))
        now = self._tenant.now()
        status = "C" if call.flag("IsAutoSubmitAndAudit") else "Z" if call.service == "draft" else "A"
        made = {
            "FDocumentStatus": status, "FForbidStatus": "A", "FUseOrgId": ORGANISATION, "FIsSHR": False,
            "FCreateOrgId": ORGANISATION, "FCreateDate": now, "FModifyDate": now,
        }  # fmt: skip
        key = self._tenant.create(table, {**made, **cells, **record, **self._employees(form, given)})
        row = table.find(key)
        if row is None:
            raise Refusal(EXCEPTION, "保存失败")
        return row

    def _employees(self, form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
        """References of a new record to employees, by number. Refusal for a number that nobody has."""
        people = self._tenant.table(EMPLOYEE.id)
        found: dict[str, Any] = {}
        for field in form.head:
            named = given.get(field.key.upper())
            if field.type != "employee" or not isinstance(named, Mapping):
                continue
            number = str(next((value for key, value in named.items() if str(key).upper() == "FNUMBER"), ""))
            if people.find_number(number) is None:
                raise Refusal(NOT_VALID, f"字段“{field.caption}”的值{number}不存在", Fault("不存在", field.key))
            found[field.key] = self._tenant.records.employee(number)
        return found

    def _hinders(self, table: Table, row: Cells, name: str) -> str:
        """Why the operation cannot be done to this row; "" when it can."""
        status = row[_status_place(table)]
        number = str(row[table.place(table.form.number)])
        if name in _FLOW:
            starts, _, words = _FLOW[name]
            return "" if status in starts else f"{number}：{words}"
        if name == "delete":
            if status == "C":
                return f"{number}：已审核的数据不允许删除"
            if not self._tenant.is_created(table, number):
                return f"{number}：数据已被引用，不允许删除"
        elif row[table.place("FForbidStatus")] == _FORBIDDING[name]:
            return f"{number}：" + ("数据已禁用" if name == "forbid" else "数据未禁用，不能反禁用")
        return ""

    def _apply(self, table: Table, row: Cells, name: str) -> None:
        if name in _FLOW:
            self._tenant.edit(table, row[0], {"FDOCUMENTSTATUS": _FLOW[name][1]})
        elif name in _FORBIDDING:
            cells: dict[str, Any] = {"FFORBIDSTATUS": _FORBIDDING[name]}
            if "FFORBIDDATE" in table.columns:
                cells["FFORBIDDATE"] = self._tenant.now() if name == "forbid" else None
            self._tenant.edit(table, row[0], cells)
        else:
            self._tenant.remove(table, row[0], str(row[table.place(table.form.number)]))

    def _named_rows(self, table: Table, call: Call) -> list[Cells]:
        ids, numbers = _listed(call.data.get("ids")), _listed(call.data.get("numbers"))
        if not ids and not numbers:
            raise Refusal(BAD_PARAMETER, "编码值或内码值必须传其一")
        rows = [_found(table, key=one) for one in ids] if ids else [_found(table, number=one) for one in numbers]
        return rows


def find_row(table: Table, call: Call) -> Cells:
    """The row that Id or Number of a View names."""
    key, number = call.text("Id").strip(), call.text("Number").strip()
    if not number and key in ("", "0"):
        raise Refusal(BAD_PARAMETER, "编码值或内码值必须传其一")
    return _found(table, key=key) if key not in ("", "0") else _found(table, number=number)


def _found(table: Table, key: object = None, number: object = None) -> Cells:
    if key is not None:
        text = str(key).strip()
        row = table.find(int(text)) if text.isdecimal() else None
        missing = f"内码为{text}"
    else:
        row = table.find_number(str(number))
        missing = f"编码为{number}"
    if row is None:
        raise Refusal(NOT_FOUND, f"{missing}的数据不存在，或者被删除")
    return row


def _addressed(table: Table, model: Mapping[str, Any]) -> Cells | None:
    """The row whose primary key a model names; None = a new one, whatever its code is."""
    given = {str(name).upper(): value for name, value in model.items()}
    key = given.get(table.form.key.upper(), given.get("ID"))
    return _found(table, key=key) if str(key or "0").strip() not in ("", "0") else None


def _plain(value: object) -> str:
    """A text, or the text of a list of languages."""
    if isinstance(value, list):
        texts = [one.get("Value") for one in value if isinstance(one, Mapping)]
        value = texts[0] if texts else ""
    return "" if value is None else str(value)


def _cells(
    table: Table, model: Mapping[str, Any], chosen: Iterable[str], is_approved: bool
) -> dict[str, Any]:
    """The cells that a model changes, by field key. Unknown keys say nothing; a field of the entry is refused."""
    fields = {field.key.upper(): field for field in table.form.head}
    own = {table.form.key.upper(), table.form.number.upper(), "ID"}
    cells: dict[str, Any] = {}
    for name, value in model.items():
        key = str(name).upper()
        if key in own or key in _KEPT or (chosen and key not in chosen):
            continue
        if key in table.entry_columns:
            raise Refusal(EXCEPTION, f"实体不存在此属性！[EntityType：BillHead，属性：{name}]")
        field = fields.get(key)
        if field is None or len(field.columns) > 1:
            continue
        if is_approved and not field.is_custom and key not in _WRITABLE:
            if field.must:
                continue
            raise Refusal(NOT_OPERABLE, f"字段“{field.caption}”不允许修改", Fault("不允许修改", field.key))
        cells[field.key] = _cell(field, value)
    return cells


def _cell(field: Field, value: object) -> Any:
    if field.type == "flag":
        return is_true(value)
    if value is None or str(value).strip() == "":
        return None if field.type in ("date", "time") else " "
    if field.type not in ("date", "time"):
        return _plain(value)
    try:
        moment = datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError as error:
        raise Refusal(EXCEPTION, f"字段“{field.caption}”的值“{value}”不是有效的日期") from error
    return moment.isoformat()


def _status_place(table: Table) -> int:
    return table.place("FDOCUMENTSTATUS")


def _listed(value: object) -> list[object]:
    """A list, or a comma string, as a list without empties."""
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [part for part in parts if str(part).strip()]
