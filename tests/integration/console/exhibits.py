"""A case with evidence that a browser can play: a real clip, and curves over half an hour."""

import io
import json
import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from registry.evidence_store import EvidenceStore, Folder
from registry.exhibit import Exhibit
from registry.state import Retention
from samples.studio.portrait import portraits
from tests.unit.monitor.api.world import NOW, World

HALF_HOUR = 1800.0
CLIP_AT, CLIP_SECONDS, RATE = 1700.0, 4, 10


def clip(folder: Path) -> bytes:
    """A few seconds of an avatar that sways, as WebM."""
    still = cv2.imread(str(portraits("sakura", folder)[0]))
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as out:
        track = out.add_stream("libvpx", rate=RATE)
        track.width, track.height, track.pix_fmt = 320, 180, "yuv420p"
        track.options = {"deadline": "realtime", "cpu-used": "8"}
        for number in range(CLIP_SECONDS * RATE):
            picture = np.full((180, 320, 3), (234, 224, 216), np.uint8)
            left = 70 + round(20 * math.sin(number / 4))
            picture[:, left : left + 180] = cv2.resize(still, (180, 180))
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            for packet in track.encode(frame):
                out.mux(packet)
        for packet in track.encode(None):
            out.mux(packet)
    return file.getvalue()


async def keep(world: World, case: str, video: bytes) -> None:
    """Make the clip and curves of 30 minutes the evidence of a case."""
    times = [at / 2 for at in range(int(2 * HALF_HOUR))][-2000:]
    series = {
        name: {
            "t": times,
            "v": [0.5 + 0.4 * math.sin(at / pace) for at in times],
            "unit": unit,
            "low": 0.0,
            "high": 1.0,
        }
        for name, pace, unit in (("motion", 9.0, "units"), ("telemetry", 11.0, "units"), ("likeness", 300.0, "cosine"))
    }
    line = json.dumps({"series": series, "clips": [{"name": "clip-1.webm", "at": CLIP_AT, "packets": 40}]}).encode()
    store, kept = EvidenceStore(Folder(world.service.settings.data_dir / "evidence")), []
    for name, media, content in (("clip-1.webm", "video/webm", video), ("timeline.json", "application/json", line)):
        digest = store.put(content)
        kept.append(Exhibit(case=case, name=name, digest=digest, size=len(content), media_type=media))
    await world.registry.exhibits.keep(case, kept, retention=Retention.HALF_YEAR, at=NOW)
