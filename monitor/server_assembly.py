"""From the settings of the media servers to their enforcers, and to the ways in which they ask us."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from pydantic import SecretStr

from monitor.egress import EgressPolicy
from monitor.enforcers.alibaba import AlibabaEnforcer, AlibabaServer
from monitor.enforcers.block import Blocks
from monitor.enforcers.enforcer import Enforcer, Order
from monitor.enforcers.fence import Fence
from monitor.enforcers.fenced import Fenced
from monitor.enforcers.http_api import Login
from monitor.enforcers.ivs import IvsEnforcer, IvsServer
from monitor.enforcers.janus import JanusEnforcer, JanusServer
from monitor.enforcers.livekit import LiveKitEnforcer, LiveKitServer
from monitor.enforcers.mediamtx import MediaMtxEnforcer, MediaMtxServer
from monitor.enforcers.nginx_rtmp import NginxRtmpEnforcer, NginxRtmpServer
from monitor.enforcers.node_media_server import NodeMediaServerEnforcer, NodeMediaServerPlace
from monitor.enforcers.obs import ObsStudio, WithObs
from monitor.enforcers.ovenmediaengine import OvenMediaEngineEnforcer, OvenMediaEngineServer
from monitor.enforcers.srs import SrsEnforcer, SrsServer
from monitor.enforcers.tencent import TencentEnforcer, TencentServer
from monitor.enforcers.webhook import WebhookEnforcer, WebhookPlatform
from monitor.hooks.hook import Dialect
from monitor.hooks.livekit import LiveKitHooks
from monitor.hooks.mediamtx import MediaMtxHooks
from monitor.hooks.nginx_rtmp import NginxRtmpHooks
from monitor.hooks.node_media_server import NodeMediaServerHooks
from monitor.hooks.ovenmediaengine import OvenMediaEngineHooks
from monitor.hooks.srs import SrsHooks
from monitor.server_settings import (
    Alibaba,
    AnyServer,
    Ivs,
    Janus,
    LiveKit,
    MediaMtx,
    NginxRtmp,
    NodeMediaServer,
    Obs,
    OvenMediaEngine,
    Srs,
    Tencent,
    WebhookServer,
)
from protocols.session import Placement
from protocols.signing.acs3 import AlibabaKey
from protocols.signing.sigv4 import AwsKey
from protocols.signing.tc3 import TencentKey
from protocols.webhook import parse_signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What enforcers share. ``now`` is the time of day since 1970; ``source_ended`` asks a session's own source."""

    blocks: Blocks
    fence: Fence
    egress: EgressPolicy
    now: Callable[[], float]
    source_ended: Callable[[Order], Awaitable[bool]]


def enforcers(
    servers: Mapping[str, AnyServer], around: Surroundings, obs: Mapping[str, Obs] | None = None
) -> dict[str, Fenced]:
    """Return an enforcer for every server of the settings, by its name; ``obs`` are publishers' own by their place."""
    made = {name: _with_obs(name, _enforcer(name, server, around), obs or {}) for name, server in servers.items()}
    return {name: Fenced(enforcer, around.fence, around.blocks) for name, enforcer in made.items()}


def _with_obs(name: str, enforcer: Enforcer, obs: Mapping[str, Obs]) -> Enforcer:
    studios = {
        Placement(server=name, app=app, stream=stream): ObsStudio(
            url=studio.url, password=_open(studio.password), scene=studio.scene
        )
        for (server, app, stream), studio in ((place.split("/"), studio) for place, studio in obs.items())
        if server == name
    }
    return WithObs(enforcer, studios) if studios else enforcer


def dialects(servers: Mapping[str, AnyServer], made: Mapping[str, Fenced]) -> dict[str, Dialect]:
    """Return how every server asks that does, by its name; ``made`` are the enforcers of the same settings."""
    found = {name: _dialect(server, made[name].server) for name, server in servers.items()}
    return {name: dialect for name, dialect in found.items() if dialect is not None}


