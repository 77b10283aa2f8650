"""One person for two streams: the service, two operators' programs that tell the same motion, and what the API says."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.studio.portrait import portraits
from tests.servers.operator import Operator, make_key
from tests.servers.ports import free_port
from tests.servers.publisher import draw_test_card
from tests.servers.service import Service
from tests.servers.tracker import Tracker

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

_PATIENCE = 120.0  # seconds; on a quiet machine it takes some twenty


class LookingAbout:
    """A head that turns to and fro, every time another way, somewhat more than a second apart."""

    def __init__(self) -> None:
        dice = np.random.default_rng(8)
        self._at = np.cumsum(dice.uniform(1.05, 1.3, 400))
        self._yaw = dice.uniform(8.0, 25.0, 400) * np.where(np.arange(400) % 2, 1.0, -1.0)
        self._pitch = dice.normal(0.0, 6.0, 400)
        self._began = asyncio.get_running_loop().time()

    def __call__(self, at: float) -> dict[str, float]:
        """Where it is at a time of the loop's clock."""
        now = at - self._began
        yaw, pitch = (float(np.interp(now, self._at, course)) for course in (self._yaw, self._pitch))
        return {"yaw": yaw, "pitch": pitch, "mouth": 0.0}


async def found(service: Service, session: str) -> dict[str, Any]:
    """What the verdict says of where the motion is told too, once it does."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            verdict = (await service.api.session(session))["verdict"] or {"evidence": []}
            facts = [e["facts"] for e in verdict["evidence"] if e["rule"] == "originality"]
            if facts:
                assert verdict["findings"]["originality"] in ("warn", "fail")
                return dict(facts[0])
            await asyncio.sleep(0.5)


async def test_the_same_motion_on_two_streams_is_found_on_both(tmp_path: Path) -> None:
    await asyncio.to_thread(draw_test_card, tmp_path / "card.mp4", seconds=200)
    await asyncio.to_thread(portraits, "sakura", tmp_path / "stills")
    url, motion = (tmp_path / "card.mp4").as_uri(), LookingAbout()
    ports = [free_port(socket.SOCK_DGRAM) for _ in range(2)]
    async with Service(tmp_path) as service:
        api = service.api
        await api.register("Hoshi", sorted((tmp_path / "stills").glob("*.jpg"))[:4])
        names = ("ann", "bo")
        keys = [tmp_path / f"{name}.pem" for name in names]
        people = [await api.enrol(name, make_key(key)) for name, key in zip(names, keys, strict=True)]
        one, other = [(await api.attach(url=url, avatar="Hoshi", operators=[person]))["id"] for person in people]
        async with (
            Tracker(ports[0], motion),
            Tracker(ports[1], motion),
            Operator(service, one, people[0], key=keys[0], tracker=f"vmc:{ports[0]}"),
            Operator(service, other, people[1], key=keys[1], tracker=f"vmc:{ports[1]}"),
        ):
            here, there = await asyncio.gather(found(service, one), found(service, other))
            assert (here["session"], there["session"]) == (other, one)
            assert here["at_the_same_time"] is there["at_the_same_time"] is True
            assert min(here["turns"], there["turns"]) >= 5
