"""Visitors: accounts that are signed in on a browser. A cookie says who it is, a token that the page itself asks."""

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response

from monitor.api.service import Service
from registry.apikey import ApiKey
from registry.signin import Patience, SignIn

_COOKIE = "nakanohito"
_SECURE_COOKIE = "__Host-nakanohito"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORGED = "This request does not come from the console's own page; load the page anew and try again."


def token_of(request: Request) -> str:
    """The token of the sign-in's cookie; empty where there is none."""
    return request.cookies.get(_SECURE_COOKIE) or request.cookies.get(_COOKIE) or ""


async def signed_in(request: Request, service: Service) -> SignIn | None:
    """Who is signed in on the browser that asks; None where nobody is.

    Raises HTTPException 403 where another site's page may have made the browser ask.
    """
    token = token_of(request)
    if not token:
        return None
    if isinstance(known := getattr(request.state, "signin", None), SignIn):
        return known
    found = await service.registry.signins.of(token, now=service.clock(), patience=patience(service))
    if found is not None:
        refuse_forged(request, service, token)
        request.state.signin = found
    return found


def patience(service: Service) -> Patience:
    """How long sign-ins last here."""
    set_ = service.settings.console
    return Patience(
        idle=timedelta(minutes=set_.idle_minutes),
        longest=timedelta(hours=set_.hours),
        fresh=timedelta(minutes=set_.fresh_minutes),
    )


def rights(signin: SignIn) -> ApiKey:
    """What the account may ask the API for: the same as an API key of its id with its role's scopes."""
    account = signin.account
    return ApiKey(
        id=account.id,
        name=account.name,
        scopes=account.scopes,
        created_at=account.created_at,
        expires_at=None,
        revoked_at=None,
    )


def csrf(token: str) -> str:
    """What the page sends along to show that it could read our answer, which no other site's page can."""
    return hashlib.sha256(b"nakanohito/csrf/v1\0" + token.encode("utf-8", "surrogatepass")).hexdigest()


def refuse_forged(request: Request, service: Service, token: str | None = None) -> None:
    """Let through what reads, and what comes from a page of ours, with the ``token``'s proof where there is one."""
    if request.method in _READS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
    ours = service.passkeys.party.origins
    if site not in (None, "same-origin") or not (
        origin in ours or urlsplit(origin).netloc == request.headers.get("host", "")
    ):
        raise HTTPException(403, _FORGED)
    given = request.headers.get("x-csrf-token", "")
    if token is not None and not hmac.compare_digest(given.encode("utf-8", "replace"), csrf(token).encode()):
        raise HTTPException(403, _FORGED)


def remember(request: Request, response: Response, token: str) -> None:
    """Give the browser its cookie: for this site alone, out of reach of scripts, until the browser closes."""
    secure = is_secure(request)
    response.set_cookie(
        _SECURE_COOKIE if secure else _COOKIE, token, httponly=True, secure=secure, samesite="strict", path="/"
    )


def forget(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(_COOKIE, path="/", httponly=True, samesite="strict")
    response.delete_cookie(_SECURE_COOKIE, path="/", httponly=True, samesite="strict", secure=True)


def is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS, be it with a proxy before us: its page then says so itself."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
