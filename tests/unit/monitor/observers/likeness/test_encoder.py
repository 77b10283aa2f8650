import json
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from monitor.observers.likeness import Encoder, ModelRefused, encoder, locator
from monitor.observers.likeness.encoder import CALIBRATION_KEY

GOOD = {
    "centre": 0.4, "slope": 10, "cap": 4, "memory": 0.5, "independent_s": 2,
    "least_confidence": 0.3, "full_confidence": 0.7, "stale_s": 20, "least_against": 0.5,
}  # fmt: skip


def colours(squares):
    """A network that answers the mean colours of the four quarters, and a constant."""
    half = squares.shape[1] // 2
    parts = [squares[:, :half, :half], squares[:, half:, :half], squares[:, :half, half:], squares[:, half:, half:]]
    means = np.concatenate([p.mean(axis=(1, 2)) for p in parts] + [np.ones((len(squares), 4))], axis=1)
    return means.astype(np.float32)


@dataclass
class FakeSession:
    """What the encoder uses of an onnxruntime session."""

    shape: list = field(default_factory=lambda: ["n", 96, 96, 3])
    kind: str = "tensor(uint8)"
    out_kind: str = "tensor(float)"
    answer: object = staticmethod(colours)
    inputs: int = 1
    clear: object = None
    outputs: int = 1
    metadata: dict = field(default_factory=lambda: {CALIBRATION_KEY: json.dumps(GOOD)})

    def get_inputs(self):
        return [SimpleNamespace(name=f"in{n}", type=self.kind, shape=self.shape) for n in range(self.inputs)]

    def get_outputs(self):
        return [SimpleNamespace(name=f"out{n}", type=self.out_kind, shape=["n", 16]) for n in range(self.outputs)]

    def get_modelmeta(self):
        return SimpleNamespace(custom_metadata_map=self.metadata)

    def run(self, names, feed):
        assert names == [out.name for out in self.get_outputs()]
        return [self.answer(feed["in0"])] + ([] if self.clear is None else [self.clear(feed["in0"])])


def build(**changes):
    return Encoder(FakeSession(**changes), sha256="00", name="theirs.onnx")


def test_a_users_model_is_taken_with_its_own_size_length_and_calibration():
    theirs = build()
    assert (theirs.side, theirs.length) == (96, 16)
    assert asdict_(theirs.calibration) == GOOD
    vectors, clear = theirs.encode(np.full((3, 96, 96, 3), 200, np.uint8))
    assert vectors.shape == (3, 16)
    assert clear.tolist() == [1, 1, 1]  # as it does not say
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)


def test_a_second_output_says_how_clear_a_picture_is():
    theirs = build(outputs=2, clear=lambda squares: squares[:, 0, 0, 0] / np.float32(255))
    squares = np.zeros((2, 96, 96, 3), np.uint8)
    squares[1] = 51
    assert theirs.encode(squares)[1] == pytest.approx([0.0, 0.2])


def asdict_(calibration):
    return {k: pytest.approx(v) for k, v in asdict(calibration).items()}


def failing(_):
    raise RuntimeError("Gather: index out of bounds\nsecond line")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"inputs": 0}, "0 inputs"),
        ({"inputs": 2}, "2 inputs"),
        ({"outputs": 0}, "0 outputs"),
        ({"outputs": 3}, "3 outputs"),
        ({"outputs": 2, "clear": lambda x: np.ones((len(x), 2))}, "how clear"),
        ({"outputs": 2, "clear": lambda x: np.full(len(x), 1.5)}, "how clear"),
        ({"outputs": 2, "clear": lambda x: np.full(len(x), np.nan)}, "how clear"),
        ({"kind": "tensor(float)"}, "input in0 is tensor"),
        ({"out_kind": "tensor(int64)"}, "output out0 is tensor"),
        ({"shape": ["n", 3, 96, 96]}, "has shape"),
        ({"shape": ["n", 96, 80, 3]}, "has shape"),
        ({"shape": ["n", "h", "w", 3]}, "has shape"),
        ({"shape": [1, 96, 96, 3]}, "has shape"),
        ({"shape": ["n", 4096, 4096, 3]}, "has shape"),
        ({"answer": failing}, r"fails on two pictures \(Gather: index out of bounds\)"),
        ({"answer": lambda x: colours(x)[:1]}, "two pictures"),
        ({"answer": lambda x: colours(x)[:, :4]}, "two pictures"),
        ({"answer": lambda x: colours(x) * np.nan}, "not finite"),
        ({"answer": lambda x: colours(x) * 0}, "have no length"),
        ({"answer": lambda x: np.ones((len(x), 32), np.float32)}, "same vector"),
        ({"metadata": {}}, "metadata has no"),
        ({"metadata": {CALIBRATION_KEY: "{"}}, "unusable"),
        ({"metadata": {CALIBRATION_KEY: "[1]"}}, "unusable"),
        ({"metadata": {CALIBRATION_KEY: json.dumps(GOOD | {"slope": -1})}}, "slope"),
        ({"metadata": {CALIBRATION_KEY: json.dumps(GOOD | {"extra": 1})}}, "unusable"),
    ],
)
def test_a_model_of_the_wrong_shape_is_refused_with_its_name(changes, complaint):
    with pytest.raises(ModelRefused, match=complaint) as refused:
        build(**changes)
    assert "theirs.onnx" in str(refused.value)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    for name, data in {
        "empty": b"",
        "noise": bytes(range(256)) * 40,
        "cut": encoder.DEFAULT.read_bytes()[:9000],
    }.items():
        file = tmp_path / f"{name}.onnx"
        file.write_bytes(data)
        with pytest.raises(ModelRefused, match=f"{name}.onnx"):
            Encoder.load(file)


def test_a_missing_file_a_folder_and_another_network_are_refused(tmp_path):
    with pytest.raises(ModelRefused, match="cannot be read"):
        Encoder.load(tmp_path / "none.onnx")
    with pytest.raises(ModelRefused, match="cannot be read"):
        Encoder.load(tmp_path)
    with pytest.raises(ModelRefused, match="has shape"):
        Encoder.load(locator.DEFAULT)


def test_a_file_of_another_hash_is_refused():
    ours = Encoder.load().sha256
    assert Encoder.load(None, ours.upper()).sha256 == ours
    with pytest.raises(ModelRefused, match=f"SHA-256 is {ours}, not the 0000"):
        Encoder.load(None, "0" * 64)


def test_a_huge_file_is_refused_unread(tmp_path):
    file = tmp_path / "huge.onnx"
    with file.open("wb") as sparse:
        sparse.truncate(65 * 2**20)
    with pytest.raises(ModelRefused, match="at most 64 MiB"):
        Encoder.load(file)


def test_the_committed_model_is_small_and_named_by_its_hash():
    ours = Encoder.load()
    assert len(ours.sha256) == 64
    assert ours.length == 128
    assert encoder.DEFAULT.stat().st_size + locator.DEFAULT.stat().st_size < 8 * 2**20
