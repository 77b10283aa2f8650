"""WHIP: publishers and SFUs push a stream to a session (RFC 9725)."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response

from monitor.api.auth import bearer, forbidden, identified
from monitor.api.publication import Place
from monitor.api.reference import open_problems
from monitor.api.service import Service, Serving
from monitor.api.sessions import SessionPath
from monitor.service_settings import IceServer
from monitor.sources.whip import WhipEnd
from protocols.session import Session, SessionId, SessionState, SourceKind
from registry.apikey import Scope

router = APIRouter(prefix="/v1/whip", tags=["whip"])

SDP = "application/sdp"
ANSWER_SECONDS = 10.0
COMES_UP_WITHIN = 3.0
"""Seconds that a session which was attached a moment ago may take to run."""
_LOOK_EVERY = 0.05

_OFFER = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n…"
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {SDP: {"schema": {"type": "string"}, "example": _OFFER}}},
    "security": [{"Publish token": []}, {"API key": []}],
}
_BEARER: dict[str, Any] = {"security": [{"Publish token": []}, {"API key": []}]}
_ANSWERED: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The answer. `Location` is the publication (DELETE it to stop), `Link` names ICE servers.",
        "headers": {
            "Location": {"schema": {"type": "string"}, "description": "The publication."},
            "Link": {"schema": {"type": "string"}, "description": "ICE servers, rel=ice-server."},
            "ETag": {"schema": {"type": "string"}, "description": "The ICE session."},
        },
        "content": {SDP: {"schema": {"type": "string"}, "example": _OFFER}},
    }
}
_STOPPED: dict[int | str, dict[str, Any]] = {200: {"description": "Stopped."}}
PublicationPath = Annotated[
    str, Path(max_length=64, description="Id of the publication, from `Location`.", examples=["pub_0c9t2m8x5d1qv"])
]


@router.post(
    "/{session}",
    status_code=201,
    summary="Publish to a session",
    response_class=Response,
    openapi_extra=_BODY,
    responses=_ANSWERED | open_problems(400, 401, 403, 404, 408, 409, 410, 413, 415, 422, 503),
)
async def publish(session: SessionPath, request: Request, service: Serving) -> Response:
    """Offer a stream (SDP) and get the answer. One publisher at a time.

    The Bearer token is the session's own publish token, from the answer that attached it, or an API key with the
    scope `sessions:write`. 403 where the session was cut; 409 while another publisher is there.
    """
    await _admit(request, service, session)
    offer = await _offer(request)
    source = await _source(service, session)
    place = service.publications.place(SessionId(session))
    if place.turn.locked() or source.live:
        raise HTTPException(409, "A publisher is there already; end that publication first.")
    async with place.turn:
        answer = await _answer(source, offer)
        name = place.begin()
    headers = {"location": f"/v1/whip/{session}/{name}", "etag": f'"{name}"'}
    response = Response(answer, 201, headers=headers, media_type=SDP)
    for server in service.settings.whip.ice_servers:
        response.headers.append("link", link(server))
    return response


@router.delete(
    "/{session}/{publication}",
    summary="Stop publishing",
    response_class=Response,
    openapi_extra=_BEARER,
    responses=_STOPPED | open_problems(401, 403, 404),
)
async def stop(session: SessionPath, publication: PublicationPath, request: Request, service: Serving) -> Response:
    """Close the publisher's connection; its stream is over, and so is the session."""
    await _admit(request, service, session)
    _known(service, session, publication)
    source = service.supervisor.whip(SessionId(session))
    if source is not None:
        await source.hang_up()
    service.publications.place(SessionId(session)).publication = None
    return Response(status_code=200)


@router.patch(
    "/{session}/{publication}",
    summary="Trickle ICE (not supported)",
    response_class=Response,
    openapi_extra=_BEARER,
    responses=open_problems(401, 403, 404, 501),
)
async def trickle(session: SessionPath, publication: PublicationPath, request: Request, service: Serving) -> Response:
    """Always 501, as RFC 9725 asks of an endpoint that supports neither Trickle ICE nor ICE restarts."""
    await _admit(request, service, session)
    _known(service, session, publication)
    raise HTTPException(501, "Neither Trickle ICE nor ICE restarts are supported; send all candidates in the offer.")


def link(server: IceServer) -> str:
    """The Link header that names a STUN or TURN server."""
    parts = [f"<{server.url}>", 'rel="ice-server"']
    if server.username is not None:
        parts.append(f"username={_quoted(server.username)}")
    if server.credential is not None:
        parts += [f"credential={_quoted(server.credential.get_secret_value())}", 'credential-type="password"']
    return "; ".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _admit(request: Request, service: Service, session: str) -> None:
    """Let in who has the session's publish token, or an API key that may attach sessions."""
    if service.tokens.fits(bearer(request), SessionId(session)):
        return
    key = await identified(request, service)
    if not key.allows(Scope.SESSIONS_WRITE):
        raise forbidden(Scope.SESSIONS_WRITE)


async def _offer(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP:
        raise HTTPException(415, f"Send the offer as {SDP}.", {"accept-post": SDP})
    try:
        offer = (await request.body()).decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "The body is not an SDP offer: it is not UTF-8.") from None
    if not offer.startswith("v=0"):
        raise HTTPException(400, "The body is not an SDP offer: it does not begin with v=0.")
    return offer


async def _running(service: Service, session: SessionId) -> WhipEnd | None:
    """Our end of the session, which may have been attached a moment ago; None where none comes up."""
    loop = asyncio.get_running_loop()
    until = loop.time() + COMES_UP_WITHIN
    while (source := service.supervisor.whip(session)) is None and loop.time() < until:  # noqa: ASYNC110 - none tells
        await asyncio.sleep(_LOOK_EVERY)
    return source


async def _source(service: Service, session: str) -> WhipEnd:
    """Our end of the session. Raises HTTPException for a session that cannot be published to."""
    present = await service.registry.sessions.get(SessionId(session))
    _refuse_over(present)
    source = await _running(service, present.id)
    if source is None:
        raise HTTPException(503, "The session is not running here at this moment.", {"retry-after": "2"})
    return source


def _refuse_over(session: Session) -> None:
    if session.feed.kind is not SourceKind.WHIP:
        raise HTTPException(409, f"This session is watched over {session.feed.kind.value}; it is not published to us.")
    if session.state is SessionState.CUT:
        raise HTTPException(403, "This session was cut; publishing is blocked until the cut is restored.")
    if session.state is SessionState.ENDED:
        raise HTTPException(410, "This session has ended; attach the stream anew.")


async def _answer(source: WhipEnd, offer: str) -> str:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await source.answer(offer)
    except TimeoutError:
        raise HTTPException(503, "The offer could not be answered in time.", {"retry-after": "2"}) from None


def _known(service: Service, session: str, publication: str) -> Place:
    place = service.publications.known(SessionId(session))
    if place is None or place.publication != publication:
        raise HTTPException(404, f"There is no publication {publication} at this session.")
    return place
