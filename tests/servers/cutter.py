"""A process that cuts sessions on an nginx, each in a child that SIGKILL ends at a step of its cut (``python -m``).

Its argument is a JSON object: the registry's folder, [session, step] pairs, the nginx's addresses and its login. The
exit status is 0 where every child was killed.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from monitor.enforcers.nginx_rtmp import NginxRtmpEnforcer, NginxRtmpServer
from protocols.session import SessionId
from tests.contract.blocks import MemoryBlocks
from tests.contract.crash import Death, Service, registry_of


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def cut(folder: Path, session: str, step: str, server: NginxRtmpServer) -> None:
    """Cut; it never returns where the step is one of a cut."""
    async with registry_of(folder) as registry:
        enforcer = NginxRtmpEnforcer(server)
        service = Service(registry=registry, server=enforcer, blocks=MemoryBlocks(), death=Death(step, _killed))
        await service.cut(await registry.sessions.get(SessionId(session)))


def main(folder: str, deaths: list[tuple[str, str]], server: dict[str, str], login: tuple[str, str]) -> int:
    """One child after the other; how many were not killed."""
    nginx = NginxRtmpServer(
        name=server["name"], control_url=server["control_url"], stat_url=server["stat_url"], login=(login[0], login[1])
    )
    survivors = 0
    for session, step in deaths:
        child = os.fork()
        if child == 0:
            asyncio.run(cut(Path(folder), session, step, nginx))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        survivors += not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)
    return survivors


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[1])))
