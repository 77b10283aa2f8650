"""Checkpoint: how many entries the ledger has and the root of the tree over them, signed.

A signed note as C2SP tlog-checkpoint and signed-note describe: the lines origin, size and root, an empty line, and for
each signature a line "— name base64(key id ‖ signature)". Whoever keeps one elsewhere can show later that the ledger
was cut short or rewritten: what the chain alone cannot show.
"""

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST = 4096
"""Characters of a signed checkpoint."""

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,128}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class CheckpointRefused(ValueError):
    """The text is no checkpoint, or not one of this key; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """``origin`` names the log; ``size`` counts its entries; ``root`` is that of the tree over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Whose signatures are believed: a key's ``name`` and its Ed25519 public key (32 bytes)."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read ``name+keyid+base64``, as ``str`` writes it. Raises CheckpointRefused."""
        name, _, rest = text.strip().partition("+")
        fingerprint, _, encoded = rest.partition("+")
        key = _decoded(encoded)
        if not _NAME.fullmatch(name) or key is None or len(key) != 33 or key[:1] != _ED25519:
            raise CheckpointRefused("a verifier key is written NAME+ID+BASE64, with an Ed25519 public key")
        verifier = cls(name=name, public=key[1:])
        if verifier.id.hex() != fingerprint:
            raise CheckpointRefused("the verifier key's id is not that of its key: it was mistyped or cut short")
        return verifier

    @property
    def id(self) -> bytes:
        """The first four bytes by which signatures of this key are recognised."""
        return hashlib.sha256(f"{self.name}\n".encode() + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """``name+keyid+base64``."""
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.public).decode()}"


def signed(checkpoint: Checkpoint, verifier: Verifier, sign: Callable[[bytes], bytes]) -> str:
    """The signed note. ``sign`` makes the Ed25519 signature (64 bytes) with ``verifier``'s private key."""
    text = checkpoint.text()
    signature = b64encode(verifier.id + sign(text.encode())).decode()
    return f"{text}\n— {verifier.name} {signature}\n"


def opened(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint in ``note``, if ``verifier``'s key has signed it. Raises CheckpointRefused.

    Signatures of others, such as witnesses, may stand beside.
    """
    if len(note) > LONGEST:
        raise CheckpointRefused(f"a checkpoint has at most {LONGEST} characters")
    text, empty, signatures = note.partition("\n\n")
    if not empty or not signatures.endswith("\n"):
        raise CheckpointRefused("a checkpoint is a text, an empty line and its signatures")
    checkpoint = _read(f"{text}\n")
    ours = [line for line in signatures.split("\n") if line.startswith(f"— {verifier.name} ")]
    if not any(_good(line, f"{text}\n", verifier) for line in ours):
        raise CheckpointRefused(f"no signature of the checkpoint is good for the key of {verifier.name}")
    return checkpoint


def _read(text: str) -> Checkpoint:
    origin, size, root, *_ = [*text.split("\n"), "", ""]
    fingerprint = _decoded(root)
    if not _NAME.fullmatch(origin) or not _SIZE.fullmatch(size) or fingerprint is None or len(fingerprint) != 32:
        raise CheckpointRefused("a checkpoint's first three lines are its origin, its size and its root in base64")
    return Checkpoint(origin=origin, size=int(size), root=fingerprint)


def _good(line: str, text: str, verifier: Verifier) -> bool:
    signature = _decoded(line.rpartition(" ")[2])
    if signature is None or signature[:4] != verifier.id:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature[4:], text.encode())
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes | None:
    """What base64 says, in the one way of writing it: bits that are left over must not make two notes of one."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == text else None
