"""AWS Signature Version 4 for a request with a body and no query.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKey:
    """An access key; ``session_token`` belongs to one that is temporary."""

    id: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def sigv4(
    key: AwsKey, *, method: str, host: str, path: str, body: bytes, region: str, service: str, at: datetime,
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return the headers that sign the request, ``headers`` among them, all but ``host``. ``at`` is the time of day.

    ``path`` is as it is sent, already percent-encoded.
    """
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    given = {name.lower(): value.strip() for name, value in (headers or {}).items()}
    signed = {**given, "host": host, "x-amz-date": moment}
    if key.session_token is not None:
        signed["x-amz-security-token"] = key.session_token
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = "\n".join((method, path, "", lines, names, hashlib.sha256(body).hexdigest()))
    to_sign = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    chained = b"AWS4" + key.secret.encode()
    for part in (moment[:8], region, service, "aws4_request"):
        chained = hmac.digest(chained, part.encode(), hashlib.sha256)
    signature = hmac.digest(chained, to_sign.encode(), hashlib.sha256).hex()
    del signed["host"]
    authorization = f"{ALGORITHM} Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "authorization": authorization}
