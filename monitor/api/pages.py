"""The pages: the console and whatever else was built, served from memory, compressed, under a strict policy.

Their scripts and styles are files of their own with a fingerprint in the name, so that browsers keep them for good;
the pages themselves are asked for again each time.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from monitor.console import BUILT, NOT_BUILT

_log = structlog.get_logger()

PAGES = ("console", "operator")
"""The pages that there may be; each answers at its name and at whatever is below it."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SMALLEST = 512  # bytes below which compressing gains nothing
_TEXT = ("text/", "application/javascript", "application/json", "image/svg")
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One file that was built. ``packed`` is the gzip of ``content``, where that is smaller."""

    content: bytes
    packed: bytes | None
    media_type: str
    tag: str

    @classmethod
    def of(cls, file: Path) -> "Built":
        """Read a file."""
        content = file.read_bytes()
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        packs = len(content) >= _SMALLEST and media_type.startswith(_TEXT)
        return cls(
            content=content,
            packed=gzip.compress(content, 9, mtime=0) if packs else None,
            media_type=media_type,
            tag=f'"{hashlib.sha256(content).hexdigest()[:20]}"',
        )

    def response(self, request: Request, cache: str) -> Response:
        """The file as a response."""
        headers = {"cache-control": cache, "etag": self.tag, "vary": "accept-encoding"}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(self.packed, headers=headers, media_type=self.media_type)
        return Response(self.content, headers=headers, media_type=self.media_type)


def routes(folder: Path = BUILT) -> list[BaseRoute]:
    """The routes of the pages that lie in ``folder``; where none do, one that says so."""
    found = {name: Built.of(page) for name in PAGES if (page := folder / name / "index.html").is_file()}
    if "console" not in found:
        _log.warning("console.not_built", because=NOT_BUILT)
        return [Route("/", _not_built), Route("/console", _not_built), Route("/console/{rest:path}", _not_built)]
    assets = {file.name: Built.of(file) for file in (folder / "assets").iterdir() if file.is_file()}
    return [Route("/", _home), Route("/assets/{name}", _assets(assets)), *_pages(found)]


def _pages(found: dict[str, Built]) -> Iterator[Route]:
    for name, page in found.items():

        async def answer(request: Request, page: Built = page) -> Response:
            response = page.response(request, "no-cache")
            response.headers["content-security-policy"] = POLICY
            response.headers["cross-origin-opener-policy"] = "same-origin"
            if page is found.get("operator"):  # it may follow a head by the camera; the picture stays in it
                response.headers["permissions-policy"] = "camera=(self), microphone=(), geolocation=()"
            return response

        yield Route(f"/{name}", answer)
        yield Route(f"/{name}/{{rest:path}}", answer)


def _assets(assets: dict[str, Built]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        found = assets.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file; load the page anew.\n", 404)
        return found.response(request, _FOR_GOOD if "-" in request.path_params["name"] else "no-cache")

    return answer


async def _home(request: Request) -> Response:
    return RedirectResponse("/console")


async def _not_built(request: Request) -> Response:
    return PlainTextResponse(f"{NOT_BUILT}\n", 503)
