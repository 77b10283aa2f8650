from pathlib import Path

import pytest

from protocols.chain import Head
from registry.error import LedgerDamaged, LedgerFailure, LedgerHeld
from registry.ledger_head import HeadFile, read_head


def head(number: int) -> Head:
    return Head(number=number, hash=bytes([number]) * 32)


def test_a_head_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "head"
    assert read_head(path) is None
    held = HeadFile.hold(path)
    assert held.read() is None
    for number in range(1, 8):
        held.note(head(number))
        assert held.read() == read_head(path) == head(number)
    held.release()
    again = HeadFile.hold(path)
    assert again.read() == head(7)
    again.note(head(8))
    again.note(head(9))
    again.release()
    assert read_head(path) == head(9)


def test_one_at_a_time_may_hold_it_and_the_other_is_told_who(tmp_path: Path) -> None:
    import os

    held = HeadFile.hold(tmp_path / "head")
    with pytest.raises(LedgerHeld, match=f"process {os.getpid()}"):
        HeadFile.hold(tmp_path / "head")
    held.release()
    HeadFile.hold(tmp_path / "head").release()


@pytest.mark.parametrize("torn", range(0, 1024, 37))
def test_a_torn_write_spoils_only_the_newest(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "head"
    held = HeadFile.hold(path)
    held.note(head(1))
    held.note(head(2))
    held.release()
    content = bytearray(path.read_bytes())
    content[torn] ^= 0xFF
    path.write_bytes(content)
    assert read_head(path) == (head(1) if torn >= 512 else head(2))


def test_a_head_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "head"
    path.write_bytes(b"x" * 1536)
    with pytest.raises(LedgerDamaged, match="delete this file"):
        read_head(path)


def test_a_head_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(LedgerFailure, match="cannot be written"):
        HeadFile.hold(tmp_path)
    with pytest.raises(LedgerFailure, match="cannot be written"):
        HeadFile.hold(tmp_path / "nowhere" / "head")
