import hashlib
from dataclasses import replace

import pytest

from protocols.passkey.shift import ShiftClaim

CLAIM = ShiftClaim(
    session="ses_1",
    stream="edge/live/hoshi",
    avatar="av_1",
    operator="op_1",
    epoch=3,
    nonce=bytes(16),
    channel_key=bytes(range(32)),
)


def test_the_challenge_is_what_the_documentation_says() -> None:
    told = b"nakanohito/shift/v1\0"
    for part in (b"ses_1", b"edge/live/hoshi", b"av_1", b"op_1", b"3", bytes(16), bytes(range(32))):
        told += len(part).to_bytes(4, "big") + part
    assert CLAIM.challenge() == hashlib.sha256(told).digest()


@pytest.mark.parametrize(
    "other",
    [
        replace(CLAIM, session="ses_2"),
        replace(CLAIM, stream="edge/live/other"),
        replace(CLAIM, avatar="av_2"),
        replace(CLAIM, operator="op_2"),
        replace(CLAIM, epoch=4),
        replace(CLAIM, nonce=bytes(15) + b"\1"),
        replace(CLAIM, channel_key=bytes(32)),
        replace(CLAIM, session="ses_1e", stream="dge/live/hoshi"),
    ],
)
def test_no_other_claim_has_the_same_challenge(other: ShiftClaim) -> None:
    assert other.challenge() != CLAIM.challenge()
