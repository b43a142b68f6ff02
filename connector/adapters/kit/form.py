"""What every connection over a network asks an admin for: where the server stands and whom to trust there.

Values only; nothing is opened here, and nothing that belongs to one product enters.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connector.adapters.kit.network import Network
from connector.adapters.kit.tls import normal_pin

Pin = Annotated[str, AfterValidator(normal_pin)]


class NetworkForm(BaseModel):
    """Place of the server, and the authority that signs its certificate."""

    # Ids that are written as numbers are text all the same.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    network: Network = Field(
        default=Network.PUBLIC, description="public, private_cidr (with cidrs) or sandbox / 网络位置"
    )
    cidrs: tuple[str, ...] = Field(
        default=(), description="ranges for network private_cidr, e.g. 10.1.0.0/16 / 允许的网段"
    )
    ca_file: str | None = Field(
        default=None, description="PEM file of your own CA, instead of the public ones / 自有 CA 证书文件"
    )


class HttpForm(NetworkForm):
    """A server that is reached over HTTP: its key can be pinned as well."""

    pins: tuple[Pin, ...] = Field(
        default=(),
        description="sha256:… of the public keys the server may show; the old and the new one while it changes "
        "/ 服务器公钥指纹（SHA-256），更换期间新旧并列",
    )
