"""Device keys: made once, readable by their owner alone, and clearly refused where they are not."""

import stat
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from monitor.operator.device import KeyRefused, generate, load, public


def put(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_a_key_that_was_made_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key.pem"
    made = generate(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path).private_bytes_raw() == made.private_bytes_raw()
    assert public(made) == public(made.public_key())
    assert len(public(made)) == 43


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    before = generate(path).private_bytes_raw()
    with pytest.raises(KeyRefused, match="never overwritten"):
        generate(path)
    assert load(path).private_bytes_raw() == before
    with pytest.raises(KeyRefused, match="cannot be written"):
        generate(path / "below")


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode, lambda raw: b64encode(raw).rstrip(b"=") + b"\n"])
def test_raw_base64_is_read(tmp_path: Path, encode) -> None:
    raw = bytes(range(224, 256))
    assert load(put(tmp_path / "key", encode(raw))).private_bytes_raw() == raw


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyRefused, match="chmod 600"):
        load(put(tmp_path / "key", b64encode(bytes(32)), mode))


@pytest.mark.parametrize("data", [b"", b"nonsense!", b64encode(bytes(31)), b"-----BEGIN PRIVATE KEY-----\nx\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(KeyRefused, match="holds no"):
        load(put(tmp_path / "key", data))


def test_other_keys_and_locked_ones_are_refused(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyRefused, match="Ed25519"):
        load(put(tmp_path / "ec", other))
    locked = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    with pytest.raises(KeyRefused, match="without a password"):
        load(put(tmp_path / "locked", locked))
    with pytest.raises(KeyRefused, match="cannot be read"):
        load(tmp_path / "none")
