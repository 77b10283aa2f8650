"""Tencent Cloud's TC3-HMAC-SHA256 for a POST with a JSON body.

https://www.tencentcloud.com/document/api/213/33224
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class TencentKey:
    """A key of Tencent Cloud: SecretId and SecretKey."""

    id: str
    secret: str = field(repr=False)


def tc3(
    key: TencentKey, *, host: str, service: str, action: str, version: str, body: bytes, at: int, region: str = ""
) -> dict[str, str]:
    """Return the headers of the request, all but ``host``. ``at`` is the time in whole seconds since 1970."""
    kind = "application/json; charset=utf-8"
    date = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    lines = f"content-type:{kind}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    names = "content-type;host;x-tc-action"
    canonical = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{date}/{service}/tc3_request"
    to_sign = "\n".join((ALGORITHM, str(at), scope, hashlib.sha256(canonical.encode()).hexdigest()))
    chained = b"TC3" + key.secret.encode()
    for part in (date, service, "tc3_request"):
        chained = hmac.digest(chained, part.encode(), hashlib.sha256)
    signature = hmac.digest(chained, to_sign.encode(), hashlib.sha256).hex()
    headers = {
        "authorization": f"{ALGORITHM} Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}",
        "content-type": kind,
        "x-tc-action": action,
        "x-tc-version": version,
        "x-tc-timestamp": str(at),
    }
    return {**headers, "x-tc-region": region} if region else headers
