"""The handshake: both sides derive the same keys, and each part of it is bound."""

import dataclasses
import hmac

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocols.channel import VERSION, claim
from protocols.channel.chain import Chain
from protocols.channel.handshake import derive, lengthed, public_key, transcript, verify
from protocols.channel.message import Bye, Hello, Welcome, encode
from protocols.channel.seal import base64url, sign
from protocols.channel.violation import Fault, TheirViolation

SERVER = X25519PrivateKey.from_private_bytes(b"s" * 32)
CLIENT = X25519PrivateKey.from_private_bytes(b"c" * 32)
DEVICE = Ed25519PrivateKey.from_private_bytes(b"d" * 32)
PUBLIC = DEVICE.public_key().public_bytes_raw()
WELCOME = Welcome(version=VERSION, connection="c-1", nonce=base64url(b"N" * 16), key=public_key(SERVER))
HELLO = Hello(
    version=VERSION,
    session="s-1",
    operator="ann",
    server_nonce=WELCOME.nonce,
    nonce=base64url(b"n" * 16),
    key=public_key(CLIENT),
)


def framed(hello: Hello, welcome: Welcome = WELCOME) -> bytes:
    return sign(hello, DEVICE.sign(transcript(welcome, hello, encode(hello)))).encode()


def fault(call, *args) -> Fault:
    with pytest.raises(TheirViolation) as caught:
        call(*args)
    return caught.value.fault


def test_both_sides_derive_the_same_keys_one_for_each_direction() -> None:
    ours = derive(SERVER, HELLO.key, WELCOME, HELLO, 3)
    theirs = derive(CLIENT, WELCOME.key, WELCOME, HELLO, 3)
    assert ours == theirs
    assert ours.from_client != ours.from_server


@pytest.mark.parametrize(
    "other",
    [
        {"hello": {"session": "s-2"}},
        {"hello": {"nonce": base64url(b"m" * 16)}},
        {"welcome": {"connection": "c-2"}},
        {"welcome": {"nonce": base64url(b"M" * 16)}},
        {"epoch": 4},
    ],
)
def test_every_connection_has_its_own_keys(other) -> None:
    hello = msgspec.structs.replace(HELLO, **other.get("hello", {}))
    welcome = msgspec.structs.replace(WELCOME, **other.get("welcome", {}))
    keys = derive(SERVER, HELLO.key, welcome, hello, other.get("epoch", 3))
    assert keys != derive(SERVER, HELLO.key, WELCOME, HELLO, 3)


@pytest.mark.parametrize("key", [bytes(32), (1).to_bytes(32, "little")])
def test_a_key_of_low_order_is_refused(key: bytes) -> None:
    assert fault(derive, SERVER, base64url(key), WELCOME, HELLO, 3) is Fault.BAD_KEY


def test_the_keys_are_what_the_documentation_says() -> None:
    # HKDF-SHA256 (RFC 5869) by hand: both ends of ours could be wrong in the same way.
    secret = CLIENT.exchange(SERVER.public_key())
    info = b"nakanohito/keys/v1\0"
    for part in (b"s-1", b"c-1", b"7"):
        info += len(part).to_bytes(4, "big") + part
    pseudorandom = hmac.digest(b"N" * 16 + b"n" * 16, secret, "sha256")
    first = hmac.digest(pseudorandom, info + b"\1", "sha256")
    second = hmac.digest(pseudorandom, first + info + b"\2", "sha256")
    keys = derive(CLIENT, WELCOME.key, WELCOME, HELLO, 7)
    assert (keys.from_client, keys.from_server) == (first, second)


def test_a_claim_is_proven_by_the_device_key_alone() -> None:
    made = claim.read(framed(HELLO), WELCOME)
    assert made.hello == HELLO
    assert made.proven_by(PUBLIC)
    assert not made.proven_by(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert not made.proven_by(b"too short")


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("hello", {"session": "s-2"}),
        ("hello", {"operator": "bob"}),
        ("hello", {"nonce": base64url(b"m" * 16)}),
        ("hello", {"key": public_key(SERVER)}),
        ("welcome", {"connection": "c-2"}),
        ("welcome", {"key": public_key(CLIENT)}),
    ],
)
def test_the_signature_binds_every_part(part: str, values: dict[str, str]) -> None:
    hello = msgspec.structs.replace(HELLO, **values) if part == "hello" else HELLO
    welcome = msgspec.structs.replace(WELCOME, **values) if part == "welcome" else WELCOME
    signature = DEVICE.sign(transcript(WELCOME, HELLO, encode(HELLO)))
    assert not claim.read(sign(hello, signature).encode(), welcome).proven_by(PUBLIC)


def test_the_exact_bytes_are_signed() -> None:
    spaced = framed(HELLO).replace(b',"session"', b', "session"')
    assert not claim.read(spaced, WELCOME).proven_by(PUBLIC)


def test_a_hello_answers_this_welcome_and_speaks_this_version() -> None:
    assert fault(claim.read, framed(msgspec.structs.replace(HELLO, version="v0")), WELCOME) is Fault.VERSION
    stale = msgspec.structs.replace(HELLO, server_nonce=base64url(b"O" * 16))
    assert fault(claim.read, framed(stale), WELCOME) is Fault.NONCE
    assert fault(claim.read, sign(Bye(seq=1), bytes(64)).encode(), WELCOME) is Fault.ILLEGAL


def test_parts_cannot_run_into_each_other() -> None:
    assert lengthed(b"ab", b"c") != lengthed(b"a", b"bc")
    assert lengthed() == b""
    assert lengthed(b"ab") == b"\0\0\0\2ab"


def test_a_claim_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        claim.read(framed(HELLO), WELCOME).signature = b""  # type: ignore[misc]


def test_the_chain_depends_on_every_payload_their_order_and_the_handshake() -> None:
    digests = set()
    for start, payloads in [(b"t", [b"a", b"b"]), (b"t", [b"b", b"a"]), (b"t", [b"ab"]), (b"u", [b"a", b"b"])]:
        chain = Chain(start)
        for payload in payloads:
            chain.add(payload)
        digests.add(chain.digest)
    assert len(digests) == 4


def test_what_is_signed_over_the_chain_names_its_place() -> None:
    chain = Chain(b"t")
    statements = {chain.statement(*place) for place in [("s", "c", 1), ("s", "c", 2), ("s", "d", 1), ("r", "c", 1)]}
    chain.add(b"x")
    statements.add(chain.statement("s", "c", 1))
    assert len(statements) == 5
    assert all(statement.startswith(b"nakanohito/attest/v1\0") for statement in statements)


def test_a_signature_verifies_or_does_not() -> None:
    assert verify(PUBLIC, DEVICE.sign(b"x"), b"x")
    assert not verify(PUBLIC, DEVICE.sign(b"x"), b"y")
    assert not verify(PUBLIC, b"short", b"x")
