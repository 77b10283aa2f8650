"""What operators ask for themselves, from their own page: sign in by passkey, see their streams, sign out."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from monitor.api.own_token import LASTS, OwnSignedIn
from monitor.api.reference import open_problems
from monitor.api.service import Service, Serving, of, paced
from monitor.verification import left, policy_of
from protocols.backend import (
    CeremonyView,
    OwnChallenge,
    OwnSession,
    OwnSignIn,
    OwnView,
    OwnWords,
    SessionStatus,
    key_bytes,
)
from protocols.evidence import RuleName
from protocols.ladder import Rung
from protocols.session import FINAL, AvatarId, OperatorId, Session, SessionId, SessionState
from protocols.wording import notice
from registry.error import Conflict, NotFound
from registry.operator import Operator
from registry.state import OperatorState, Purpose

router = APIRouter(prefix="/v1/own", tags=["own"])

_COOKIE = "nakanohito_operator"
_SECURE_COOKIE = "__Secure-nakanohito_operator"
_PATH = "/v1/own"
_NOBODY = "This passkey belongs to no operator who may go on shift; ask whoever enrolled you."
_SIGNED_OUT = "Sign in with your passkey."
_FORGED = "This request does not come from the operator's own page; load the page anew and try again."
_LIVE = tuple(state for state in SessionState if state not in FINAL)
_MOST = 50

CeremonyPath = Annotated[
    str, Path(max_length=64, description="Id of the ceremony.", examples=["cer_8w1x5m0d3k9q7h2z6v4t1b0cjy"])
]
SessionPath = Annotated[str, Path(max_length=64, description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])]


async def _from_our_page(request: Request) -> None:
    """Refuse what another site's page may have made a browser ask."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or (origin is not None and origin not in of(request).passkeys.party.origins):
        raise HTTPException(403, _FORGED)


async def _signed_in(request: Request) -> OwnSignedIn:
    """Who is signed in. Raises HTTPException 401, whatever is wrong."""
    service = of(request)
    token = request.cookies.get(_SECURE_COOKIE) or request.cookies.get(_COOKIE) or ""
    found = service.own_tokens.read(token, now=service.clock())
    if found is None or all(one.id != found.passkey for one in await service.registry.passkeys.of(found.operator)):
        raise HTTPException(401, _SIGNED_OUT)
    return found


Own = Annotated[OwnSignedIn, Depends(_signed_in)]
OURS = [Depends(_from_our_page)]


@router.post(
    "/sign-ins",
    status_code=201,
    summary="Begin to sign in as an operator",
    responses=open_problems(403, 429, 503),
    dependencies=[*OURS, Depends(paced)],
)
async def begin(service: Serving) -> CeremonyView:
    """Ask for a passkey, of whichever operator the authenticator offers. No API key is needed."""
    begun = await service.passkeys.begin(Purpose.SIGN_IN)
    return CeremonyView(ceremony=begun.ceremony, options=begun.options)


@router.post(
    "/sign-ins/{ceremony}",
    status_code=201,
    summary="Sign in as an operator",
    responses=open_problems(403, 404, 409, 413, 503),
    dependencies=OURS,
)
async def finish(
    ceremony: CeremonyPath, request: OwnSignIn, asked: Request, response: Response, service: Serving
) -> OwnView:
    """Sign in with what the passkey has answered; the cookie comes with the answer, and ends by itself.

    With `device_key` the browser's key is made known, to open the channel with. No API key is needed.
    """
    proof = await service.passkeys.finish(ceremony, Purpose.SIGN_IN, request.credential)
    operator = await _operator(service, proof.passkey.holder)
    if request.device_key is not None:
        await _know(service, operator, key_bytes(request.device_key))
    now = service.clock()
    token = service.own_tokens.token(operator.id, proof.passkey.id, now=now)
    secure = asked.url.scheme == "https" or asked.headers.get("origin", "").startswith("https://")
    response.set_cookie(
        _SECURE_COOKIE if secure else _COOKIE,
        token,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="strict",
        path=_PATH,
    )
    return await _view(service, OwnSignedIn(operator=operator.id, passkey=proof.passkey.id, ends_at=now + LASTS))


