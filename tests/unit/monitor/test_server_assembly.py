"""Every kind of server of the settings has its enforcer, and its way of asking where it asks."""

from pathlib import Path
from typing import Any

import pytest

from monitor.egress import EgressPolicy
from monitor.enforcers.enforcer import Order
from monitor.enforcers.obs import WithObs
from monitor.server_assembly import Surroundings, dialects, enforcers
from monitor.server_settings import KINDS
from monitor.settings import Settings
from tests.contract.blocks import MemoryBlocks, MemoryFence

URL = "http://127.0.0.1:1"
SERVERS: dict[str, dict[str, Any]] = {
    "nginx-rtmp": {"control_url": URL, "stat_url": URL, "username": "m", "password": "p"},
    "janus": {"url": URL, "token_secret": "s" * 16},
    "node-media-server": {"url": URL, "username": "m", "password": "p"},
    "srs": {"url": URL},
    "mediamtx": {"url": URL},
    "livekit": {"url": URL, "api_key": "k", "api_secret": "s"},
    "ovenmediaengine": {"url": URL, "access_token": "t", "webhook_secret": "s"},
    "tencent": {"domain": "push.example.com", "key_id": "k", "key_secret": "s"},
    "alibaba": {"domain": "push.example.com", "key_id": "k", "key_secret": "s"},
    "ivs": {"region": "us-west-2", "account": "123456789012", "key_id": "k", "key_secret": "s"},
    "webhook": {"url": URL, "secrets": ["whsec_" + "A" * 32]},
}
ASKING = {"nginx-rtmp", "node-media-server", "srs", "mediamtx", "livekit", "ovenmediaengine"}


async def never(_: Order) -> bool:
    raise AssertionError("nobody asks")


def test_there_is_an_example_of_every_kind() -> None:
    assert set(SERVERS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_has_its_enforcer_and_its_hooks(kind: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, servers={"one": {"kind": kind, **SERVERS[kind]}})  # type: ignore[dict-item]
    around = Surroundings(
        blocks=MemoryBlocks(), fence=MemoryFence(), egress=EgressPolicy(), now=lambda: 0.0, source_ended=never
    )
    made = enforcers(settings.servers, around)
    assert set(made) == {"one"}
    found = dialects(settings.servers, made)
    assert [dialect.kind for dialect in found.values()] == ([kind] if kind in ASKING else [])
    for enforcer in made.values():
        await enforcer.close()


async def test_a_publisher_s_obs_stands_beside_the_enforcer_of_its_server_only(tmp_path: Path) -> None:
    servers = {kind: {"kind": kind, **SERVERS[kind]} for kind in ("srs", "livekit")}
    obs = {"livekit/room/hoshi": {"url": "ws://127.0.0.1:4455", "password": "p", "scene": "Notice"}}
    settings = Settings(data_dir=tmp_path, servers=servers, obs=obs)  # type: ignore[arg-type]
    around = Surroundings(
        blocks=MemoryBlocks(), fence=MemoryFence(), egress=EgressPolicy(), now=lambda: 0.0, source_ended=never
    )
    made = enforcers(settings.servers, around, settings.obs)
    assert [isinstance(made[name].server, WithObs) for name in ("srs", "livekit")] == [False, True]
    assert dialects(settings.servers, made)["livekit"].kind == "livekit"
    for enforcer in made.values():
        await enforcer.close()
