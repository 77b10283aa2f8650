"""Avatars, conflicts and purges, for the wire."""

from base64 import b64encode

from monitor.api.service import Service
from monitor.registrar import Pair, Purged
from protocols.backend import AssetView, AvatarView, ConflictView, PairView, PurgeView
from registry.avatar import Avatar


def view(avatar: Avatar, service: Service) -> AvatarView:
    """The avatar, and whether it may be claimed now."""
    return AvatarView(
        id=avatar.id,
        name=avatar.name,
        aliases=list(avatar.aliases),
        owner=avatar.owner,
        role=avatar.role,
        state=avatar.state,
        since=avatar.since,
        because=avatar.because,
        decided_by=avatar.by,
        barred=avatar.tenure.bar(service.clock()),
        abilities=sorted(ability.value for ability in avatar.abilities),
        outfits=list(avatar.outfits),
        assets=[AssetView(kind=kind.value, value=value) for kind, value in avatar.assets],
        code=avatar.code,
        valid_from=avatar.valid_from,
        valid_until=avatar.valid_until,
        policy=avatar.policy,
        needs_consent=avatar.needs_consent,
        has_consent=avatar.has_consent,
        model=avatar.model,
        registered_at=avatar.registered_at,
    )


def conflict(pair: Pair) -> ConflictView:
    """A conflict without its pictures."""
    found, resolution = pair.finding.found, pair.finding.resolution
    return ConflictView(
        id=pair.finding.id,
        other=found.other,
        other_name=pair.other.name,
        other_owner=pair.other.owner,
        other_role=pair.other.role,
        reason=found.reason.value,
        similarity=None if found.similarity is None else round(found.similarity, 4),
        probability=None if found.probability is None else round(found.probability, 4),
        resolution=None if resolution is None else resolution.value,
    )


def side_by_side(pair: Pair) -> PairView:
    """A conflict with both pictures."""
    return PairView(**dict(conflict(pair)), picture=_written(pair.picture), other_picture=_written(pair.other_picture))


def purge(purged: Purged, service: Service) -> PurgeView:
    """A purge with its salt, which is shown this once."""
    return PurgeView(avatar=view(purged.avatar, service), salt=purged.salt.hex(), **purged.proof.document())


def _written(picture: bytes | None) -> str | None:
    return None if picture is None else b64encode(picture).decode()
