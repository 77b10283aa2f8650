"""Accesses: who looked at what of an operator, and everything that is kept of one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter

from monitor.api import operators, passkeys, shifts
from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.operators import OperatorPath
from monitor.api.own import OURS, Own
from monitor.api.reference import open_problems, problems
from monitor.api.service import Service, Serving
from protocols.backend import (
    AccessView,
    HabitView,
    MotionView,
    OperatorExport,
    OperatorView,
    Page,
    ProfileRequest,
    ShiftView,
)
from protocols.session import OperatorId
from registry.access import Access
from registry.apikey import ApiKey, Scope
from registry.page import LARGEST_PAGE
from registry.print import Remembered

router = APIRouter(tags=["operators"], route_class=IdempotentRoute)
own = APIRouter(prefix="/v1/own", tags=["own"])


@router.get("/v1/operators/{operator}/accesses", summary="Who looked at an operator's data?", responses=problems(404))
async def looked(
    operator: OperatorPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_READ)],
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AccessView]:
    """Who looked at what of the operator, newest first; this look too. Needs the scope `operators:read`."""
    found = await service.registry.operators.get(OperatorId(operator))
    await service.looked([found.id], by=key.id, what="accesses")
    return await _page(service, found.id, limit, cursor)


@router.get("/v1/operators/{operator}/export", summary="Export an operator's data", responses=problems(404))
async def export(
    operator: OperatorPath, service: Serving, key: Annotated[ApiKey, allowed(Scope.OPERATORS_READ)]
) -> OperatorExport:
    """Everything that is kept of the operator, to be handed to them. Needs the scope `operators:read`."""
    found = await service.registry.operators.get(OperatorId(operator))
    await service.looked([found.id], by=key.id, what="export")
    return await _export(service, found.id)


@own.get("/accesses", summary="Who looked at my data?", responses=open_problems(401, 403, 503))
async def own_accesses(service: Serving, own: Own, limit: Limit = 100, cursor: Cursor = None) -> Page[AccessView]:
    """Who looked at what of the operator who is signed in, newest first."""
    return await _page(service, OperatorId(own.operator), limit, cursor)


@own.get("/export", summary="Export my data", responses=open_problems(401, 403, 503))
async def own_export(service: Serving, own: Own) -> OperatorExport:
    """Everything that is kept of the operator who is signed in."""
    return await _export(service, OperatorId(own.operator))


@own.put("/profile", summary="Say what I cannot do", responses=open_problems(401, 403, 413, 503), dependencies=OURS)
async def own_profile(request: ProfileRequest, service: Serving, own: Own) -> OperatorView:
    """Never to be asked for these movements; no reason is asked for. Sessions that begin from now on heed it."""
    return operators.view(await service.registry.operators.spare(OperatorId(own.operator), request.cannot))


async def _page(service: Service, operator: OperatorId, limit: int, cursor: str | None) -> Page[AccessView]:
    page = await service.registry.accesses.of(operator, limit=limit, cursor=cursor)
    return Page(items=_views(page.items), next=page.next)


async def _export(service: Service, operator: OperatorId) -> OperatorExport:
    registry = service.registry
    stood, looked, cursor = list[ShiftView](), list[AccessView](), None
    while True:
        page = await registry.shifts.of(operator, limit=LARGEST_PAGE, cursor=cursor)
        stood += [shifts.view(shift) for shift in page.items]
        if (cursor := page.next) is None:
            break
    while True:
        seen = await registry.accesses.of(operator, limit=LARGEST_PAGE, cursor=cursor)
        looked += _views(seen.items)
        if (cursor := seen.next) is None:
            break
    reactions = (await registry.reactions.of([operator]))[operator]
    return OperatorExport(
        operator=operators.view(await registry.operators.get(operator)),
        passkeys=[passkeys.view(passkey) for passkey in await registry.passkeys.of(operator)],
        shifts=stood,
        reactions={kind.value: list(seconds) for kind, seconds in reactions.items()},
        habits={
            gesture.value: HabitView(watched_s=round(habit.watched, 1), sizes=list(habit.sizes))
            for gesture, habit in (await registry.habits.of(operator)).items()
        },
        accesses=looked,
        motion=_motion(await registry.prints.of_operator(operator), service.settings.operator.motion_days),
    )


def _motion(remembered: Remembered, days: float) -> MotionView:
    since, until = (
        None if at is None else datetime.fromtimestamp(at, UTC) for at in (remembered.oldest, remembered.newest)
    )
    return MotionView(turns=remembered.count, since=since, until=until, kept_days=days)


def _views(accesses: Sequence[Access]) -> list[AccessView]:
    return [AccessView(by=access.by, what=access.what, at=access.at) for access in accesses]
