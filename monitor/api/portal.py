"""The public page: people whose likeness was taken, and viewers, report here. It works without a script and a key.

Whoever files a report gets a secret address, where its status and the answer stand. What was found alike is for
moderators alone; a report leads to no ladder.
"""

from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException

from monitor.api.envelope import PORTAL_BYTES
from monitor.api.form import enrolment, naming
from monitor.api.portal_page import form, refusal, status
from monitor.api.portal_words import Words, words
from monitor.api.service import Service, Serving, of
from monitor.api.visitor import refuse_forged
from monitor.claims import Compared
from monitor.observers.likeness.picture_file import PictureRefused
from monitor.refusal import RegisterLater
from registry.error import NotFound, RegistryError
from registry.state import ReportKind

router = APIRouter(prefix="/report", include_in_schema=False)

MOST_PICTURES = 4
_LONGEST = 4000
_FIELD_BYTES = 64 * 1024
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "same-origin",  # with none, browsers would not say that a form is ours
    "cache-control": "no-store",
}


class _Unfit(Exception):
    """The form cannot be taken as it is; the text says why, in the reader's language."""

    def __init__(self, because: str, code: int = 422) -> None:
        super().__init__(because)
        self.code = code


async def _language(request: Request, lang: Annotated[str, Query(max_length=8)] = "") -> Words:
    return words(lang, request.headers.get("accept-language", ""))


Spoken = Annotated[Words, Depends(_language)]


@router.get("/page.css")
async def style() -> Response:
    """Its style."""
    content = (files("monitor.api") / "page" / "portal.css").read_bytes()
    return Response(content, media_type="text/css; charset=utf-8", headers=_HEADERS | {"cache-control": "no-cache"})


@router.get("")
async def page(spoken: Spoken) -> Response:
    """Both forms."""
    return _html(form(spoken))


@router.post("/likeness")
async def likeness(request: Request, service: Serving, spoken: Spoken) -> Response:
    """Somebody's likeness was taken."""
    return await _filed(request, service, spoken, ReportKind.LIKENESS)


@router.post("/stream")
async def stream(request: Request, service: Serving, spoken: Spoken) -> Response:
    """Somebody saw something."""
    return await _filed(request, service, spoken, ReportKind.STREAM)


@router.get("/{report}/{secret}")
async def standing(
    report: Annotated[str, Path(max_length=64)],
    secret: Annotated[str, Path(max_length=64)],
    service: Serving,
    spoken: Spoken,
) -> Response:
    """How a report stands, for whoever has its address."""
    try:
        found = await service.registry.reports.standing(report, secret)
    except NotFound:
        return _html(refusal(spoken, spoken.unknown), 404)
    return _html(status(spoken, found))


async def _filed(request: Request, service: Service, spoken: Words, kind: ReportKind) -> Response:
    try:
        _admit(request, service, spoken)
        given = await _form(request, spoken)
        report, secret = await _report(service, given, spoken, kind)
    except _Unfit as unfit:
        return _html(refusal(spoken, str(unfit)), unfit.code)
    except (RegistryError, RegisterLater):
        return _html(refusal(spoken, spoken.busy), 503)
    language = "zh" if spoken.lang.startswith("zh") else "en"
    return RedirectResponse(f"/report/{report}/{secret}?lang={language}", 303, headers=_HEADERS)


def _admit(request: Request, service: Service, spoken: Words) -> None:
    """Only from our own page, not too often, and nothing that says of itself that it is too large."""
    try:
        refuse_forged(request, of(request))
    except HTTPException:
        raise _Unfit(spoken.elsewhere, 403) from None
    if int(request.headers.get("content-length") or 0) > PORTAL_BYTES:
        raise _Unfit(spoken.too_large.format(size=PORTAL_BYTES >> 20), 413)
    try:
        service.filing.spend(request.client.host if request.client else "", service.monotonic())
    except HTTPException:
        raise _Unfit(spoken.too_often, 429) from None


async def _form(request: Request, spoken: Words) -> FormData:
    try:
        return await request.form(max_files=MOST_PICTURES + 1, max_fields=8, max_part_size=_FIELD_BYTES)
    except StarletteHTTPException as refused:
        if refused.status_code == 413:
            raise _Unfit(spoken.too_large.format(size=PORTAL_BYTES >> 20), 413) from refused
        if "files" in str(refused.detail):
            raise _Unfit(spoken.too_many) from refused
        raise _Unfit(spoken.missing_text, refused.status_code) from refused


async def _report(service: Service, given: FormData, spoken: Words, kind: ReportKind) -> tuple[str, str]:
    text = _text(given, "text", spoken.missing_text)
    where = str(given.get("where") or "").strip()[:300]
    claimed, compared = None, Compared(found=[], seen=[])
    if kind is ReportKind.LIKENESS:
        claimed = _text(given, "standing", spoken.missing_standing)
        compared = await _compared(service, given, spoken)
    filed, secret = await service.registry.reports.file(
        kind,
        f"{where}\n\n{text}" if where else text,
        standing=claimed,
        found=compared.found,
        seen=compared.seen,
        at=service.clock(),
        within=service.settings.deadlines.report(),
    )
    return filed.id, secret


async def _compared(service: Service, given: FormData, spoken: Words) -> Compared:
    sent = [one for one in given.getlist("pictures") if isinstance(one, UploadFile) and one.size]
    if not sent:
        raise _Unfit(spoken.missing_pictures)
    if len(sent) > MOST_PICTURES:
        raise _Unfit(spoken.too_many)
    try:
        return await naming(sent, service.claims.compare(await enrolment(sent)))  # type: ignore[arg-type]
    except PictureRefused as refused:
        raise _Unfit(str(refused)) from refused


def _text(given: FormData, name: str, missing: str) -> str:
    text = str(given.get(name) or "").replace("\r\n", "\n").replace("\0", "").strip()
    if not 1 <= len(text) <= _LONGEST:
        raise _Unfit(missing)
    return text


def _html(content: str, code: int = 200) -> Response:
    return Response(content, code, media_type="text/html; charset=utf-8", headers=_HEADERS)
