"""Settings of media servers: a section for each kind, told apart by its ``kind``."""

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from protocols.backend.source import infer
from protocols.webhook import parse_signer

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]


class Section(BaseModel):
    """A part of the settings; a key that nothing reads is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _webhook_keys(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for secret in secrets:
        try:
            parse_signer(secret.get_secret_value())
        except ValueError as error:
            raise ValueError(f"this is no webhook key: {error}") from None
    return secrets


WebhookKeys = Annotated[tuple[SecretStr, ...], AfterValidator(_webhook_keys)]


def _template(text: str) -> str:
    if "{stream}" not in text or set(re.findall(r"\{[^}]*\}", text)) - {"{app}", "{stream}"}:
        raise ValueError("holds {stream}, and {app} where that matters, and nothing else in braces")
    if infer(text) is None:
        raise ValueError("the kind cannot be told from it: rtmp(s)://…, or http(s)://….m3u8, .flv, /whep")
    return text


Watch = Annotated[str, AfterValidator(_template)]


class MediaServer(Section):
    """What every kind has."""

    watch: Watch | None = Field(
        None, description="where its streams are watched, such as rtmp://127.0.0.1/{app}/{stream}; for bookings"
    )


class NginxRtmp(MediaServer):
    """nginx with its RTMP module, its control and its statistics."""

    kind: Literal["nginx-rtmp"]
    control_url: HttpUrl = Field(description="where its control module answers, such as http://127.0.0.1:8080/control")
    stat_url: HttpUrl = Field(description="where its statistics answer, such as http://127.0.0.1:8080/stat")
    username: str | None = Field(None, description="login for both, where they ask for one")
    password: SecretStr | None = Field(None, description="password of that login")
    index: int = Field(0, ge=0, le=64, description="place of the server block in nginx's rtmp block, from 0")


class Janus(MediaServer):
    """Janus with its VideoRoom."""

    kind: Literal["janus"]
    url: HttpUrl = Field(description="its HTTP API, such as http://127.0.0.1:8088/janus")
    token_secret: SecretStr = Field(min_length=16, description="what publishers' tokens are made from")
    room_secret: SecretStr | None = Field(None, description="the secret of its rooms")
    api_secret: SecretStr | None = Field(None, description="its api_secret, where it has one")
    string_ids: bool = Field(False, description="whether its rooms and publishers are named by texts")


class NodeMediaServer(MediaServer):
    """node-media-server 4."""

    kind: Literal["node-media-server"]
    url: HttpUrl = Field(description="its HTTP server, such as http://127.0.0.1:8000")
    username: str = Field(min_length=1, description="a user of its API")
    password: SecretStr = Field(min_length=1, description="password of that user")


class Srs(MediaServer):
    """SRS."""

    kind: Literal["srs"]
    url: HttpUrl = Field(description="its HTTP API, such as http://127.0.0.1:1985")
    username: str | None = Field(None, description="login of the API, where it asks for one")
    password: SecretStr | None = Field(None, description="password of that login")
    vhost: str = Field("__defaultVhost__", min_length=1, description="name of the vhost")


class MediaMtx(MediaServer):
    """MediaMTX."""

    kind: Literal["mediamtx"]
    url: HttpUrl = Field(description="its control API, such as http://127.0.0.1:9997")
    username: str | None = Field(None, description="login of the API, where it asks for one")
    password: SecretStr | None = Field(None, description="password of that login")


class LiveKit(MediaServer):
    """LiveKit."""

    kind: Literal["livekit"]
    url: HttpUrl = Field(description="its URL, such as http://127.0.0.1:7880")
    api_key: str = Field(min_length=1, description="an API key of it, which its webhooks are signed with as well")
    api_secret: SecretStr = Field(min_length=1, description="the secret of that key")


class OvenMediaEngine(MediaServer):
    """OvenMediaEngine."""

    kind: Literal["ovenmediaengine"]
    url: HttpUrl = Field(description="its REST API, such as http://127.0.0.1:8081")
    access_token: SecretStr = Field(min_length=1, description="the AccessToken of the API")
    webhook_secret: SecretStr = Field(min_length=1, description="the SecretKey of its AdmissionWebhooks")
    vhost: str = Field("default", min_length=1, description="name of the virtual host")


class Tencent(MediaServer):
    """A push domain of Tencent Cloud Streaming Services."""

    kind: Literal["tencent"]
    domain: str = Field(min_length=1, description="the push domain")
    key_id: str = Field(min_length=1, description="SecretId of a key that may call the API")
    key_secret: SecretStr = Field(min_length=1, description="SecretKey of that key")
    url: HttpUrl = Field("https://live.tencentcloudapi.com", description="where the API answers")


class Alibaba(MediaServer):
    """An ingest domain of Alibaba Cloud ApsaraVideo Live."""

    kind: Literal["alibaba"]
    domain: str = Field(min_length=1, description="the ingest domain")
    key_id: str = Field(min_length=1, description="id of an access key that may call the API")
    key_secret: SecretStr = Field(min_length=1, description="secret of that key")
    url: HttpUrl = Field("https://live.aliyuncs.com", description="where the API of the region answers")


class Ivs(MediaServer):
    """The channels of an AWS account in one region."""

    kind: Literal["ivs"]
    region: str = Field(pattern=r"^[a-z0-9-]{1,32}$", description="region of the channels, such as us-west-2")
    account: str = Field(pattern=r"^[0-9]{12}$", description="number of the AWS account")
    key_id: str = Field(min_length=1, description="id of an access key that may call the API")
    key_secret: SecretStr = Field(min_length=1, description="secret of that key")
    session_token: SecretStr | None = Field(None, description="token of that key, where it is temporary")
    url: HttpUrl | None = Field(None, description="where the API answers; AWS' own endpoint of the region where absent")


class WebhookServer(MediaServer):
    """A platform that takes commands as signed webhooks."""

    kind: Literal["webhook"]
    url: HttpUrl = Field(description="where commands are sent")
    secrets: WebhookKeys = Field(
        min_length=1, max_length=4, description="keys that commands are signed with: whsec_… or whsk_…"
    )
    asks_status: bool = Field(True, description="whether it can be asked if a stream is gone (stream.status)")
    shows_notices: bool = Field(False, description="whether it covers a picture with a notice (stream.slate)")


AnyServer = (
    NginxRtmp
    | Janus
    | NodeMediaServer
    | Srs
    | MediaMtx
    | LiveKit
    | OvenMediaEngine
    | Tencent
    | Alibaba
    | Ivs
    | WebhookServer
)
Server = Annotated[AnyServer, Field(discriminator="kind")]

KINDS: tuple[str, ...] = tuple(get_args(section.model_fields["kind"].annotation)[0] for section in get_args(AnyServer))
"""The kinds that there are."""


class Obs(Section):
    """OBS Studio of one place's publisher: asked, never relied upon."""

    url: str = Field(pattern=r"^wss?://[^\s]+$", description="its obs-websocket, such as ws://10.1.0.7:4455")
    password: SecretStr | None = Field(None, description="password of its obs-websocket")
    scene: str | None = Field(None, description="scene that it is asked to show as a notice, before a cut and with it")
