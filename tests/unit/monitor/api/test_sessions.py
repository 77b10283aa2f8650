import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.refusal import AttachRefused
from registry.apikey import Scope
from registry.error import Unavailable
from tests.unit.monitor.api.world import World, cut

RTMP = {"url": "rtmp://media.example/live/a", "placement": {"server": "edge", "app": "live", "stream": "a"}}


async def test_a_whip_session_is_attached_with_an_invitation(world: World) -> None:
    answer = await world.client.post("/v1/sessions", json=world.wish(account="channel-7"))
    session = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/sessions/{session['id']}"
    assert session["state"] == "pending"
    assert session["policy"] == "standard@1"
    assert session["account"] == "channel-7"
    assert session["whip"]["url"] == f"/v1/whip/{session['id']}"
    assert len(session["whip"]["token"]) >= 43
    again = (await world.client.get(answer.headers["location"])).json()
    assert "whip" not in again
    assert again["rung"] == "watching"


async def test_credentials_in_urls_do_not_come_back(world: World) -> None:
    url = "rtmp://user:secret@media.example/live/a?key=hidden"
    answer = await world.attached(source=None, **{**RTMP, "url": url}, callback_url="https://b.example/x?token=hidden")
    assert answer["source"] == {"kind": "rtmp", "url": "rtmp://media.example/live/a"}
    assert answer["callback_url"] == "https://b.example/x"
    assert "hidden" not in json.dumps(answer)


async def test_a_stream_is_attached_once_at_a_time(world: World) -> None:
    first = await world.attached(source=None, **RTMP)
    answer = await world.client.post("/v1/sessions", json=world.wish(source=None, **RTMP))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["other"] == first["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"operators": []}, "body.operators"),
        ({"operators": ["op_a"] * 17}, "body.operators"),
        ({"operators": ["op_a", "op_a"]}, "body"),
        ({"avatar": 5}, "body.avatar"),
        ({"avatr": "x"}, "body.avatr"),
        ({"policy": "Standard"}, "body.policy"),
        ({"source": {"kind": "whip", "url": "http://a/b"}}, "body.source"),
        ({"source": {"kind": "rtmp"}}, "body.source"),
        ({"source": {"kind": "rtmp", "url": "http://a/b"}}, "body.source"),
        ({"source": {"kind": "carrier pigeon"}}, "body.source.kind"),
        ({"source": None}, "body"),
        ({"source": None, "url": "http://a/unknown"}, "body"),
        ({"url": "rtmp://a/b"}, "body"),
        ({"callback_url": "http://a b"}, "body.callback_url"),
        ({"placement": {"server": "e", "app": "a", "stream": "x?drop=all"}}, "body.placement.stream"),
    ],
)
async def test_what_is_wrong_is_named(world: World, changes: dict[str, object], field: str) -> None:
    answer = await world.client.post("/v1/sessions", json=world.wish(**changes))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:nakanohito:problem:invalid"
    assert field in [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"avatar": "av_unknown"}, 404, "No avatar av_unknown"),
        ({"operators": ["op_unknown"]}, 404, "No operator op_unknown"),
        ({"policy": "standard@9"}, 404, "There is no policy standard@9"),
        ({"source": None, "url": "rtmp://a/b/c"}, 422, "where to cut"),
        ({"source": None, **RTMP, "url": "rtmp://169.254.169.254/a"}, 422, "not public"),
    ],
)
async def test_what_is_refused_says_why(world: World, changes: dict[str, object], status: int, words: str) -> None:
    answer = await world.client.post("/v1/sessions", json=world.wish(**changes))
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


async def test_the_registrys_own_trouble_does_not_leak(world: World) -> None:
    world.supervisor.fault = Unavailable("The database cannot be used now: disk I/O error in /var/lib/secret")
    answer = await world.client.post("/v1/sessions", json=world.wish())
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "secret" not in answer.text


