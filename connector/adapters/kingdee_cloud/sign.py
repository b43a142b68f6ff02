"""How a request or a login proves who sends it: signatures over path, time and account. Values in, texts out.

Facts: the vendor's official SDK 8.2.0, observed with a frozen clock. No socket and no clock is used here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote

# A constant of the vendor's SDKs: the second part of an app id is stored XORed with its first 24 ASCII bytes.
_MASK = b"0054f397c6234378b09ca7d3e5debce7"
_KEY_LETTERS = 32


@dataclass(frozen=True)
class Credential:
    """The integration user of one account. `app_id` is `<client>_<32 letters>`."""

    acct_id: str
    username: str
    app_id: str
    app_secret: str = field(repr=False)
    lcid: int = 2052
    org_num: str = "0"


def signature(key: str, message: str) -> str:
    """Base64 of the lower-case hex text (not of the bytes) of HMAC-SHA256: 88 letters."""
    found = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(found.encode()).decode()


def client_parts(app_id: str) -> tuple[str, str]:
    """App id → client id and the secret hidden in its second part; "" where the SDK finds none."""
    parts = app_id.split("_")
    if len(parts) != 2:
        return "", ""
    client, hidden = parts
    if len(hidden) != _KEY_LETTERS:
        return client, ""
    try:
        plain = base64.b64decode(hidden, validate=True)
    except binascii.Error:
        return client, ""
    unmasked = bytes(left ^ right for left, right in zip(plain, _MASK, strict=False))
    return client, base64.b64encode(unmasked).decode()


def headers(credential: Credential, path: str, at: datetime) -> dict[str, str]:
    """Headers of a signed POST to `path` (from the host's root). Nonce and time stamp are equal."""
    stamp = str(int(at.timestamp()))
    client, secret = client_parts(credential.app_id)
    signed = f"POST\n{quote(path, safe='')}\n\nx-api-nonce:{stamp}\nx-api-timestamp:{stamp}\n"
    account = f"{credential.acct_id},{credential.username},{credential.lcid},{credential.org_num}"
    return {
        "X-Api-ClientID": client,
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": stamp,
        "x-api-nonce": stamp,
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": signature(secret, signed),
        "X-Kd-Appkey": credential.app_id,
        "X-Kd-Appdata": base64.b64encode(account.encode()).decode(),
        "X-Kd-Signature": signature(credential.app_secret, credential.app_id + account),
    }


def login_sign(credential: Credential, stamp: int, hash_name: Literal["sha256", "sha1"] = "sha256") -> str:
    """Sign of LoginBySign: lower-case hex of the hash over account, user, app id, secret and time stamp (unix seconds),
    sorted by their code points and joined by nothing. Servers before PT-146911 (8.0.0.202205) know SHA-1 only."""
    texts = (credential.acct_id, credential.username, credential.app_id, credential.app_secret, str(stamp))
    return hashlib.new(hash_name, "".join(sorted(texts)).encode()).hexdigest()
