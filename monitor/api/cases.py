"""Cases: list, look, note, decide."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.ranged import ranged
from monitor.api.reference import problems
from monitor.api.service import Serving
from monitor.statements import of_case
from protocols.backend import (
    AppealView,
    CaseDetail,
    CaseLookView,
    CaseNoteView,
    CaseView,
    CutView,
    DecideRequest,
    ExhibitView,
    HoldRequest,
    KeepingView,
    LookRequest,
    NoteRequest,
    Page,
    StatementView,
    TimelineView,
    VerdictView,
    verdict_view,
    weights,
)
from protocols.case import CaseState
from protocols.evidence import RuleName
from registry.apikey import ApiKey, Scope
from registry.case import CaseFilter

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=IdempotentRoute)

CasePath = Annotated[str, Path(max_length=64, description="Id of the case.", examples=["case_3k9d7m2x8q0ab"])]
ExhibitPath = Annotated[str, Path(max_length=64, description="Name of the exhibit.", examples=["clip-1.mp4"])]
LookPath = Annotated[str, Path(max_length=64, description="Id of the look.", examples=["look_3k9d7m2x8q0ab"])]
Reading = Annotated[ApiKey, allowed(Scope.CASES_READ)]
Deciding = Annotated[ApiKey, allowed(Scope.CASES_DECIDE)]


@router.get("", summary="List cases", responses=problems())
async def listed(
    service: Serving,
    key: Reading,
    state: Annotated[
        list[CaseState] | None, Query(max_length=4, description="Only these states.", examples=[["open"]])
    ] = None,
    rule: Annotated[RuleName | None, Query(description="Only for this rule.", examples=["presence"])] = None,
    avatar: Annotated[str | None, Query(max_length=64, description="Only of this avatar.")] = None,
    operator: Annotated[str | None, Query(max_length=64, description="Only with this operator.")] = None,
    server: Annotated[str | None, Query(max_length=256, description="Only on this media server.")] = None,
    session: Annotated[str | None, Query(max_length=64, description="Only of this session.")] = None,
    account: Annotated[str | None, Query(max_length=256, description="Only of this account of yours.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Only from this moment on.")] = None,
    before: Annotated[AwareDatetime | None, Query(description="Only before this moment.")] = None,
    text: Annotated[
        str | None,
        Query(max_length=200, description="Words of ids, names, places and notes; the last may be unfinished."),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[CaseView]:
    """What was done to streams and is to be decided or was, newest first. Needs the scope `cases:read`."""
    wanted = CaseFilter(
        states=tuple(state or ()),
        rule=None if rule is None else rule.value,
        avatar=avatar,
        operator=operator,
        server=server,
        session=session,
        account=account,
        since=since,
        before=before,
        text=text,
    )
    page = await service.registry.cases.list(wanted, limit=limit, cursor=cursor)
    return Page(items=[CaseView.of(case) for case in page.items], next=page.next)


@router.get("/{case}", summary="Read a case", responses=problems(404))
async def read(
    case: CasePath,
    service: Serving,
    key: Reading,
    look: Annotated[
        str | None, Query(max_length=64, description="The look that goes on, where the page is only read anew.")
    ] = None,
) -> CaseDetail:
    """Everything that a case's page needs. Nobody sees it unseen: `look` is a look that begins with this answer and
    stands in the ledger. Needs the scope `cases:read`."""
    dossier = await service.caseload.dossier(case, by=key.id, look=look)
    verdict = None if dossier.cut is None else verdict_view(dict(dossier.cut.evidence))
    return CaseDetail(
        **dict(CaseView.of(dossier.case)),
        detail=None if dossier.cut is None else CutView.of(dossier.cut),
        verdict=None if verdict is None else VerdictView.of(verdict),
        table=[] if verdict is None else weights(verdict),
        timeline=TimelineView.of(dossier.timeline, dossier.curves),
        exhibits=[ExhibitView.of(one, url=f"/v1/cases/{case}/exhibits/{one.name}") for one in dossier.exhibits],
        clips=dossier.clips,
        keeping=KeepingView.of(dossier.keeping),
        appeal=None if dossier.appeal is None else AppealView.of(dossier.appeal),
        notes=[CaseNoteView.of(note) for note in dossier.notes],
        looks=[CaseLookView.of(one) for one in dossier.looks],
        look=CaseLookView.of(dossier.look),
    )


@router.get(
    "/{case}/exhibits/{name}",
    summary="Fetch an exhibit",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **problems(404)},
)
async def exhibit(case: CasePath, name: ExhibitPath, request: Request, service: Serving, key: Reading) -> Response:
    """A piece of evidence, checked against its SHA-256; parts of it by `Range`, so that a browser can seek in a clip.

    Needs the scope `cases:read`.
    """
    found, content = await service.evidence.content(case, name)
    return ranged(content, found.media_type, request.headers.get("range"), tag=found.digest.hex())


@router.get(
    "/{case}/pack",
    summary="Fetch the evidence pack",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **problems(404, 409)},
)
async def pack(case: CasePath, service: Serving, key: Reading) -> Response:
    """Everything that the case rests on in one zip: exhibits, statement of reasons, ledger entries and their proof.

    `nakanohito verify` checks it on any machine, without this service. Needs the scope `cases:read`.
    """
    content = await service.evidence.pack(case, service.notary)
    digest = hashlib.sha256(content).hexdigest()
    await service.registry.cases.note_exported(case, by=key.id, sha256=digest, at=service.clock())
    headers = {"content-disposition": f'attachment; filename="{case}.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


@router.get("/{case}/statement", summary="Read the statement of reasons", responses=problems(404, 409))
async def read_statement(case: CasePath, service: Serving, key: Reading) -> StatementView:
    """What was done, why, for how long, how it is mended and contested; as text, and for the EU's DSA Transparency
    Database. Needs the scope `cases:read`."""
    said = await of_case(service.registry, await service.registry.cases.get(case))
    return StatementView.model_validate(said.document(case))


@router.post("/{case}/hold", summary="Put on legal hold", responses=problems(404, 409))
async def hold(
    case: CasePath, request: HoldRequest, service: Serving, key: Deciding, idempotency_key: IdempotencyKey = None
) -> KeepingView:
    """Keep the evidence until the hold is lifted, or lift it. Needs the scope `cases:decide`."""
    await service.registry.exhibits.hold(case, hold=request.hold, by=key.id, because=request.reason, at=service.clock())
    return KeepingView.of(await service.registry.exhibits.keeping(case))


@router.put("/{case}/looks/{look}", summary="Say for how long", responses=problems(404))
async def looked(case: CasePath, look: LookPath, request: LookRequest, service: Serving, key: Reading) -> CaseLookView:
    """Say for how long the case was on screen, from time to time and at the end: a session that breaks off loses
    what came since. Needs the scope `cases:read`."""
    return CaseLookView.of(
        await service.registry.cases.looked(
            look, by=key.id, seconds=request.seconds, at=service.clock(), left=request.left
        )
    )


@router.post("/{case}/notes", status_code=201, summary="Write a note", responses=problems(404, 409))
async def note(
    case: CasePath, request: NoteRequest, service: Serving, key: Deciding, idempotency_key: IdempotencyKey = None
) -> CaseNoteView:
    """Write something beside the case; it is found by these words as well. Needs the scope `cases:decide`."""
    return CaseNoteView.of(await service.registry.cases.note(case, request.text, by=key.id, at=service.clock()))


@router.post("/{case}/decision", summary="Decide a case", responses=problems(404, 409))
async def decide(
    case: CasePath, request: DecideRequest, service: Serving, key: Deciding, idempotency_key: IdempotencyKey = None
) -> CaseView:
    """Uphold, overturn or ask for more. An overturned cut is undone at once.

    Where `four_eyes` is set, and to turn a decision round, the first to speak proposes and another moderator confirms
    by deciding the same. 409 where somebody has acted since `version` was read. Needs the scope `cases:decide`.
    """
    return CaseView.of(
        await service.caseload.decide(
            case, request.decision, by=key.id, because=request.reason, version=request.version
        )
    )
