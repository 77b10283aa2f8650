"""The page on which an operator uses a passkey, with its script and style: for whoever has no other page open."""

from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter(prefix="/passkey", include_in_schema=False)

_POLICY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-cache",
}
_FILES = files("monitor.api") / "page"


@router.get("")
async def page() -> Response:
    """The page itself; what it is for stands in its address behind the ``#``."""
    return _served("passkey.html", "text/html; charset=utf-8")


@router.get("/page.js")
async def script() -> Response:
    """Its script."""
    return _served("passkey.js", "text/javascript; charset=utf-8")


@router.get("/page.css")
async def style() -> Response:
    """Its style."""
    return _served("passkey.css", "text/css; charset=utf-8")


def _served(name: str, media_type: str) -> Response:
    return Response((_FILES / name).read_bytes(), media_type=media_type, headers=_POLICY)