@router.delete(
    "/sign-ins",
    status_code=204,
    summary="Sign out as an operator",
    responses=open_problems(403),
    dependencies=OURS,
)
async def sign_out(response: Response) -> None:
    """End the sign-in of this browser; a channel that is open stays so."""
    response.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="strict")
    response.delete_cookie(_SECURE_COOKIE, path=_PATH, httponly=True, samesite="strict", secure=True)


@router.get("", summary="Who is signed in as an operator?", responses=open_problems(401, 403, 503))
async def read(service: Serving, own: Own) -> OwnView:
    """The operator who is signed in on this browser, and the streams that they are on the roster of."""
    return await _view(service, own)


@router.get("/sessions/{session}", summary="Read a stream of one's own", responses=open_problems(401, 403, 404, 503))
async def read_session(session: SessionPath, service: Serving, own: Own) -> OwnSession:
    """Where a stream stands, for an operator of its roster; neither scores nor who drives are told."""
    found = await service.registry.sessions.get(SessionId(session))
    if own.operator not in found.operators:
        raise NotFound(f"There is no session {session}.")
    return await _session(service, found, own.operator)


async def _operator(service: Service, holder: str) -> Operator:
    """The active operator that a passkey is of. Raises HTTPException 403: it may be a moderator's."""
    try:
        operator = await service.registry.operators.get(OperatorId(holder))
    except NotFound:
        raise HTTPException(403, _NOBODY) from None
    if operator.state is not OperatorState.ACTIVE:
        raise HTTPException(403, _NOBODY)
    return operator


async def _know(service: Service, operator: Operator, key: bytes) -> None:
    """Make a device known, once."""
    if key in operator.device_keys:
        return
    try:
        await service.registry.operators.add_device_key(operator.id, key, at=service.clock())
    except Conflict:  # another operator has used this browser; whose it was is nobody's business
        raise Conflict("This browser's key is another operator's; sign out there, or use another browser.") from None


async def _view(service: Service, own: OwnSignedIn) -> OwnView:
    operator = await _operator(service, own.operator)
    policy = await policy_of(service.registry)
    page = await service.registry.sessions.list(states=_LIVE, operator=operator.id, limit=_MOST)
    return OwnView(
        operator=operator.id,
        verified_at=operator.verified_at,
        verify_within_s=left(operator, policy, service.clock()),
        ends_at=own.ends_at,
        sessions=[await _session(service, standing.session, operator.id) for standing in page.items],
    )


async def _session(service: Service, session: Session, operator: str) -> OwnSession:
    status: SessionStatus = await service.supervisor.status(session.id)
    avatar = await service.registry.avatars.get(AvatarId(session.avatar))
    return OwnSession(
        id=session.id,
        avatar=avatar.name,
        stream=None if session.placement is None else session.placement.stream,
        state=status.state,
        attached_at=session.attached_at,
        rung=status.rung,
        cause=status.cause,
        rung_ends_in=status.rung_ends_in,
        held=status.held,
        reason=_reason(status),
        challenge=_challenge(status),
        here=operator in status.operators_present,
        colleagues=[one for one in status.operators_present if one != operator],
    )


def _reason(status: SessionStatus) -> OwnWords | None:
    """What the operators were told when it climbed."""
    if status.rung is Rung.WATCHING:
        return None
    words = notice(status.rung, None if status.cause is None else RuleName(status.cause))
    return OwnWords(en=words.en, zh=words.zh)


def _challenge(status: SessionStatus) -> OwnChallenge | None:
    asked = status.challenge
    if asked is None or status.at is None or status.at >= asked.asked_at + asked.within:
        return None
    return OwnChallenge(
        id=asked.id,
        gesture=asked.gesture,
        then=asked.then,
        digits=asked.digits,
        ends_in=round(asked.asked_at + asked.within - status.at, 3),
    )
