"""From the settings of the media servers to their enforcers, and to the ways in which they ask us."""

from collections.abc import Awaitable, Callable, Mapping
from typing import assert_never

from pydantic import SecretStr

from monitor.egress import EgressPolicy
from monitor.enforcers.block import Blocks
from monitor.enforcers.enforcer import Enforcer, Fence, Order
from monitor.enforcers.http_api import Login
from monitor.enforcers.janus import JanusEnforcer, JanusServer
from monitor.enforcers.livekit import LiveKitEnforcer, LiveKitServer
from monitor.enforcers.mediamtx import MediaMtxEnforcer, MediaMtxServer
from monitor.enforcers.nginx_rtmp import NginxRtmpEnforcer, NginxRtmpServer
from monitor.enforcers.node_media_server import NodeMediaServerEnforcer, NodeMediaServerPlace
from monitor.enforcers.ovenmediaengine import OvenMediaEngineEnforcer, OvenMediaEngineServer
from monitor.enforcers.srs import SrsEnforcer, SrsServer
from monitor.enforcers.webhook import WebhookEnforcer, WebhookPlatform
from monitor.hooks.hook import Dialect
from monitor.hooks.livekit import LiveKitHooks
from monitor.hooks.mediamtx import MediaMtxHooks
from monitor.hooks.nginx_rtmp import NginxRtmpHooks
from monitor.hooks.node_media_server import NodeMediaServerHooks
from monitor.hooks.ovenmediaengine import OvenMediaEngineHooks
from monitor.hooks.srs import SrsHooks
from monitor.server_settings import (
    AnyServer,
    Janus,
    LiveKit,
    MediaMtx,
    NginxRtmp,
    NodeMediaServer,
    OvenMediaEngine,
    Srs,
    WebhookServer,
)
from protocols.webhook import parse_signer


def enforcers(
    servers: Mapping[str, AnyServer],
    *,
    blocks: Blocks,
    fence: Fence,
    egress: EgressPolicy,
    now: Callable[[], float],
    source_ended: Callable[[Order], Awaitable[bool]],
) -> dict[str, Enforcer]:
    """Return an enforcer for every server of the settings, by its name. ``now`` is the time of day since 1970."""

    def of(name: str, server: AnyServer) -> Enforcer:
        match server:
            case NginxRtmp():
                return NginxRtmpEnforcer(_nginx(name, server), blocks, fence)
            case Janus():
                return JanusEnforcer(_janus(name, server), blocks, fence)
            case NodeMediaServer():
                return NodeMediaServerEnforcer(_node(name, server), blocks, fence)
            case Srs():
                place = SrsServer(name=name, url=server.url, login=_login(server), vhost=server.vhost)
                return SrsEnforcer(place, blocks, fence)
            case MediaMtx():
                return MediaMtxEnforcer(MediaMtxServer(name=name, url=server.url, login=_login(server)), blocks, fence)
            case LiveKit():
                return LiveKitEnforcer(_livekit(name, server), blocks, now=now, fence=fence)
            case OvenMediaEngine():
                return OvenMediaEngineEnforcer(_oven(name, server), blocks, fence)
            case WebhookServer():
                platform = _platform(name, server)
                return WebhookEnforcer(platform, egress=egress, now=now, source_ended=source_ended, fence=fence)
            case _:
                assert_never(server)

    return {name: of(name, server) for name, server in servers.items()}


def dialects(servers: Mapping[str, AnyServer], made: Mapping[str, Enforcer]) -> dict[str, Dialect]:
    """Return how every server asks that does, by its name; ``made`` are the enforcers of the same settings."""
    found: dict[str, Dialect] = {}
    for name, server in servers.items():
        match server:
            case NginxRtmp():
                found[name] = NginxRtmpHooks()
            case NodeMediaServer():
                found[name] = NodeMediaServerHooks()
            case Srs():
                found[name] = SrsHooks(server.vhost)
            case MediaMtx():
                found[name] = MediaMtxHooks()
            case LiveKit():
                found[name] = _livekit_hooks(server, made[name])
            case OvenMediaEngine():
                found[name] = OvenMediaEngineHooks(server.webhook_secret.get_secret_value())
            case Janus() | WebhookServer():
                pass  # these are told, and ask nobody
            case _:
                assert_never(server)
    return found


def _nginx(name: str, server: NginxRtmp) -> NginxRtmpServer:
    return NginxRtmpServer(
        name=name,
        control_url=server.control_url,
        stat_url=server.stat_url,
        login=_login(server),
        index=server.index,
    )


def _janus(name: str, server: Janus) -> JanusServer:
    return JanusServer(
        name=name,
        url=server.url,
        token_secret=server.token_secret.get_secret_value(),
        room_secret=_open(server.room_secret),
        api_secret=_open(server.api_secret),
        string_ids=server.string_ids,
    )


def _node(name: str, server: NodeMediaServer) -> NodeMediaServerPlace:
    return NodeMediaServerPlace(name=name, url=server.url, login=(server.username, server.password.get_secret_value()))


def _livekit(name: str, server: LiveKit) -> LiveKitServer:
    secret = server.api_secret.get_secret_value()
    return LiveKitServer(name=name, url=server.url, api_key=server.api_key, api_secret=secret)


def _livekit_hooks(server: LiveKit, enforcer: Enforcer) -> LiveKitHooks:
    if not isinstance(enforcer, LiveKitEnforcer):  # they are made from the same settings
        raise TypeError("the enforcer of a LiveKit is a LiveKitEnforcer")
    return LiveKitHooks(api_key=server.api_key, api_secret=server.api_secret.get_secret_value(), remove=enforcer.remove)


def _oven(name: str, server: OvenMediaEngine) -> OvenMediaEngineServer:
    token = server.access_token.get_secret_value()
    return OvenMediaEngineServer(name=name, url=server.url, access_token=token, vhost=server.vhost)


def _platform(name: str, server: WebhookServer) -> WebhookPlatform:
    keys = [parse_signer(secret.get_secret_value()) for secret in server.secrets]
    return WebhookPlatform(name=name, url=server.url, keys=keys, asks_status=server.asks_status)


def _login(server: NginxRtmp | Srs | MediaMtx) -> Login | None:
    return None if server.username is None else (server.username, _open(server.password) or "")


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
