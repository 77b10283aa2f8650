"""The proof that pictures and vectors were purged: it can stand in a ledger for ever, since it holds none of them.

Each item is committed to by an HMAC under a salt that is drawn for this purge, told once to whoever asked for it, and
kept nowhere. Who has the salt and one of the pictures can see that this very picture was purged; who has the ledger
alone can see how many there were, and can neither rebuild nor recognise any.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

SALT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeProof:
    """What the ledger keeps: a commitment to each picture's file, the number of vectors and one commitment to all."""

    pictures: tuple[bytes, ...]
    vectors: int
    vectors_commitment: bytes

    @classmethod
    def of(cls, *, salt: bytes, pictures: Collection[bytes], vectors: Collection[bytes]) -> Self:
        """The proof. ``salt``: 32 random bytes; ``pictures``: SHA-256 of each file; ``vectors``: the vectors' bytes."""
        if len(salt) != SALT_BYTES:
            raise ValueError(f"the salt has {SALT_BYTES} bytes, not {len(salt)}")
        each = sorted(_committed(salt, b"vector", vector) for vector in vectors)
        return cls(
            pictures=tuple(sorted(_committed(salt, b"picture", digest) for digest in pictures)),
            vectors=len(each),
            vectors_commitment=_committed(salt, b"vectors", b"".join(each)),
        )

    def covers(self, file: bytes, salt: bytes) -> bool:
        """Whether the picture with these bytes was among what was purged."""
        return _committed(salt, b"picture", hashlib.sha256(file).digest()) in self.pictures

    def document(self) -> dict[str, Any]:
        """As JSON, for the ledger."""
        return {
            "pictures": [commitment.hex() for commitment in self.pictures],
            "vectors": self.vectors,
            "vectors_commitment": self.vectors_commitment.hex(),
        }


def _committed(salt: bytes, kind: bytes, item: bytes) -> bytes:
    return hmac.digest(salt, kind + b"\0" + item, "sha256")
