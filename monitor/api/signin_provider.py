"""Signing in to the console at an OpenID provider: the browser goes there with a question and brings the answer back.

What it keeps meanwhile is a cookie of its own, so that an answer that was begun in another browser signs nobody in.
"""

import binascii
from base64 import urlsafe_b64decode
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response

from monitor.api.accounts import CHANGED
from monitor.api.reference import open_problems
from monitor.api.service import Service, Serving
from monitor.api.signin import FROM_OUR_PAGE, Visitor, enter, sign_in, stepped_up
from monitor.api.visitor import is_secure
from monitor.openid import LASTING, Returned
from protocols.backend import ProviderAnswer, ProviderQuestion, SignInView
from protocols.channel.seal import base64url
from protocols.openid import SECRET_BYTES, Identified
from registry.account import Account
from registry.state import Purpose, Role

PROVISIONED = "account.provisioned"
_COOKIE = "nakanohito-provider"
_SECURE_COOKIE = "__Host-nakanohito-provider"
_NO_ROLE = "You may not moderate here: nothing that the provider says of you stands for a role; ask an administrator."
_SUSPENDED = "This account is suspended; ask an administrator."

ProviderPath = Annotated[str, Path(max_length=64, description="Name of the provider.", examples=["corp"])]
router = APIRouter(prefix="/v1/sign-in", tags=["sign-in"])


@router.post(
    "/provider/{provider}",
    summary="Begin to sign in at a provider",
    responses=open_problems(403, 404, 429, 502, 503),
    dependencies=FROM_OUR_PAGE,
)
async def begin_at_provider(
    provider: ProviderPath, request: Request, response: Response, service: Serving
) -> ProviderQuestion:
    """Where the browser goes to be asked. Needs no key."""
    begun = await service.openid.begin(provider, Purpose.OPENID_SIGN_IN)
    _keep(request, response, begun.secret)
    return ProviderQuestion(url=begun.url)


@router.post(
    "/provider/{provider}/answer",
    summary="Sign in at a provider",
    responses=open_problems(403, 404, 413, 429, 502, 503),
    dependencies=FROM_OUR_PAGE,
)
async def finish_at_provider(
    provider: ProviderPath, answer: ProviderAnswer, request: Request, response: Response, service: Serving
) -> SignInView:
    """Sign in with what the provider has sent the browser back with. Needs no key."""
    found = await service.openid.finish(provider, Purpose.OPENID_SIGN_IN, _returned(answer, request))
    _forget(response)
    account = await _account(service, provider, found)
    return await sign_in(account, request, response, service, asked_at=found.authenticated_at, provider=provider)


@router.post(
    "/step-up/provider", summary="Begin to step up at the provider", responses=open_problems(401, 403, 404, 502, 503)
)
async def begin_step_up_at_provider(
    request: Request, response: Response, service: Serving, visitor: Visitor
) -> ProviderQuestion:
    """Where the browser goes to have the person asked once more, as what hurts needs."""
    begun = await service.openid.begin(visitor.provider or "", Purpose.OPENID_STEP_UP, signin=visitor.id)
    _keep(request, response, begun.secret)
    return ProviderQuestion(url=begun.url)


@router.post(
    "/step-up/provider/answer", summary="Step up at the provider", responses=open_problems(401, 403, 404, 502, 503)
)
async def step_up_at_provider(
    answer: ProviderAnswer, request: Request, response: Response, service: Serving, visitor: Visitor
) -> SignInView:
    """Show that it is still the account's person who sits there; what hurts is allowed for some minutes."""
    found = await service.openid.finish(
        visitor.provider or "", Purpose.OPENID_STEP_UP, _returned(answer, request), signin=visitor.id
    )
    _forget(response)
    account = await _account(service, visitor.provider or "", found)
    if account.id != visitor.account.id:
        raise HTTPException(403, "The provider names another person than is signed in here; sign out first.")
    return await stepped_up(visitor, found.authenticated_at or service.clock(), request, service)


async def _account(service: Service, provider: str, found: Identified) -> Account:
    """The account of whom the provider names, with the role of now. Raises HTTPException 403, Refused."""
    at, issuer = service.clock(), service.openid.issuer(provider)
    if found.role is None:
        if (known := await service.registry.accounts.find_subject(found.subject)) is not None:
            await service.registry.signins.end_all(known.id, at=at)
        raise HTTPException(403, _NO_ROLE)
    account, before = await service.registry.accounts.of_subject(
        found.subject, provider=provider, issuer=issuer, role=Role(found.role), at=at
    )
    if before is None:
        await enter(service, PROVISIONED, account, account.id, {"issuer": issuer})
    elif before is not account.role:
        await enter(service, CHANGED, account, account.id, {"by": issuer})
    if not account.active:
        raise HTTPException(403, _SUSPENDED)
    return account


def _returned(answer: ProviderAnswer, request: Request) -> Returned:
    given = request.cookies.get(_SECURE_COOKIE) or request.cookies.get(_COOKIE) or ""
    try:
        secret = urlsafe_b64decode(given + "=")
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise HTTPException(404, "This was begun in another browser, or is over; begin again.")
    return Returned(state=answer.state, code=answer.code, issuer=answer.iss, secret=secret)


def _keep(request: Request, response: Response, secret: bytes) -> None:
    secure = is_secure(request)
    response.set_cookie(
        _SECURE_COOKIE if secure else _COOKIE,
        base64url(secret),
        max_age=int(LASTING.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="strict",
        path="/",
    )


def _forget(response: Response) -> None:
    response.delete_cookie(_COOKIE, path="/", httponly=True, samesite="strict")
    response.delete_cookie(_SECURE_COOKIE, path="/", httponly=True, samesite="strict", secure=True)
