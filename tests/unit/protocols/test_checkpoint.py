"""Checkpoints: written as C2SP says, believed only with a good signature of the key that is asked for."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocols.checkpoint import Checkpoint, CheckpointRefused, Verifier, opened, signed

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OURS = Verifier(name="log.example/nakanohito", public=KEY.public_key().public_bytes_raw())
CHECKPOINT = Checkpoint(origin="log.example/nakanohito", size=42, root=bytes(range(32, 64)))
NOTE = signed(CHECKPOINT, OURS, KEY.sign)

# The signed note, key and all, of the reference implementation (golang.org/x/mod/sumdb/note).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_it_is_written_as_c2sp_says() -> None:
    origin, size, root, empty, signature, end = NOTE.split("\n")
    assert (origin, size, empty, end) == ("log.example/nakanohito", "42", "", "")
    assert root == b64encode(CHECKPOINT.root).decode()
    assert signature.startswith("— log.example/nakanohito ")


def test_a_key_of_the_reference_implementation_is_read_and_written_the_same() -> None:
    assert str(Verifier.parse(PETER)) == PETER
    assert Verifier.parse(PETER).name == "PeterNeumann"


@given(st.binary(min_size=32, max_size=32), st.integers(0, 10**17))
def test_what_was_signed_is_opened(root: bytes, size: int) -> None:
    checkpoint = Checkpoint(origin="a", size=size, root=root)
    assert opened(signed(checkpoint, OURS, KEY.sign), OURS) == checkpoint


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_a_character_that_was_changed_is_found(place: int, other: str) -> None:
    bent = NOTE[:place] + other + NOTE[place + 1 :]
    if bent != NOTE and place != len(NOTE) - 1:
        with pytest.raises(CheckpointRefused):
            opened(bent, OURS)


def test_a_signature_is_written_in_one_way_only() -> None:
    last = NOTE.rindex("=") - 1
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for other in alphabet.replace(NOTE[last], ""):
        with pytest.raises(CheckpointRefused):
            opened(NOTE[:last] + other + NOTE[last + 1 :], OURS)


def test_a_signature_of_another_may_stand_beside() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(bytes(32))
    other = Verifier(name="witness", public=witness.public_key().public_bytes_raw())
    beside = signed(CHECKPOINT, other, witness.sign).rpartition("\n\n")[2]
    assert opened(NOTE + beside, OURS) == opened(NOTE + beside, other) == CHECKPOINT


def test_lines_that_are_not_ours_are_signed_too_and_passed_over() -> None:
    text = CHECKPOINT.text() + "an extension\n"
    signature = b64encode(OURS.id + KEY.sign(text.encode())).decode()
    assert opened(f"{text}\n— {OURS.name} {signature}\n", OURS) == CHECKPOINT
    with pytest.raises(CheckpointRefused):
        opened(NOTE.replace("\n\n", "\nan extension\n\n"), OURS)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("", "an empty line"),
        (NOTE.rstrip("\n"), "an empty line"),
        (NOTE.replace("\n\n", "\n"), "an empty line"),
        (NOTE + "— x y\n" * 1000, "at most"),
        ("a\n1\n\n— b c\n", "first three lines"),
        ("\n1\nAAAA\n\n— b c\n", "no signature|first three lines|empty line"),
        (NOTE.replace("\n42\n", "\n042\n"), "first three lines"),
        (NOTE.replace("\n42\n", "\n-1\n"), "first three lines"),
        (NOTE.replace("\n42\n", "\n41\n"), "no signature"),
        (NOTE.replace("— log.example", "— log.other"), "no signature"),
        (NOTE[: NOTE.index("— ")] + f"— {OURS.name} !\n", "no signature"),
        (NOTE[: NOTE.index("— ")] + f"— {OURS.name} {b64encode(OURS.id + bytes(64)).decode()}\n", "no signature"),
    ],
)
def test_what_is_no_checkpoint_of_ours_is_refused(note: str, why: str) -> None:
    with pytest.raises(CheckpointRefused, match=why):
        opened(note, OURS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name+00000000+!",
        "name+00000000+AAAA",
        str(OURS).replace("+AT", "+AR", 1)[:-4],
        str(OURS).replace(OURS.id.hex(), "00000000"),
        " with space" + str(OURS),
    ],
)
def test_a_key_that_was_mistyped_is_refused(text: str) -> None:
    with pytest.raises(CheckpointRefused, match="verifier key"):
        Verifier.parse(text)


def test_a_key_of_another_kind_is_refused() -> None:
    other = b64encode(b"\x02" + OURS.public).decode()
    with pytest.raises(CheckpointRefused, match="Ed25519"):
        Verifier.parse(f"{OURS.name}+{OURS.id.hex()}+{other}")
