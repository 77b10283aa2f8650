"""What the settings say, as the values that the parts of the service take."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import assert_never

from monitor.egress import EgressPolicy
from monitor.enforcers.fenced import Fenced
from monitor.hooks.router import HookSettings, WhenBlind
from monitor.identity import Provider
from monitor.keyring import webhook_secret
from monitor.observers.likeness.sight import Sight
from monitor.openid import OpenIdProvider
from monitor.server_assembly import dialects
from monitor.settings import Settings
from monitor.workers.pool import Pool
from protocols.breaker import BreakerLimits
from protocols.identity import Form, Issuer
from protocols.openid import Client
from protocols.passkey.ceremony import RelyingParty
from protocols.quarantine import Quarantine
from protocols.webhook import Signer, parse_signer
from registry.search import MemorySearch, Search
from registry.search_pgvector import PgvectorSearch


def pool(settings: Settings) -> Pool | None:
    """The workers of the settings; none where the service holds its streams itself."""
    if not settings.workers:
        return None
    likeness = settings.likeness
    model = None if likeness.model is None else str(likeness.model)
    return Pool(
        settings.workers,
        {"model": model, "sha256": likeness.sha256, "threads": settings.threads},
        quarantine=Quarantine(after=settings.quarantine.after, within_s=settings.quarantine.within_s),
        cells=settings.quarantine.cells,
    )


def egress(settings: Settings) -> EgressPolicy:
    """Where the service may connect to."""
    allowed = settings.egress
    return EgressPolicy(
        schemes=frozenset({"http", "https", "rtmp", "rtmps"}),
        allowed_networks=tuple(allowed.allowed_networks),
        ports=None if allowed.ports is None else frozenset(allowed.ports),
        directory=allowed.directory,
    )


def relying_party(settings: Settings) -> RelyingParty:
    """For whom passkeys are made."""
    given = settings.passkeys
    origins = given.origins or (f"http://localhost:{settings.port}",)
    return RelyingParty(id=given.domain, name=given.name, origins=origins)


def breaker_limits(settings: Settings) -> BreakerLimits:
    """From how many lapses on all cuts are held."""
    given = settings.breaker
    return BreakerLimits(least=given.least, sessions=given.sessions, share=given.share, within_s=given.within_s)


def providers(settings: Settings) -> tuple[Provider, ...]:
    """Whose word on operators is taken."""
    return tuple(
        Provider(
            issuer=Issuer(
                name=given.issuer,
                form=Form(given.form),
                audience=given.audience,
                assurances=frozenset(given.assurances),
            ),
            keys=given.keys,
            keys_url=given.keys_url,
        )
        for given in settings.identity.values()
    )


def sign_in(settings: Settings) -> tuple[OpenIdProvider, ...]:
    """Where moderators sign in besides by passkey."""
    return tuple(
        OpenIdProvider(
            name=name,
            label=given.label or name,
            client=Client(
                issuer=given.issuer,
                client_id=given.client_id,
                claim=given.claim,
                roles=given.roles.by_role(),
                scopes=("openid", *(scope for scope in given.scopes if scope != "openid")),
                acr_values=given.acr_values,
            ),
            secret=None if given.client_secret is None else given.client_secret.get_secret_value(),
        )
        for name, given in settings.sign_in.items()
    )


def webhook_keys(settings: Settings) -> Sequence[Signer]:
    """What webhooks are signed with. Raises KeyringRefused."""
    given = [secret.get_secret_value() for secret in settings.webhooks.secrets]
    return [parse_signer(secret) for secret in given or [webhook_secret(settings.data_dir)]]


def hook_settings(settings: Settings, made: Mapping[str, Fenced]) -> HookSettings:
    """What a media server's questions are answered by."""
    token = settings.hooks.token
    return HookSettings(
        servers=dialects(settings.servers, made),
        networks=[ip_network(str(network)) for network in settings.hooks.networks],
        token=None if token is None else token.get_secret_value(),
        when_blind=WhenBlind(settings.hooks.when_blind),
    )


async def search(settings: Settings, sight: Sight) -> Search:
    """The search of the settings. Raises RegistryError."""
    match settings.likeness.search:
        case "memory":
            return MemorySearch(sight.encoder.length)
        case "pgvector":
            return await PgvectorSearch.at(settings.database, sight.encoder.length)
        case never:
            assert_never(never)
