"""The three books of the Kingdee stand-in, added up by the vendor's own SDK: open items, bills and ledger agree to the
cent for every employee and currency, in clean and in dirty companies."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from k3cloud_webapi_sdk.main import K3CloudApiSdk

from connector.adapters.kingdee_cloud.sandbox import KingdeeStandIn
from connector.sandbox.company import generate_company
from connector.sandbox.server import start_sandbox
from connector.sandbox.world import World, load_world

Sums = dict[tuple[str, str], Decimal]
# Form, who and in which currency, how much, with which sign.
BILLS = (
    ("AP_PAYBILL", "FCONTACTUNIT.FNumber,FCURRENCYID.FCODE,FREALPAYAMOUNTFOR_H", 1),
    ("ER_ExpReimbursement", "FCONTACTUNIT.FNumber,FCURRENCYID.FCODE,FBorrowAmount", -1),
    ("AP_REFUNDBILL", "FCONTACTUNIT.FNumber,FCURRENCYID.FCODE,FREALREFUNDAMOUNTFOR_D", -1),
)
ON_ACCOUNT = "FACCOUNTID.FNumber='1221.01' and FDocumentStatus='C'"


@pytest.fixture(params=[(1, False), (2, True), (3, True)], ids=["clean", "dirty", "dirtier"])
def site(request: Any, tmp_path: Path) -> Iterator[tuple[World, K3CloudApiSdk]]:
    seed, dirty = request.param
    generate_company(tmp_path, seed=seed, dirty=dirty)
    world = load_world(tmp_path)
    with start_sandbox(world, {"kingdee": KingdeeStandIn(world)}) as box:
        said = box.describe()["kingdee"]
        sdk = K3CloudApiSdk(said["base_url"])
        sdk.InitConfig(said["acct_id"], said["username"], said["app_id"], said["app_secret"], said["base_url"],
                       said["lcid"], said["org_num"])
        yield world, sdk


def rows(sdk: K3CloudApiSdk, form: str, fields: str, where: str = "") -> list[list[Any]]:
    asked = {"FormId": form, "FieldKeys": fields, "FilterString": where, "OrderString": "", "Limit": 10_000}
    found: list[list[Any]] = json.loads(sdk.ExecuteBillQuery(asked), parse_float=Decimal)
    return found


def added(found: list[list[Any]], sign: int = 1) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for who, currency, *amounts in found:
        debit, credit = amounts if len(amounts) == 2 else (amounts[0], 0)
        sums[(who, currency)] += sign * (Decimal(debit) - Decimal(credit))
    return sums


def nonzero(*books: Sums) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for book in books:
        for key, amount in book.items():
            sums[key] += amount
    return {key: amount for key, amount in sums.items() if amount}


def test_open_items_bills_and_ledger_agree_for_every_employee(site: tuple[World, K3CloudApiSdk]) -> None:
    _, sdk = site
    items = nonzero(added(rows(
        sdk, "AR_OtherRecAble", "FCONTACTUNIT.FNumber,FCURRENCYID.FCODE,FNOTWRITTENOFFAMOUNTFOR_H")))
    bills = nonzero(*(added(rows(sdk, form, fields), sign) for form, fields, sign in BILLS))
    ledger = nonzero(added(rows(
        sdk, "GL_VOUCHER", "FDetailID.FFLEX7.FNumber,FCURRENCYID.FCODE,FDEBIT,FCREDIT", ON_ACCOUNT)))
    assert items == bills == ledger
    assert len(items) > 5


def test_a_payment_names_its_request_and_an_open_item_its_loan(site: tuple[World, K3CloudApiSdk]) -> None:
    world, sdk = site
    today = world.today().isoformat()
    lent = {r["number"]: r["approval"] for r in world.rows("loans") if r["lent_on"] and r["lent_on"] <= today}
    paid = {number.removeprefix("FK"): str(approval or "").strip()
            for number, approval in rows(sdk, "AP_PAYBILL", "FBillNo,FSourceBillNumber")}
    assert paid == lent
    assert {number for (number,) in rows(sdk, "AR_OtherRecAble", "FBillNo")} == set(lent)
    asked = {number for number, borrow in rows(sdk, "ER_ExpenseRequest", "FBillNo,FIsBorrow") if borrow}
    assert asked == {r["approval"] for r in world.rows("loans") if r["approval"]}
