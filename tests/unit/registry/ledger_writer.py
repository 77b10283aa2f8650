"""A program of its own that writes a ledger until it is killed: ``waiters PATH`` or ``batches PATH``."""

import asyncio
import itertools
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from protocols.chain import timestamp
from registry.error import LedgerFailure
from registry.ledger import Ledger
from registry.ledger_file import Draft, LedgerFile

BATCH = 64


async def waiters(path: Path) -> None:
    """Eight tasks that tell of every entry acknowledged."""
    ledger = await Ledger.open(path)

    async def work(worker: int) -> None:
        number = 0
        while True:
            number += 1
            body = {"worker": worker, "number": number, "filling": "x" * 200}
            try:
                entry = await ledger.append("verdict", f"ses_{worker}", f"{worker}-{number}", body, datetime.now(UTC))
            except LedgerFailure:
                await asyncio.sleep(0.01)
                continue
            # One write of less than PIPE_BUF bytes reaches the reader whole or not at all.
            os.write(1, f"{entry.number} {entry.hash.hex()}\n".encode())

    async with asyncio.TaskGroup() as tasks:
        for worker in range(8):
            tasks.create_task(work(worker))


def batches(path: Path) -> None:
    """Batches of entries, each of which names its batch; tells of every batch acknowledged."""
    file = LedgerFile.open(path)
    for batch in itertools.count():
        body = f'{{"batch":{batch}}}'.encode()
        draft = Draft(at=timestamp(datetime.now(UTC)), kind="verdict", session="ses_1", subject="s", body=body)
        entries = file.append([draft] * BATCH)
        os.write(1, f"{entries[-1].number} {entries[-1].hash.hex()}\n".encode())


if __name__ == "__main__":
    mode, place = sys.argv[1], Path(sys.argv[2])
    if mode == "waiters":
        asyncio.run(waiters(place))
    else:
        batches(place)
