"""A cut is done exactly once, whatever fails and wherever the process is killed."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from protocols.evidence import RuleName
from protocols.session import Session, SessionState
from protocols.verdict import Driver
from registry.cut import Cut
from registry.error import Conflict, LedgerFailure, NotFound, StaleEpoch
from registry.state import CutState
from tests.unit.monitor.broadcast import Broadcast, Killed, broadcast, clock, enforcing, failure, forbid, verdict
from tests.virtual_time import in_virtual_time

RULE = RuleName.PRESENCE


async def cut(stage: Broadcast, session: Session | None = None, *, block_s: float = 600) -> Cut:
    saw = verdict(Driver.AI, RULE, 30.0)
    steps = [{"rung": "notify", "at": 20.0}]
    return await stage.enforcement.cut(session or stage.session, saw, RULE, measure=forbid(block_s), steps=steps)


@in_virtual_time
async def test_intent_then_block_then_cut_then_gone_then_receipt(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        order: list[str] = []

        def before(step: str) -> None:
            order.append(step)

        stage.server.before = before
        made = await cut(stage)
        assert order == ["block", "cut", "gone"]
        assert await stage.kinds() == ["cut.intended", "cut.confirmed"]
        assert made.state is CutState.CONFIRMED
        assert (await stage.cuts())[0] == made
        intended, confirmed = await stage.entries()
        assert intended["state"] == "intended"
        assert confirmed["state"] == "confirmed"
        assert intended["subject"] == confirmed["subject"] == made.id
        assert confirmed["rule"] == "presence"
        assert confirmed["steps"] == [{"rung": "notify", "at": 20.0}]
        assert confirmed["evidence"]["driver"] == "AI"


@in_virtual_time
async def test_the_intent_is_durable_before_anything_leaves(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        seen: list[int] = []
        so_far = stage.registry.ledger.head.number

        def before(step: str) -> None:
            seen.append(stage.registry.ledger.head.number - so_far)

        stage.server.before = before
        await cut(stage)
        assert seen == [1, 1, 1]


@in_virtual_time
async def test_the_order_names_the_cut_its_epoch_its_place_and_its_end(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        made = await cut(stage)
        [order] = {*stage.server.orders}
        assert (order.cut, order.session, order.epoch) == (made.id, stage.session.id, 1)
        assert order.placement == stage.session.placement
        assert order.until == made.until
        assert made.until is not None
        assert (made.until - made.decided_at).total_seconds() == 600


@in_virtual_time
async def test_what_fails_is_tried_again_until_it_is_gone(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.server.failures["block"] = [failure(), failure()]
        stage.server.failures["cut"] = [failure()]
        stage.server.failures["gone"] = [failure()]
        made = await cut(stage)
        assert made.state is CutState.CONFIRMED
        assert stage.server.log == ["block"] * 3 + ["cut"] * 2 + ["gone"] * 2
        assert await stage.kinds() == ["cut.intended", "cut.confirmed"]
        assert made.seconds == pytest.approx(0.1, abs=0.05)


@in_virtual_time
async def test_a_server_that_says_cut_but_is_not_is_not_believed(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.server.ineffective = 2
        made = await cut(stage)
        assert made.state is CutState.CONFIRMED
        assert not stage.server.on_air
        assert stage.server.log.count("cut") == 3
        assert stage.server.log.count("gone") > 2 * 50
        assert made.seconds is not None
        assert 6 < made.seconds < 8


@in_virtual_time
async def test_a_failure_for_good_is_told_and_tried_again_with_the_same_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.server.failures["cut"] = [failure(retry=False)]
        failed = await cut(stage)
        assert failed.state is CutState.FAILED
        assert stage.server.log == ["block", "cut"]
        assert await stage.kinds() == ["cut.intended", "cut.failed"]
        [entry] = await stage.entries("cut.failed")
        assert entry["failure"] == "the server does not answer"
        again = await cut(stage)
        assert (again.id, again.state) == (failed.id, CutState.CONFIRMED)
        assert await stage.kinds() == ["cut.intended", "cut.failed", "cut.confirmed"]
        assert len(await stage.cuts()) == 1


@in_virtual_time
async def test_a_server_that_never_lets_go_is_given_up_on_for_now(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.server.ineffective = 10**6
        failed = await cut(stage)
        assert failed.state is CutState.FAILED
        [entry] = await stage.entries("cut.failed")
        assert entry["failure"] == "the media server did not confirm within 120 s"


@in_virtual_time
async def test_a_cut_that_is_confirmed_is_not_done_again(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        made = await cut(stage)
        stage.server.log.clear()
        assert await cut(stage) == made
        assert stage.server.log == []
        assert await stage.kinds() == ["cut.intended", "cut.confirmed"]


@in_virtual_time
async def test_a_stale_owner_cannot_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        await stage.registry.sessions.claim(stage.session.id)
        with pytest.raises(StaleEpoch):
            await cut(stage)
        assert stage.server.log == []
        assert await stage.entries() == []
        assert await stage.cuts() == ()


@in_virtual_time
async def test_nothing_leaves_while_the_intent_cannot_be_written(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.ledger.broken = True
        with pytest.raises(LedgerFailure):
            await cut(stage)
        assert stage.server.log == []
        stage.ledger.broken = False
        assert (await cut(stage)).state is CutState.CONFIRMED
        assert len(await stage.cuts()) == 1


@in_virtual_time
async def test_a_receipt_that_cannot_be_written_is_written_later(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        stage.ledger.refuses = {"cut.confirmed"}
        with pytest.raises(LedgerFailure):
            await cut(stage)
        assert not stage.server.on_air
        assert (await stage.cuts())[0].state is CutState.INTENDED
        stage.ledger.refuses = set()
        assert (await cut(stage)).state is CutState.CONFIRMED
        assert await stage.kinds() == ["cut.intended", "cut.confirmed"]


KILLS = ["ledger cut.intended", "ledger +cut.intended", "block", "cut", "gone", "ledger cut.confirmed"]
KILLS += ["ledger +cut.confirmed", "confirm", "+confirm"]


async def killed(stage: Broadcast, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut, and have the process killed at ``where``; what was in memory is gone then."""
    word, _, kind = where.partition(" ")
    stage.ledger.stops_at = kind
    confirm = stage.registry.cuts.confirm

    async def confirming(*args: object, **kwargs: object) -> Cut:
        if word == "+confirm":
            await confirm(*args, **kwargs)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patch:
        if word in stage.server.failures:
            stage.server.failures[word] = [Killed()]
        elif word.endswith("confirm"):
            patch.setattr(stage.registry.cuts, "confirm", confirming)
        with pytest.raises(Killed):
            await cut(stage)
    stage.ledger.stops_at = ""
    stage.enforcement = enforcing(stage.registry, stage.journal, stage.server)


