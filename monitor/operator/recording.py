"""Recorded telemetry: JSON lines, one sample a line, as in `protocols.telemetry`."""

from pathlib import Path

import msgspec

from protocols.telemetry import TelemetryRefused, TelemetrySample

_LINE_BYTES = 16_384
_DECODER = msgspec.json.Decoder(dict[str, object])


class RecordingRefused(ValueError):
    """A file that cannot be used; the message names the line and what to mend."""


def read(path: Path) -> tuple[TelemetrySample, ...]:
    """All samples, in the order of time; empty lines are passed over. Raises RecordingRefused."""
    samples: list[TelemetrySample] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LINE_BYTES + 1), b""), start=1):
                if line.strip():
                    samples.append(_sample(path, number, line, samples[-1].at if samples else None))
    except OSError as error:
        raise RecordingRefused(f"{path} cannot be read: {error.strerror}") from None
    if not samples:
        raise RecordingRefused(f"{path} holds no telemetry")
    return tuple(samples)


def _sample(path: Path, number: int, line: bytes, before: float | None) -> TelemetrySample:
    where = f"{path}, line {number}"
    if len(line) > _LINE_BYTES:
        raise RecordingRefused(f"{where}: longer than {_LINE_BYTES} bytes, which no sample is")
    try:
        sample = TelemetrySample.from_wire(_DECODER.decode(line))
    except TelemetryRefused as error:
        raise RecordingRefused(f"{where}: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordingRefused(f"{where}: not a JSON object ({error})") from None
    if before is not None and sample.at < before:
        raise RecordingRefused(f"{where}: its time {sample.at:g} s lies before that of the line above, {before:g} s")
    return sample
