"""Strikes come with a cut's receipt, once, and go with its restore."""

from datetime import timedelta

import pytest

from protocols.measure import StrikeSubject
from protocols.session import CutId, Session
from registry.cut import Cut
from registry.error import Conflict, NotFound, Refused
from tests.unit.registry.conftest import NOW, Studio

LATER = NOW + timedelta(seconds=5)
LONG_AGO = NOW - timedelta(days=1)
EVERYBODY = tuple(StrikeSubject)


async def a_cut(studio: Studio, session: Session) -> Cut:
    intended = await studio.registry.cuts.intend(
        session=session.id, epoch=1, rule="presence", cause="nobody there", evidence={}, enforcer="edge", at=NOW
    )
    struck = {
        StrikeSubject.AVATAR: [session.avatar],
        StrikeSubject.OPERATOR: list(session.operators),
        StrikeSubject.ACCOUNT: ["channel-1"],
    }
    for _ in range(2):
        cut = await studio.registry.cuts.confirm(intended.id, epoch=1, at=LATER, seconds=1, struck=struck)
    return cut


async def test_a_confirmed_cut_strikes_each_subject_once(studio: Studio) -> None:
    session, strikes = await studio.attach(), studio.registry.strikes
    cut = await a_cut(studio, session)
    found = (await strikes.list(cut=cut.id)).items
    assert {(strike.kind, strike.subject) for strike in found} == {
        (StrikeSubject.AVATAR, session.avatar),
        (StrikeSubject.OPERATOR, session.operators[0]),
        (StrikeSubject.ACCOUNT, "channel-1"),
    }
    assert {(strike.rule, strike.at, strike.taken_back_at) for strike in found} == {("presence", LATER, None)}


async def test_what_stands_is_counted_for_each_subject_since_a_time(studio: Studio) -> None:
    strikes = studio.registry.strikes
    for number in range(3):
        await a_cut(studio, session := await studio.attach(f"rtmp://edge/{number}"))
    counted = await strikes.against(session, of=EVERYBODY, since=LONG_AGO)
    operator = session.operators[0]
    assert counted == {(StrikeSubject.AVATAR, session.avatar): 3, (StrikeSubject.OPERATOR, operator): 3}
    assert await strikes.against(session, of=(StrikeSubject.AVATAR,), since=LATER) == {}
    assert await strikes.against(session, of=(StrikeSubject.ACCOUNT,), since=LONG_AGO) == {}  # it has none


async def test_an_undone_cut_takes_its_strikes_back_and_they_stay_on_record(studio: Studio) -> None:
    strikes = studio.registry.strikes
    first, second = await studio.attach("rtmp://edge/1"), await studio.attach("rtmp://edge/2")
    restored, overturned = await a_cut(studio, first), await a_cut(studio, second)
    await studio.registry.cuts.restore(restored.id, at=LATER)
    assert await strikes.against(first, of=(StrikeSubject.AVATAR,), since=LONG_AGO) == {
        (StrikeSubject.AVATAR, first.avatar): 1
    }
    assert await strikes.take_back(overturned.id, at=LATER) == 3
    assert await strikes.take_back(overturned.id, at=NOW) == 0
    assert await strikes.take_back(CutId("cut_x"), at=NOW) == 0
    assert await strikes.against(first, of=EVERYBODY, since=LONG_AGO) == {}
    assert (await strikes.list(standing=True)).items == ()
    assert {strike.taken_back_at for strike in (await strikes.list()).items} == {LATER}


async def test_a_listing_is_paged_and_filtered(studio: Studio) -> None:
    session, strikes = await studio.attach(), studio.registry.strikes
    await a_cut(studio, session)
    first = await strikes.list(limit=2)
    second = await strikes.list(limit=2, cursor=first.next)
    assert len(first.items) == 2
    assert (len(second.items), second.next) == (1, None)
    [one] = (await strikes.list(kind=StrikeSubject.AVATAR, subject=session.avatar, standing=True)).items
    assert (await strikes.list(subject="somebody")).items == ()
    assert one.cut


async def test_one_strike_is_taken_back_for_a_reason_and_its_cut_stays(studio: Studio) -> None:
    strikes = studio.registry.strikes
    cut = await a_cut(studio, await studio.attach())
    [strike] = (await strikes.list(kind=StrikeSubject.ACCOUNT)).items
    with pytest.raises(Refused, match="say why"):
        await strikes.forgive(strike.id, by="acc_1", because=" ", at=LATER)
    forgiven = await strikes.forgive(strike.id, by="acc_1", because="it was the first", at=LATER)
    assert forgiven.taken_back_at == LATER
    assert [one.kind for one in (await strikes.list(cut=cut.id, standing=True)).items] == [
        StrikeSubject.OPERATOR,
        StrikeSubject.AVATAR,
    ]
    with pytest.raises(Conflict, match="already"):
        await strikes.forgive(strike.id, by="acc_1", because="again", at=LATER)
    with pytest.raises(NotFound):
        await strikes.forgive("str_none", by="acc_1", because="why not", at=LATER)
