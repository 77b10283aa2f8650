"""Sections of the service's own settings; those of media servers are in ``server_settings``."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from monitor.server_settings import Section, WebhookKeys
from protocols.openid import secure
from registry.appeal import AppealTimes
from registry.state import Retention

Network = IPv4Network | IPv6Network
Loopback = ("127.0.0.0/8", "::1/128")


class Egress(Section):
    """What the service may connect to when somebody else wrote the URL."""

    allowed_networks: tuple[Network, ...] = Field(
        (), description="networks that may be reached although they are not public, such as 10.1.0.0/16"
    )
    ports: tuple[Annotated[int, Field(ge=1, le=65_535)], ...] | None = Field(
        None, description="the only ports that may be reached; every one where absent"
    )
    directory: Path | None = Field(None, description="folder that file sources may lie in; none where absent")


class Hooks(Section):
    """Publish hooks: how media servers ask us before a stream goes on air."""

    networks: tuple[Network, ...] = Field(
        Loopback, validate_default=True, description="networks that media servers ask from"
    )
    token: SecretStr | None = Field(None, description="secret that stands in the hook's URL as ?token=…")
    when_blind: Literal["permit", "refuse"] = Field(
        "permit", description="what a new publisher is told while the service cannot decide"
    )
    unbooked: Literal["permit", "refuse"] = Field(
        "permit", description="what a publisher is told at whose place nothing is booked"
    )


class Webhooks(Section):
    """Webhooks to the backend (Standard Webhooks)."""

    secrets: WebhookKeys = Field(
        (),
        max_length=4,
        description="keys that webhooks are signed with: whsec_… (HMAC) or whsk_… (Ed25519), two while one is "
        "replaced; made at first start in data_dir/webhook.key where absent",
    )


class AvatarSettings(Section):
    """Who decides about avatars, and how much of what is registered one changes alone."""

    alone_an_hour: int = Field(
        20,
        ge=0,
        le=100_000,
        description="how many avatars and operators one key or account may suspend, revoke or merge within an hour; "
        "more are a batch, which another one approves",
    )
    four_eyes: bool = Field(
        True, description="whether an avatar that waits for review is approved by another key than registered it"
    )


class Likeness(Section):
    """The observer of likeness."""

    model: Path | None = Field(None, description="ONNX file of the encoder; the one that comes along where absent")
    search: Literal["memory", "pgvector"] = Field(
        "memory",
        description="what one likeness is compared with all in: memory, up to about 100,000 vectors, or pgvector, "
        "which needs a PostgreSQL database with that extension",
    )
    sha256: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="SHA-256 that the encoder's file must have; any where absent"
    )


class Log(Section):
    """What the service says about itself, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least important that is said")
    format: Literal["text", "json"] = Field("text", description="for people or for programs")


class Checkpoints(Section):
    """Signed checkpoints of the ledger."""

    name: str = Field(
        "nakanohito.local/ledger",
        pattern=r"^[^\s+]{1,128}$",
        description="the ledger's name in its checkpoints: a host and a path of yours, without a scheme",
    )
    every_s: float = Field(600, ge=1, le=86_400, description="seconds between two checkpoints, where anything is new")


class Evidence(Section):
    """The evidence of cases."""

    store: str | None = Field(
        None,
        pattern=r"^[a-z0-9+]+://.+",
        description="where it lies: a URL that fsspec reaches, such as s3://bucket/folder (install nakanohito[s3]); "
        "data_dir/evidence where absent",
    )
    key: SecretStr | None = Field(
        None, description="key that it is encrypted with where it lies: 32 bytes in base64; not encrypted where absent"
    )
    retention: Retention = Field(
        Retention.HALF_YEAR, description="for how long it is kept, unless a legal hold is on it: half_year, three_years"
    )


class Deadlines(Section):
    """Until when appeals are to be decided and reports to be answered."""

    appeal_fast_s: float = Field(600, gt=0, le=86_400, description="seconds for an appeal in the fast lane")
    appeal_s: float = Field(7 * 86_400, gt=0, le=90 * 86_400, description="seconds for every other appeal")
    fast_within_s: float = Field(
        3600, ge=0, le=86_400, description="an appeal filed so soon after the act is in the fast lane: the show is on"
    )
    report_s: float = Field(7 * 86_400, gt=0, le=90 * 86_400, description="seconds for the answer to a report")

    def times(self) -> AppealTimes:
        """Those of appeals."""
        return AppealTimes(
            fast=timedelta(seconds=self.appeal_fast_s),
            ordinary=timedelta(seconds=self.appeal_s),
            fast_within=timedelta(seconds=self.fast_within_s),
        )

    def report(self) -> timedelta:
        """That of reports."""
        return timedelta(seconds=self.report_s)


class OperatorChannel(Section):
    """The operators' WebSocket."""

    origins: tuple[Annotated[str, Field(pattern=r"^https?://[^/\s]+$")], ...] = Field(
        (), description="web origins whose pages may connect; programs send none and always may"
    )
    motion_days: float = Field(
        30,
        ge=0,
        le=365,
        description="days for which it is remembered what motion was told, by numbers it cannot be made out of again; "
        "0: nothing is, and motion that is told again is not recognised",
    )
    backend_url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="webhook that is told of operators outside of sessions, as when they are to be verified anew; "
        "signed as the backend's are",
    )


