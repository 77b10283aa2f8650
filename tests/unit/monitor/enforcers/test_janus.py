"""A Janus that answers oddly, by a script; the real one is in tests/contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from monitor.enforcers.enforcer import EnforcerFailure
from monitor.enforcers.janus import JanusEnforcer, JanusServer, publisher_token
from protocols.session import Placement
from tests.servers.receiver import Receiver, Reply
from tests.unit.monitor.enforcers.order import an_order
from tests.unit.monitor.enforcers.script import Script, json_reply

MADE = json_reply({"janus": "success", "data": {"id": 7}})
ORDER = an_order(placement=Placement(server="main", app="1234", stream="42"))


def saying(data: Any) -> Reply:
    return json_reply({"janus": "success", "plugindata": {"plugin": "janus.plugin.videoroom", "data": data}})


@asynccontextmanager
async def enforcing(*replies: Reply, **changes: Any) -> AsyncIterator[tuple[JanusEnforcer, Script]]:
    script = Script(*replies)
    async with Receiver(script) as receiver:
        settings: dict[str, Any] = {"name": "main", "url": receiver.url, "token_secret": "s" * 16}
        enforcer = JanusEnforcer(JanusServer(**settings | changes))
        yield enforcer, script
        await enforcer.close()


def test_a_token_is_the_publishers_and_the_rooms() -> None:
    token = publisher_token("s" * 16, "1234", "42")
    assert token == "AmQg9OUwLq4lDTJUFlIwGES-7LDsO1WlENaCW6iTW1c"  # by openssl dgst -sha256 -hmac
    assert publisher_token("s" * 16, "1234", "43") != token


async def test_a_kick_names_room_user_and_secrets_and_leaves_no_session() -> None:
    async with enforcing(MADE, MADE, saying({"videoroom": "success"}), MADE, room_secret="r", api_secret="a") as (
        enforcer,
        script,
    ):
        await enforcer.cut(ORDER)
    create, attach, kick, destroy = script.documents()
    assert script.asked == ["POST /", "POST /7", "POST /7/7", "POST /7"]
    assert kick["body"] == {"request": "kick", "room": 1234, "secret": "r", "id": 42}
    assert [each["janus"] for each in (create, attach, kick, destroy)] == ["create", "attach", "message", "destroy"]
    assert all(each["apisecret"] == "a" for each in (create, attach, kick, destroy))


@pytest.mark.parametrize("code", [426, 428])
async def test_a_room_or_a_user_that_is_not_there_is_no_failure(code: int) -> None:
    absent = saying({"videoroom": "event", "error_code": code, "error": "No such thing"})
    async with enforcing(MADE, MADE, absent, MADE) as (enforcer, _):
        await enforcer.cut(ORDER)
    async with enforcing(MADE, MADE, absent, MADE) as (enforcer, _):
        assert await enforcer.gone(ORDER)


@pytest.mark.parametrize(
    ("answer", "retry", "says"),
    [
        (json_reply({"janus": "error", "error": {"code": 403, "reason": "no"}}), False, "credentials"),
        (json_reply({"janus": "error", "error": {"code": 490, "reason": "?"}}), True, "error 490"),
        (saying({"videoroom": "event", "error_code": 433}), False, "credentials"),
        (saying({"videoroom": "event", "error_code": 421}), False, "error 421"),
        (saying({"videoroom": "event"}), True, "what became"),
        (saying({"audiobridge": "success"}), True, "what became"),
        (saying([]), True, "what became"),
        (Reply(body=b"Welcome to nginx!"), False, "is this its API"),
        (json_reply({"janus": "ack"}), False, "is this its API"),
        (Reply(status=404), False, "is this its API"),
    ],
)
async def test_200_is_not_taken_for_done(answer: Reply, retry: bool, says: str) -> None:
    async with enforcing(MADE, MADE, answer, MADE) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.cut(ORDER)
        assert failure.value.retry is retry


@pytest.mark.parametrize(
    ("participants", "gone"),
    [
        ([], True),
        ([{"id": 42, "publisher": True}], False),
        ([{"id": 42, "publisher": False}, {"id": 7, "publisher": True}], True),
        ([{"id": 42}], False),
        ([None, "42", {"publisher": True}], True),
    ],
)
async def test_who_is_in_the_room_without_publishing_is_gone(participants: list[Any], gone: bool) -> None:
    async with enforcing(MADE, MADE, saying({"videoroom": "participants", "participants": participants}), MADE) as (
        enforcer,
        _,
    ):
        assert await enforcer.gone(ORDER) is gone


async def test_a_list_that_is_none_confirms_nothing() -> None:
    async with enforcing(MADE, MADE, saying({"videoroom": "participants"}), MADE) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="who is in the room"):
            await enforcer.gone(ORDER)


@pytest.mark.parametrize("number", ["../admin", None, {"a": 1}])
async def test_a_session_without_a_number_becomes_no_path(number: object) -> None:
    async with enforcing(json_reply({"janus": "success", "data": {"id": number}})) as (enforcer, script):
        with pytest.raises(EnforcerFailure, match="number of a session"):
            await enforcer.gone(ORDER)
        assert script.asked == ["POST /"]


async def test_a_room_whose_list_holds_no_such_token_is_not_closed_to_everybody() -> None:
    async with enforcing(MADE, MADE, saying({"videoroom": "success", "allowed": ["other"]}), MADE) as (
        enforcer,
        script,
    ):
        await enforcer.block(ORDER)
    assert [each["body"]["action"] for each in script.documents() if "body" in each] == ["remove"]  # type: ignore[index]


@pytest.mark.parametrize("enabled", [{"allowed": [publisher_token("s" * 16, "1234", "42")]}, {}])
async def test_a_token_is_taken_off_when_the_list_says_so_and_not_before(enabled: dict[str, Any]) -> None:
    listed = saying({"videoroom": "success", "allowed": [publisher_token("s" * 16, "1234", "42")]})
    lie, after = saying({"videoroom": "success"}), saying({"videoroom": "success", **enabled})
    async with enforcing(MADE, MADE, listed, lie, after, MADE) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=r"still lists it|whom the room takes") as failure:
            await enforcer.block(ORDER)
        assert failure.value.retry


@pytest.mark.parametrize(("app", "stream"), [("live", "42"), ("1234", "one"), ("1" * 17, "1"), ("１", "1")])
async def test_names_that_are_no_numbers_are_refused_before_anything_is_sent(app: str, stream: str) -> None:
    async with enforcing(MADE) as (enforcer, script):
        with pytest.raises(EnforcerFailure, match="string_ids") as failure:
            await enforcer.cut(an_order(placement=Placement(server="main", app=app, stream=stream)))
        assert not failure.value.retry
        assert script.requests == []


async def test_one_session_serves_many_commands_and_is_made_anew_where_janus_has_forgotten_it() -> None:
    kicked, forgotten = saying({"videoroom": "success"}), json_reply({"janus": "error", "error": {"code": 458}})
    async with enforcing(MADE, MADE, kicked, kicked, forgotten, MADE, MADE, kicked, MADE) as (enforcer, script):
        for _ in range(3):
            await enforcer.cut(ORDER)
    asked = [each["janus"] for each in script.documents()]
    assert asked == ["create", "attach", *["message"] * 3, "create", "attach", "message", "destroy"]


async def test_a_janus_that_forgets_every_session_is_a_failure() -> None:
    forgotten = json_reply({"janus": "error", "error": {"code": 459}})
    async with enforcing(MADE, MADE, forgotten, MADE, MADE, forgotten) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="forgotten our session") as failure:
            await enforcer.cut(ORDER)
        assert failure.value.retry
