"""The encoder: head and bust of an avatar, as a small square picture, to a vector of length one."""

import json
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from monitor.observers.likeness import model
from monitor.observers.likeness.model import ModelRefused
from protocols.likeness import LikenessCalibration

DEFAULT = Path(__file__).with_name("model.onnx")
CALIBRATION_KEY = "likeness.calibration"  # in the metadata of the ONNX file
_SIDES = range(32, 257)
_LENGTHS = range(16, 1025)


class Encoder:
    """An ONNX network from a square BGR picture to a likeness vector, with the calibration it was measured with.

    A second output of the network, where it has one, says how clearly the picture shows whom it shows. ``side`` pixels
    in and ``length`` numbers out are read from the file; ``sha256`` names the file in verdicts.
    May be shared between threads.
    """

    def __init__(self, session: onnxruntime.InferenceSession, *, sha256: str, name: str) -> None:
        entry = model.one_end(session.get_inputs(), name, "input")
        outputs = session.get_outputs()
        end = model.one_end(outputs[:1] if len(outputs) == 2 else outputs, name, "output")
        self.side = _side(entry, name)
        self.sha256 = sha256
        self._session = session
        self._input, self._outputs = entry.name, [end.name, *(clear.name for clear in outputs[1:])]
        self.length = self._measured(end, name)
        self.calibration = _calibration(session.get_modelmeta().custom_metadata_map, name)

    @classmethod
    def load(cls, path: Path | None = None, sha256: str | None = None) -> Self:
        """Load ``path``, or the weights that come with the package; ``sha256`` is what its hash must be, if anything.

        Raises ModelRefused.
        """
        file = path or DEFAULT
        data = model.contents(file)
        found = model.digest(data)
        if sha256 is not None and found != sha256.lower():
            raise ModelRefused(f"{file}: its SHA-256 is {found}, not the {sha256.lower()} that was asked for")
        return cls(model.session(data, file.name), sha256=found, name=file.name)

    def encode(self, squares: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Pictures (n, side, side, 3) uint8 BGR to vectors (n, length) float32 of length one, and clearness (n,).

        Clearness is 0..1: how likely it is that whoever is on the picture can be recognised on it; 1 from a network
        that does not say.
        """
        vectors, *rest = self._session.run(self._outputs, {self._input: squares})
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        clear = np.clip(rest[0], 0, 1) if rest else np.ones(len(squares))
        return np.asarray(vectors / np.maximum(norms, 1e-6), dtype=np.float32), np.asarray(clear, dtype=np.float32)

    def _measured(self, end: onnxruntime.NodeArg, name: str) -> int:
        """The length of the vectors, by running the network once on grey and once on noise."""
        if end.type != "tensor(float)":
            raise ModelRefused(f"{name}: output {end.name} is {end.type}, tensor(float) of shape (n, d) is wanted")
        probe = np.full((2, self.side, self.side, 3), 114, dtype=np.uint8)
        probe[1] = (
            (np.arange(probe[1].size, dtype=np.uint32) * 2654435761 >> 13).astype(np.uint8).reshape(probe[1].shape)
        )
        try:
            out, *rest = self._session.run(self._outputs, {self._input: probe})
        except Exception as error:  # whatever a stranger's graph fails with
            raise ModelRefused(f"{name}: fails on two pictures ({str(error).splitlines()[0][:160]})") from error
        if out.ndim != 2 or out.shape[0] != 2 or out.shape[1] not in _LENGTHS:
            raise ModelRefused(f"{name}: answers {out.shape} for two pictures, (2, 16..1024) is wanted")
        if not np.isfinite(out).all() or float(np.linalg.norm(out, axis=1).min()) < 1e-3:
            raise ModelRefused(f"{name}: answers vectors that are not finite or have no length")
        if np.allclose(out[0], out[1]):
            raise ModelRefused(f"{name}: answers the same vector whatever it is shown")
        if rest and (rest[0].shape != (2,) or not ((rest[0] >= 0) & (rest[0] <= 1)).all()):
            raise ModelRefused(f"{name}: output {self._outputs[1]} is to say how clear a picture is: (n,) in 0..1")
        return int(out.shape[1])


def _side(entry: onnxruntime.NodeArg, name: str) -> int:
    wanted = "tensor(uint8) of shape (n, side, side, 3), side 32..256, BGR"
    if entry.type != "tensor(uint8)":
        raise ModelRefused(f"{name}: input {entry.name} is {entry.type}, {wanted} is wanted")
    shape = entry.shape
    fits = len(shape) == 4 and not isinstance(shape[0], int) and shape[1] == shape[2] and shape[3] == 3
    if not fits or shape[1] not in _SIDES:
        raise ModelRefused(f"{name}: input {entry.name} has shape {shape}, {wanted} is wanted")
    return int(shape[1])


def _calibration(metadata: dict[str, str], name: str) -> LikenessCalibration:
    text = metadata.get(CALIBRATION_KEY)
    if text is None:
        raise ModelRefused(f"{name}: its metadata has no {CALIBRATION_KEY}; write it with training.harder --calibrate")
    try:
        return LikenessCalibration(**{str(k): float(v) for k, v in json.loads(text).items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelRefused(f"{name}: {CALIBRATION_KEY} in its metadata is unusable ({error})") from error
