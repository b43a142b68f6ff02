from typing import Any

import pytest
from pydantic import ValidationError

from connector.adapters.kingdee_cloud.connection import KingdeeForm
from connector.adapters.kit.http import Network

GOOD: dict[str, Any] = {
    "base_url": "https://erp.example.com/k3cloud/", "acct_id": "a", "username": "u",
    "app_id": "1_2", "app_secret": "s3cret", "password": "pa55",
}  # fmt: skip


def test_the_defaults_are_careful_ones() -> None:
    form = KingdeeForm.model_validate(GOOD)
    assert (form.network, form.auth, form.max_parallel) == (Network.PUBLIC, "signature", 2)
    assert form.accounts == ("1221.01",) and form.flags.flag == "F_PAEZ_RiskFlag"


def test_secrets_are_not_shown() -> None:
    form = KingdeeForm.model_validate(GOOD)
    assert not {"s3cret", "pa55"} & set(f"{form!r} {form.model_dump()} {form.model_dump_json()}".split("'"))
    assert "s3cret" not in repr(form) + str(form.model_dump()) + form.model_dump_json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"}, {"app_secret": ""}, {"app_id": "nothing"}, {"app_id": "_x"}, {"app_id": "a_b_c"},
        {"auth": "password", "password": ""}, {"auth": "login_by_sign", "app_secret": ""}, {"auth": "magic"},
        {"auth": "login_by_app_secret", "app_id": "x"}, {"page_rows": 0}, {"network": "anywhere"}, {"acct_id": ""},
        {"enrichment": {"monthly_salary": "F_X"}}, {"enrichment": {"status": "F_PAEZ_RiskText"}},
        {"enrichment": {"status_words": {"left": "x", "active": "x"}}},
        {"flags": {"flag": "F_X'; drop"}}, {"max_parallel": 99},
    ],
)  # fmt: skip
def test_a_form_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KingdeeForm.model_validate(GOOD | wrong)


def test_numbers_may_be_written_as_numbers() -> None:
    assert KingdeeForm.model_validate(GOOD | {"org_num": 100}).org_num == "100"
