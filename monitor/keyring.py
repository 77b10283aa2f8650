"""The service's own secrets: made at first start, kept in files that nobody else may read."""

import os
import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.webhook import parse_signer
from registry.apikey import Scope
from registry.registry import Registry

_OWNER_ONLY = 0o600
_BYTES = 32


class KeyringRefused(Exception):
    """A secret's file cannot be read or made; the message says which and why."""


def webhook_secret(folder: Path) -> str:
    """The key that webhooks are signed with, ``whsec_…``; made where there is none."""
    file = folder / "webhook.key"
    secret = _kept(file, lambda: "whsec_" + b64encode(secrets.token_bytes(_BYTES)).decode())
    try:
        parse_signer(secret)
    except ValueError as error:
        raise _damaged(file, str(error)) from error
    return secret


def publish_secret(folder: Path) -> bytes:
    """The secret that publish tokens are made from, 32 bytes; made where there is none."""
    return _secret(folder / "publish.key")


def own_secret(folder: Path) -> bytes:
    """The secret that operators' own sign-ins are made from, 32 bytes; made where there is none."""
    return _secret(folder / "own.key")


def ledger_key(folder: Path) -> Ed25519PrivateKey:
    """The key that checkpoints of the ledger are signed with, Ed25519; made where there is none."""
    return Ed25519PrivateKey.from_private_bytes(_secret(folder / "ledger.key"))


async def administrator(registry: Registry, file: Path, at: datetime) -> None:
    """See that ``file`` holds an API key that may do everything; a key that is no longer valid is replaced."""
    held = _held(file)
    if held is not None and await registry.keys.verify(held, now=at) is not None:
        return
    _, secret = await registry.keys.create(name="administrator", scopes=frozenset({Scope.ADMIN}), at=at)
    _write(file, secret)


def _secret(file: Path) -> bytes:
    try:
        secret = bytes.fromhex(_kept(file, lambda: secrets.token_hex(_BYTES)))
    except ValueError as error:
        raise _damaged(file, "it is not hexadecimal") from error
    if len(secret) != _BYTES:  # a file cut short, as by a full disk, must not become a weak key
        raise _damaged(file, f"it holds {len(secret)} bytes, not {_BYTES}")
    return secret


def _kept(file: Path, make: Callable[[], str]) -> str:
    held = _held(file)
    if held is None:
        held = make()
        _write(file, held)
    return held


def _held(file: Path) -> str | None:
    return _read(file) if file.is_file() else None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, why: str) -> KeyringRefused:
    return KeyringRefused(f"{file} cannot be read ({why}); remove it to have a new one made")


def _write(file: Path, secret: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w") as out:
            out.write(secret + "\n")
    except OSError as error:
        raise KeyringRefused(f"{file} cannot be made: {error.strerror}") from error
