"""How servers ask that cannot be installed here, and who only pretends to be one of them."""

import json
import time
from typing import Any

import pytest

from monitor.enforcers.enforcer import EnforcerFailure
from monitor.hooks.hook import Asked, Dialect, Hook, HookRefused, Moment
from monitor.hooks.livekit import LiveKitHooks
from monitor.hooks.mediamtx import MediaMtxHooks
from monitor.hooks.ovenmediaengine import OvenMediaEngineHooks
from monitor.hooks.srs import SrsHooks
from protocols.session import Placement
from tests.servers.livekit import LiveKit
from tests.servers.ovenmediaengine import OvenMediaEngine

S1 = Placement(server="main", app="live", stream="s1")
ASKED = Asked(moment=Moment.PUBLISH, placement=S1)
SRS = {"action": "on_publish", "vhost": "__defaultVhost__", "app": "live", "stream": "s1", "param": "?operator=op_1"}
MEDIAMTX = {"action": "publish", "path": "live/s1", "query": "operator=op_1"}
OVEN_REQUEST = {"direction": "incoming", "status": "opening", "url": "rtmp://h:1935/live/s1?operator=op_1"}
JOINED = {"event": "track_published", "room": {"name": "live"}, "participant": {"identity": "s1"}}


def hook(told: object, **headers: str) -> Hook:
    return Hook(server="main", headers=headers, query={}, body=json.dumps(told).encode(), now=time.time())


def oven_hook(request: object) -> Hook:
    body = json.dumps({"client": {}, "request": request}).encode()
    signature = {"x-ome-signature": OvenMediaEngine().signed(body)}
    return Hook(server="main", headers=signature, query={}, body=body)


def livekit_hook(told: object, **changes: Any) -> Hook:
    body = json.dumps(told).encode()
    return Hook(
        server="main",
        headers={"authorization": LiveKit().signed(body, **changes)},
        query={},
        body=body,
        now=time.time(),
    )


async def nothing(_: Placement) -> None:
    return None


LIVEKIT = LiveKitHooks(api_key=LiveKit.KEY, api_secret=LiveKit.SECRET, remove=nothing)
OVEN = OvenMediaEngineHooks(OvenMediaEngine.SECRET)


@pytest.mark.parametrize(
    ("dialect", "asking", "operator"),
    [
        (SrsHooks(), hook(SRS), "op_1"),
        (MediaMtxHooks(), hook(MEDIAMTX), "op_1"),
        (OVEN, oven_hook(OVEN_REQUEST), "op_1"),
        (LIVEKIT, livekit_hook(JOINED), None),
        (
            LIVEKIT,
            livekit_hook({**JOINED, "participant": {"identity": "s1", "attributes": {"operator": "op_1"}}}),
            "op_1",
        ),
    ],
)
def test_a_publisher_is_asked_about(dialect: Dialect, asking: Hook, operator: str | None) -> None:
    assert dialect.read(asking) == Asked(moment=Moment.PUBLISH, placement=S1, operator=operator)


@pytest.mark.parametrize(
    ("dialect", "asking"),
    [
        (SrsHooks(), hook({**SRS, "action": "on_unpublish"})),
        (OVEN, oven_hook({**OVEN_REQUEST, "status": "closing"})),
        (LIVEKIT, livekit_hook({**JOINED, "event": "participant_left"})),
    ],
)
def test_its_end_is_told(dialect: Dialect, asking: Hook) -> None:
    asked = dialect.read(asking)
    assert asked is not None
    assert (asked.moment, asked.placement) == (Moment.ENDED, S1)


@pytest.mark.parametrize(
    ("dialect", "asking"),
    [
        (SrsHooks(), hook({**SRS, "action": "on_play"})),
        (MediaMtxHooks(), hook({**MEDIAMTX, "action": "read"})),
        (MediaMtxHooks(), hook({**MEDIAMTX, "action": "playback"})),
        (OVEN, oven_hook({**OVEN_REQUEST, "direction": "outgoing"})),
        (LIVEKIT, livekit_hook({"event": "room_started", "room": {"name": "live"}})),
    ],
)
def test_viewers_and_rooms_are_not_ours_to_judge(dialect: Dialect, asking: Hook) -> None:
    assert dialect.read(asking) is None
    assert dialect.permit(None).status_code in (200, 204)


