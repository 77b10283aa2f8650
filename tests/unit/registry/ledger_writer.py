"""A program of its own that writes a ledger with 8 tasks until it is killed, telling what was acknowledged."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from registry.error import LedgerFailure
from registry.ledger import Ledger


async def main(path: Path) -> None:
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


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
