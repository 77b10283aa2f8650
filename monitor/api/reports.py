"""Reports of viewers and of people whose likeness was taken; the transparency report."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from pydantic import AwareDatetime

from monitor.api.appeals import Waiting
from monitor.api.auth import allowed
from monitor.api.cases import Deciding, Reading
from monitor.api.form import Pictures, enrolment, naming
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import open_problems, problems
from monitor.api.service import Serving
from protocols.backend import (
    AnswerRequest,
    Page,
    ReportFiled,
    ReportRequest,
    ReportStanding,
    ReportView,
    TransparencyView,
)
from registry.apikey import ApiKey, Scope
from registry.report import Report
from registry.state import ReportKind

router = APIRouter(route_class=IdempotentRoute, tags=["reports"])
open_router = APIRouter(tags=["reports"])

ReportPath = Annotated[str, Path(max_length=64, description="Id of the report.", examples=["rep_3k9d7m2x8q0ab"])]
Reporting = Annotated[ApiKey, allowed(Scope.REPORTS_WRITE)]
Secret = Annotated[str, Query(min_length=8, max_length=64, description="What was shown when it was filed.")]
Words = Annotated[str, Form(min_length=1, max_length=4000, description="Text, never markup.")]


@router.post("/v1/reports", status_code=201, summary="Report a stream", responses=problems(404, 409))
async def report(
    request: ReportRequest, service: Serving, key: Reporting, idempotency_key: IdempotencyKey = None
) -> ReportFiled:
    """Pass on what a viewer saw. People look at it; a report alone never cuts. Who reported is not kept: `secret` tells
    them later how it stands. Needs the scope `reports:write`."""
    filed, secret = await service.caseload.report(
        ReportKind.STREAM, request.text, session=request.session, within=service.settings.deadlines.report()
    )
    return ReportFiled(**_told(filed, ReportStanding), secret=secret)


@router.post(
    "/v1/reports/likeness", status_code=201, summary="Report a likeness", responses=problems(400, 408, 409, 413)
)
async def report_likeness(
    service: Serving,
    key: Reporting,
    text: Words,
    standing: Words,
    pictures: Pictures = [],  # noqa: B006 - FastAPI copies it
    idempotency_key: IdempotencyKey = None,
) -> ReportFiled:
    """Pass on that somebody's likeness was taken: pictures of it, and in `standing` what shows that it is theirs to
    speak for. It is compared with every registered likeness, with what is on air now and with what is kept of cases;
    moderators see what is alike. The pictures are not kept. Needs the scope `reports:write`."""
    compared = await naming(pictures, service.claims.compare(await enrolment(pictures)))
    filed, secret = await service.caseload.report(
        ReportKind.LIKENESS,
        text,
        standing=standing,
        found=compared.found,
        seen=compared.seen,
        within=service.settings.deadlines.report(),
    )
    return ReportFiled(**_told(filed, ReportStanding), secret=secret)


@router.get("/v1/reports", summary="List reports", responses=problems())
async def listed(
    service: Serving, key: Reading, waiting: Waiting = False, limit: Limit = 100, cursor: Cursor = None
) -> Page[ReportView]:
    """Reports, newest first; only those that wait for an answer with `waiting`. Needs the scope `cases:read`."""
    page = await service.registry.reports.list(waiting=waiting, limit=limit, cursor=cursor)
    return Page(items=[ReportView(**_told(one, ReportView)) for one in page.items], next=page.next)


@router.get("/v1/reports/{report}/details", summary="Read a report", responses=problems(404))
async def details(report: ReportPath, service: Serving, key: Reading) -> ReportView:
    """A report as moderators read it. Needs the scope `cases:read`."""
    return ReportView(**_told(await service.registry.reports.get(report), ReportView))


@router.post("/v1/reports/{report}/answer", summary="Answer a report", responses=problems(404, 409))
async def answer(
    report: ReportPath, request: AnswerRequest, service: Serving, key: Deciding, idempotency_key: IdempotencyKey = None
) -> ReportView:
    """Answer a report, once. Needs the scope `cases:decide`."""
    found = await service.caseload.answer(report, request.text, by=key.id)
    return ReportView(**_told(found, ReportView))


@open_router.get("/v1/reports/{report}", summary="Ask how a report stands", responses=open_problems(404, 503))
async def standing(report: ReportPath, secret: Secret, service: Serving) -> ReportStanding:
    """How a report stands, for whoever filed it: by its secret, without an API key."""
    return ReportStanding(**_told(await service.registry.reports.standing(report, secret), ReportStanding))


@router.get("/v1/transparency", summary="Read the figures of a span of time", responses=problems())
async def transparency(
    service: Serving,
    key: Reading,
    since: Annotated[AwareDatetime, Query(description="From this moment on.", examples=["2026-01-01T00:00:00Z"])],
    before: Annotated[AwareDatetime, Query(description="Before this one.", examples=["2026-07-01T00:00:00Z"])],
) -> TransparencyView:
    """Counts, times and the overturn rate, for a transparency report. Needs the scope `cases:read`."""
    figures = await service.registry.transparency.figures(since, before)
    return TransparencyView.model_validate(figures.document())


def _told(report: Report, kind: type[ReportStanding]) -> dict[str, Any]:
    """What a reader of this kind is told."""
    told = {name: getattr(report, name) for name in kind.model_fields}
    lists = {name: list(told[name]) for name in ("found", "seen") if name in told}
    return told | {"kind": report.kind.value} | lists
