"""Settings of the service: a TOML file and environment variables, which win over it.

``[servers.edge]`` with ``control_url`` in the file is ``NAKANOHITO_SERVERS__EDGE__CONTROL_URL`` in the environment.
Whatever is wrong is listed at once, each with the place where it stands.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from monitor.server_settings import KINDS, Obs, Server
from monitor.service_settings import (
    AvatarSettings,
    BreakerSettings,
    Checkpoints,
    ConsolePages,
    Deadlines,
    Egress,
    Evidence,
    Hooks,
    IdentityProvider,
    Likeness,
    Log,
    OperatorChannel,
    PasskeySettings,
    QuarantineSettings,
    SignInProvider,
    Webhooks,
    Whip,
)

PREFIX = "NAKANOHITO_"
FILE = "nakanohito.toml"
_DELIMITER = "__"
# Variables of the command line and of the tests, which are no settings of the service.
_OTHERS = frozenset({"URL", "API_KEY", "SETTINGS", "SHARED", "REQUIRE_PROGRAMS"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SettingsRefused(Exception):
    """The settings cannot be used; the message lists everything that is wrong with them, a line each."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=_DELIMITER, extra="forbid", frozen=True, case_sensitive=False
    )

    data_dir: Path = Field(Path(".nakanohito"), description="folder of the registry, the ledger and generated keys")
    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(8470, ge=0, le=65_535, description="port to listen on; 0 for a free one")
    database_url: str | None = Field(
        None, description="sqlite:///file or postgresql://…; data_dir/registry.sqlite where absent"
    )
    windows: int = Field(8, ge=1, le=10_000, description="streams that may be watched at full rate at once")
    threads: int = Field(2, ge=1, le=256, description="threads that decode and look at pictures, of each process")
    workers: int = Field(
        0, ge=0, le=64, description="processes that hold the streams, and one more as a spare; 0: the service itself"
    )
    lease_s: float = Field(
        15, ge=3, le=300, description="seconds after which another service takes over from one that is silent"
    )
    quarantine: QuarantineSettings = QuarantineSettings()
    egress: Egress = Egress()
    servers: dict[str, Server] = Field(default_factory=dict, description="media servers by the name in placements")
    obs: dict[str, Obs] = Field(default_factory=dict, description="OBS of publishers by place: server/app/stream")
    hooks: Hooks = Hooks()
    webhooks: Webhooks = Webhooks()
    breaker: BreakerSettings = BreakerSettings()
    identity: dict[str, IdentityProvider] = Field(
        default_factory=dict, description="identity providers by a name of yours"
    )
    sign_in: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")], SignInProvider] = Field(
        default_factory=dict, description="OpenID providers that moderators sign in by, by a name of yours"
    )
    whip: Whip = Whip()
    console: ConsolePages = ConsolePages()
    operator: OperatorChannel = OperatorChannel()
    passkeys: PasskeySettings = PasskeySettings()
    avatars: AvatarSettings = AvatarSettings()
    likeness: Likeness = Likeness()
    checkpoints: Checkpoints = Checkpoints()
    evidence: Evidence = Evidence()
    deadlines: Deadlines = Deadlines()
    log: Log = Log()

    @field_validator("servers")
    @classmethod
    def _names(cls, value: dict[str, Server]) -> dict[str, Server]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(f"a server's name is of letters, digits, '.', '_' and '-', not {name!r}")
        return value

    @model_validator(mode="after")
    def _places(self) -> Self:
        for place in self.obs:
            server, *rest = place.split("/")
            if len(rest) != 2 or server not in self.servers:
                raise ValueError(f"obs.'{place}' is no place on a server of these settings, such as edge/live/room-42")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over what is given, which is the file."""
        return env_settings, init_settings

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read ``path``, or the file that NAKANOHITO_SETTINGS names, or ./nakanohito.toml where there is one.

        Raises SettingsRefused.
        """
        file = _file(path)
        document = {} if file is None else _read(file)
        _refuse_unknown_variables(cls)
        try:
            return cls(**document)
        except ValidationError as error:
            raise SettingsRefused(_listed(error, file)) from error
        except SettingsError as error:
            raise SettingsRefused(f"The settings cannot be used: {error}.") from error

    @property
    def database(self) -> str:
        """The database's URL, whichever way it was set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'registry.sqlite'}"

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.data_dir / "ledger.sqlite"

    @property
    def ledger_key(self) -> Path:
        """The file of the public key that the ledger's checkpoints are checked with."""
        return self.data_dir / "ledger.pub"

    @property
    def admin_key(self) -> Path:
        """The file that holds the administrator's API key, which the command line reads."""
        return self.data_dir / "admin.key"


def _file(path: Path | None) -> Path | None:
    if path is not None:
        return path
    if named := os.environ.get(f"{PREFIX}SETTINGS"):
        return Path(named)
    return Path(FILE) if Path(FILE).is_file() else None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsRefused(f"{file}: cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{file}: is not TOML: {error}.") from error


def _refuse_unknown_variables(cls: type[Settings]) -> None:
    """A variable that nothing reads is a mistake that would go unnoticed."""
    known = {name.upper() for name in cls.model_fields}
    wrong = []
    for variable in sorted(os.environ):
        if not variable.upper().startswith(PREFIX):
            continue
        name = variable.upper().removeprefix(PREFIX).partition(_DELIMITER)[0]
        if name in known or name in _OTHERS:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        wrong.append(f"  {variable}: no such setting" + (f"; did you mean {PREFIX}{near[0]}?" if near else ""))
    if wrong:
        raise SettingsRefused("\n".join(["The settings cannot be used:", *wrong]))


def _listed(error: ValidationError, file: Path | None) -> str:
    lines = [f"  {_where(found['loc'], file, os.environ)}: {_what(found)}" for found in error.errors()]
    return "\n".join(["The settings cannot be used:", *lines])


def _where(loc: tuple[int | str, ...], file: Path | None, environment: Mapping[str, str]) -> str:
    """The variable where that is set, else the key in the file."""
    names = [str(part) for position, part in enumerate(loc) if not (position == 2 and part in KINDS)]
    present = {name.upper(): name for name in environment}
    for length in range(len(names), 0, -1):
        variable = PREFIX + _DELIMITER.join(name.upper() for name in names[:length])
        if variable in present:
            return present[variable]
    key = ".".join(names) or "the settings"
    return f"{file}: {key}" if file is not None else key


def _what(found: Any) -> str:
    match found["type"]:
        case "extra_forbidden":
            return "no such setting"
        case "missing":
            return "is missing"
        case "union_tag_not_found":
            return f"has no kind; give kind = one of {', '.join(KINDS)}"
        case "union_tag_invalid":
            return f"has a kind that there is not; give one of {', '.join(KINDS)}"
        case _:
            return str(found["msg"]).removeprefix("Value error, ")
