"""Problems: every error leaves as application/problem+json (RFC 9457), and none tells what it should not."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from monitor.egress import EgressRefused
from monitor.enforcers.enforcer import EnforcerFailure
from monitor.key_set import ProviderSilent
from monitor.observers.likeness.picture_file import PictureRefused
from monitor.refusal import AttachLater, AttachRefused, RegisterLater
from monitor.sources.sdp import SdpRefused
from protocols.backend import InvalidField, Problem
from protocols.identity import IdentityRefused
from protocols.openid import OpenIdRefused
from protocols.passkey.ceremony import PasskeyRefused
from registry import error as registry_error

MEDIA_TYPE = "application/problem+json"
_MOST_FIELDS = 32

TITLES: dict[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be read"),
    401: ("unauthorized", "A valid key is needed"),
    403: ("forbidden", "This is not allowed"),
    404: ("not-found", "There is no such thing"),
    405: ("method-not-allowed", "This cannot be done here"),
    408: ("too-slow", "The request did not arrive in time"),
    409: ("conflict", "It conflicts with what is there"),
    410: ("gone", "It is not there any more"),
    413: ("too-large", "The request is too large"),
    415: ("media-type", "This kind of content is not taken"),
    422: ("invalid", "The request cannot be done as it is"),
    429: ("too-often", "This was tried too often"),
    500: ("internal", "The service failed"),
    501: ("not-implemented", "This is not supported"),
    502: ("media-server", "The media server did not do it"),
    503: ("unavailable", "The service cannot do this now"),
}
"""Status → the end of the problem's type, and its title."""


_OURS: tuple[type[Exception], ...] = (
    registry_error.RegistryError,
    AttachRefused,
    EgressRefused,
    EnforcerFailure,
    IdentityRefused,
    OpenIdRefused,
    PasskeyRefused,
    PictureRefused,
    ProviderSilent,
    RegisterLater,
    SdpRefused,
)


def problem(
    status: int,
    detail: str,
    *,
    request_id: str,
    other: str | None = None,
    errors: Sequence[InvalidField] | None = None,
    headers: Mapping[str, str] | None = None,
    kind: str | None = None,
) -> Response:
    """A problem as a response; ``kind`` where it is a particular one of its status."""
    slug, title = TITLES.get(status) or ("other", HTTPStatus(status).phrase)
    slug = kind or slug
    document = Problem(
        type=f"urn:nakanohito:problem:{slug}",
        title=title,
        status=status,
        detail=detail,
        instance=f"urn:nakanohito:request:{request_id}",
        other=other,
        errors=None if errors is None else list(errors),
    )
    return Response(
        document.model_dump_json(exclude_none=True), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Answer every kind of error with a problem."""
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    for kind in _OURS:
        app.add_exception_handler(kind, _ours)


def request_id(request: Request) -> str:
    """The id that the envelope gave this request."""
    return str(request.scope.get("nakanohito.request", "unknown"))


def status_of(error: Exception) -> int:
    """The status that one of our own errors is answered with."""
    match error:
        case registry_error.NotFound():
            return 404
        case registry_error.IdempotencyMismatch() | registry_error.Refused():
            return 422
        case registry_error.Conflict():
            return 409
        case registry_error.RegistryError() | AttachLater() | RegisterLater():
            return 503
        case EnforcerFailure() | ProviderSilent():
            return 502
        case _:
            return 422


async def _ours(request: Request, error: Exception) -> Response:
    status = status_of(error)
    detail = str(error) or "It was refused."
    if status == 503 and isinstance(error, registry_error.RegistryError):
        # What the database or the disk says is for the log alone.
        detail = "The registry or the ledger cannot be used now; try again in a moment."
    other = error.other if isinstance(error, registry_error.Conflict) else None
    headers = {"retry-after": "2"} if status == 503 else {}
    return problem(status, detail, request_id=request_id(request), other=other, headers=headers)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - that is what it is installed for
    detail = str(error.detail)
    if not isinstance(error, HTTPException):  # of the framework: 404 and 405 without our words
        detail = _WORDS.get(error.status_code, detail)
    kind = getattr(error, "kind", None)
    return problem(error.status_code, detail, request_id=request_id(request), headers=error.headers, kind=kind)


_WORDS = {
    404: "There is nothing at this path; /docs lists what there is.",
    405: "This method is not known here; the Allow header lists those that are.",
}


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - that is what it is installed for
    found = error.errors()
    fields = [InvalidField(field=_place(one), message=_message(one)) for one in found[:_MOST_FIELDS]]
    first = fields[0] if fields else InvalidField(field="body", message="cannot be read")
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return problem(422, f"{first.field}: {first.message}{more}", request_id=request_id(request), errors=fields)


def _place(found: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in found.get("loc", ())) or "body"
    return place[:200]


def _message(found: Mapping[str, Any]) -> str:
    match found.get("type"):
        case "extra_forbidden":
            return "This name is not known here"
        case "json_invalid":
            return f"This is not JSON: {found.get('ctx', {}).get('error', '')}"
        case _:
            return str(found.get("msg", "")).removeprefix("Value error, ")
