"""Clouds that answer oddly, by a script."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

import monitor.enforcers.ivs as ivs
from monitor.enforcers.alibaba import AlibabaEnforcer, AlibabaServer
from monitor.enforcers.enforcer import Enforcer, EnforcerFailure
from monitor.enforcers.ivs import IvsEnforcer, IvsServer
from monitor.enforcers.tencent import TencentEnforcer, TencentServer
from protocols.session import Placement
from protocols.signing.acs3 import AlibabaKey
from protocols.signing.sigv4 import AwsKey
from protocols.signing.tc3 import TencentKey
from tests.contract.stages import LOOPBACK_EGRESS
from tests.servers.receiver import Receiver, Reply
from tests.unit.monitor.enforcers.order import an_order
from tests.unit.monitor.enforcers.script import Script, json_reply

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ARN = "arn:aws:ivs:us-west-2:123456789012:channel/abc"
CHANNEL = an_order(placement=Placement(server="main", app="channel", stream="abc"))


def a_tencent(url: str) -> Enforcer:
    server = TencentServer(name="main", domain="d", key=TencentKey(id="k", secret="s"), url=url)
    return TencentEnforcer(server, egress=LOOPBACK_EGRESS, now=NOW.timestamp)


def an_alibaba(url: str) -> Enforcer:
    server = AlibabaServer(name="main", domain="d", key=AlibabaKey(id="k", secret="s"), url=url)
    return AlibabaEnforcer(server, egress=LOOPBACK_EGRESS, now=NOW.timestamp, nonce=lambda: "n")


def an_ivs(url: str) -> Enforcer:
    key = AwsKey(id="k", secret="s")
    server = IvsServer(name="main", region="us-west-2", account="123456789012", key=key, url=url)
    return IvsEnforcer(server, egress=LOOPBACK_EGRESS, now=NOW.timestamp)


Make = Callable[[str], Enforcer]


@asynccontextmanager
async def enforcing(make: Make, *replies: Reply) -> AsyncIterator[tuple[Enforcer, Script]]:
    script = Script(*replies)
    async with Receiver(script) as receiver:
        enforcer = make(receiver.url)
        yield enforcer, script
        await enforcer.close()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ivs, "PACE", 0.0)


def response(**said: object) -> Reply:
    return json_reply({"Response": {**said, "RequestId": "r"}})


def error(code: object) -> Reply:
    return response(Error={"Code": code, "Message": "no"})


@pytest.mark.parametrize(
    ("until", "resume"),
    [
        (NOW + timedelta(hours=1), "2026-11-26T13:00:00Z"),
        (NOW + timedelta(days=365), "2027-02-24T12:00:00Z"),
        (None, "2027-02-24T12:00:00Z"),
    ],
)
async def test_tencent_forbids_for_ninety_days_at_most(until: datetime | None, resume: str) -> None:
    async with enforcing(a_tencent, response()) as (enforcer, script):
        await enforcer.block(an_order(until=until, reason="人" * 1000))
    asked = json.loads(script.requests[0].body)
    assert asked["ResumeTime"] == resume
    assert len(asked["Reason"].encode()) <= 2048
    assert script.requests[0].headers["x-tc-action"] == "ForbidLiveStream"


@pytest.mark.parametrize("make", [a_tencent, an_alibaba])
async def test_a_block_whose_time_has_passed_is_not_put(make: Make) -> None:
    async with enforcing(make, response()) as (enforcer, script):
        await enforcer.block(an_order(until=NOW))
        assert script.requests == []


@pytest.mark.parametrize(
    ("answer", "retry", "says"),
    [
        (error("AuthFailure.SecretIdNotFound"), False, "credentials"),
        (error("UnauthorizedOperation"), False, "credentials"),
        (error("RequestLimitExceeded"), True, "RequestLimitExceeded"),
        (error("InternalError.DBError"), True, "InternalError"),
        (error("InvalidParameter"), False, "InvalidParameter"),
        (error(5), True, "which error"),
        (json_reply({}), False, "is this its API"),
        (Reply(body=b"<html>"), False, "is this its API"),
        (response(), True, "whether the stream is active"),
        (response(StreamState="paused"), True, "whether the stream is active"),
    ],
)
async def test_tencent_s_errors_inside_of_200(answer: Reply, retry: bool, says: str) -> None:
    async with enforcing(a_tencent, answer) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry is retry


async def test_forbidden_is_not_taken_for_gone_while_it_is_online() -> None:
    forbidden = response(StreamState="forbid")
    async with enforcing(a_tencent, forbidden, response(OnlineInfo=[{"StreamName": "s1"}])) as (enforcer, _):
        assert not await enforcer.gone(an_order())
    async with enforcing(a_tencent, forbidden, response(OnlineInfo=[])) as (enforcer, _):
        assert await enforcer.gone(an_order())
    async with enforcing(a_tencent, forbidden, response()) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="online"):
            await enforcer.gone(an_order())


async def test_a_drop_that_fails_while_the_stream_is_active_is_a_failure() -> None:
    async with enforcing(a_tencent, error("FailedOperation"), response(StreamState="active")) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="FailedOperation") as failure:
            await enforcer.cut(an_order())
        assert failure.value.retry


def alibaba(code: str, status: int = 400) -> Reply:
    return json_reply({"Code": code, "Message": "no", "RequestId": "r"}, status)


@pytest.mark.parametrize(
    ("answer", "retry", "says"),
    [
        (alibaba("InvalidAccessKeyId.NotFound", 404), False, "credentials"),
        (alibaba("Forbidden.RAM", 403), False, "credentials"),
        (alibaba("Throttling.User"), True, "Throttling"),
        (alibaba("InvalidDomain.NotFound", 404), False, "InvalidDomain"),
        (alibaba("InternalError", 500), True, "answers 500"),
        (json_reply({"StreamState": "online"}), False, "is this its API"),
        (json_reply({"RequestId": "r"}), True, "whether the stream is online"),
        (Reply(body=b"ok"), False, "is this its API"),
    ],
)
async def test_alibaba_s_errors(answer: Reply, retry: bool, says: str) -> None:
    async with enforcing(an_alibaba, answer) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry is retry


async def test_alibaba_keeps_a_block_without_an_end_and_cuts_with_oneshot() -> None:
    async with enforcing(an_alibaba, json_reply({"RequestId": "r"})) as (enforcer, script):
        await enforcer.block(an_order(until=None))
        await enforcer.cut(an_order())
    block, cut = (request.query for request in script.requests)
    names = {"AppName": "live", "DomainName": "d", "LiveStreamType": "publisher", "StreamName": "s1"}
    assert (block, cut) == (names, {**names, "Oneshot": "yes"})


@pytest.mark.parametrize("state", ["online", "offline"])
async def test_alibaba_s_refusal_to_cut_is_none_where_the_stream_is_offline(state: str) -> None:
    standing = json_reply({"StreamState": state, "RequestId": "r"})
    async with enforcing(an_alibaba, alibaba("InvalidStream.NotFound", 404), standing) as (enforcer, _):
        if state == "offline":
            await enforcer.cut(an_order())
        else:
            with pytest.raises(EnforcerFailure, match="InvalidStream"):
                await enforcer.cut(an_order())


OFFLINE = json_reply({"exceptionMessage": "The stream is offline"}, 404)


async def test_404_of_ivs_is_offline_for_a_channel_that_is_there_and_an_error_for_another() -> None:
    async with enforcing(an_ivs, OFFLINE, json_reply({"channel": {"arn": ARN}})) as (enforcer, _):
        assert await enforcer.gone(CHANNEL)
    async with enforcing(an_ivs, OFFLINE, OFFLINE) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="no such channel") as failure:
            await enforcer.gone(CHANNEL)
        assert not failure.value.retry


@pytest.mark.parametrize(
    ("answer", "retry", "says"),
    [
        (Reply(status=429), True, "answers 429"),
        (Reply(status=503), True, "answers 503"),
        (Reply(status=400), False, "answers 400"),
        (json_reply({"stream": {}}), True, "whether the channel is live"),
    ],
)
async def test_ivs_that_answers_oddly_confirms_nothing(answer: Reply, retry: bool, says: str) -> None:
    async with enforcing(an_ivs, answer) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.gone(CHANNEL)
        assert failure.value.retry is retry


async def test_keys_of_ivs_that_list_for_ever_or_not_at_all_block_nothing() -> None:
    endless = json_reply({"streamKeys": [], "nextToken": "t"})
    for answer, says in (
        (endless, "end of its stream keys"),
        (json_reply({}), "which stream keys"),
        (OFFLINE, "channel"),
    ):
        async with enforcing(an_ivs, answer) as (enforcer, _):
            with pytest.raises(EnforcerFailure, match=says):
                await enforcer.block(CHANNEL)


async def test_a_key_that_cannot_be_deleted_is_a_failure() -> None:
    keys = json_reply({"streamKeys": [{"arn": "key"}]})
    async with enforcing(an_ivs, keys, Reply(status=409)) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="answers 409") as failure:
            await enforcer.block(CHANNEL)
        assert failure.value.retry


@pytest.mark.parametrize("placement", [("live", "abc"), ("channel", "a/b"), ("channel", "")])
async def test_a_placement_on_ivs_is_a_channel(placement: tuple[str, str]) -> None:
    order = an_order(placement=Placement(server="main", app=placement[0], stream=placement[1]))
    async with enforcing(an_ivs, OFFLINE) as (enforcer, script):
        with pytest.raises(EnforcerFailure, match="the channel's id"):
            await enforcer.cut(order)
        assert script.requests == []
