"""The ledger, for auditors: signed checkpoints, entries with their proofs, and the key to check them with."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from monitor.api.auth import GuardedRoute, allowed
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import ConsistencyView, EntryView, InclusionView
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/ledger", tags=["ledger"], route_class=GuardedRoute)

_MOST = 2**53


@router.get(
    "/checkpoint", summary="Sign how far the ledger is", response_class=PlainTextResponse, responses=problems(503)
)
async def checkpoint(service: Serving, key: Annotated[ApiKey, allowed(Scope.LEDGER_READ)]) -> str:
    """How many entries the ledger has and the root over them, signed now (C2SP tlog-checkpoint).

    Keep one somewhere else from time to time: it shows later that nothing before it was changed or taken away. Needs
    the scope `ledger:read`.
    """
    return await service.notary.checkpoint()


@router.get("/key", summary="Read the ledger's key", response_class=PlainTextResponse, responses=problems())
async def public_key(service: Serving, key: Annotated[ApiKey, allowed(Scope.LEDGER_READ)]) -> str:
    """The public key that checkpoints are checked with, as `name+id+key` (C2SP signed-note).

    Needs the scope `ledger:read`.
    """
    return f"{service.notary.verifier}\n"


@router.get("/entries/{number}", summary="Prove an entry", responses=problems(404, 503))
async def entry(
    number: Annotated[int, Path(ge=1, le=_MOST, description="Its number.", examples=[117])],
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.LEDGER_READ)],
) -> InclusionView:
    """An entry with the proof that it is in the ledger; `nakanohito ledger check` checks it without the ledger.

    Needs the scope `ledger:read`.
    """
    found = await service.notary.inclusion(number)
    proof = [fingerprint.hex() for fingerprint in found.proof]
    return InclusionView(entry=EntryView.of(found.entry), checkpoint=found.note, proof=proof)


@router.get("/consistency", summary="Prove that nothing was rewritten", responses=problems(404, 503))
async def consistency(
    size: Annotated[int, Query(ge=1, le=_MOST, description="Entries that your checkpoint counts.", examples=[80])],
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.LEDGER_READ)],
) -> ConsistencyView:
    """The proof that the ledger of now begins with the entries that an earlier checkpoint counted.

    Needs the scope `ledger:read`.
    """
    found = await service.notary.consistency(size)
    return ConsistencyView(size=size, checkpoint=found.note, proof=[fingerprint.hex() for fingerprint in found.proof])
