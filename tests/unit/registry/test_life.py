"""An avatar's life as the registry keeps it, and what the ledger says of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocols.avatar import TABLE, AvatarRole, AvatarSignal, AvatarState
from registry.avatar import Avatar
from registry.conflict import Conflicting
from registry.error import Conflict, LedgerFailure, NotFound, Refused
from registry.registry import Registry
from registry.state import AssetKind, ConflictReason, Resolution
from tests.unit.registry.conftest import NOW, digest, likeness, references, submission

DAY = timedelta(days=1)
SALT = bytes(range(32))
VRM = "ab" * 32


@pytest.fixture
async def registry(database: str, tmp_path: Path) -> AsyncIterator[Registry]:
    registry = await Registry.open(database, tmp_path / "ledger.sqlite")
    yield registry
    await registry.close()


async def register(registry: Registry, name: str = "Hoshino", conflicts: Any = (), **values: Any) -> Avatar:
    return await registry.avatars.register(submission(name, **values), conflicts=conflicts, by="key_1", at=NOW)


async def move(registry: Registry, avatar: Avatar, signal: AvatarSignal, because: str = "a complaint") -> Avatar:
    return await registry.avatars.move(avatar.id, signal, by="key_2", because=because, at=NOW)


async def told(registry: Registry, avatar: Avatar) -> list[tuple[str, str]]:
    entries = await registry.ledger.read(subject=avatar.id)
    return [(entry.kind, str(entry.content.get("by", ""))) for entry in entries]


def like(other: Avatar, name: str = "Hoshino") -> Conflicting:
    return Conflicting(
        other=other.id,
        reason=ConflictReason.LIKENESS,
        similarity=0.9,
        probability=0.99,
        picture=digest("new"),
        other_picture=digest(name),
    )


async def test_what_is_like_no_other_is_active_at_once_and_each_step_is_in_the_ledger(registry: Registry) -> None:
    avatar = await register(
        registry, aliases=["星野", "hoshino", "H."], assets=[(AssetKind.VRM, "SHA256:" + VRM.upper())]
    )
    assert avatar.state is AvatarState.ACTIVE
    assert avatar.aliases == ("H.", "星野")
    assert avatar.assets == ((AssetKind.VRM, VRM),)
    assert await told(registry, avatar) == [
        ("avatar.submitted", "key_1"),
        ("avatar.approved", "the conflict check"),
        ("avatar.active", "the calendar"),
    ]
    assert [found.id for found in await registry.avatars.named("ｈ.")] == [avatar.id]


async def test_what_is_too_like_another_waits_for_a_person(registry: Registry) -> None:
    first = await register(registry)
    second = await register(registry, "Kuro", [like(first)], owner="another")
    assert (second.state, second.because) == (AvatarState.REVIEW, f"too like {first.id}")
    [finding] = await registry.conflicts.of(second.id)
    assert (finding.found, finding.resolution) == (like(first), None)
    approved = await move(registry, second, AvatarSignal.APPROVE, "only the hair is alike")
    assert (approved.state, approved.tenure.bar(NOW)) == (AvatarState.ACTIVE, None)
    [finding] = await registry.conflicts.of(second.id)
    assert (finding.resolution, finding.resolved_at) == (Resolution.APPROVED, NOW)
    assert (await told(registry, second))[2:] == [("avatar.approved", "key_2"), ("avatar.active", "the calendar")]


async def test_what_is_rejected_does_not_come_back(registry: Registry) -> None:
    first = await register(registry)
    second = await register(registry, "Kuro", [like(first)], owner="another")
    assert (await move(registry, second, AvatarSignal.REJECT)).state is AvatarState.REVOKED
    with pytest.raises(Conflict, match="cannot be told to approve"):
        await move(registry, second, AvatarSignal.APPROVE)
    assert [f.resolution for f in await registry.conflicts.of(second.id)] == [Resolution.REJECTED]


async def test_a_review_because_of_another_owner_is_not_led_round_by_a_merge(registry: Registry) -> None:
    first, own = await register(registry), await register(registry, "Shiro", owner="another")
    second = await register(registry, "Kuro", [like(first), like(own)], owner="another")
    assert second.submitted_by == "key_1"
    wish = {"by": "key_1", "because": "mine", "at": NOW}
    with pytest.raises(Conflict, match=first.id):
        await registry.avatars.merge(second.id, own.id, **wish)
    assert (await registry.avatars.get(second.id)).state is AvatarState.REVIEW
    await move(registry, second, AvatarSignal.APPROVE)
    assert (await registry.avatars.merge(second.id, own.id, **wish)).id == own.id


async def test_one_model_file_under_two_registrations_goes_to_review(registry: Registry) -> None:
    first = await register(registry, assets=[(AssetKind.VRM, VRM)])
    second = await register(registry, "Kuro", owner="another", assets=[(AssetKind.VRM, VRM)])
    assert second.state is AvatarState.REVIEW
    assert [(f.found.other, f.found.reason) for f in await registry.conflicts.of(second.id)] == [(first.id, "asset")]
    other = await register(registry, "Shiro", owner="third", assets=[(AssetKind.VTUBE_STUDIO, "ab" * 16)])
    assert other.state is AvatarState.ACTIVE


async def test_a_protected_likeness_is_recognised_and_never_on_air(registry: Registry) -> None:
    first = await register(registry)
    protected = await register(registry, "person-17", [like(first)], role=AvatarRole.PROTECTED)
    assert protected.id.startswith("pro_")
    assert protected.state is AvatarState.ACTIVE
    assert "never be on air" in str(protected.tenure.bar(NOW))
    assert [avatar.id for avatar in (await registry.avatars.list()).items] == [first.id]
    assert [avatar.id for avatar in (await registry.avatars.list(roles=[AvatarRole.PROTECTED])).items] == [protected.id]
    assert await registry.avatars.named("person-17") == ()
    assert set(await registry.avatars.gallery("encoder-1")) == {first.id, protected.id}


async def test_validity_begins_ends_and_is_renewed(registry: Registry) -> None:
    avatar = await register(registry, valid_from=NOW + DAY, valid_until=NOW + 2 * DAY)
    assert avatar.state is AvatarState.APPROVED
    assert await registry.avatars.settle(at=NOW) == ()
    [begun] = await registry.avatars.settle(at=NOW + DAY)
    assert begun.state is AvatarState.ACTIVE
    assert await registry.avatars.settle(at=NOW + DAY) == ()
    [ended] = await registry.avatars.settle(at=NOW + 2 * DAY)
    assert (ended.state, ended.because) == (AvatarState.EXPIRED, "its validity has ended")
    with pytest.raises(Refused, match="end in the future"):
        await registry.avatars.renew(avatar.id, valid_from=NOW, valid_until=NOW, by="k", at=NOW + 3 * DAY)
    again = await registry.avatars.renew(avatar.id, valid_from=NOW, valid_until=None, by="k", at=NOW + 3 * DAY)
    assert (again.state, again.valid_until) == (AvatarState.ACTIVE, None)
    await move(registry, avatar, AvatarSignal.SUSPEND)
    with pytest.raises(Conflict, match="cannot be told to renew"):
        await registry.avatars.renew(avatar.id, valid_from=NOW, valid_until=None, by="k", at=NOW)


async def test_a_code_and_a_further_name_are_one_avatars(registry: Registry) -> None:
    first = await register(registry, code="DH-110-22", aliases=["星野"])
    with pytest.raises(Conflict, match="DH-110-22") as conflict:
        await register(
            registry, "Kuro", owner="another", code="DH-110-22", references=references(likeness(), [digest("k")])
        )
    assert conflict.value.other == first.id
    with pytest.raises(Conflict, match="already has an avatar of the name 星野"):
        await register(registry, "星野", references=references(likeness(), [digest("k")]))
    await move(registry, first, AvatarSignal.REVOKE)
    assert (await register(registry, "星野", code="DH-110-22")).code == "DH-110-22"


async def test_a_policy_profile_is_one_that_there_is(registry: Registry) -> None:
    with pytest.raises(NotFound, match="no policy brisk"):
        await register(registry, policy="brisk")
    await registry.policies.put("brisk", {}, at=NOW)
    assert (await register(registry, policy="brisk")).policy == "brisk"


async def test_an_outfit_is_added_on_purpose(registry: Registry) -> None:
    avatar = await register(registry)
    new = references(likeness(2, seed=3), [digest("w1"), digest("w2")])
    dressed = await registry.avatars.add_outfit(avatar.id, _named(new, "winter"), model="encoder-1", by="k", at=NOW)
    assert dressed.outfits == ("default", "winter")
    assert len(await registry.avatars.vectors(avatar.id, "encoder-1")) == 5
    assert [(p.outfit, p.kept) for p in await registry.avatars.pictures(avatar.id)] == [
        ("default", True), ("winter", True), ("winter", True),
    ]  # fmt: skip
    thief = await register(registry, "Kuro", owner="thief")
    with pytest.raises(Conflict, match="another owner"):
        await registry.avatars.add_outfit(thief.id, new, model="encoder-1", by="k", at=NOW)
    await move(registry, avatar, AvatarSignal.REVOKE)
    with pytest.raises(Conflict, match="for good"):
        await registry.avatars.add_outfit(avatar.id, new, model="encoder-1", by="k", at=NOW)


def _named(given: Any, outfit: str) -> Any:
    return [replace(one, outfit=outfit) for one in given]


async def test_two_of_one_owner_are_merged_on_purpose(registry: Registry) -> None:
    first = await register(registry, assets=[(AssetKind.VRM, VRM)])
    second = await register(registry, "Kuro", [like(first)], aliases=["K"], assets=[(AssetKind.VRM, VRM)])
    stranger = await register(registry, "Shiro", owner="another")
    with pytest.raises(Refused, match="one owner"):
        await registry.avatars.merge(second.id, stranger.id, by="k", because="", at=NOW)
    merged = await registry.avatars.merge(second.id, first.id, by="k", because="the same one", at=NOW)
    assert merged.aliases == ("K", "Kuro")
    assert len(await registry.avatars.vectors(first.id, "encoder-1")) == 6
    gone = await registry.avatars.get(second.id)
    assert (gone.state, gone.because) == (AvatarState.REVOKED, f"merged into {first.id}: the same one")
    assert {f.resolution for f in await registry.conflicts.of(second.id)} == {Resolution.MERGED}
    assert ("avatar.merged", "k") in await told(registry, first)
    assert [found.id for found in await registry.avatars.named("Kuro")] == [first.id]


async def test_who_resembles_a_person_waits_for_their_consent_and_goes_with_it(registry: Registry) -> None:
    avatar = await register(registry, needs_consent=True)
    assert (avatar.state, "no consent" in str(avatar.tenure.bar(NOW))) == (AvatarState.APPROVED, True)
    terms = {"purpose": "live streaming", "scope": "this platform", "obtained_at": NOW - DAY, "by": "k", "at": NOW}
    for wrong in ({"subject": "Ada Lovelace"}, {"subject": ""}, {"subject": "p1", "guardian": "her mother"}):
        with pytest.raises(Refused, match="names of people are not kept"):
            await registry.consents.record(avatar.id, **{**terms, **wrong})
    with pytest.raises(Refused, match="future"):
        await registry.consents.record(avatar.id, subject="p1", **{**terms, "obtained_at": NOW + DAY})
    consent = await registry.consents.record(avatar.id, subject="p1", guardian="p2", **terms)
    assert (await registry.avatars.get(avatar.id)).state is AvatarState.ACTIVE
    proof = await registry.consents.withdraw(consent.id, salt=SALT, by="k", because="asked by letter", at=NOW)
    assert (len(proof.pictures), proof.vectors) == (1, 3)
    assert (await registry.avatars.get(avatar.id)).state is AvatarState.REVOKED
    assert await registry.avatars.pictures(avatar.id) == ()
    assert await registry.avatars.gallery("encoder-1") == {}
    kinds = [kind for kind, _ in await told(registry, avatar)]
    assert kinds[-3:] == ["consent.withdrawn", "avatar.revoked", "avatar.purged"]
    entry = (await registry.ledger.read(subject=avatar.id))[-1]
    assert entry.content == {**proof.document(), "by": "k", "because": entry.content["because"]}
    written = str([entry.content for entry in await registry.ledger.read()])
    assert digest("Hoshino").hex() not in written
    assert SALT.hex() not in written
    with pytest.raises(Conflict, match="withdrawn already"):
        await registry.consents.withdraw(consent.id, salt=SALT, by="k", because="", at=NOW)
    with pytest.raises(Conflict, match="for good"):
        await registry.consents.record(avatar.id, subject="p1", **terms)
    [kept] = await registry.consents.of(avatar.id)
    assert (kept.subject, kept.guardian, kept.withdrawn_at) == ("p1", "p2", NOW)


async def test_what_was_purged_is_not_in_the_file_any_more(url: str, tmp_path: Path) -> None:
    content = b"a picture that somebody may recognise" * 40
    vector = likeness(1, seed=9)
    registry = await Registry.open(url, tmp_path / "ledger.sqlite")
    reference = references(vector, [digest("x")])[0]
    kept = [type(reference)(digest=reference.digest, vector=reference.vector, content=content)]
    avatar = await register(registry, references=kept)
    await registry.avatars.purge(avatar.id, salt=SALT, by="k", because="asked to", at=NOW)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
    await registry.close()
    assert content[:40] not in stored
    assert np.ascontiguousarray(vector).tobytes() not in stored
    assert digest("x") not in stored


async def test_what_cannot_be_entered_in_the_ledger_does_not_happen(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    avatar = await register(registry)

    async def full(*_: Any) -> None:
        raise LedgerFailure("The disk is full.")

    monkeypatch.setattr(registry.ledger, "append", full)
    with pytest.raises(LedgerFailure):
        await move(registry, avatar, AvatarSignal.SUSPEND)
    with pytest.raises(LedgerFailure):
        await registry.avatars.purge(avatar.id, salt=SALT, by="k", because="", at=NOW)
    assert (await registry.avatars.get(avatar.id)).state is AvatarState.ACTIVE
    assert len(await registry.avatars.pictures(avatar.id)) == 1


class LifeMachine(RuleBasedStateMachine):
    """The registry against the table."""

    folder: Path

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        LifeMachine.folder.mkdir(exist_ok=True)
        path = LifeMachine.folder / f"{id(self)}.sqlite"
        self.registry = self.runner.run(Registry.open(f"sqlite:///{path}"))
        self.avatar = self.runner.run(register(self.registry))
        self.state = AvatarState.ACTIVE

    @rule(signal=st.sampled_from(AvatarSignal))
    def tell(self, signal: AvatarSignal) -> None:
        expected = TABLE[self.state].get(signal)
        try:
            moved = self.runner.run(move(self.registry, self.avatar, signal))
        except Conflict:
            assert expected is None
            return
        assert expected is not None
        self.state = AvatarState.ACTIVE if expected is AvatarState.APPROVED else expected
        assert moved.state is self.state

    @invariant()
    def only_the_active_may_be_on_air(self) -> None:
        if hasattr(self, "registry"):
            found = self.runner.run(self.registry.avatars.get(self.avatar.id))
            assert (found.tenure.bar(NOW) is None) == (self.state is AvatarState.ACTIVE)

    def teardown(self) -> None:
        if hasattr(self, "registry"):
            self.runner.run(self.registry.close())
            self.runner.close()


def test_the_registry_follows_the_table(tmp_path: Path) -> None:
    LifeMachine.folder = tmp_path / "machine"
    machine = LifeMachine.TestCase
    machine.settings = settings(
        max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine("runTest").runTest()
