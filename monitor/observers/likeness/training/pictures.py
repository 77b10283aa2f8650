"""The training pictures: transparent renderings of avatars with head boxes, and the backgrounds to lay under them."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 224  # every picture of the set is SIDE x SIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """All pictures in memory (or mapped): one row each in every array.

    ``pixels`` is (N, 224, 224, 4) uint8, BGR premultiplied by alpha, then alpha. ``boxes`` is (N, 4) float32:
    x, y, w, h of the head in pixels. ``identity`` and ``person`` are (N,) indices into the name tuples;
    ``angles`` is (N, 3) yaw, pitch, roll in degrees. ``backgrounds`` are BGR uint8 pictures.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    angles: NDArray[np.float32]
    identity: NDArray[np.int64]
    person: NDArray[np.int64]
    identity_names: tuple[str, ...]
    person_names: tuple[str, ...]
    backgrounds: tuple[NDArray[np.uint8], ...]

    def style_of(self, person: int) -> str:
        """The style letter that a person's name begins with (``v``, ``m``, ``a``, ``c``, ``n``, ``q``)."""
        return self.person_names[person][0]

    def person_of(self) -> NDArray[np.int64]:
        """The person of each identity."""
        out = np.zeros(len(self.identity_names), np.int64)
        out[self.identity] = self.person
        return out

    def held_back(self, *, share: float, seed: int) -> NDArray[np.int64]:
        """Persons kept for validation: ``share`` of every style, at least one, chosen by ``seed``."""
        rng = np.random.default_rng(seed)
        styles: dict[str, list[int]] = {}
        for person in range(len(self.person_names)):
            styles.setdefault(self.style_of(person), []).append(person)
        chosen: list[int] = []
        for _, members in sorted(styles.items()):
            count = max(1, round(share * len(members)))
            chosen += [int(p) for p in rng.choice(members, size=count, replace=False)]
        return np.sort(np.array(chosen, dtype=np.int64))


def read(folder: Path, cache: Path) -> Pictures:
    """Read the set in ``folder`` (``MANIFEST.json``, ``identities/``, ``backgrounds/``).

    Decoded pixels are written to ``cache`` once (2.3 GB for the full set) and mapped from there afterwards,
    so that several processes share them.
    """
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    names = sorted(manifest["identities"])
    persons = sorted({manifest["identities"][n]["person"] for n in names})
    files, boxes, angles, identity, person = [], [], [], [], []
    for index, name in enumerate(names):
        home = folder / "identities" / name
        for line in (home / "labels.jsonl").read_text().splitlines():
            label = json.loads(line)
            files.append(home / label["file"])
            boxes.append(label["head_box"])
            angles.append([label["yaw"], label["pitch"], label["roll"]])
            identity.append(index)
            person.append(persons.index(manifest["identities"][name]["person"]))
    return Pictures(
        pixels=_pixels(files, cache),
        boxes=np.array(boxes, dtype=np.float32),
        angles=np.array(angles, dtype=np.float32),
        identity=np.array(identity),
        person=np.array(person),
        identity_names=tuple(names),
        person_names=tuple(persons),
        backgrounds=tuple(_picture(f) for f in sorted((folder / "backgrounds").glob("*.jpg"))),
    )


def _picture(file: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{file} is not a picture that OpenCV reads")
    return np.asarray(picture, dtype=np.uint8)


def _pixels(files: list[Path], cache: Path) -> NDArray[np.uint8]:
    cache.mkdir(parents=True, exist_ok=True)
    store = cache / f"premultiplied_{len(files)}.npy"
    if not store.exists():
        pixels = np.lib.format.open_memmap(
            store.with_suffix(".part"), mode="w+", dtype=np.uint8, shape=(len(files), SIDE, SIDE, 4)
        )
        for row, file in enumerate(files):
            pixels[row] = _premultiplied(file)
        pixels.flush()
        store.with_suffix(".part").rename(store)
    mapped: NDArray[np.uint8] = np.load(store, mmap_mode="r")
    return mapped


def _premultiplied(file: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.shape != (SIDE, SIDE, 4):
        raise ValueError(f"{file} is not a {SIDE}x{SIDE} picture with alpha")
    alpha = picture[..., 3:].astype(np.uint16)
    colour = (picture[..., :3].astype(np.uint16) * alpha + 127) // 255
    return np.concatenate([colour, alpha], axis=-1).astype(np.uint8)
