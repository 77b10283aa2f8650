"""An nginx that answers oddly, by a stand-in; how the real one behaves is shown in tests/integration."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

import monitor.enforcers.nginx_rtmp as module
from monitor.enforcers.enforcer import Enforcer, EnforcerFailure
from monitor.enforcers.nginx_rtmp import NginxRtmpEnforcer, NginxRtmpServer
from protocols.session import Placement
from tests.servers.receiver import HANG, Receiver, Reply, Request
from tests.unit.monitor.enforcers.order import an_order

EMPTY = Reply(body=b"<rtmp><server/></rtmp>")
CUT_OFF = Reply(body=b"<rtmp><server/></rtmp>", cut_off=True)


def showing(*numbers: str, name: str = "s1") -> Reply:
    clients = "".join(f"<client><id>{number}</id><publishing/></client>" for number in numbers)
    stream = f"<stream><name>{name}</name>{clients}<publishing/></stream>"
    return Reply(
        body=f"<rtmp><server><application><name>live</name><live>{stream}</live></application></server></rtmp>".encode()
    )


class OddNginx:
    """Answers of control and statistics, each a list whose last one is given for ever."""

    def __init__(self, control: list[Reply], stat: list[Reply]) -> None:
        self.control = control
        self.stat = stat
        self.drops: list[tuple[str, dict[str, str]]] = []

    def answer(self, request: Request) -> Reply:
        if request.path == "/stat":
            return self.stat.pop(0) if len(self.stat) > 1 else self.stat[0]
        self.drops.append((request.path, request.query))
        return self.control.pop(0) if len(self.control) > 1 else self.control[0]


@asynccontextmanager
async def enforcing(control: list[Reply], stat: list[Reply]) -> AsyncIterator[tuple[Enforcer, OddNginx]]:
    odd = OddNginx(control, stat)
    async with Receiver(odd.answer) as receiver:
        server = NginxRtmpServer(name="main", control_url=f"{receiver.url}/control/", stat_url=f"{receiver.url}/stat")
        enforcer = NginxRtmpEnforcer(server)
        yield enforcer, odd
        await enforcer.close()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.2)
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0, 0.0))


async def test_200_and_0_is_no_cut_while_the_stream_is_shown() -> None:
    async with enforcing([Reply(body=b"0")], [showing("3")]) as (enforcer, odd):
        with pytest.raises(EnforcerFailure, match="still shows it") as failure:
            await enforcer.cut(an_order())
        assert failure.value.retry
        assert not await enforcer.gone(an_order())
    by_name, *by_number = odd.drops
    assert by_name == ("/control/drop/publisher", {"srv": "0", "app": "live", "name": "s1"})
    assert by_number == [("/control/drop/client", {"srv": "0", "app": "live", "clientid": "3"})] * 3


async def test_200_and_1_is_no_cut_either_before_the_stream_is_gone() -> None:
    async with enforcing([Reply(body=b"1")], [showing("3"), showing("5"), EMPTY]) as (enforcer, odd):
        await enforcer.cut(an_order())
        assert await enforcer.gone(an_order())
    assert [query.get("clientid") for _, query in odd.drops] == [None, "3", "5"]


async def test_a_name_that_is_not_plain_is_dropped_by_number_alone() -> None:
    order = an_order(placement=Placement(server="main", app="live", stream="a&b%20"))
    shown = showing("3", name="a&amp;b%20")
    async with enforcing([Reply(body=b"1")], [shown, EMPTY]) as (enforcer, odd):
        await enforcer.cut(order)
    assert odd.drops == [("/control/drop/client", {"srv": "0", "app": "live", "clientid": "3"})]


async def test_a_publisher_without_a_number_never_becomes_everybody() -> None:
    async with enforcing([Reply(body=b"0")], [showing()]) as (enforcer, odd):
        with pytest.raises(EnforcerFailure):
            await enforcer.cut(an_order())
    assert [path for path, _ in odd.drops] == ["/control/drop/publisher"]


@pytest.mark.parametrize(
    ("control", "retry", "says"),
    [
        (Reply(body=b""), True, "did not say how many"),
        (Reply(body=b"<html>Welcome to nginx!</html>"), True, "did not say how many"),
        (Reply(body=b"-1"), True, "did not say how many"),
        (Reply(status=401), False, "login"),
        (Reply(status=403), False, "login"),
        (Reply(status=404), False, "is this its control module"),
        (Reply(status=302, headers={"location": "http://127.0.0.1:1/"}), False, "is this its control module"),
        (Reply(status=500), True, "answers 500"),
        (Reply(status=503), True, "answers 503"),
        (HANG, True, "no whole answer"),
        (Reply(body=b"1" * 9, trickle=0.1), True, "no whole answer"),
        (Reply(body=b"11", cut_off=True), True, "connection failed"),
    ],
)
async def test_odd_answers_of_the_control_module(control: Reply, retry: bool, says: str) -> None:
    async with enforcing([control], [EMPTY]) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match=says) as failure:
            await enforcer.cut(an_order())
        assert failure.value.retry is retry


@pytest.mark.parametrize("stat", [Reply(), Reply(body=b"<html/>"), CUT_OFF, HANG, Reply(status=500)])
async def test_statistics_that_cannot_be_read_confirm_nothing(stat: Reply) -> None:
    async with enforcing([Reply(body=b"1")], [stat]) as (enforcer, _):
        with pytest.raises(EnforcerFailure) as failure:
            await enforcer.gone(an_order())
        assert failure.value.retry


async def test_endless_statistics_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAT_BYTES", 10)
    async with enforcing([Reply(body=b"1")], [EMPTY]) as (enforcer, _):
        with pytest.raises(EnforcerFailure, match="longer than they can be"):
            await enforcer.gone(an_order())


@pytest.mark.parametrize("stream", ["", "a b", "主播", "a\x01", "a\n"])
async def test_names_that_nginx_cannot_tell_apart_are_refused(stream: str) -> None:
    order = an_order(placement=Placement(server="main", app="live", stream=stream))
    async with enforcing([Reply(body=b"1")], [EMPTY]) as (enforcer, odd):
        commands: list[Callable[..., object]] = [enforcer.block, enforcer.cut, enforcer.gone]
        for command in commands:
            with pytest.raises(EnforcerFailure, match="visible ASCII") as failure:
                await command(order)  # type: ignore[misc]
            assert not failure.value.retry
    assert odd.drops == []
