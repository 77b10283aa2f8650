"""A stream that is forbidden is recognised under another key, room or account."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.refusal import AttachRefused
from monitor.returns import Newcomer, Returns
from protocols.backend import EventType
from protocols.evidence import Evidence, Finding, RuleName
from protocols.policy import BRISK
from protocols.session import AvatarId, OperatorId, SessionState
from protocols.verdict import Driver
from registry.avatar import Submission
from registry.cut import Cut
from registry.error import Unavailable
from registry.reference import Reference
from registry.state import LinkedBy
from tests.unit.monitor.broadcast import Broadcast, ScriptedJudge, broadcast, clock, forbid, returning, verdict
from tests.unit.monitor.test_supervisor import service
from tests.virtual_time import in_virtual_time

SAME = 0.9
STRANGER = Newcomer(avatar=AvatarId("av_none"), operators=(), account="channel-2")


async def banned(stage: Broadcast, seconds: float = 600) -> Cut:
    """A ban on the stage's session, whose operator was there."""
    await stage.journal.note(stage.session, EventType.OPERATOR_PRESENT, {"operator": stage.operator})
    saw = verdict(Driver.AI, RuleName.DRIVING, 30.0)
    cut = await stage.enforcement.cut(stage.session, saw, RuleName.DRIVING, measure=forbid(seconds), steps=[])
    move = stage.registry.sessions.move
    await move(stage.session.id, SessionState.CUT, because="cut", epoch=stage.session.epoch, at=clock())
    return cut


async def an_avatar(stage: Broadcast, name: str, *vectors: int) -> AvatarId:
    """Another registration, known by these of the eight unit vectors."""
    references = [
        Reference(digest=bytes([place + 1]) * 32, vector=np.eye(8, dtype=np.float32)[vector])
        for place, vector in enumerate(vectors)
    ]
    submission = Submission(name=name, owner="studio", references=references, model="m")
    return (await stage.registry.avatars.register(submission, at=clock())).id


async def by(returns: Returns, newcomer: Newcomer) -> list[LinkedBy]:
    return [one.by for one in await returns.found(newcomer, same_at=SAME)]


@in_virtual_time
async def test_a_ban_is_recognised_by_avatar_picture_operator_and_account(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        returns = returning(stage.registry, stage.journal)
        assert await by(returns, Newcomer.of(stage.session)) == []
        await banned(stage)
        twin, other = await an_avatar(stage, "Twin", 0), await an_avatar(stage, "Other", 3)
        assert await by(returns, Newcomer.of(stage.session)) == [LinkedBy.AVATAR]
        assert await by(returns, replace(STRANGER, avatar=twin)) == [LinkedBy.PICTURE]
        assert await by(returns, replace(STRANGER, avatar=other)) == []
        assert await by(returns, replace(STRANGER, avatar=other, operators=(stage.operator,))) == [LinkedBy.OPERATOR]
        assert await by(returns, replace(STRANGER, operators=(OperatorId("op_other"),))) == []
        assert await by(returns, replace(STRANGER, account="channel-1")) == [LinkedBy.ACCOUNT]
        assert await by(returns, replace(STRANGER, account="")) == []


@in_virtual_time
async def test_what_is_restored_dropped_or_over_forbids_nobody(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        returns = returning(stage.registry, stage.journal)
        cut = await banned(stage)
        assert await stage.registry.links.bans(now=clock() + timedelta(seconds=601)) == ()
        await stage.enforcement.restore(cut.id, by="key_1", because="appeal")
        assert await by(returns, Newcomer.of(stage.session)) == []


@in_virtual_time
async def test_a_return_is_attached_linked_once_told_and_shown(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        cut = await banned(stage)
        async with service(stage) as running:
            session = await running.attach("another-key", account="channel-2")
            status = await running.supervisor.status(session.id)
            assert [(one.cut, one.by) for one in status.returns] == [(cut.id, "avatar")]
            [entry] = await stage.ledger.read(session=session.id, kind="session.returned")
            assert (entry.subject, entry.content["of"]) == (cut.id, stage.session.id)
            returns = returning(stage.registry, stage.journal)
            await returns.link(session, await returns.found(Newcomer.of(session), same_at=SAME))
            assert len(await stage.ledger.read(session=session.id, kind="session.returned")) == 1


@in_virtual_time
async def test_a_policy_may_refuse_a_return_with_the_reason(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        strict = BRISK.model_copy(update={"returns": "refuse"}).model_dump(mode="json", exclude={"name"})
        await stage.registry.policies.put("strict", strict, at=clock())
        cut = await banned(stage)
        async with service(stage) as running:
            with pytest.raises(AttachRefused, match=rf"forbidden by cut {cut.id} until 2026.*the avatar is the same"):
                await running.supervisor.attach(running.request("another-key", policy="strict"), account="")
            assert await stage.registry.sessions.open() == ()


class Unmasking(ScriptedJudge):
    """Sees another avatar on screen than the one that is claimed."""

    shows = ""

    def consider(self, observations, at):  # type: ignore[no-untyped-def]
        said, judged = super().consider(observations, at)
        if not self.shows:
            return said, judged
        facts = (("most_like_otherwise", self.shows),)
        seen = Evidence(rule=RuleName.LIKENESS, start=0.0, end=at, weight=0.0, facts=facts)
        return replace(said, findings=((RuleName.LIKENESS, Finding.FAIL),), evidence=(seen,)), judged


@in_virtual_time
async def test_a_forbidden_avatar_that_comes_on_screen_under_another_s_name_is_linked(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        cut = await banned(stage)
        session = await stage.attach("another-key")
        stage.session = session
        stage.judge = Unmasking()
        async with stage.keeping_in_sight():
            stage.judge.shows = stage.avatar
            [entry] = await stage.noted("session.returned")
            assert (entry["cut"], entry["by"]) == (cut.id, "picture")
        assert [link.by for link in await stage.registry.links.of(session.id)] == [LinkedBy.PICTURE]


@in_virtual_time
async def test_trouble_about_links_stops_no_session(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:

        async def failing(**_: object) -> object:
            raise Unavailable("locked")

        stage.registry.links.bans = failing  # type: ignore[method-assign, assignment]
        await returning(stage.registry, stage.journal).seen(stage.session, stage.avatar)
        assert await stage.entries("session.returned") == []
