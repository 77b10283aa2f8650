"""Trackers that send datagrams: heard on a port of ours, and asked for where the phone wants to be asked.

Only this machine is heard, unless the performer names another: then the port is open to the network, and whatever does
not come from the one that was named is passed over. A port that another program listens on is never shared with it: we
would take packets away from the performer's avatar.
"""

import asyncio
import errno
import socket
from typing import Any

from monitor.operator.tracking.choice import LOOPBACK, Choice, TrackerRefused
from monitor.operator.tracking.feed import Doing, TrackingFeed
from protocols.tracking import ifacialmocap, vtube_phone
from protocols.tracking.quality import Condition
from protocols.tracking.reading import Decoder, PacketRefused
from protocols.tracking.tracker import TITLES, Tracker, decoder

_ASK_EVERY = 1.0


class Ear(asyncio.DatagramProtocol):
    """One port: each packet goes to the decoder, what it says to the feed."""

    def __init__(self, reader: Decoder, feed: TrackingFeed, sender: str | None) -> None:
        """``sender``: the only address that is heard, None for any that the socket lets through."""
        self._reader = reader
        self._feed = feed
        self._sender = sender
        self._loop = asyncio.get_running_loop()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Read one packet."""
        if self._sender is not None and addr[0] != self._sender:
            return
        now = self._loop.time()
        try:
            self._feed.take(self._reader.read(data, now), now)
        except PacketRefused as refused:
            self._feed.refuse(str(refused))

    def error_received(self, exc: Exception) -> None:
        """A phone that is not there yet answers with an error; it is asked again anyway."""


async def listen(choice: Choice, feed: TrackingFeed) -> None:
    """Hear ``choice`` for ever. Raises TrackerRefused where its port cannot be had or its host not be found."""
    reader = decoder(choice.tracker)
    if reader is None:
        raise TrackerRefused(f"{choice.tracker} is asked by WebSocket, and sends no datagrams")
    loop = asyncio.get_running_loop()
    sender = None if choice.host is None else await _address(choice.host)
    bound = open_port(choice.port, "0.0.0.0" if choice.elsewhere else LOOPBACK)  # noqa: S104 - see above
    transport, _ = await loop.create_datagram_endpoint(lambda: Ear(reader, feed, sender), sock=bound)
    feed.tell(Doing.LISTENING, TITLES[choice.tracker], f"UDP {choice.port}")
    try:
        while True:
            if sender is not None and (asked := _request(choice, feed, loop.time())) is not None:
                transport.sendto(asked[0], (sender, asked[1]))
            await asyncio.sleep(_ASK_EVERY)
    finally:
        transport.close()


def open_port(port: int, address: str) -> socket.socket:
    """A UDP socket that nobody else shares. Raises TrackerRefused."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setblocking(False)
    try:
        bound.bind((address, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise TrackerRefused(
                f"UDP port {port} is taken by another program, which we take no packets from: let your tracking send a"
                f" copy to a free port, and name that (--tracker NAME:PORT)"
            ) from None
        raise TrackerRefused(f"UDP port {port} cannot be opened: {error.strerror}") from None
    return bound


def _request(choice: Choice, feed: TrackingFeed, now: float) -> tuple[bytes, int] | None:
    """What to send to the phone now, and to which of its ports; None where it needs no asking."""
    if choice.tracker is Tracker.VTUBE_PHONE:
        return vtube_phone.request(choice.port), vtube_phone.PHONE_PORT
    silent = feed.quality(now).condition is Condition.SILENT
    if choice.tracker is Tracker.IFACIALMOCAP and silent:
        return ifacialmocap.HELLO, ifacialmocap.PORT
    return None


async def _address(host: str) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise TrackerRefused(f"{host} cannot be found: {error.strerror}") from None
    return str(found[0][4][0])
