import hashlib
from pathlib import Path

import pytest

from registry.error import NotFound, Refused, Unavailable
from registry.evidence_store import Bucket, EvidenceDamaged, EvidenceStore, Folder, Place

CONTENT = b"thirty seconds of video"
DIGEST = hashlib.sha256(CONTENT).digest()


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Folder(tmp_path / "evidence") if request.param == "folder" else Bucket(f"memory://{tmp_path}")


@pytest.mark.parametrize("key", [None, bytes(range(32))], ids=["plain", "encrypted"])
def test_what_is_kept_is_found_by_its_hash_and_can_be_deleted(place: Place, key: bytes | None) -> None:
    store = EvidenceStore(place, key)
    assert store.put(CONTENT) == DIGEST
    assert store.put(CONTENT) == DIGEST
    assert store.get(DIGEST) == CONTENT
    lies = place.read(f"{DIGEST.hex()[:2]}/{DIGEST.hex()}")
    assert (CONTENT in lies) is (key is None)
    store.remove(DIGEST)
    store.remove(DIGEST)
    with pytest.raises(NotFound):
        store.get(DIGEST)


@pytest.mark.parametrize("key", [None, bytes(range(32))], ids=["plain", "encrypted"])
def test_every_altered_bit_is_found(place: Place, key: bytes | None) -> None:
    store, name = EvidenceStore(place, key), f"{DIGEST.hex()[:2]}/{DIGEST.hex()}"
    store.put(CONTENT)
    whole = place.read(name)
    for position in range(0, 8 * len(whole), 7):
        altered = bytearray(whole)
        altered[position // 8] ^= 1 << position % 8
        place.write(name, bytes(altered))
        with pytest.raises(EvidenceDamaged):
            store.get(DIGEST)


def test_another_key_opens_nothing(place: Place) -> None:
    EvidenceStore(place, bytes(32)).put(CONTENT)
    for key in (None, bytes(range(32))):
        with pytest.raises(EvidenceDamaged, match="or its key"):
            EvidenceStore(place, key).get(DIGEST)


def test_a_key_of_another_length_and_an_unknown_store_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="32 bytes"):
        EvidenceStore(Folder(tmp_path), b"short")
    with pytest.raises(Refused, match="nosuch://"):
        Bucket("nosuch://bucket/x")


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Unavailable, match="cannot be used now"):
        EvidenceStore(Folder(tmp_path / "file")).put(CONTENT)
