"""Sessions: attach, list, read, end."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from monitor.orders import CutOrder
from protocols.backend import (
    AttachRequest,
    OrderRequest,
    Page,
    SessionAttached,
    SessionStatus,
    SessionView,
    WhipInvitation,
)
from protocols.measure import Measure
from protocols.session import AvatarId, SessionId, SessionState, SourceKind
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=IdempotentRoute)

SessionPath = Annotated[str, Path(max_length=64, description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])]

_EXAMPLES = {
    "rtmp": {
        "summary": "A stream on a media server, to be cut there",
        "value": {
            "url": "rtmp://media.example/live/room-42",
            "avatar": "av_9s1d0k4w7e2xn",
            "operators": ["op_7h2m9q0d5k1wz"],
            "policy": "standard",
            "placement": {"server": "edge", "app": "live", "stream": "room-42"},
            "callback_url": "https://backend.example/nakanohito",
            "account": "channel-1187",
        },
    },
    "whip": {
        "summary": "A publisher or an SFU will push to us",
        "value": {
            "source": {"kind": "whip"},
            "avatar": "av_9s1d0k4w7e2xn",
            "operators": ["op_7h2m9q0d5k1wz"],
        },
    },
}


@router.post("", status_code=201, summary="Attach a stream", responses=problems(408, 409, 413))
async def attach(
    request: Annotated[AttachRequest, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.SESSIONS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> SessionAttached:
    """Begin to monitor a live stream: it is watched from now on, and cut when nobody drives it.

    A stream is attached once at a time. For a WHIP session the answer says where and with which token to publish;
    the token is not shown again. Needs the scope `sessions:write`.
    """
    session = await service.supervisor.attach(request, account=request.account or "")
    response.headers["location"] = f"/v1/sessions/{session.id}"
    invitation = None
    if session.feed.kind is SourceKind.WHIP:
        invitation = WhipInvitation(url=f"/v1/whip/{session.id}", token=service.tokens.token(session.id))
    return SessionAttached(**dict(SessionView.of(session)), whip=invitation)


@router.get("", summary="List sessions", responses=problems())
async def listed(
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.SESSIONS_READ)],
    state: Annotated[
        list[SessionState] | None, Query(max_length=5, description="Only these states.", examples=[["live", "blind"]])
    ] = None,
    avatar: Annotated[str | None, Query(max_length=64, description="Only of this avatar.")] = None,
    account: Annotated[str | None, Query(max_length=256, description="Only of this account of yours.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SessionView]:
    """Sessions, newest first, ended ones included. Needs the scope `sessions:read`."""
    page = await service.registry.sessions.list(
        states=state or None,
        avatar=None if avatar is None else AvatarId(avatar),
        account=account,
        limit=limit,
        cursor=cursor,
    )
    return Page(items=[SessionView.of(standing.session) for standing in page.items], next=page.next)


@router.get("/{session}", summary="Read a session", responses=problems(404))
async def read(
    session: SessionPath, service: Serving, key: Annotated[ApiKey, allowed(Scope.SESSIONS_READ)]
) -> SessionStatus:
    """Where the session stands: its newest verdict with the evidence, its rung on the ladder, who is there.

    Needs the scope `sessions:read`.
    """
    return await service.supervisor.status(SessionId(session))


@router.post("/{session}/cut", status_code=202, summary="Cut a stream", responses=problems(404, 408, 409, 413))
async def cut(
    session: SessionPath,
    request: OrderRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.CUTS_ORDER)],
    idempotency_key: IdempotencyKey = None,
) -> SessionStatus:
    """Take a stream off air because a person has decided so, whatever the monitor sees.

    The answer comes before the cut is done: follow the session's events, or read its cuts. Needs the scope
    `cuts:order`.
    """
    measure = Measure(kind=request.measure, seconds=request.seconds, by=key.id)
    order = CutOrder(rule=request.rule, measure=measure, because=request.reason)
    await service.supervisor.order(SessionId(session), order)
    return await service.supervisor.status(SessionId(session))


@router.delete("/{session}", summary="End a session", responses=problems(404))
async def end(
    session: SessionPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.SESSIONS_WRITE)],
    reason: Annotated[
        str,
        Query(
            min_length=1,
            max_length=500,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            description="Kept with the session.",
            examples=["the broadcast is over"],
        ),
    ] = "ended by the backend",
) -> SessionView:
    """Stop monitoring; the stream itself is not touched. Ending it again changes nothing.

    Needs the scope `sessions:write`.
    """
    ended = await service.supervisor.end(SessionId(session), reason)
    service.publications.forget(ended.id)
    return SessionView.of(ended)
