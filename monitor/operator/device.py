"""Device keys: Ed25519, made once on the operator's machine, in a file that only its owner can read."""

import os
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


class KeyRefused(ValueError):
    """A key file that cannot be used; the message says what to mend."""


def generate(path: Path) -> Ed25519PrivateKey:
    """Make a key and write it to a new file (PEM, PKCS 8) that only its owner can read. Raises KeyRefused."""
    key = Ed25519PrivateKey.generate()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KeyRefused(f"{path} cannot be written: {error.strerror}") from None
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyRefused(f"{path} exists: a key is never overwritten, move it away first") from None
    except OSError as error:
        raise KeyRefused(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def load(path: Path) -> Ed25519PrivateKey:
    """Read a key: PEM (PKCS 8), or 32 bytes in base64. Raises KeyRefused."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(8192).strip()
    except OSError as error:
        raise KeyRefused(f"{path} cannot be read: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise KeyRefused(f"{path} can be read by others: chmod 600 {path}")
    if data.startswith(b"-----"):
        return _pem(path, data)
    try:
        return Ed25519PrivateKey.from_private_bytes(
            b64decode(data.translate(_URLSAFE) + b"=" * (-len(data) % 4), validate=True)
        )
    except (Base64Error, ValueError):
        raise KeyRefused(f"{path} holds no key: PEM, or 32 bytes in base64") from None


def public(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public key as it is enrolled: 32 bytes in base64url without padding."""
    half = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return urlsafe_b64encode(half.public_bytes_raw()).rstrip(b"=").decode()


_URLSAFE = bytes.maketrans(b"-_", b"+/")


def _pem(path: Path, data: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyRefused(f"{path} holds no PEM key that can be read without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{path} holds another kind of key: an Ed25519 key is needed")
    return key
