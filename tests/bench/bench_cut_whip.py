"""How fast a cut is for who publishes to the service itself: from a person's order to the end of aiortc's connection.

By the running service with workers, which hold the publishers' connections and are killed now and then in the middle of
it. Every cut must be confirmed, once, and nobody may publish again: the measurement fails otherwise.
"""

import asyncio
import math
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from samples.studio.portrait import portraits
from tests.servers.children import children
from tests.servers.operator import make_key
from tests.servers.service import Document, Service
from tests.servers.webrtc import NoiseTrack, WhipPublisher

FIGURES = ("cut_whip_p50_s", "cut_whip_p99_s")
CUTS = 200
AT_ONCE = 5
KILL_EVERY = 8
"""Batches: in each such one the workers are killed while it is cut."""

LIMIT_S = 1.0
NEVER = 80_000.0
PATIENT = {
    "presence": {"connect_within_s": NEVER, "absent_after_s": NEVER},
    "challenge": {"first_after_s": NEVER, "mean_every_s": NEVER},
    "likeness": {"fail_at": 0.000001},
    "fusion": {"driving_cap": 0.01, "silent_weight": 0.01, "repetition_weight": 0.01, "authenticity_cap": 0.01},
}
ORDER = {"rule": "driving", "measure": "drop", "seconds": 3600, "reason": "a machine drives it"}
SETTINGS = "[quarantine]\nafter = 1000\n"  # nobody is to be suspected for what this does


def figures() -> dict[str, dict[str, Any]]:
    """Return the figures; raises where a cut was not confirmed, or somebody could publish again."""
    with tempfile.TemporaryDirectory(prefix="bench-cut-whip-") as folder:
        ordered = sorted(asyncio.run(measure(Path(folder), CUTS)))
    shared = {
        "unit": "s",
        "limit": LIMIT_S,
        "how": f"from the order to the end of aiortc's connection, {len(ordered)} cuts, {AT_ONCE} at once, workers die",
        "runs": len(ordered),
        "min": round(ordered[0], 3),
        "max": round(ordered[-1], 3),
    }
    return {
        "cut_whip_p50_s": {"value": round(statistics.median(ordered), 3), **shared},
        "cut_whip_p99_s": {"value": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 3), **shared},
    }


async def measure(folder: Path, cuts: int) -> list[float]:
    """Cut that many publishers; the seconds that each took."""
    seconds: list[float] = []
    async with Service(folder / "service", settings=SETTINGS, workers=2) as service:
        await service.api.policy("patient", PATIENT)
        avatar = await service.api.register("sakura", portraits("sakura", folder / "stills"))
        operator = await service.api.enrol("ann", make_key(folder / "device.pem"))
        for batch in range(0, cuts, AT_ONCE):
            comers = [Comer(service, avatar, operator) for _ in range(min(AT_ONCE, cuts - batch))]
            seconds += await _batch(service, comers, kill=(batch // AT_ONCE) % KILL_EVERY == 1)
    return seconds


class Comer:
    """Somebody who publishes a session of their own."""

    def __init__(self, service: Service, avatar: str, operator: str) -> None:
        self._service = service
        self._claim: Document = {"avatar": avatar, "operators": [operator], "policy": "patient"}
        self._publisher = WhipPublisher(NoiseTrack(), codec="vp8")
        self._gone = asyncio.Event()
        self.session: Document = {}

    async def come(self) -> None:
        """Publish, and wait until it is watched."""
        api = self._service.api
        self.session = await api.attach(source={"kind": "whip"}, **self._claim)
        offer = await self._publisher.offer()
        while (answer := await self.offer(offer)).status_code == 503:  # noqa: ASYNC110 - no worker is ready
            await asyncio.sleep(float(answer.headers["retry-after"]))
        await self._publisher.accept(answer.raise_for_status().text)
        self._publisher.peer.on("connectionstatechange", self._changed)
        await api.until(self.session["id"], lambda standing: standing["state"] == "live", within=60)

    async def offer(self, sdp: str) -> httpx.Response:
        """What the service says to an offer."""
        headers = {"content-type": "application/sdp", "authorization": f"Bearer {self.session['whip']['token']}"}
        return await self._service.api.client.post(self.session["whip"]["url"], content=sdp, headers=headers)

    async def cut(self, killed: asyncio.Event) -> float:
        """Order the cut; the seconds until the connection is closed, or is gone with its worker."""
        api, began = self._service.api, time.monotonic()
        await api.call("POST", f"/v1/sessions/{self.session['id']}/cut", json=ORDER)
        waits = [asyncio.create_task(event.wait()) for event in (self._gone, killed)]
        done, others = await asyncio.wait(waits, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        seconds = time.monotonic() - began
        for other in others:
            other.cancel()
        await api.until(self.session["id"], lambda standing: standing["state"] == "cut", within=60)
        states = [cut["state"] for cut in await api.cuts(self.session["id"])]
        if not done or states != ["confirmed"]:
            raise RuntimeError(f"a publisher is {'gone' if done else 'there'}, and its cuts are {states}")
        return seconds

    async def leave(self) -> None:
        """Try to come back, which must be refused, and give up."""
        again = WhipPublisher(NoiseTrack(), codec="vp8")
        answer = await self.offer(await again.offer())
        await again.close()
        await self._publisher.close()
        if answer.status_code != 403:
            raise RuntimeError(f"a publisher who was cut is told {answer.status_code}: {answer.text}")

    def _changed(self) -> None:
        if self._publisher.peer.connectionState in ("closed", "failed"):
            self._gone.set()


async def _batch(service: Service, comers: list[Comer], *, kill: bool) -> list[float]:
    await asyncio.gather(*(comer.come() for comer in comers))
    killed = asyncio.Event()
    cutting = [asyncio.create_task(comer.cut(killed)) for comer in comers]
    if kill:
        for child in children(service.pid):
            os.kill(child, signal.SIGKILL)
        killed.set()
    seconds = await asyncio.gather(*cutting)
    await asyncio.gather(*(comer.leave() for comer in comers))
    return seconds


if __name__ == "__main__":
    for name, figure in figures().items():
        print(name, figure)
