"""SRS, MediaMTX, LiveKit and OvenMediaEngine that answer oddly, by a script."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

import monitor.enforcers.srs as srs
from monitor.enforcers.enforcer import Enforcer, EnforcerFailure
from monitor.enforcers.livekit import LiveKitEnforcer, LiveKitServer
from monitor.enforcers.mediamtx import MediaMtxEnforcer, MediaMtxServer
from monitor.enforcers.ovenmediaengine import OvenMediaEngineEnforcer, OvenMediaEngineServer
from monitor.enforcers.srs import SrsEnforcer, SrsServer
from protocols.session import Placement
from tests.servers.receiver import Receiver, Reply
from tests.unit.monitor.enforcers.order import an_order
from tests.unit.monitor.enforcers.script import Script, json_reply


def an_srs(url: str) -> Enforcer:
    return SrsEnforcer(SrsServer(name="main", url=url))


def a_mediamtx(url: str) -> Enforcer:
    return MediaMtxEnforcer(MediaMtxServer(name="main", url=url))


def a_livekit(url: str) -> Enforcer:
    server = LiveKitServer(name="main", url=url, api_key="k", api_secret="s")
    return LiveKitEnforcer(server, now=lambda: 1_700_000_000.0)


def an_oven(url: str) -> Enforcer:
    return OvenMediaEngineEnforcer(OvenMediaEngineServer(name="main", url=url, access_token="t"))


Make = Callable[[str], Enforcer]


@asynccontextmanager
async def enforcing(make: Make, *replies: Reply) -> AsyncIterator[tuple[Enforcer, Script]]:
    script = Script(*replies)
    async with Receiver(script) as receiver:
        enforcer = make(receiver.url)
        yield enforcer, script
        await enforcer.close()


VHOSTS = json_reply({"code": 0, "vhosts": [{"id": 7, "name": "__defaultVhost__"}]})


def streams(*publishes: object, vhost: object = 7) -> Reply:
    listed = [{"name": "s1", "app": "live", "vhost": vhost, "publish": publish} for publish in publishes]
    return json_reply({"code": 0, "streams": listed})


async def test_srs_of_version_3_numbers_its_things() -> None:
    live = streams({"active": True, "cid": 107})
    async with enforcing(an_srs, VHOSTS, live, json_reply({"code": 0})) as (enforcer, script):
        await enforcer.cut(an_order())
    assert script.asked[-1] == "DELETE /api/v1/clients/107"


async def test_an_error_inside_of_200_is_one_while_the_publisher_is_there() -> None:
    live, refused = streams({"active": True, "cid": "c1"}), json_reply({"code": 1061})
    async with enforcing(an_srs, VHOSTS, live, refused, VHOSTS, live) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="error 1061") as failure:
            await enforcer.cut(an_order())
        assert failure.value.retry
    async with enforcing(an_srs, VHOSTS, live, json_reply({"code": 2049}), VHOSTS, streams()) as (enforcer, _):
        await enforcer.cut(an_order())


async def test_srs_lists_page_after_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srs, "PAGE", 1)
    page = json_reply({"code": 0, "vhosts": [{"id": 7, "name": "__defaultVhost__"}]})
    last, other = json_reply({"code": 0, "vhosts": []}), json_reply({"code": 0, "streams": [{"name": "other"}]})
    async with enforcing(an_srs, page, last, other, streams({"active": True, "cid": "c1"})) as (enforcer, script):
        assert not await enforcer.gone(an_order())
    assert [request.query["start"] for request in script.requests] == ["0", "1", "0", "1"]


async def test_srs_that_lists_for_ever_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srs, "PAGE", 1)
    monkeypatch.setattr(srs, "PAGES", 3)
    async with enforcing(an_srs, VHOSTS) as (enforcer, script):
        with pytest.raises(EnforcerFailure, match="end of its vhosts"):
            await enforcer.gone(an_order())
        assert len(script.requests) == 3


@pytest.mark.parametrize(
    "answer",
    [
        json_reply({"code": 1}),
        json_reply({"code": 0, "streams": {}}),
        streams(None),
        streams({"active": "yes"}),
        streams({"active": True, "cid": "../streams"}),
        Reply(body=b"<html>"),
    ],
)
async def test_srs_that_cannot_be_read_confirms_nothing(answer: Reply) -> None:
    async with enforcing(an_srs, VHOSTS, answer) as (enforcer, _):
        with pytest.raises(EnforcerFailure) as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry


async def test_a_stream_of_another_vhost_is_another_stream() -> None:
    async with enforcing(an_srs, VHOSTS, streams({"active": True, "cid": "c1"}, vhost=8)) as (enforcer, _):
        assert await enforcer.gone(an_order())


def path(source: object) -> Reply:
    return json_reply({"name": "live/s1", "ready": True, "source": source})


@pytest.mark.parametrize(
    ("kind", "kicked_from"),
    [
        ("rtmpConn", "rtmpconns"),
        ("rtmpsConn", "rtmpsconns"),
        ("rtspSession", "rtspsessions"),
        ("rtspsSession", "rtspssessions"),
        ("srtConn", "srtconns"),
        ("webRTCSession", "webrtcsessions"),
    ],
)
async def test_mediamtx_kicks_from_the_list_of_the_protocol(kind: str, kicked_from: str) -> None:
    async with enforcing(a_mediamtx, path({"type": kind, "id": "a-1"}), json_reply({"status": "ok"})) as (
        enforcer,
        script,
    ):
        await enforcer.cut(an_order())
    assert script.asked == ["GET /v3/paths/get/live/s1", f"POST /v3/{kicked_from}/kick/a-1"]


async def test_mediamtx_cannot_kick_what_it_pulls_itself() -> None:
    async with enforcing(a_mediamtx, path({"type": "rtspSource", "id": ""})) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="take it from its paths") as failure:
            await enforcer.cut(an_order())
        assert not failure.value.retry


async def test_mediamtx_left_by_itself_is_no_failure_and_any_other_refusal_is() -> None:
    live = path({"type": "rtmpConn", "id": "a-1"})
    async with enforcing(a_mediamtx, live, json_reply({"status": "error"}, 404)) as (enforcer, _):
        await enforcer.cut(an_order())
    async with enforcing(a_mediamtx, live, json_reply({"status": "error"}, 400)) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="answers 400"):
            await enforcer.cut(an_order())


async def test_mediamtx_paths_without_a_slash_are_asked_for_as_they_are() -> None:
    async with enforcing(a_mediamtx, json_reply({"error": "path not found"}, 404)) as (enforcer, script):
        assert await enforcer.gone(an_order(placement=Placement(server="main", app="_", stream="s1")))
    assert script.asked == ["GET /v3/paths/get/s1"]


@pytest.mark.parametrize(
    "answer",
    [
        Reply(status=404, body=b"404 page not found"),
        json_reply({"name": "live/s1"}),
        path({"type": "rtmpConn", "id": "../../config"}),
        path({"type": 5}),
        path("rtmpConn"),
    ],
)
async def test_mediamtx_of_another_version_confirms_nothing(answer: Reply) -> None:
    async with enforcing(a_mediamtx, answer) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="what sends to the path") as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry


async def test_livekit_blocks_and_removes_by_identity() -> None:
    async with enforcing(a_livekit, json_reply({"identity": "s1"})) as (enforcer, script):
        await enforcer.block(an_order())
        await enforcer.cut(an_order())
    update, remove = script.documents()
    assert update["permission"] == {"can_subscribe": True, "can_publish": False, "can_publish_data": False}
    assert remove == {"room": "live", "identity": "s1", "revoke_token_ts": 1_700_000_000}
    assert script.asked[0] == "POST /twirp/livekit.RoomService/UpdateParticipant"


@pytest.mark.parametrize(("tracks", "gone"), [([], True), (None, True), ([{"sid": "TR"}], False)])
async def test_a_participant_without_a_track_does_not_publish(tracks: object, gone: bool) -> None:
    async with enforcing(a_livekit, json_reply({"identity": "s1", "tracks": tracks})) as (enforcer, _):
        assert await enforcer.gone(an_order()) is gone


@pytest.mark.parametrize(
    ("answer", "retry", "says"),
    [
        (Reply(status=404, body=b"404 page not found"), False, "is this its API"),
        (json_reply({"code": "bad_route"}, 404), False, "bad_route"),
        (json_reply({"code": "permission_denied"}, 400), False, "credentials"),
        (json_reply({"code": "unavailable"}, 400), True, "unavailable"),
        (json_reply([]), False, "is this its API"),
        (json_reply({}), True, "who is in the room"),
    ],
)
async def test_livekit_that_answers_oddly_confirms_nothing(answer: Reply, retry: bool, says: str) -> None:
    async with enforcing(a_livekit, answer) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry is retry


@pytest.mark.parametrize(
    ("answer", "retry", "says"),
    [
        (json_reply({"statusCode": 404}, 200), False, "answers 404"),
        (json_reply({"statusCode": 200}, 404), False, "answers 404"),
        (json_reply({"statusCode": 500}, 200), True, "answers 500"),
        (json_reply({"statusCode": 207}, 207), False, "answers 207"),
        (Reply(body=b"OK"), False, "is this its API"),
        (Reply(status=404, body=b"nginx"), False, "is this its API"),
    ],
)
async def test_an_oven_that_says_two_things_is_not_believed(answer: Reply, retry: bool, says: str) -> None:
    async with enforcing(an_oven, answer) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.cut(an_order())
        assert failure.value.retry is retry


async def test_an_oven_is_asked_for_names_as_they_are() -> None:
    order = an_order(placement=Placement(server="main", app="a/b", stream="s?1"))
    async with enforcing(an_oven, json_reply({"statusCode": 404}, 404)) as (enforcer, script):
        assert await enforcer.gone(order)
    assert script.asked == ["GET /v1/vhosts/default/apps/a%2Fb/streams/s%3F1"]