async def test_a_fault_of_ours_is_a_problem_without_a_trace(world: World) -> None:
    world.supervisor.fault = ZeroDivisionError("secret")
    answer = await world.client.post("/v1/sessions", json=world.wish())
    assert answer.status_code == 500
    assert answer.json()["instance"] == f"urn:nakanohito:request:{answer.headers['x-request-id']}"
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_sessions_are_listed_newest_first_in_pages(world: World) -> None:
    ids = [(await world.attached())["id"] for _ in range(3)]
    page = (await world.client.get("/v1/sessions", params={"limit": 2})).json()
    assert [one["id"] for one in page["items"]] == ids[:0:-1]
    rest = (await world.client.get("/v1/sessions", params={"cursor": page["next"]})).json()
    assert [one["id"] for one in rest["items"]] == ids[:1]
    assert rest["next"] is None
    assert (await world.client.get("/v1/sessions", params={"cursor": "made up"})).status_code == 422
    assert (await world.client.get("/v1/sessions", params={"limit": 0})).status_code == 422


async def test_sessions_are_filtered(world: World) -> None:
    one, other = await world.attached(account="a"), await world.attached(account="b")
    await cut(world, str(other["id"]))

    async def found(**params: object) -> list[str]:
        page = (await world.client.get("/v1/sessions", params=params)).json()  # type: ignore[arg-type]
        return [session["id"] for session in page["items"]]

    assert await found(state="cut") == [other["id"]]
    assert await found(state=["cut", "pending"]) == [other["id"], one["id"]]
    assert await found(account="a") == [one["id"]]
    assert await found(avatar="av_other") == []


async def test_a_session_is_ended_once(world: World) -> None:
    session = await world.attached()
    ended = (await world.client.delete(f"/v1/sessions/{session['id']}", params={"reason": "over"})).json()
    assert (ended["state"], ended["ended_because"]) == ("ended", "over")
    again = await world.client.delete(f"/v1/sessions/{session['id']}")
    assert again.json()["ended_because"] == "over"
    assert (await world.client.delete("/v1/sessions/ses_none")).status_code == 404


async def test_scopes(world: World) -> None:
    session = await world.attached()
    reading, writing = await world.key(Scope.SESSIONS_READ), await world.key(Scope.SESSIONS_WRITE)
    path = f"/v1/sessions/{session['id']}"
    assert (await world.client.get(path, headers=reading)).status_code == 200
    assert (await world.client.get(path, headers=writing)).status_code == 403
    refused = await world.client.delete(path, headers=reading)
    assert refused.status_code == 403
    assert 'scope="sessions:write"' in refused.headers["www-authenticate"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
wishes = st.fixed_dictionaries(
    {},
    optional={
        "source": st.fixed_dictionaries(
            {"kind": st.sampled_from(["whip", "rtmp", "hls", "file", "x"])}, optional={"url": st.text(max_size=60)}
        )
        | json_values,
        "url": st.sampled_from(["rtmp://[::1", "http://a/b.m3u8", "file:///etc/passwd", "rtmp://a:99999999/b"])
        | json_values,
        "avatar": st.text(max_size=140) | json_values,
        "operators": st.lists(st.text(max_size=20), max_size=18) | json_values,
        "policy": st.sampled_from(["standard", "standard@0", "standard@999999999999", "brisk"]) | json_values,
        "callback_url": json_values,
        "placement": json_values,
        "account": json_values,
        "more": json_values,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=wishes | json_values)
async def test_no_body_makes_the_service_fail(world: World, body: object) -> None:
    content = json.dumps(body).encode()
    answer = await world.client.post("/v1/sessions", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {201, 404, 409, 422}, (content, answer.text)
    if answer.status_code != 201:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"avatar": "\\ud800"}', b"1" * 5000, b'{"a":1e999}', b"null", b'"x"'],
)
async def test_no_bytes_make_the_service_fail(world: World, content: bytes) -> None:
    answer = await world.client.post("/v1/sessions", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_refusal_of_the_supervisor(world: World) -> None:
    world.supervisor.fault = AttachRefused("the service is stopping")
    answer = await world.client.post("/v1/sessions", json=world.wish())
    assert answer.json()["detail"] == "the service is stopping"
