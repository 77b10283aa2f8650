"""A node-media-server that answers oddly, by a script; the real one is in tests/contract."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from monitor.enforcers.enforcer import EnforcerFailure
from monitor.enforcers.node_media_server import NodeMediaServerEnforcer, NodeMediaServerPlace
from protocols.session import Placement
from tests.servers.receiver import Receiver, Reply
from tests.unit.monitor.enforcers.order import an_order
from tests.unit.monitor.enforcers.script import Script, json_reply

LOGGED_IN = json_reply({"success": True, "data": {"token": "t1"}})
NOWHERE = json_reply({"success": False, "data": {}, "message": "Stream not found"}, 404)


def showing(status: str, publisher: Any = "m1abc") -> Reply:
    return json_reply({"success": True, "data": {"status": status, "publisher": publisher and {"id": publisher}}})


@asynccontextmanager
async def enforcing(*replies: Reply) -> AsyncIterator[tuple[NodeMediaServerEnforcer, Script]]:
    script = Script(*replies)
    async with Receiver(script) as receiver:
        place = NodeMediaServerPlace(name="main", url=receiver.url, login=("admin", "pw"))
        enforcer = NodeMediaServerEnforcer(place)
        yield enforcer, script
        await enforcer.close()


async def test_a_cut_looks_for_the_session_and_deletes_it() -> None:
    async with enforcing(LOGGED_IN, showing("publishing"), json_reply({"success": True})) as (enforcer, script):
        await enforcer.cut(an_order())
    assert script.asked == [
        "POST /api/v1/login",
        "GET /api/v1/streams/live/s1",
        "DELETE /api/v1/sessions/m1abc",
    ]
    assert script.requests[-1].headers["authorization"] == "Bearer t1"


@pytest.mark.parametrize(
    ("answer", "gone"),
    [(NOWHERE, True), (showing("idle", None), True), (showing("reconnecting"), True), (showing("publishing"), False)],
)
async def test_a_publisher_who_may_reconnect_is_gone(answer: Reply, gone: bool) -> None:
    async with enforcing(LOGGED_IN, answer) as (enforcer, _):
        assert await enforcer.gone(an_order()) is gone


@pytest.mark.parametrize(
    "answer",
    [
        Reply(status=404, body=b"<h1>nginx</h1>"),
        showing("publishing", "../login"),
        json_reply({"success": True, "data": {"publisher": {"id": "m1abc"}}}),
        json_reply([]),
    ],
)
async def test_an_answer_of_another_version_confirms_nothing(answer: Reply) -> None:
    async with enforcing(LOGGED_IN, answer) as (enforcer, script):
        with pytest.raises(EnforcerFailure, match="whether the stream is published") as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry
        assert len(script.requests) == 2


async def test_a_session_that_left_by_itself_is_no_failure_and_any_other_refusal_is() -> None:
    async with enforcing(LOGGED_IN, showing("publishing"), json_reply({"success": False}, 404)) as (enforcer, _):
        await enforcer.cut(an_order())
    async with enforcing(LOGGED_IN, showing("publishing"), json_reply({"success": False}, 400)) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="answers 400"):
            await enforcer.cut(an_order())


async def test_a_token_that_has_run_out_is_fetched_anew_once() -> None:
    replies = (LOGGED_IN, NOWHERE, Reply(status=401), LOGGED_IN, NOWHERE, NOWHERE)
    async with enforcing(*replies) as (enforcer, script):
        for _ in range(3):
            assert await enforcer.gone(an_order())
    assert [path for path in script.asked if path.startswith("POST")] == ["POST /api/v1/login"] * 2


async def test_cuts_at_once_log_in_once_since_the_server_counts_logins() -> None:
    async with enforcing(LOGGED_IN, NOWHERE) as (enforcer, script):
        assert all(await asyncio.gather(*(enforcer.gone(an_order()) for _ in range(12))))
    assert [path for path in script.asked if path.startswith("POST")] == ["POST /api/v1/login"]


@pytest.mark.parametrize(
    ("login", "retry"),
    [(Reply(status=401), False), (Reply(status=429), True), (Reply(body=b"ok"), False), (json_reply({}), False)],
)
async def test_a_login_that_fails_is_said(login: Reply, retry: bool) -> None:
    async with enforcing(login) as (enforcer, _):
        with pytest.raises(EnforcerFailure) as failure:
            await enforcer.cut(an_order())
        assert failure.value.retry is retry


@pytest.mark.parametrize(("app", "stream"), [("live", "a.b"), ("a/b", "s1"), ("live", "../x"), ("live", "")])
async def test_names_that_the_server_lets_nobody_use_are_refused(app: str, stream: str) -> None:
    async with enforcing(LOGGED_IN) as (enforcer, script):
        with pytest.raises(EnforcerFailure, match="letters, digits"):
            await enforcer.block(an_order(placement=Placement(server="main", app=app, stream=stream)))
        assert script.requests == []
