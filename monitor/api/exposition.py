"""Exposition: the metrics for Prometheus."""

from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from monitor.api.auth import forbidden, identified
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from registry.apikey import Scope

router = APIRouter(tags=["health"])

_TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The metrics.",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "nakanohito_windows 2.0\n"}},
    }
}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response, responses=_TEXT | problems())
async def metrics(request: Request, service: Serving) -> Response:
    """What the service counts and measures. No id and no name is among the labels.

    From this machine no key is needed; from elsewhere, or through a proxy, the scope `metrics:read`.
    """
    if not _from_here(request):
        await _require(request, service)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _from_here(request: Request) -> bool:
    """Whether the request comes from this machine and not through a proxy on it."""
    proxied = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
    try:
        return not proxied and request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def _require(request: Request, service: Service) -> None:
    key = await identified(request, service)
    if not key.allows(Scope.METRICS_READ):
        raise forbidden(Scope.METRICS_READ)
