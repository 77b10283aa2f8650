"""Many cases at once: only those that whoever decides has looked at."""

from fastapi import APIRouter, HTTPException

from monitor.api.cases import Deciding
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from protocols.backend import CaseView, DecidedMany, DecideManyRequest
from registry.error import RegistryError

router = APIRouter(prefix="/v1/case-batches", tags=["cases"], route_class=IdempotentRoute)


@router.post("", summary="Decide many cases", responses=problems(404, 409))
async def decide_many(
    request: DecideManyRequest, service: Serving, key: Deciding, idempotency_key: IdempotencyKey = None
) -> DecidedMany:
    """Decide up to 50 cases alike, each as by itself: where two people are needed the first one proposes.

    409, and nothing is done, where one of them was not looked at by you. Needs the scope `cases:decide`.
    """
    unseen = [case for case in request.cases if not await _seen(service, case, key.id)]
    if unseen:
        raise HTTPException(409, f"Look at these first, then decide: {', '.join(unseen)}.")
    done, refused = [], {}
    for case, version in request.cases.items():
        try:
            decided = await service.caseload.decide(
                case, request.decision, by=key.id, because=request.reason, version=version
            )
        except RegistryError as why:
            refused[case] = str(why)
        else:
            done.append(CaseView.of(decided))
    return DecidedMany(cases=done, refused=refused)


async def _seen(service: Service, case: str, by: str) -> bool:
    await service.registry.cases.get(case)
    return any(look.by == by for look in await service.registry.cases.looks(case))
