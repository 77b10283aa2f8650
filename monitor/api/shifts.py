"""Shifts: begun on a page by the operator's passkey, read by the backend."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.operators import OperatorPath
from monitor.api.reference import open_problems, problems
from monitor.api.service import Serving, paced
from monitor.operator.entry import Arrival
from protocols.backend import AssertionAnswer, CeremonyView, Page, ShiftRequest, ShiftView, key_bytes
from protocols.session import OperatorId
from registry.apikey import ApiKey, Scope
from registry.shift import Shift

router = APIRouter(tags=["shifts"], route_class=IdempotentRoute)
pages = APIRouter(prefix="/v1/shifts", tags=["shifts"])
"""What a browser asks that has no API key: a passkey is what counts."""

CeremonyPath = Annotated[
    str, Path(max_length=64, description="Id of the ceremony.", examples=["cer_8w1x5m0d3k9q7h2z6v4t1b0cjy"])
]


@router.get("/v1/operators/{operator}/shifts", summary="List an operator's shifts", responses=problems(404))
async def listed(
    operator: OperatorPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.OPERATORS_READ)],
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ShiftView]:
    """When the operator stood behind which session, newest first. Needs the scope `operators:read`."""
    found = await service.registry.operators.get(OperatorId(operator))
    await service.looked([found.id], by=key.id, what="shifts")
    page = await service.registry.shifts.of(found.id, limit=limit, cursor=cursor)
    return Page(items=[view(shift) for shift in page.items], next=page.next)


@pages.post(
    "",
    status_code=201,
    summary="Ask to begin a shift",
    responses=open_problems(404, 413, 429, 503),
    dependencies=[Depends(paced)],
)
async def begin(request: ShiftRequest, service: Serving) -> CeremonyView:
    """Begin a shift with a channel key of the page's own; no API key is needed.

    The passkey signs SHA-256 over session, stream, avatar, operator, epoch, a nonce and that key, so that the shift
    counts for this person, this stream and this channel alone. Every refusal is the same 404.
    """
    arrival = Arrival(operator=request.operator, session=request.session, channel_key=key_bytes(request.channel_key))
    begun = await service.shifts.begin(arrival)
    return CeremonyView(ceremony=begun.ceremony, options=begun.options)


@pages.get("/{ceremony}", summary="Read what a channel asks a passkey for", responses=open_problems(404, 503))
async def read(ceremony: CeremonyPath, service: Serving) -> CeremonyView:
    """The ceremony that an operator's software was given (`duty`), to be ended on another device's page."""
    return CeremonyView(ceremony=ceremony, options=await service.shifts.options(ceremony))


@pages.post("/{ceremony}", status_code=201, summary="Begin a shift", responses=open_problems(404, 409, 413, 503))
async def finish(ceremony: CeremonyPath, request: AssertionAnswer, service: Serving) -> ShiftView:
    """Begin the shift with what the browser gave. The channel of that key hears of it at once."""
    return view(await service.shifts.finish(ceremony, request.credential))


def view(shift: Shift) -> ShiftView:
    """The shift, for the wire."""
    return ShiftView(
        id=shift.id,
        session=shift.session,
        operator=shift.operator,
        passkey=shift.passkey,
        began_at=shift.began_at,
        lapsed_at=shift.lapsed_at,
        ended_at=shift.ended_at,
        ended_because=shift.because,
    )
