from pathlib import Path

import pytest

from protocols.pack import LARGEST
from tests.unit.monitor.cli.terminal import Terminal
from tests.unit.protocols import test_pack as packs


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    file = tmp_path / "case_1.zip"
    file.write_bytes(packs.pack())
    return file


def test_a_pack_is_whole_in_the_log_and_judged_again(terminal: Terminal, pack: Path, tmp_path: Path) -> None:
    key = tmp_path / "ledger.pub"
    key.write_text(f"{packs.SIGNER}\n")
    found = terminal.document("verify", str(pack), "--key", str(key))
    assert (found["ok"], found["case"], found["judged again"]) == (True, "case_1", "the same, bit for bit")
    assert found["p_human again"] == found["p_human"]
    assert "the same, bit for bit" in terminal.well("verify", str(pack), "--key", str(packs.SIGNER))
    assert "by the key in the pack itself" in terminal.type("verify", str(pack)).err


def test_a_changed_pack_is_not(terminal: Terminal, pack: Path) -> None:
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.write_bytes(bytes(content))
    typed = terminal.type("verify", str(pack))
    assert (typed.code, str(pack) in typed.err) == (1, True)
    typed = terminal.type("verify", str(pack), "--json")
    assert (typed.code, '"ok": false' in typed.out) == (1, True)


def test_a_pack_that_is_judged_otherwise_is_told(terminal: Terminal, pack: Path) -> None:
    fewer = packs.freeze({"judge": packs.judge(), "told": packs.told()[:5]})
    pack.write_bytes(packs.pack(packs.exhibits(**{"observations.nkhf": fewer})))
    typed = terminal.type("verify", str(pack))
    assert (typed.code, "another number" in typed.err) == (1, True)


def test_what_cannot_be_used_is_one_clear_error(terminal: Terminal, pack: Path, tmp_path: Path) -> None:
    huge = tmp_path / "huge.zip"
    with huge.open("wb") as out:
        out.truncate(2 * LARGEST)  # two gigabytes that take no room
    for words, why in (
        ((str(huge),), "are not read"),
        ((str(tmp_path / "none.zip"),), "cannot be read"),
        ((str(pack), "--key", "no key"), "--key"),
    ):
        typed = terminal.type("verify", *words)
        assert (typed.code, why in typed.err) == (2, True), typed
