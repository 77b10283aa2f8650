"""A service that is killed between a cut and its evidence: run as a program of its own, which never ends well."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from monitor.evidence import EvidenceRoom
from monitor.sources.ring import Ring
from monitor.testimony import Testimony
from monitor.witness import Witness
from registry.evidence_spool import Spool
from registry.evidence_store import EvidenceStore, Folder
from tests.unit.monitor.broadcast import broadcast, clock
from tests.unit.monitor.test_evidence import fill, judge, tell


async def _cut(folder: Path, film: Path) -> None:
    async with broadcast(folder) as stage:
        testimony, ring = Testimony(judge()), Ring()
        fill(ring, film)
        verdict = tell(testimony, 8)
        room = EvidenceRoom(
            stage.registry,
            EvidenceStore(Folder(folder / "evidence")),
            clock=clock,
            spool=Spool(folder / "spool", bytes(32)),
        )
        witness = Witness(testimony, ring, room, zero=90.0, session=stage.session.id)
        await witness.spool(stage.session, witness.seal())
        await stage.registry.cuts.intend(
            session=stage.session.id, epoch=stage.session.epoch, rule="driving", cause="nobody drives",
            evidence=verdict.document(), enforcer="edge", at=clock(), until=clock() + timedelta(hours=1),
        )  # fmt: skip
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(_cut(Path(sys.argv[1]), Path(sys.argv[2])))
