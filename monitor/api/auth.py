"""Who asks: API keys as Bearer tokens (RFC 6750), and accounts that are signed in on the console, each with scopes.

Every failure looks the same from outside.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from monitor.api.service import Service, of
from monitor.api.step_up import refuse_stale
from monitor.api.visitor import rights, signed_in, token_of
from registry.apikey import ApiKey, Scope
from registry.signin import SignIn

_CHALLENGE = {"www-authenticate": 'Bearer realm="nakanohito"'}
_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="An API key (`nkh_…`). `nakanohito keys create` makes one; its scopes say what it may do.",
)


def bearer(request: Request) -> str:
    """The token of the Authorization header; empty where there is none that could be one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and len(token) <= 512 else ""


def secret_of(request: Request) -> str:
    """What the caller alone has: the API key, or the token of the cookie."""
    return bearer(request) or token_of(request)


async def identified(request: Request, service: Service) -> ApiKey:
    """The key of a request, or what stands for it where an account is signed in.

    Raises HTTPException 401, whatever is wrong with it.
    """
    known = getattr(request.state, "key", None)
    if isinstance(known, ApiKey):
        return known
    if secret := bearer(request):
        key = await service.registry.keys.verify(secret, now=service.clock())
    else:
        visitor = await signed_in(request, service)
        key = None if visitor is None else rights(visitor)
    if key is None:
        raise unauthorized()
    request.state.key = key
    return key


def unauthorized() -> HTTPException:
    """The one answer to a token that is missing, unknown, expired or revoked."""
    words = "Give a valid API key as 'Authorization: Bearer nkh_…'; 'nakanohito keys create' makes one."
    return HTTPException(401, words, _CHALLENGE)


def forbidden(scope: Scope) -> HTTPException:
    """The answer to a key that does not have ``scope``."""
    words = f"This key has not the scope {scope.value}."
    challenge = f'Bearer realm="nakanohito", error="insufficient_scope", scope="{scope.value}"'
    return HTTPException(403, words, {"www-authenticate": challenge})


def allowed(scope: Scope) -> Any:
    """A dependency: the key that the request was made with, which has ``scope``."""

    async def check(request: Request, _: Annotated[Any, Depends(_bearer)]) -> ApiKey:
        key = await identified(request, of(request))
        if not key.allows(scope):
            raise forbidden(scope)
        return key

    return Depends(check)


class GuardedRoute(APIRoute):
    """A route that looks at the key before it reads the body: strangers cannot make us read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Any]]:
        """The handler, guarded."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Any:
            service = of(request)
            await identified(request, service)
            if isinstance(visitor := getattr(request.state, "signin", None), SignIn):
                await self._admit(request, service, visitor)
            return await handler(request)

        return guarded

    async def _admit(self, request: Request, service: Service, visitor: SignIn) -> None:
        """Ask for the passkey where it hurts, then enter into the ledger what is looked at or done."""
        operation = f"{self.tags[0]}-{self.name}"
        await refuse_stale(operation, request, service, visitor)
        values = {name: str(value) for name, value in request.path_params.items()}
        reads = request.method in {"GET", "HEAD"}
        await service.trail.enter(service.registry.ledger, visitor, operation, values, reads=reads, at=service.clock())