class PasskeySettings(Section):
    """Passkeys of operators, and of whoever else signs in by one."""

    domain: str = Field(
        "localhost",
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        description="the domain that passkeys are made for; those of another one are lost when it changes",
    )
    name: str = Field(
        "Nakanohito", min_length=1, max_length=64, description="what an authenticator shows beside a passkey"
    )
    origins: tuple[Annotated[str, Field(pattern=r"^https?://[^/\s]+$")], ...] = Field(
        (),
        description="web origins whose pages may use passkeys, of the domain or below it; http://localhost and the "
        "service's port where absent",
    )

    @model_validator(mode="after")
    def _below(self) -> Self:
        for origin in self.origins:
            host = urlsplit(origin).hostname or ""
            if host != self.domain and not host.endswith(f".{self.domain}"):
                raise ValueError(f"the origin {origin} is not of the domain {self.domain}, nor below it")
        if not self.origins and self.domain != "localhost":
            raise ValueError(f"say which origins of {self.domain} use passkeys, such as https://{self.domain}")
        return self


class BreakerSettings(Section):
    """The breaker: many sessions that lose their operators at once are held, not cut, and a person is paged."""

    least: int = Field(3, ge=2, le=10_000, description="fewer sessions are never many")
    sessions: int = Field(20, ge=2, le=100_000, description="so many sessions are many, however many there are")
    share: float = Field(0.05, gt=0, le=1, description="and so is this share of those that have an operator")
    within_s: float = Field(10, gt=0, le=300, description="seconds within which they are lost")
    page_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="webhook that pages a person, signed as the backend's are"
    )


class QuarantineSettings(Section):
    """Quarantine: streams whose worker processes die again and again are set apart from the others."""

    after: int = Field(3, ge=1, le=1000, description="deaths of its workers from which a stream is suspected")
    within_s: float = Field(600, ge=10, le=86_400, description="seconds within which they count")
    cells: int = Field(8, ge=1, le=64, description="worker processes for suspects, beside `workers`, at most")


class IdentityProvider(Section):
    """An identity provider, or a platform, whose word about who somebody is counts."""

    issuer: str = Field(min_length=1, max_length=255, description="its name in tokens (iss)")
    form: Literal["openid", "assertion"] = Field(
        "openid", description="how it writes: an OpenID Connect ID token with verified_claims, or an assertion"
    )
    audience: str = Field(min_length=1, max_length=255, description="for whom its tokens must be (aud): our client id")
    assurances: tuple[str, ...] = Field(min_length=1, description="levels of assurance that count")
    keys: Path | None = Field(None, description="file of its JWK set")
    keys_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="address of its JWK set, in place of a file"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.keys is None) == (self.keys_url is None):
            raise ValueError("give the provider's keys, either as a file (keys) or by their address (keys_url)")
        return self


class ProviderRoles(Section):
    """Which values of the claim stand for which role; somebody who has several gets the first of this order."""

    admin: tuple[str, ...] = Field((), description="values that stand for the role admin")
    senior: tuple[str, ...] = Field((), description="values that stand for the role senior")
    moderator: tuple[str, ...] = Field((), description="values that stand for the role moderator")
    auditor: tuple[str, ...] = Field((), description="values that stand for the role auditor")
    viewer: tuple[str, ...] = Field((), description="values that stand for the role viewer")

    def by_role(self) -> dict[str, frozenset[str]]:
        """The values by role, the role that counts most first."""
        return {role: frozenset(getattr(self, role)) for role in type(self).model_fields}

    @model_validator(mode="after")
    def _any(self) -> Self:
        if not any(self.by_role().values()):
            raise ValueError('say which values stand for which role, such as moderator = ["nakanohito-moderators"]')
        return self


class SignInProvider(Section):
    """An OpenID provider that moderators sign in by, besides passkeys."""

    issuer: str = Field(max_length=255, description="its issuer, an https URL; the rest is discovered below it")
    client_id: str = Field(min_length=1, max_length=255, description="our client id there")
    client_secret: SecretStr | None = Field(None, description="our secret there; a public client where absent")
    label: str | None = Field(None, min_length=1, max_length=64, description="what the button says; NAME where absent")
    scopes: tuple[Annotated[str, Field(pattern=r"^[!-~]+$")], ...] = Field(
        (), description="scopes besides openid, where the claim needs one"
    )
    claim: str = Field(
        "groups",
        min_length=1,
        max_length=128,
        description="claim of the ID token whose values stand for roles; a dot leads into it: realm_access.roles",
    )
    roles: ProviderRoles = Field(description="which values stand for which role")
    acr_values: tuple[Annotated[str, Field(pattern=r"^[!-~]+$")], ...] = Field(
        (), description="how the person must have been asked there (acr), one of these; any way where empty"
    )

    @field_validator("issuer")
    @classmethod
    def _reached_securely(cls, value: str) -> str:
        if not secure(value) or "?" in value or "#" in value:
            raise ValueError("an issuer is an https URL without a query, such as https://id.example/realms/studio")
        return value


class IceServer(Section):
    """A STUN or TURN server that WHIP publishers are told of."""

    url: str = Field(pattern=r"^(stuns?|turns?):[^\s<>\"]+$", description="such as stun:stun.example:3478")
    username: str | None = Field(None, description="for TURN")
    credential: SecretStr | None = Field(None, description="for TURN")


class Whip(Section):
    """The WHIP endpoint."""

    origins: tuple[str, ...] = Field(("*",), description="web origins whose pages may publish; * for every one")
    ice_servers: tuple[IceServer, ...] = Field((), max_length=8, description="STUN and TURN servers")


class ConsolePages(Section):
    """The moderators' console."""

    idle_minutes: float = Field(30, ge=1, le=480, description="minutes without a request after which a sign-in ends")
    hours: float = Field(10, ge=0.25, le=24, description="hours after which a sign-in ends in any case")
    fresh_minutes: float = Field(
        5, ge=0.5, le=60, description="minutes after a passkey was asked for in which what hurts needs no other"
    )
