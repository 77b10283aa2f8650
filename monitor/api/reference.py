"""What the OpenAPI document says beyond the signatures: problems with examples, tags, who the service is."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from monitor.api.problem import MEDIA_TYPE, TITLES
from protocols.backend import Problem, WebhookEvent

TAGS = [
    {"name": "sessions", "description": "Attach a live stream, follow it, end it."},
    {"name": "events", "description": "What happens to sessions, live, as server-sent events."},
    {"name": "cuts", "description": "Streams that were taken off air, on what evidence, and undoing it."},
    {"name": "cases", "description": "What was done to streams, with its evidence, until a person has decided."},
    {"name": "strikes", "description": "What stands against avatars, operators and accounts, by cuts."},
    {"name": "appeals", "description": "Whoever was cut asks for another person to look at it."},
    {"name": "reports", "description": "What viewers saw, whose likeness was taken, and the figures of all of it."},
    {"name": "whip", "description": "Publish to a session over WebRTC (RFC 9725)."},
    {"name": "avatars", "description": "The registered likenesses, and each one's life."},
    {"name": "reviews", "description": "Avatars that are too like another one, side by side, until a person decides."},
    {"name": "consents", "description": "That a person whom an avatar resembles agreed, until they withdraw."},
    {"name": "protected", "description": "Likenesses that are registered to be protected and may never be on air."},
    {"name": "negatives", "description": "Looks and scenes that are nobody's likeness."},
    {"name": "registrations", "description": "Many avatars and operators changed at once, by two people."},
    {"name": "operators", "description": "The people who drive avatars, under their issuer's pseudonym."},
    {"name": "own", "description": "What operators ask for themselves: their own page signs in by passkey."},
    {"name": "passkeys", "description": "Passkeys of operators: by invitation, bound to the person who verifies."},
    {
        "name": "shifts",
        "description": "An operator behind a session: begun by a passkey where the policy asks for one.",
    },
    {"name": "policies", "description": "Every threshold and every duration, in versions that never change."},
    {"name": "keys", "description": "API keys and what they may do."},
    {"name": "sign-in", "description": "Signing in to the console: passkeys, invitations, stepping up."},
    {"name": "accounts", "description": "The accounts of moderators and their roles."},
    {"name": "ledger", "description": "Signed checkpoints of the ledger, and proofs of what it holds."},
    {"name": "health", "description": "Whether the service lives and works."},
]

_ABOUT = """
Nakanohito proves that a real-name-authenticated person drives a virtual-human live stream, and cuts streams that
nobody drives.

**Begin** by registering an avatar (`POST /v1/avatars`) and enrolling an operator (`POST /v1/operators`); then attach
a stream (`POST /v1/sessions`), follow it (`GET /v1/sessions/{session}/events`) and read what was cut
(`GET /v1/cuts`).

**Authentication**: an API key as Bearer token; each operation names the scope that it needs, `admin` has them all.

**Errors** are `application/problem+json` (RFC 9457). Values are strict: a wrong type or an unknown name is refused,
never guessed.

**Repeating** a POST is safe with an `Idempotency-Key`.

**Lists** are newest first; give `next` of one page as `cursor` of the following.
""".strip()

_DETAILS: dict[int, str] = {
    400: "The body is not an SDP offer.",
    401: "Give a valid API key as 'Authorization: Bearer nkh_…'; 'nakanohito keys create' makes one.",
    403: "This key has not the scope sessions:write.",
    404: "There is no session ses_4f1c2e9p0k3mt.",
    408: "The body did not arrive in time.",
    409: "This stream is attached already, as session ses_2x8k5c0v7h1qd; end that one first.",
    410: "events after 118 are gone; begin again without Last-Event-ID",
    413: "The body may have 262144 bytes at most.",
    415: "Send the offer as application/sdp.",
    422: "body.operators: List should have at least 1 item after validation, not 0",
    429: "Too many tries; wait some seconds.",
    501: "Neither Trickle ICE nor ICE restarts are supported; send all candidates in the offer.",
    502: "nginx 'edge' cannot be reached",
    503: "The registry or the ledger cannot be used now; try again in a moment.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses of an operation for when something goes wrong, each with an example."""
    return {status: _response(status) for status in sorted({401, 403, 422, 503, *statuses})}


def open_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same for an operation that needs no API key."""
    return {status: _response(status) for status in sorted({422, *statuses})}


def _response(status: int) -> dict[str, Any]:
    slug, title = TITLES[status]
    example: dict[str, Any] = {
        "type": f"urn:nakanohito:problem:{slug}",
        "title": title,
        "status": status,
        "detail": _DETAILS[status],
        "instance": "urn:nakanohito:request:5f0c1f5e9f0b4c2a",
    }
    if status == 409:
        example["other"] = "ses_2x8k5c0v7h1qd"
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


def describe(app: FastAPI) -> None:
    """Let ``app`` serve a complete document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary="Who drives this avatar?",
        description=_ABOUT,
        routes=app.routes,
        tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    kinds: Any = [(Problem, "serialization"), (WebhookEvent, "serialization")]
    _, extra = models_json_schema(kinds, ref_template="#/components/schemas/{model}")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(extra["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):  # what the framework would say without us
        schemas.pop(unused, None)
    schemes = document["components"].setdefault("securitySchemes", {})
    schemes["Publish token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of one WHIP session, from the answer that attached it.",
    }
    document["webhooks"] = {"session event": {"post": _webhook()}}
    return document


def _webhook() -> dict[str, Any]:
    return {
        "summary": "Something happened to a session",
        "description": "Sent to the session's `callback_url`, signed per Standard Webhooks. Answer with 2xx within 10 "
        "seconds; otherwise it is sent again. Within one session events come in order, each at least once.",
        "tags": ["events"],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookEvent"}}},
        },
        "responses": {"2XX": {"description": "Taken."}},
    }
