"""Alibaba Cloud's ACS3-HMAC-SHA256 for an RPC-style POST whose parameters are in the query.

https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlibabaKey:
    """An access key of Alibaba Cloud."""

    id: str
    secret: str = field(repr=False)


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Return the query as it is signed and must be sent: sorted, and encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='')}={quote(parameters[name], safe='')}" for name in sorted(parameters))


def acs3(
    key: AlibabaKey, *, host: str, action: str, version: str, parameters: Mapping[str, str], nonce: str, at: datetime
) -> dict[str, str]:
    """Return the headers of the request, all but ``host``. ``nonce`` must never come twice."""
    body = hashlib.sha256(b"").hexdigest()
    signed = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": body,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = "\n".join(("POST", "/", canonical_query(parameters), lines, names, body))
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(key.secret.encode(), to_sign.encode(), hashlib.sha256).hex()
    del signed["host"]
    authorization = f"{ALGORITHM} Credential={key.id},SignedHeaders={names},Signature={signature}"
    return {**signed, "authorization": authorization}