def _enforcer(name: str, server: AnyServer, around: Surroundings) -> Enforcer:
    match server:
        case Tencent() | Alibaba() | Ivs():
            return _of_a_cloud(name, server, around)
        case WebhookServer():
            keys = [parse_signer(secret.get_secret_value()) for secret in server.secrets]
            platform = WebhookPlatform(
                name=name, url=server.url, keys=keys, asks_status=server.asks_status, shows_notices=server.shows_notices
            )
            return WebhookEnforcer(platform, egress=around.egress, now=around.now, source_ended=around.source_ended)
        case Janus() | LiveKit():
            return _of_rooms(name, server, around)
        case NginxRtmp() | NodeMediaServer() | Srs() | MediaMtx() | OvenMediaEngine():
            return _of_streams(name, server)
        case _:
            assert_never(server)


def _of_streams(name: str, server: NginxRtmp | NodeMediaServer | Srs | MediaMtx | OvenMediaEngine) -> Enforcer:
    match server:
        case NginxRtmp():
            return NginxRtmpEnforcer(_nginx(name, server))
        case NodeMediaServer():
            login = (server.username, server.password.get_secret_value())
            return NodeMediaServerEnforcer(NodeMediaServerPlace(name=name, url=server.url, login=login))
        case Srs():
            srs = SrsServer(name=name, url=server.url, login=_login(server), vhost=server.vhost)
            return SrsEnforcer(srs)
        case MediaMtx():
            return MediaMtxEnforcer(MediaMtxServer(name=name, url=server.url, login=_login(server)))
        case OvenMediaEngine():
            token = server.access_token.get_secret_value()
            oven = OvenMediaEngineServer(name=name, url=server.url, access_token=token, vhost=server.vhost)
            return OvenMediaEngineEnforcer(oven)
        case _:
            assert_never(server)


def _of_rooms(name: str, server: Janus | LiveKit, around: Surroundings) -> Enforcer:
    match server:
        case Janus():
            return JanusEnforcer(_janus(name, server))
        case LiveKit():
            secret = server.api_secret.get_secret_value()
            livekit = LiveKitServer(name=name, url=server.url, api_key=server.api_key, api_secret=secret)
            return LiveKitEnforcer(livekit, now=around.now)
        case _:
            assert_never(server)


def _of_a_cloud(name: str, server: Tencent | Alibaba | Ivs, around: Surroundings) -> Enforcer:
    secret, egress, now = server.key_secret.get_secret_value(), around.egress, around.now
    match server:
        case Tencent():
            tencent = TencentKey(id=server.key_id, secret=secret)
            push = TencentServer(name=name, domain=server.domain, key=tencent, url=server.url)
            return TencentEnforcer(push, egress=egress, now=now)
        case Alibaba():
            alibaba = AlibabaKey(id=server.key_id, secret=secret)
            ingest = AlibabaServer(name=name, domain=server.domain, key=alibaba, url=server.url)
            return AlibabaEnforcer(ingest, egress=egress, now=now, nonce=_nonce)
        case Ivs():
            key = AwsKey(id=server.key_id, secret=secret, session_token=_open(server.session_token))
            ivs = IvsServer(name=name, region=server.region, account=server.account, key=key, url=server.url)
            return IvsEnforcer(ivs, egress=egress, now=now)
        case _:
            assert_never(server)


def _dialect(server: AnyServer, enforcer: Enforcer) -> Dialect | None:
    match server:
        case NginxRtmp():
            return NginxRtmpHooks()
        case NodeMediaServer():
            return NodeMediaServerHooks()
        case Srs():
            return SrsHooks(server.vhost)
        case MediaMtx():
            return MediaMtxHooks()
        case LiveKit():
            return _livekit_hooks(server, enforcer)
        case OvenMediaEngine():
            return OvenMediaEngineHooks(server.webhook_secret.get_secret_value())
        case Janus() | Tencent() | Alibaba() | Ivs() | WebhookServer():
            return None  # these are told, and ask nobody
        case _:
            assert_never(server)


def _livekit_hooks(server: LiveKit, enforcer: Enforcer) -> LiveKitHooks:
    enforcer = enforcer.inner if isinstance(enforcer, WithObs) else enforcer
    if not isinstance(enforcer, LiveKitEnforcer):  # they are made from the same settings
        raise TypeError("the enforcer of a LiveKit is a LiveKitEnforcer")
    return LiveKitHooks(api_key=server.api_key, api_secret=server.api_secret.get_secret_value(), remove=enforcer.remove)


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


def _login(server: NginxRtmp | Srs | MediaMtx) -> Login | None:
    return None if server.username is None else (server.username, _open(server.password) or "")


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _nonce() -> str:
    return uuid.uuid4().hex
