import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.purge import PurgeProof

SALT = bytes(range(32))


@given(st.lists(st.binary(max_size=64), max_size=8, unique=True), st.lists(st.binary(min_size=8, max_size=64)))
def test_a_proof_covers_what_was_purged_and_holds_none_of_it(files: list[bytes], vectors: list[bytes]) -> None:
    digests = [hashlib.sha256(file).digest() for file in files]
    proof = PurgeProof.of(salt=SALT, pictures=digests, vectors=vectors)
    assert all(proof.covers(file, SALT) for file in files)
    assert not any(proof.covers(file, bytes(32)) for file in files)
    assert not proof.covers(b"another" * 20, SALT)
    written = json.dumps(proof.document())
    assert not any(item.hex() in written for item in [*digests, *vectors])
    assert (len(proof.pictures), proof.vectors) == (len(files), len(vectors))


def test_the_order_does_not_matter_and_the_salt_does() -> None:
    given = {"pictures": [b"a", b"b"], "vectors": [b"1", b"2"]}
    proof = PurgeProof.of(salt=SALT, **given)
    assert proof == PurgeProof.of(salt=SALT, pictures=[b"b", b"a"], vectors=[b"2", b"1"])
    assert proof.vectors_commitment != PurgeProof.of(salt=bytes(32), **given).vectors_commitment


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 4"):
        PurgeProof.of(salt=b"salt", pictures=[], vectors=[])
