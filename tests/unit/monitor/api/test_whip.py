import asyncio
from pathlib import Path
from typing import cast

import pytest

from protocols.session import SessionId
from registry.apikey import Scope
from registry.registry import Registry
from tests.unit.monitor.api.world import FakeWhip, World, build, cut

OFFER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"


class Publisher:
    """A publisher with the token of one session."""

    def __init__(self, world: World, session: dict[str, object]) -> None:
        invitation = cast("dict[str, str]", session["whip"])
        self.world = world
        self.session = SessionId(str(session["id"]))
        self.url = invitation["url"]
        self.headers = {"authorization": f"Bearer {invitation['token']}", "content-type": "application/sdp"}

    async def post(self, content: bytes | str = OFFER, **headers: str):  # type: ignore[no-untyped-def]
        return await self.world.client.post(self.url, content=content, headers={**self.headers, **headers})

    @property
    def end(self) -> FakeWhip:
        return self.world.supervisor.whips[self.session]


@pytest.fixture
async def publisher(world: World) -> Publisher:
    return Publisher(world, await world.attached())


async def test_publish_and_stop(publisher: Publisher) -> None:
    answer = await publisher.post()
    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("application/sdp")
    assert answer.text == "v=0\r\nthe answer"
    location = answer.headers["location"]
    assert location.startswith(publisher.url + "/pub_")
    assert answer.headers["etag"] == f'"{location.rpartition("/")[2]}"'
    stopped = await publisher.world.client.delete(location, headers=publisher.headers)
    assert (stopped.status_code, publisher.end.live) == (200, False)
    assert (await publisher.world.client.delete(location, headers=publisher.headers)).status_code == 404


async def test_one_publisher_at_a_time(publisher: Publisher) -> None:
    first = await publisher.post()
    assert (await publisher.post()).status_code == 409
    publisher.end.live = False  # the first has vanished
    second = await publisher.post()
    assert second.status_code == 201
    stale = await publisher.world.client.delete(first.headers["location"], headers=publisher.headers)
    assert (stale.status_code, publisher.end.live) == (404, True)


async def test_a_token_opens_its_own_session_alone(publisher: Publisher) -> None:
    world = publisher.world
    other = Publisher(world, await world.attached())
    answer = await world.client.post(other.url, content=OFFER, headers=publisher.headers)
    assert answer.status_code == 401
    assert not other.end.live


async def test_an_api_key_may_publish_where_it_may_attach(publisher: Publisher) -> None:
    reader, writer = await publisher.world.key(Scope.SESSIONS_READ), await publisher.world.key(Scope.SESSIONS_WRITE)
    assert (await publisher.post(**reader)).status_code == 403
    assert (await publisher.post(**writer)).status_code == 201


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (OFFER, "application/json", 415),
        (OFFER, "", 415),
        (OFFER, "Application/SDP; charset=utf-8", 201),
        (b"\xff\xfe", "application/sdp", 400),
        ("", "application/sdp", 400),
        ("hello", "application/sdp", 400),
        ("v=0\r\nm=audio 9", "application/sdp", 422),
        (OFFER + "a" * 70_000, "application/sdp", 413),
    ],
)
async def test_what_is_no_offer(publisher: Publisher, content: bytes | str, kind: str, status: int) -> None:
    answer = await publisher.post(content, **{"content-type": kind})
    assert answer.status_code == status, answer.text
    if status != 201:
        assert answer.headers["content-type"] == "application/problem+json"
        assert not publisher.end.live
    if status == 415:
        assert answer.headers["accept-post"] == "application/sdp"


async def test_a_cut_session_is_closed_to_publishers(publisher: Publisher) -> None:
    await cut(publisher.world, publisher.session)
    answer = await publisher.post()
    assert answer.status_code == 403
    assert "was cut" in answer.json()["detail"]


async def test_an_ended_session_is_gone(publisher: Publisher) -> None:
    await publisher.world.client.delete(f"/v1/sessions/{publisher.session}")
    assert (await publisher.post()).status_code == 410


async def test_a_session_that_is_watched_otherwise(world: World) -> None:
    url = {"url": "rtmp://m.example/a/b", "placement": {"server": "e", "app": "a", "stream": "b"}}
    session = await world.attached(source=None, **url)
    answer = await world.client.post(
        f"/v1/whip/{session['id']}", content=OFFER, headers={"content-type": "application/sdp"}
    )
    assert answer.status_code == 409


async def test_a_session_that_was_just_attached_is_waited_for(publisher: Publisher) -> None:
    whips = publisher.world.supervisor.whips
    ours = whips.pop(publisher.session)
    asyncio.get_running_loop().call_later(0.2, lambda: whips.update({publisher.session: ours}))
    assert (await publisher.post()).status_code == 201


async def test_a_session_that_is_not_there_or_not_running(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.api.whip.COMES_UP_WITHIN", 0.1)
    missing = await publisher.world.client.post(
        "/v1/whip/ses_none", content=OFFER, headers={"content-type": "application/sdp"}
    )
    assert missing.status_code == 404
    del publisher.world.supervisor.whips[publisher.session]
    answer = await publisher.post()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_trickle_is_not_supported_and_says_so(publisher: Publisher) -> None:
    location = (await publisher.post()).headers["location"]
    patch = await publisher.world.client.patch(location, content="a=ice-ufrag:x", headers=publisher.headers)
    assert patch.status_code == 501
    get = await publisher.world.client.get(location, headers=publisher.headers)
    assert get.status_code == 405
    assert set(get.headers["allow"].split(", ")) <= {"DELETE", "PATCH"}


async def test_browsers_of_other_origins(publisher: Publisher) -> None:
    origin = {"origin": "https://studio.example"}
    preflight = await publisher.world.client.options(
        publisher.url, headers={**origin, "access-control-request-method": "POST"}
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    assert preflight.headers["accept-post"] == "application/sdp"
    answer = await publisher.post(**origin)
    assert {"Location", "Link"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    refused = await publisher.post("hello", **origin)
    assert refused.headers["access-control-allow-origin"] == "*"
    elsewhere = await publisher.world.client.get("/v1/sessions", headers=origin)
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_origins_and_ice_servers_of_the_settings(tmp_path: Path, registry: Registry) -> None:
    servers = [
        {"url": "stun:stun.example:3478"},
        {"url": "turn:turn.example", "username": 'a"b', "credential": "c"},
    ]
    world = await build(tmp_path, registry, whip={"origins": ["https://studio.example"], "ice_servers": servers})
    async with world.client:
        publisher = Publisher(world, await world.attached())
        answer = await publisher.post(origin="https://studio.example")
        assert answer.headers["access-control-allow-origin"] == "https://studio.example"
        assert answer.headers.get_list("link") == [
            '<stun:stun.example:3478>; rel="ice-server"',
            '<turn:turn.example>; rel="ice-server"; username="a\\"b"; credential="c"; credential-type="password"',
        ]
        other = await publisher.post(origin="https://evil.example")
        assert "access-control-allow-origin" not in other.headers
