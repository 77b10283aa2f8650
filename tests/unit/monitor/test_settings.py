from pathlib import Path

import pytest

from monitor.server_settings import NginxRtmp
from monitor.settings import Settings, SettingsRefused
from monitor.settings_reference import entries, table


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NAKANOHITO_SETTINGS", raising=False)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "some.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_everything_has_a_default() -> None:
    settings = Settings.load()
    assert settings.host == "127.0.0.1"
    assert settings.database == "sqlite:///.nakanohito/registry.sqlite"
    assert [str(network) for network in settings.hooks.networks] == ["127.0.0.0/8", "::1/128"]


def test_a_file_in_the_working_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "nakanohito.toml").write_text("port = 9000")
    assert Settings.load().port == 9000


def test_a_file_named_by_the_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAKANOHITO_SETTINGS", str(written(tmp_path, "port = 9001")))
    assert Settings.load().port == 9001


def test_the_environment_wins_over_the_file_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, 'port = 1\n[log]\nlevel = "debug"\nformat = "json"')
    monkeypatch.setenv("NAKANOHITO_PORT", "2")
    monkeypatch.setenv("NAKANOHITO_LOG__LEVEL", "error")
    settings = Settings.load(file)
    assert (settings.port, settings.log.level, settings.log.format) == (2, "error", "json")


def test_media_servers_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(
        tmp_path,
        '[servers.edge]\nkind="nginx-rtmp"\ncontrol_url="http://127.0.0.1:1/control"\nstat_url="http://127.0.0.1:1/s"',
    )
    monkeypatch.setenv("NAKANOHITO_SERVERS__EDGE__INDEX", "3")
    edge = Settings.load(file).servers["edge"]
    assert isinstance(edge, NginxRtmp)
    assert edge.index == 3


@pytest.mark.parametrize(
    ("watch", "says"),
    [
        ("rtmp://h/live/s1", "holds {stream}"),
        ("rtmp://h/{app}/{stream}/{key}", "nothing else in braces"),
        ("https://h/{stream}", "kind cannot be told"),
    ],
)
def test_where_streams_are_watched_must_lead_somewhere(tmp_path: Path, watch: str, says: str) -> None:
    edge = '[servers.edge]\nkind="nginx-rtmp"\ncontrol_url="http://h/c"\nstat_url="http://h/s"'
    with pytest.raises(SettingsRefused, match=r"servers\.edge\.watch") as refused:
        Settings.load(written(tmp_path, f'{edge}\nwatch = "{watch}"'))
    assert says in str(refused.value)
    good = Settings.load(written(tmp_path, f'{edge}\nwatch = "http://h/{{app}}/{{stream}}.flv"'))
    assert good.servers["edge"].watch == "http://h/{app}/{stream}.flv"


@pytest.mark.parametrize("place", ["edge/live/hoshi", "hoshi", "other/live/hoshi/x"])
def test_an_obs_belongs_to_a_place_on_a_server(tmp_path: Path, place: str) -> None:
    with pytest.raises(SettingsRefused, match="is no place on a server of these settings"):
        Settings.load(written(tmp_path, f'[obs."{place}"]\nurl = "ws://10.1.0.7:4455"'))


def test_everything_that_is_wrong_is_listed_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(
        tmp_path,
        'prot = 1\n[servers.edge]\nkind = "nginx-rtmp"\ncontrol_url = "nowhere"\n[servers.other]\nurl = "http://a"',
    )
    monkeypatch.setenv("NAKANOHITO_PORT", "many")
    with pytest.raises(SettingsRefused) as refused:
        Settings.load(file)
    text = str(refused.value)
    assert f"{file}: prot: no such setting" in text
    assert "NAKANOHITO_PORT: Input should be a valid integer" in text
    assert f"{file}: servers.edge.control_url: String should match" in text
    assert f"{file}: servers.edge.stat_url: is missing" in text
    assert f"{file}: servers.other: has no kind" in text


def test_a_misspelt_variable_is_an_error_with_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAKANOHITO_DATADIR", "x")
    with pytest.raises(SettingsRefused, match="NAKANOHITO_DATADIR: no such setting; did you mean NAKANOHITO_DATA_DIR"):
        Settings.load()


def test_variables_of_the_command_line_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAKANOHITO_API_KEY", "x")
    Settings.load()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = ", "is not TOML"),
        ('[webhooks]\nsecrets = ["whsec_short"]', "webhooks.secrets: this is no webhook key"),
        ('[servers."a/b"]\nkind = "webhook"\nurl = "http://a"\nsecrets = []', "at least 1 item"),
        ('[egress]\nallowed_networks = ["10.0.0.1/8"]', "egress.allowed_networks.0"),
    ],
)
def test_unusable_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsRefused, match=message):
        Settings.load(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="cannot be read: No such file"):
        Settings.load(tmp_path / "none.toml")


def test_broken_json_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAKANOHITO_SERVERS", "{")
    with pytest.raises(SettingsRefused, match="servers"):
        Settings.load()


def test_secrets_do_not_show(tmp_path: Path) -> None:
    secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    settings = Settings.load(written(tmp_path, f'[webhooks]\nsecrets = ["{secret}"]'))
    assert settings.webhooks.secrets[0].get_secret_value() == secret
    assert secret not in repr(settings)


def test_every_setting_says_what_it_is() -> None:
    assert all(entry.says for entry in entries())
    assert len({entry.variable for entry in entries()} & {"NAKANOHITO_PORT", "NAKANOHITO_LOG__LEVEL"}) == 2


def test_the_documentation_holds_the_reference() -> None:
    page = Path(__file__).parents[3] / "docs" / "settings.md"
    assert table() in page.read_text(encoding="utf-8")
