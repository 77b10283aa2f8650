"""An operator's own devices and passkeys: which there are, and letting one go that is lost."""

from base64 import b64encode
from typing import Annotated

from fastapi import APIRouter, Path

from monitor.api import passkeys
from monitor.api.own import OURS, Own
from monitor.api.reference import open_problems
from monitor.api.service import Service, Serving
from protocols.backend import DeviceKeyRequest, OwnDevice, OwnKeys, key_bytes
from protocols.session import OperatorId
from registry.error import Conflict

router = APIRouter(prefix="/v1/own/keys", tags=["own"])

_LAST = "This is your last passkey; ask whoever enrolled you for an invitation first, and register another."

PasskeyPath = Annotated[str, Path(max_length=64, description="Id of the passkey.", examples=["pk_5d0k9s1w7e2xn"])]


@router.get("", summary="What do I prove myself with?", responses=open_problems(401, 403, 503))
async def keys(service: Serving, own: Own) -> OwnKeys:
    """The devices and passkeys of the operator who is signed in."""
    return await _keys(service, OperatorId(own.operator))


@router.post(
    "/devices/remove",
    summary="Remove a device of mine",
    responses=open_problems(401, 403, 404, 413, 503),
    dependencies=OURS,
)
async def remove_device(request: DeviceKeyRequest, service: Serving, own: Own) -> OwnKeys:
    """Let a device's key count no more: its channels are closed at once and its shifts end.

    The browser that asks makes itself a device again at its next sign-in.
    """
    operator = OperatorId(own.operator)
    await service.shifts.remove_device(operator, key_bytes(request.device_key), by=operator)
    return await _keys(service, operator)


@router.post(
    "/passkeys/{passkey}/revoke",
    summary="Revoke a passkey of mine",
    responses=open_problems(401, 403, 404, 409, 503),
    dependencies=OURS,
)
async def revoke_passkey(passkey: PasskeyPath, service: Serving, own: Own) -> OwnKeys:
    """Let a passkey count no more; a shift that began by it ends, and so do sign-ins by it. The last one stays."""
    operator = OperatorId(own.operator)
    if [one.id for one in await service.registry.passkeys.of(operator)] == [passkey]:
        raise Conflict(_LAST)
    await service.shifts.revoke_passkey(operator, passkey)
    return await _keys(service, operator)


async def _keys(service: Service, operator: OperatorId) -> OwnKeys:
    registry = service.registry
    return OwnKeys(
        devices=[
            OwnDevice(device_key=b64encode(key).decode(), added_at=at)
            for key, at in await registry.operators.devices(operator)
        ],
        passkeys=[passkeys.view(passkey) for passkey in await registry.passkeys.of(operator)],
    )
