"""Loading a network from an ONNX file that may be anybody's: one clear error for whatever is wrong with it."""

import hashlib
from pathlib import Path

import onnxruntime

LARGEST_FILE = 64 * 2**20  # bytes


class ModelRefused(ValueError):
    """A model file cannot be used; the message names the file, what is wrong and what would be right."""


def contents(path: Path) -> bytes:
    """The file's bytes. Raises ModelRefused where there is no readable file, or one of more than 64 MiB."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelRefused(f"{path}: a likeness model is at most {LARGEST_FILE >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ModelRefused(f"{path}: cannot be read ({error.strerror}); give the path of an ONNX file") from error


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal, as verdicts name a model."""
    return hashlib.sha256(data).hexdigest()


def session(data: bytes, name: str) -> onnxruntime.InferenceSession:
    """Run ``data`` on one thread of the CPU. Raises ModelRefused where it is no ONNX network that can be run."""
    onnxruntime.disable_telemetry_events()  # a monitor tells nobody what it looks at
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen unrelated classes for a bad file
        cause = str(error).splitlines()[0][:160]
        raise ModelRefused(f"{name}: not an ONNX network that this onnxruntime runs ({cause})") from error


def one_end(ends: list[onnxruntime.NodeArg], name: str, which: str) -> onnxruntime.NodeArg:
    """The only input or output. Raises ModelRefused where there are none or several."""
    if len(ends) != 1:
        found = ", ".join(e.name for e in ends) or "none"
        raise ModelRefused(f"{name}: has {len(ends)} {which}s ({found}), one is wanted")
    return ends[0]
