"""The token: kept for its owner alone, whole or not at all."""

from pathlib import Path

import pytest

from monitor.operator.tracking.choice import TrackerRefused
from monitor.operator.tracking.token import default_file, forget, load, save


def test_a_token_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "vts.token"
    assert load(file) is None
    save(file, "first")
    save(file, "second")
    assert load(file) == "second"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["vts.token"]
    forget(file)
    forget(file)
    assert load(file) is None


def test_a_token_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "token"
    save(file, "secret")
    file.chmod(0o644)
    with pytest.raises(TrackerRefused, match="chmod 600"):
        load(file)


@pytest.mark.parametrize("text", ["", "x" * 65, "a\x00b", "\xff"])
def test_what_is_no_token_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(text.encode("latin-1"))
    file.chmod(0o600)
    assert load(file) is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackerRefused, match="cannot be written"):
        save(tmp_path / "file" / "token", "secret")
    (tmp_path / "token").mkdir()
    with pytest.raises(TrackerRefused, match="cannot be read"):
        load(tmp_path / "token")


def test_it_lies_with_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_file() == tmp_path / "nakanohito" / "vtube-studio.token"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_file() == tmp_path / ".config" / "nakanohito" / "vtube-studio.token"
