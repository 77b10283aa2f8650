"""What every media server's API has in common: answers late, refusing, endless, or no JSON."""

from pathlib import Path

import pytest

import monitor.enforcers.http_api as module
from monitor.egress import EgressPolicy, http_client
from monitor.enforcers.enforcer import EnforcerFailure
from monitor.enforcers.http_api import HttpApi, near_client
from tests.servers.receiver import HANG, Receiver, Reply
from tests.unit.monitor.enforcers.script import Script, json_reply
from tests.unit.monitor.test_exchange import self_signed


async def failure(answer: Reply) -> EnforcerFailure:
    async with Receiver(Script(answer)) as receiver:
        api = HttpApi("server 'main'", receiver.url, near_client(), seconds=1.0)
        with pytest.raises(EnforcerFailure, match="server 'main'") as failed:
            await api.ask("GET", "/x")
        await api.close()
    return failed.value


@pytest.mark.parametrize(
    ("answer", "retry", "says"),
    [
        (Reply(status=401), False, "credentials"),
        (Reply(status=403), False, "credentials"),
        (Reply(status=302, headers={"location": "http://127.0.0.1:1/"}), False, "is this its API"),
        (Reply(status=408), True, "answers 408"),
        (Reply(status=429), True, "answers 429"),
        (Reply(status=500), True, "answers 500"),
        (Reply(status=503), True, "answers 503"),
        (HANG, True, "no whole answer"),
        (Reply(body=b"{}" * 9, trickle=0.1), True, "no whole answer"),
        (Reply(body=b'{"a":1}', cut_off=True), True, "connection failed"),
    ],
)
async def test_trouble_is_told_with_the_server_and_whether_trying_again_may_help(
    answer: Reply, retry: bool, says: str
) -> None:
    failed = await failure(answer)
    assert says in str(failed)
    assert failed.retry is retry


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 60_000, b"\xff", b'"' + b"x" * 300])
async def test_a_body_that_is_no_whole_json_is_none(body: bytes) -> None:
    async with Receiver(Script(Reply(body=body))) as receiver:
        api = HttpApi("server", receiver.url, near_client(), limit=200)
        reply = await api.ask("GET", "/x")
        assert (reply.document, reply.at("a"), reply.list("a")) == (None, None, [])
        await api.close()


async def test_other_statuses_are_the_callers_to_judge() -> None:
    async with Receiver(Script(json_reply({"a": {"b": [1]}}, 404))) as receiver:
        api = HttpApi("server", f"{receiver.url}/", near_client())
        reply = await api.ask("DELETE", "/x", params={"start": "0"})
        assert (reply.status, reply.accepted, reply.list("a", "b"), reply.at("a", "b", "c")) == (404, False, [1], None)
        assert receiver.requests[0].query == {"start": "0"}
        await api.close()


async def test_a_certificate_that_is_not_to_be_trusted_ends_the_attempt(tmp_path: Path) -> None:
    async with Receiver(Script(Reply()), tls=self_signed(tmp_path)) as receiver:
        api = HttpApi("server", receiver.url, near_client())
        with pytest.raises(EnforcerFailure, match="certificate is not to be trusted") as failed:
            await api.ask("GET", "/x")
        assert not failed.value.retry
        await api.close()


async def test_a_far_server_is_reached_only_where_egress_allows_it() -> None:
    async with Receiver(Script(Reply())) as receiver:
        api = HttpApi("cloud", receiver.url, http_client(EgressPolicy()), seconds=module.FAR_SECONDS)
        with pytest.raises(EnforcerFailure, match="must not be connected to") as failed:
            await api.ask("GET", "/x")
        assert not failed.value.retry
        assert receiver.requests == []
        await api.close()


@pytest.mark.parametrize(("tries", "asked"), [(1, 1), (2, 2), (3, 3), (9, 3)])
async def test_what_fails_at_once_is_sent_again_as_often_as_the_api_may_be_asked(tries: int, asked: int) -> None:
    broken = Reply(body=b'{"a":1}', cut_off=True)
    async with Receiver(script := Script(broken, broken, json_reply({"a": 1}))) as receiver:
        api = HttpApi("server", receiver.url, near_client(), tries=tries)
        if asked < 3:
            with pytest.raises(EnforcerFailure, match="connection failed"):
                await api.ask("GET", "/x")
        else:
            assert (await api.ask("GET", "/x")).at("a") == 1
        assert len(script.asked) == asked
        await api.close()


async def test_an_answer_and_a_long_silence_are_not_asked_for_again() -> None:
    for answer in (Reply(status=503), HANG):
        async with Receiver(script := Script(answer)) as receiver:
            api = HttpApi("server", receiver.url, near_client(), seconds=0.6, tries=3)
            with pytest.raises(EnforcerFailure):
                await api.ask("GET", "/x")
            assert len(script.asked) == 1
            await api.close()
