"""One person for two streams: the service, two operators' programs that tell the same motion, and what the API says."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.studio.portrait import portraits
from tests.servers.operator import Operator, make_key
from tests.servers.publisher import draw_test_card
from tests.servers.service import Service

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

_PATIENCE = 120.0  # seconds; on a quiet machine it takes some twenty


def motion(file: Path, seconds: float = 110.0) -> Path:
    """A head that looks about: to and fro, every time another way, somewhat more than two seconds apart."""
    dice = np.random.default_rng(8)
    at = np.cumsum(dice.uniform(1.05, 1.3, 120))
    yaw = dice.uniform(8.0, 25.0, 120) * np.where(np.arange(120) % 2, 1.0, -1.0)
    pitch, roll = dice.normal(0.0, 6.0, (2, 120))
    times = np.arange(0.0, seconds, 1 / 30)
    told = {"yaw": yaw, "pitch": pitch, "roll": roll}
    courses = {name: np.interp(times, at, values) for name, values in told.items()}
    lines = [{"t": round(float(t), 4)} | {k: round(float(v[n]), 3) for k, v in courses.items()} for n, t in
             enumerate(times)]  # fmt: skip
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


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
    await asyncio.to_thread(draw_test_card, tmp_path / "card.mp4", seconds=150)
    await asyncio.to_thread(portraits, "sakura", tmp_path / "stills")
    told, url = motion(tmp_path / "motion.jsonl"), (tmp_path / "card.mp4").as_uri()
    async with Service(tmp_path) as service:
        api = service.api
        await api.register("Hoshi", sorted((tmp_path / "stills").glob("*.jpg"))[:4])
        names = ("ann", "bo")
        keys = [tmp_path / f"{name}.pem" for name in names]
        people = [await api.enrol(name, make_key(key)) for name, key in zip(names, keys, strict=True)]
        one, other = [(await api.attach(url=url, avatar="Hoshi", operators=[person]))["id"] for person in people]
        async with (
            Operator(service, one, people[0], key=keys[0], telemetry=told),
            Operator(service, other, people[1], key=keys[1], telemetry=told),
        ):
            here, there = await asyncio.gather(found(service, one), found(service, other))
            assert (here["session"], there["session"]) == (other, one)
            assert here["at_the_same_time"] is there["at_the_same_time"] is True
            assert min(here["turns"], there["turns"]) >= 5
