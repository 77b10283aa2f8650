"""What evidence from before the trouble on costs: the ring's memory for its 30 s, and its CPU on top of demuxing."""

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import av

from monitor.sources.reader import hear
from monitor.sources.ring import SECONDS, Ring
from tests.servers.program import needs

FIGURES = ("ring_memory_ratio", "ring_cpu_ratio")
STREAMS = 8
RUNS = 9
LENGTH = 45
RATE = 30


def figures() -> dict[str, dict[str, Any]]:
    """The figures of this file, by name, as the bench writes them."""
    with tempfile.TemporaryDirectory(prefix="bench-ring-") as folder:
        film = _film(Path(folder))
        return {"ring_memory_ratio": _memory(film), "ring_cpu_ratio": _cpu(film)}


def _film(folder: Path) -> Path:
    """720p30 at about 3 Mbit/s with a keyframe every two seconds, and sound at 128 kbit/s, as a streamer sends it."""
    file = folder / "film.flv"
    source = f"testsrc2=size=1280x720:rate={RATE}:duration={LENGTH},noise=alls=12:allf=t"
    rate = ("-b:v", "3M", "-maxrate", "3M", "-bufsize", "3M", "-g", "60", "-pix_fmt", "yuv420p")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", *rate, "-c:a", "aac", "-b:a", "128k")
    sound = f"anoisesrc=duration={LENGTH}:sample_rate=48000"
    inputs = ("-f", "lavfi", "-i", source, "-f", "lavfi", "-i", sound)
    command = [needs("ffmpeg"), "-v", "error", *inputs, *coded, str(file)]
    subprocess.run(command, check=True)
    return file


class Bare:
    """What keeping packets costs whoever keeps them: each next one is read into memory that is in no cache."""

    def __init__(self) -> None:
        self._kept: deque[Any] = deque(maxlen=round(SECONDS * RATE))

    def begin_from(self, stream: Any, first: Any) -> None:
        """Nothing to be prepared."""

    def take(self, packet: Any, *, keyframe: bool, arrived: float) -> None:
        """Keep a packet, and nothing else."""
        self._kept.append(packet)


def _read(film: Path, ring: Ring | Bare | None, *, since: float = 0.0, begun: bool = False) -> int:
    """Demux the film as the reader does, as if it came from ``since`` on; the bytes of its last 30 s."""
    sizes: list[tuple[float, int]] = []
    with av.open(str(film)) as container:
        track = container.streams.video[0]
        unit = float(track.time_base or 1)
        for packet in container.demux():
            if packet.size == 0:
                continue
            if packet.stream_index != track.index:
                if ring is not None and begun:
                    hear(ring, packet)
                sizes.append((packet.dts * float(packet.time_base), packet.size))
                continue
            keyframe = packet.is_keyframe
            if ring is not None:
                if not begun:
                    ring.begin_from(track, packet, container.streams.audio[0])
                    begun = True
                ring.take(packet, keyframe=keyframe, arrived=since + packet.dts * unit if keyframe else 0.0)
            sizes.append((packet.dts * unit, packet.size))
    end = sizes[-1][0]
    return sum(size for at, size in sizes if at >= end - SECONDS)


def _memory(film: Path) -> dict[str, Any]:
    """In processes of their own, since memory that was freed is not given back."""
    ratios = [float(subprocess.run([sys.executable, "-m", "tests.bench.bench_ring", str(film)], check=True,
                                   capture_output=True, text=True).stdout) for _ in range(5)]  # fmt: skip
    return _figure(
        ratios, 1.2, f"resident memory of {STREAMS} rings of a 720p30 stream, to the bytes of its last 30 s, median"
    )


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _grown(film: Path) -> float:
    warm = Ring()
    _read(film, warm)  # what is loaded once; kept, so that none of its memory is used again
    gc.collect()
    before, rings = _resident(), [Ring() for _ in range(STREAMS)]
    kept = [_read(film, ring) for ring in rings]
    gc.collect()
    assert warm.size > 0
    return (_resident() - before) / sum(kept)


def _cpu(film: Path) -> dict[str, Any]:
    none, least, ours = [], [], []
    for _ in range(RUNS):
        none.append(_spent(film, None))
        least.append(_spent(film, Bare()))
        ours.append(_spent(film, Ring()))
    ratios = [ring / without for ring, without in zip(ours, none, strict=True)]
    packet, ring, queue = (1e6 * statistics.median(times) / (LENGTH * RATE) for times in (none, ours, least))
    how = (
        f"CPU of demuxing {LENGTH} s of 720p30 from a file with the ring, to without: {ring - packet:.1f} us more for"
        f" each packet's {packet:.1f}, of which {queue - packet:.1f} is what a plain queue of the packets costs, median"
    )
    return _figure(ratios, 1.02, how)


def _spent(film: Path, ring: Ring | Bare | None) -> float:
    _read(film, ring)  # a stream is on for hours: what counts is a ring that is full
    began = time.process_time()
    for number in range(1, 5):
        _read(film, ring, since=number * LENGTH, begun=True)
    return (time.process_time() - began) / 4


def _figure(ratios: list[float], limit: float, how: str) -> dict[str, Any]:
    return {
        "value": round(statistics.median(ratios), 3),
        "unit": "ratio",
        "limit": limit,
        "how": how,
        "runs": len(ratios),
        "min": round(min(ratios), 3),
        "max": round(max(ratios), 3),
    }


if __name__ == "__main__":
    sys.stdout.write(f"{_grown(Path(sys.argv[1]))}\n")
