"""Discovery: which tracking is running on this machine, by listening where the known ones are heard."""

import asyncio
import socket
from contextlib import AsyncExitStack, suppress

from monitor.operator.tracking.choice import LOOPBACK, Choice, TrackerRefused
from monitor.operator.tracking.datagram import open_port
from protocols.tracking import vtube_studio
from protocols.tracking.reading import Decoder, PacketRefused
from protocols.tracking.tracker import PORTS, Tracker, decoder

LISTEN_FOR = 3.0
"""Seconds; VTube Studio tells of itself every two."""
# What is heard without being asked, the one that tells most first. VTube Studio must ask its user, so it comes last.
ORDER = (Tracker.VMC, Tracker.FACE_JSON, Tracker.IFACIALMOCAP, Tracker.OPENSEEFACE, Tracker.VTUBE_STUDIO)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, tracker: Tracker, reader: Decoder, heard: dict[Tracker, Choice]) -> None:
        self._tracker, self._reader, self._heard = tracker, reader, heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        with suppress(PacketRefused):
            self._reader.read(data, 0.0)
            self._heard[self._tracker] = Choice(tracker=self._tracker, port=PORTS[self._tracker])


class _Broadcasts(asyncio.DatagramProtocol):
    """Hears that VTube Studio is there and at which port; whoever says so, only this machine is connected to."""

    def __init__(self, heard: dict[Tracker, Choice]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        with suppress(PacketRefused):
            instance = vtube_studio.broadcast(data)
            if instance.active:
                self._heard[Tracker.VTUBE_STUDIO] = Choice(tracker=Tracker.VTUBE_STUDIO, port=instance.port)


async def discover(seconds: float = LISTEN_FOR) -> tuple[list[Choice], list[int]]:
    """What is running here, the best first, and the ports that other programs have taken."""
    heard: dict[Tracker, Choice] = {}
    taken: list[int] = []
    async with AsyncExitStack() as stack:
        for tracker in ORDER:
            reader = decoder(tracker)
            if reader is not None:
                await _hear(stack, tracker, reader, heard, taken)
        await _hear_broadcasts(stack, heard)
        await asyncio.sleep(seconds)
    if Tracker.VTUBE_STUDIO not in heard and await _answers(PORTS[Tracker.VTUBE_STUDIO]):
        heard[Tracker.VTUBE_STUDIO] = Choice(tracker=Tracker.VTUBE_STUDIO, port=PORTS[Tracker.VTUBE_STUDIO])
    return [heard[tracker] for tracker in ORDER if tracker in heard], taken


async def _hear(
    stack: AsyncExitStack, tracker: Tracker, reader: Decoder, heard: dict[Tracker, Choice], taken: list[int]
) -> None:
    try:
        bound = open_port(PORTS[tracker], LOOPBACK)
    except TrackerRefused:
        taken.append(PORTS[tracker])
        return
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(tracker, reader, heard), sock=bound)
    stack.callback(transport.close)


async def _hear_broadcasts(stack: AsyncExitStack, heard: dict[Tracker, Choice]) -> None:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setblocking(False)
    # Broadcasts come to each who listens, so other plugins lose nothing by our listening too.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("0.0.0.0", vtube_studio.BROADCAST_PORT))  # noqa: S104 - a broadcast has no other address
    except OSError:
        bound.close()
        return
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Broadcasts(heard), sock=bound)
    stack.callback(transport.close)


async def _answers(port: int) -> bool:
    """Whether something listens there."""
    try:
        async with asyncio.timeout(1.0):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
