"""Cuts sessions on a media server, each in a child that SIGKILL ends at a step of its cut (``python -m``).

Its argument is a JSON object: the registry's folder, [session, step] pairs, and the server's section of the settings
under its name. The exit status is 0 where every child was killed.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from monitor.egress import EgressPolicy
from monitor.enforcers.enforcer import Enforcer, Order
from monitor.server_assembly import Surroundings, enforcers
from monitor.server_settings import AnyServer, Server
from protocols.session import SessionId
from tests.contract.blocks import MemoryBlocks, MemoryFence
from tests.contract.crash import Death, Service, registry_of

_SECTION: TypeAdapter[AnyServer] = TypeAdapter(Server)


def enforcer_of(name: str, section: Mapping[str, Any]) -> Enforcer:
    """The enforcer that a service would make of this section of its settings, without the fence before it."""
    around = Surroundings(
        blocks=MemoryBlocks(), fence=MemoryFence(), egress=EgressPolicy(), now=time.time, source_ended=_never
    )
    return enforcers({name: _SECTION.validate_python(section)}, around)[name].server


async def _never(_: Order) -> bool:
    return False


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def cut(folder: Path, session: str, step: str, enforcer: Enforcer) -> None:
    """Cut; it never returns where the step is one of a cut."""
    async with registry_of(folder) as registry:
        service = Service(registry=registry, server=enforcer, blocks=MemoryBlocks(), death=Death(step, _killed))
        await service.cut(await registry.sessions.get(SessionId(session)))


def main(folder: str, deaths: list[tuple[str, str]], servers: dict[str, Any]) -> int:
    """One child after the other; how many were not killed."""
    [(name, section)] = servers.items()
    survivors = 0
    for session, step in deaths:
        child = os.fork()
        if child == 0:
            asyncio.run(cut(Path(folder), session, step, enforcer_of(name, section)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        survivors += not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)
    return survivors


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[1])))