@pytest.mark.parametrize("where", KILLS)
@pytest.mark.parametrize("over", [True, False], ids=["session over", "session open"])
def test_killed_anywhere_it_is_finished_exactly_once(
    where: str, over: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @in_virtual_time
    async def test() -> None:
        async with broadcast(tmp_path) as stage:
            await killed(stage, where, monkeypatch)
            if over:
                move = stage.registry.sessions.move
                await move(stage.session.id, SessionState.ENDED, because="over", epoch=1, at=clock())
                await stage.enforcement.resume()
                await stage.enforcement.resume()
            else:
                session = await stage.registry.sessions.claim(stage.session.id)
                standing = await stage.enforcement.standing(session)
                assert standing is not None
                await stage.enforcement.carry_out(session, standing)
            assert not stage.server.on_air
            assert stage.server.blocked
            [made] = await stage.cuts()
            assert made.state is CutState.CONFIRMED
            assert made.confirmed_at is not None
            assert await stage.kinds() == ["cut.intended", "cut.confirmed"]

    test()


@in_virtual_time
async def test_a_session_without_a_cut_has_none_standing(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        assert await stage.enforcement.standing(stage.session) is None
        stage.server.failures["cut"] = [failure(retry=False)]
        await cut(stage)
        assert await stage.enforcement.standing(stage.session) is None


@in_virtual_time
async def test_restoring_lifts_the_block_keeps_the_record_and_tells_the_backend(tmp_path: Path) -> None:
    async with broadcast(tmp_path, callback_url="https://backend.example/hook") as stage:
        made = await cut(stage)
        restored = await stage.enforcement.restore(made.id, by="key_1", because="appeal upheld")
        assert restored.state is CutState.RESTORED
        assert not stage.server.blocked
        assert await stage.registry.blocks.list(now=clock()) == ()
        assert await stage.kinds() == ["cut.intended", "cut.confirmed", "cut.restored"]
        [entry] = await stage.entries("cut.restored")
        assert entry["restored_by"] == "key_1"
        assert entry["restored_because"] == "appeal upheld"
        [kept] = await stage.cuts()
        assert kept == replace(made, state=CutState.RESTORED)
        first = (await stage.registry.outbox.due(clock()))[0]
        assert first.kind == "cut.intended"
        assert len(stage.woken) == 3


@in_virtual_time
async def test_a_restore_that_the_server_refuses_can_be_asked_for_again(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        made = await cut(stage)
        stage.server.failures["restore"] = [failure()]
        with pytest.raises(type(failure())):
            await stage.enforcement.restore(made.id, by="key_1", because="appeal")
        assert await stage.entries("cut.restored") == []
        assert stage.server.blocked
        await stage.enforcement.restore(made.id, by="key_1", because="appeal")
        assert not stage.server.blocked
        assert len(await stage.entries("cut.restored")) == 1


@in_virtual_time
async def test_what_is_not_there_or_not_done_yet_cannot_be_restored(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        with pytest.raises(NotFound):
            await stage.enforcement.restore("cut_unknown", by="key_1", because="appeal")  # type: ignore[arg-type]
        stage.ledger.broken = True
        with pytest.raises(LedgerFailure):
            await cut(stage)
        [made] = await stage.cuts()
        with pytest.raises(Conflict):
            await stage.enforcement.restore(made.id, by="key_1", because="appeal")
        assert stage.server.log == []


@in_virtual_time
async def test_a_publisher_who_slipped_in_is_disconnected_too(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        made = await cut(stage)
        stage.server.on_air = True
        stage.server.log.clear()
        await stage.enforcement.stay_gone(stage.session, made)
        assert stage.server.log == ["gone", "block", "cut", "gone"]
        assert not stage.server.on_air
        stage.server.log.clear()
        await stage.enforcement.stay_gone(stage.session, made)
        assert stage.server.log == ["gone"]


@in_virtual_time
async def test_who_was_restored_meanwhile_is_not_disconnected(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        made = await cut(stage)
        looking = asyncio.create_task(stage.enforcement.stay_gone(stage.session, made))
        await stage.enforcement.restore(made.id, by="key_1", because="appeal")
        stage.server.on_air = True
        await looking
        assert stage.server.on_air
        assert not stage.server.blocked


@in_virtual_time
async def test_a_server_that_fails_when_asked_again_does_not_undo_the_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        made = await cut(stage)
        stage.server.failures["gone"] = [failure(retry=False)]
        await stage.enforcement.stay_gone(stage.session, made)
        assert (await stage.cuts())[0].state is CutState.CONFIRMED
