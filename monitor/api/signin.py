"""Signing in to the console: by passkey, by invitation for the first time, and a passkey once more for what hurts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from monitor.api.accounts import view
from monitor.api.auth import unauthorized
from monitor.api.reference import open_problems
from monitor.api.service import Service, Serving, of, paced
from monitor.api.visitor import csrf, forget, patience, refuse_forged, remember, signed_in, token_of
from protocols.backend import (
    CeremonyAnswer,
    CeremonyView,
    ProviderButton,
    RegistrationRequest,
    SignedOut,
    SignInMethods,
    SignInView,
    Welcome,
)
from registry.account import Account
from registry.error import NotFound
from registry.signin import SignIn
from registry.state import Purpose, SignInMethod

SIGNED_IN = "account.signed_in"
SIGNED_OUT = "account.signed_out"
STEPPED_UP = "account.stepped_up"
REGISTERED = "account.passkey_registered"

_NOBODY = "This passkey belongs to no account that may sign in; ask an administrator."


async def ours(request: Request) -> None:
    """Only from a page of ours, and not too often from one address."""
    refuse_forged(request, of(request))
    await paced(request)


async def _visitor(request: Request) -> SignIn:
    """Who is signed in. Raises HTTPException 401 where nobody is."""
    found = await signed_in(request, of(request))
    if found is None:
        raise unauthorized()
    return found


Visitor = Annotated[SignIn, Depends(_visitor)]
router = APIRouter(prefix="/v1/sign-in", tags=["sign-in"])
FROM_OUR_PAGE = [Depends(ours)]
"""Of what needs no sign-in: only a page of ours asks."""


@router.get("/methods", summary="How can one sign in?", responses=open_problems())
async def methods(service: Serving) -> SignInMethods:
    """How one signs in here. Needs no key."""
    providers = [ProviderButton(name=name, label=label) for name, label in service.openid.labels.items()]
    return SignInMethods(passkey_at=service.passkeys.party.origins[0], providers=providers)


@router.get("", summary="Who is signed in?", responses=open_problems(401))
async def read(request: Request, service: Serving, visitor: Visitor) -> SignInView:
    """The account that is signed in on this browser, and the token that its page sends with what it changes."""
    return _view(visitor, token_of(request), service)


@router.delete("", summary="Sign out", responses=open_problems(401, 403))
async def sign_out(response: Response, service: Serving, visitor: Visitor) -> SignedOut:
    """End the sign-in of this browser; the provider's own, where there is one, ends at the address of the answer."""
    await service.registry.signins.end(visitor.id, at=service.clock())
    await enter(service, SIGNED_OUT, visitor.account, visitor.id)
    forget(response)
    return SignedOut(provider=None if visitor.provider is None else await service.openid.left(visitor.provider))


@router.post(
    "/passkey", summary="Begin to sign in", responses=open_problems(403, 413, 429, 503), dependencies=FROM_OUR_PAGE
)
async def begin(service: Serving) -> CeremonyView:
    """Ask for a passkey, of whichever account the authenticator offers. Needs no key."""
    begun = await service.passkeys.begin(Purpose.SIGN_IN)
    return CeremonyView(ceremony=begun.ceremony, options=begun.options)


@router.post(
    "/passkey/answer",
    summary="Sign in by passkey",
    responses=open_problems(403, 404, 413, 429, 503),
    dependencies=FROM_OUR_PAGE,
)
async def finish(answer: CeremonyAnswer, request: Request, response: Response, service: Serving) -> SignInView:
    """Sign in with what the passkey has answered; the sign-in's cookie comes with the answer. Needs no key."""
    proof = await service.passkeys.finish(answer.ceremony, Purpose.SIGN_IN, answer.credential)
    account = await _account(service, proof.passkey.holder)
    return await sign_in(account, request, response, service, asked_at=service.clock())


@router.post(
    "/invitation",
    summary="Open an invitation",
    responses=open_problems(403, 404, 413, 429, 503),
    dependencies=FROM_OUR_PAGE,
)
async def open_invitation(request: RegistrationRequest, service: Serving) -> Welcome:
    """For whom the invitation is, and the ceremony that registers a passkey. Needs no key but the code."""
    invitation = await service.registry.passkeys.invited(request.code, now=service.clock())
    account = await _account(service, invitation.holder)
    begun = await service.passkeys.begin_registration(request.code)
    return Welcome(ceremony=begun.ceremony, options=begun.options, name=account.name, role=account.role.value)