@pytest.mark.parametrize(
    ("dialect", "asking", "status"),
    [
        (SrsHooks(), hook({**SRS, "vhost": "other"}), 403),
        (SrsHooks(), hook({**SRS, "stream": "a b"}), 400),
        (MediaMtxHooks(), hook({**MEDIAMTX, "action": "api"}), 403),
        (MediaMtxHooks(), hook({**MEDIAMTX, "path": None}), 400),
        (MediaMtxHooks(), hook({**MEDIAMTX, "path": "_/s1"}), 400),
        (MediaMtxHooks(), hook({**MEDIAMTX, "path": "live/"}), 400),
        (MediaMtxHooks(), hook({**MEDIAMTX, "query": "operator=a&operator=b"}), 400),
        (MediaMtxHooks(), hook({**MEDIAMTX, "query": "&".join("abc" * 40)}), 400),
        (OVEN, oven_hook({**OVEN_REQUEST, "url": "rtmp://h/s1"}), 400),
        (OVEN, oven_hook({**OVEN_REQUEST, "url": "rtmp://[h/live/s1"}), 400),
        (OVEN, oven_hook(None), 400),
        (LIVEKIT, livekit_hook({**JOINED, "participant": "s1"}), 400),
        (LIVEKIT, livekit_hook([]), 400),
    ],
)
def test_what_no_server_of_ours_sends_is_refused(dialect: Dialect, asking: Hook, status: int) -> None:
    with pytest.raises(HookRefused) as refused:
        dialect.read(asking)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("dialect", "asking"),
    [
        (OVEN, hook({"request": OVEN_REQUEST})),
        (OVEN, Hook(server="main", headers=oven_hook(OVEN_REQUEST).headers, query={}, body=b"{}")),
        (OvenMediaEngineHooks("another secret"), oven_hook(OVEN_REQUEST)),
        (LIVEKIT, hook(JOINED)),
        (LIVEKIT, livekit_hook(JOINED, secret="another secret")),
        (LIVEKIT, Hook(server="main", headers=livekit_hook(JOINED).headers, query={}, body=b"{}", now=time.time())),
        (
            LIVEKIT,
            Hook(server="main", headers=livekit_hook(JOINED).headers, query={}, body=b"{}", now=time.time() + 999),
        ),
        (LiveKitHooks(api_key="other", api_secret=LiveKit.SECRET, remove=nothing), livekit_hook(JOINED)),
    ],
)
def test_a_signature_that_is_missing_or_for_something_else_is_refused(dialect: Dialect, asking: Hook) -> None:
    with pytest.raises(HookRefused) as refused:
        dialect.read(asking)
    assert refused.value.status == 401


def test_a_path_without_a_slash_has_a_place_too() -> None:
    asked = MediaMtxHooks().read(hook({**MEDIAMTX, "path": "s1"}))
    assert asked is not None
    assert asked.placement == Placement(server="main", app="_", stream="s1")


async def test_each_is_answered_in_its_own_way() -> None:
    ended = Asked(moment=Moment.ENDED, placement=S1)
    assert json.loads(bytes(SrsHooks().permit(ASKED).body)) == {"code": 0}
    assert (await SrsHooks().refuse(ASKED, "no")).status_code == 403
    assert MediaMtxHooks().permit(ASKED).status_code == 204
    assert (await MediaMtxHooks().refuse(ASKED, "no")).status_code == 403
    assert json.loads(bytes(OVEN.permit(ASKED).body)) == {"allowed": True}
    assert json.loads(bytes(OVEN.permit(ended).body)) == {}
    refused = await OVEN.refuse(ASKED, "no")
    assert (refused.status_code, json.loads(bytes(refused.body))) == (200, {"allowed": False, "reason": "no"})


async def test_livekit_is_asked_to_tell_again_where_removing_failed() -> None:
    async def failing(_: Placement) -> None:
        raise EnforcerFailure("LiveKit does not answer", retry=True)

    hooks = LiveKitHooks(api_key="k", api_secret="s", remove=failing)
    assert (await hooks.refuse(ASKED, "no")).status_code == 503
    assert (await LIVEKIT.refuse(ASKED, "no")).status_code == 200
