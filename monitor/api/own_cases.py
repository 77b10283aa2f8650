"""What was decided about an operator's own streams: the statement of reasons, the clip, how it stands, an appeal."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from monitor.api.own import OURS, Own
from monitor.api.own_token import OwnSignedIn
from monitor.api.ranged import ranged
from monitor.api.reference import open_problems
from monitor.api.service import Service, Serving
from monitor.statements import of_case
from protocols.backend import AppealRequest, AppealView, OwnCase, StatementView
from protocols.evidence import RuleName
from registry.case import Case, CaseFilter
from registry.error import NotFound
from registry.exhibit import Exhibit

router = APIRouter(prefix="/v1/own/cases", tags=["own"])

_MOST = 50

CasePath = Annotated[str, Path(max_length=64, description="Id of the case.", examples=["case_3k9d7m2x8q0ab"])]

ClipPath = Annotated[str, Path(max_length=64, description="Name of the clip.", examples=["clip-1.mp4"])]


@router.get("", summary="List what was decided about one's own streams", responses=open_problems(401, 403, 503))
async def listed(service: Serving, own: Own) -> list[OwnCase]:
    """The newest decisions about streams of whose roster the operator was, each with its statement of reasons."""
    page = await service.registry.cases.list(CaseFilter(operator=own.operator), limit=_MOST)
    return [await _case(service, case) for case in page.items]


@router.post(
    "/{case}/appeal",
    status_code=201,
    summary="Appeal against a decision about one's own stream",
    responses=open_problems(401, 403, 404, 409, 413, 503),
    dependencies=OURS,
)
async def appeal(case: CasePath, request: AppealRequest, service: Serving, own: Own) -> AppealView:
    """Ask, once, for another person to look at it. Soon after the act it goes into the fast lane."""
    await _mine(service, own, case)
    times = service.settings.deadlines.times()
    return AppealView.of(await service.caseload.appeal(case, request.text, by=own.operator, times=times))


@router.get(
    "/{case}/clips/{name}",
    summary="Fetch a clip of one's own stream",
    response_class=Response,
    responses={200: {"content": {"video/mp4": {}}}, **open_problems(401, 403, 404, 503)},
)
async def clip(case: CasePath, name: ClipPath, asked: Request, service: Serving, own: Own) -> Response:
    """The last seconds before the decision, as they were on air; parts of it by `Range`, so that a browser can seek."""
    await _mine(service, own, case)
    if name not in {one.name for one in await _clips(service, case)}:
        raise NotFound(f"Case {case} has no clip {name!r}, or has it no longer.")
    found, content = await service.evidence.content(case, name)
    return ranged(content, found.media_type, asked.headers.get("range"), tag=found.digest.hex())


async def _mine(service: Service, own: OwnSignedIn, case: str) -> None:
    """Raise NotFound for a case that is not about a stream of the operator's."""
    if own.operator not in (await service.registry.cases.get(case)).operators:
        raise NotFound(f"There is no case {case}.")


async def _clips(service: Service, case: str) -> list[Exhibit]:
    kept = await service.registry.exhibits.of(case)
    return [one for one in kept if one.media_type.startswith("video/") and one.deleted_at is None]


async def _case(service: Service, case: Case) -> OwnCase:
    """What its operator may know: no scores, and nobody's name."""
    said = await of_case(service.registry, case)
    appeal = await service.registry.appeals.of(case.id)
    return OwnCase(
        id=case.id,
        avatar=case.avatar_name,
        rule=RuleName(case.rule),
        at=case.opened_at,
        state=case.state,
        because=case.because,
        statement=StatementView.model_validate(said.document(case.id)),
        clips=[f"{router.prefix}/{case.id}/clips/{one.name}" for one in await _clips(service, case.id)],
        appeal=None if appeal is None else AppealView.of(appeal),
    )