@router.post(
    "/invitation/answer",
    summary="Register a passkey and sign in",
    responses=open_problems(403, 404, 409, 413, 429, 503),
    dependencies=FROM_OUR_PAGE,
)
async def accept(answer: CeremonyAnswer, request: Request, response: Response, service: Serving) -> SignInView:
    """Register the passkey, which uses the invitation up, and sign in. Needs no key."""
    passkey = await service.passkeys.finish_registration(answer.ceremony, answer.credential)
    account = await _account(service, passkey.holder)
    await enter(service, REGISTERED, account, passkey.id)
    return await sign_in(account, request, response, service, asked_at=service.clock())


@router.post("/step-up", summary="Begin to step up", responses=open_problems(401, 403, 503))
async def begin_step_up(service: Serving, visitor: Visitor) -> CeremonyView:
    """Ask for the account's passkey once more, as what hurts needs."""
    begun = await service.passkeys.begin(Purpose.STEP_UP, holder=visitor.account.id, context={"signin": visitor.id})
    return CeremonyView(ceremony=begun.ceremony, options=begun.options)


@router.post("/step-up/answer", summary="Step up", responses=open_problems(401, 403, 404, 413, 503))
async def step_up(answer: CeremonyAnswer, request: Request, service: Serving, visitor: Visitor) -> SignInView:
    """Show that it is still the account's person who sits there; what hurts is allowed for some minutes."""
    proof = await service.passkeys.finish(answer.ceremony, Purpose.STEP_UP, answer.credential)
    if proof.ceremony.context.get("signin") != visitor.id:
        raise HTTPException(403, "This passkey was asked for by another sign-in; begin again.")
    return await stepped_up(visitor, service.clock(), request, service)


async def stepped_up(visitor: SignIn, at: datetime, request: Request, service: Service) -> SignInView:
    """Note that the visitor's person was asked for, ``at`` this moment."""
    await service.registry.signins.step_up(visitor.id, at=at)
    await enter(service, STEPPED_UP, visitor.account, visitor.id)
    token = token_of(request)
    seen = await service.registry.signins.of(token, now=service.clock(), patience=patience(service))
    return _view(seen or visitor, token, service)


async def sign_in(
    account: Account,
    request: Request,
    response: Response,
    service: Service,
    *,
    asked_at: datetime | None,
    provider: str | None = None,
) -> SignInView:
    """Sign an account in on the browser that asks; ``asked_at``: when its person was asked for, where that is known."""
    method = SignInMethod.PASSKEY if provider is None else SignInMethod.OPENID
    begun, token = await service.registry.signins.begin(
        account.id, method, at=service.clock(), stepped_up_at=asked_at, provider=provider
    )
    await enter(service, SIGNED_IN, account, begun.id, {} if provider is None else {"provider": provider})
    remember(request, response, token)
    return _view(begun, token, service)


async def _account(service: Service, holder: str) -> Account:
    """The active account that a passkey is of. Raises HTTPException 403: it may be an operator's."""
    try:
        account = await service.registry.accounts.get(holder)
    except NotFound:
        raise HTTPException(403, _NOBODY) from None
    if not account.active:
        raise HTTPException(403, _NOBODY)
    return account


async def enter(
    service: Service, kind: str, account: Account, subject: str, more: Mapping[str, str] | None = None
) -> None:
    """Enter what an account has done at the door."""
    body = {"account": account.id, "role": account.role.value, **(more or {})}
    await service.registry.ledger.append(kind, "", subject, body, service.clock())


def _view(signin: SignIn, token: str, service: Service) -> SignInView:
    lasting, now = patience(service), service.clock()
    fresh = signin.stepped_up_at is not None and signin.fresh(now, lasting)
    return SignInView(
        account=view(signin.account),
        scopes=sorted(scope.value for scope in signin.account.scopes),
        csrf=csrf(token),
        method=signin.method.value,
        provider=signin.provider,
        ends_at=signin.ends_at(lasting),
        fresh_until=signin.stepped_up_at + lasting.fresh if fresh and signin.stepped_up_at else None,
    )
