"""Free ports of the loopback interface."""

import asyncio
import secrets
import socket
from contextlib import closing

_LISTENING = range(12_000, 32_000)
"""Below the ports that the kernel hands out for outgoing connections, so that none of those takes one first."""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of 127.0.0.1 that nothing listens on now, drawn anew each time: tests run beside each other."""
    while True:
        port = secrets.choice(_LISTENING)
        with closing(socket.socket(socket.AF_INET, kind)) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


async def answers(port: int) -> bool:
    """Whether something accepts TCP connections on the port of 127.0.0.1."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
