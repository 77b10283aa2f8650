"""Origins: lets web pages publish over WHIP from another origin (CORS). Tokens travel in headers, never in cookies."""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFIX = "/v1/whip/"
_EXPOSED = "Location, Link, ETag, X-Request-Id"


class WhipOrigins:
    """Adds the headers that a browser asks for, and answers its preflight requests."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer OPTIONS."""
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        permitted = self._permitted(Headers(scope=scope).get("origin"))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["cross-origin-resource-policy"] = "cross-origin"
                headers.add_vary_header("Origin")
                if permitted:
                    headers["access-control-allow-origin"] = permitted
                    headers["access-control-expose-headers"] = _EXPOSED
            await send(message)

        if scope["method"] == "OPTIONS":
            await _options(scope)(scope, receive, sending)
        else:
            await self._app(scope, receive, sending)

    def _permitted(self, origin: str | None) -> str | None:
        if origin is None:
            return None
        if "*" in self._origins:
            return "*"
        return origin if origin in self._origins else None


def _options(scope: Scope) -> Response:
    """RFC 9725, 4.2: OPTIONS is answered, with Accept-Post; a preflight also learns methods and headers."""
    endpoint = scope["path"].count("/") == _PREFIX.count("/")
    methods = "POST, OPTIONS" if endpoint else "DELETE, PATCH, OPTIONS"
    headers = {
        "allow": methods,
        "access-control-allow-methods": methods,
        "access-control-allow-headers": "Authorization, Content-Type, If-Match",
        "access-control-max-age": "600",
    }
    if endpoint:
        headers["accept-post"] = "application/sdp"
    return Response(status_code=204, headers=headers)
