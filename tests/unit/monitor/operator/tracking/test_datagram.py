"""Datagrams: heard from this machine or the one that was named, a port never shared, a phone asked."""

import asyncio
import json
import socket

import pytest

from monitor.operator.tracking import datagram
from monitor.operator.tracking.choice import Choice, TrackerRefused
from monitor.operator.tracking.datagram import Ear, listen, open_port
from monitor.operator.tracking.feed import Doing, TrackingFeed
from protocols.tracking import ifacialmocap, vtube_phone
from protocols.tracking.tracker import Tracker
from tests.servers.ports import free_port
from tests.unit.monitor.operator.tracking.stage import beside, eventually, send
from tests.unit.protocols.tracking import packets


def choice(tracker: Tracker, host: str | None = None) -> Choice:
    return Choice(tracker=tracker, port=free_port(socket.SOCK_DGRAM), host=host)


async def test_packets_become_samples_and_bad_ones_are_counted() -> None:
    feed, vmc = TrackingFeed(), choice(Tracker.VMC)
    async with beside(listen(vmc, feed)):
        await eventually(lambda: feed.doing is Doing.LISTENING)
        assert feed.detail == f"UDP {vmc.port}"
        send(vmc.port, b"noise", packets.vmc_frame(1.0, packets.about("y", -9.0)), packets.vmc_frame(1.1))
        await eventually(lambda: feed.newest is not None)
    assert feed.newest is not None
    assert feed.newest.yaw == pytest.approx(9.0)
    assert abs(feed.newest.at - asyncio.get_running_loop().time()) < 5.0
    assert feed.quality(0.0).refused == 1


async def test_a_port_that_another_program_has_is_left_to_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(TrackerRefused, match=f"{port} is taken"):
            open_port(port, "127.0.0.1")
    with pytest.raises(TrackerRefused, match="cannot be opened"):
        open_port(5000, "203.0.113.1")


async def test_this_machine_alone_is_heard_unless_another_is_named() -> None:
    with open_port(0, "127.0.0.1") as bound:
        assert bound.getsockname()[0] == "127.0.0.1"
    feed = TrackingFeed()
    ear = Ear(packets_reader(), feed, "192.0.2.7")
    ear.datagram_received(packets.ifacialmocap(jawOpen=50), ("192.0.2.8", 1))
    assert feed.newest is None
    ear.datagram_received(packets.ifacialmocap(jawOpen=50), ("192.0.2.7", 1))
    assert feed.newest is not None
    ear.error_received(OSError())


def packets_reader() -> ifacialmocap.IFacialMocapDecoder:
    return ifacialmocap.IFacialMocapDecoder()


@pytest.mark.parametrize("tracker", [Tracker.VTUBE_PHONE, Tracker.IFACIALMOCAP])
async def test_a_phone_is_asked_to_send(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    phone.bind(("127.0.0.1", 0))
    phone.setblocking(False)
    port = phone.getsockname()[1]
    monkeypatch.setattr(vtube_phone, "PHONE_PORT", port)
    monkeypatch.setattr(ifacialmocap, "PORT", port)
    monkeypatch.setattr(datagram, "_ASK_EVERY", 0.02)
    feed, asked = TrackingFeed(), choice(tracker, "127.0.0.1")
    with phone:
        async with beside(listen(asked, feed)):
            request = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(phone, 2000), 5.0)
            answer = packets.phone(JawOpen=0.5) if tracker is Tracker.VTUBE_PHONE else packets.ifacialmocap(jawOpen=50)
            send(asked.port, answer)
            await eventually(lambda: feed.newest is not None)
    if tracker is Tracker.VTUBE_PHONE:
        assert json.loads(request)["ports"] == [asked.port]
    else:
        assert request == ifacialmocap.HELLO
    assert feed.newest is not None
    assert feed.newest.mouth_open == 0.5


async def test_what_cannot_be_followed_is_told() -> None:
    with pytest.raises(TrackerRefused, match="cannot be found"):
        await listen(choice(Tracker.VMC, "no-such-host.invalid"), TrackingFeed())
    with pytest.raises(TrackerRefused, match="no datagrams"):
        await listen(choice(Tracker.VTUBE_STUDIO), TrackingFeed())
