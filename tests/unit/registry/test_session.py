import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from protocols.avatar import AvatarSignal
from protocols.session import AvatarId, Feed, OperatorId, Session, SessionId, SessionState, SourceKind
from registry.error import Conflict, NotFound, Refused, SessionConflict, StaleEpoch
from registry.session import Lease, source_key
from tests.unit.registry.conftest import NOW, PLACEMENT, Studio

LATER = NOW + timedelta(minutes=1)


async def test_a_session_is_attached_and_found_again(studio: Studio) -> None:
    session = await studio.registry.sessions.create(
        feed=Feed(kind=SourceKind.RTMP, url="rtmp://edge/live/hoshino"),
        avatar=studio.avatar,
        operators=[studio.operator],
        policy=studio.policy,
        at=NOW,
        callback_url="https://platform.example/hook",
        placement=PLACEMENT,
        account="platform",
    )
    assert session == Session(
        id=session.id,
        feed=Feed(kind=SourceKind.RTMP, url="rtmp://edge/live/hoshino"),
        avatar=studio.avatar,
        operators=(studio.operator,),
        policy="standard@1",
        state=SessionState.PENDING,
        epoch=1,
        attached_at=NOW,
        callback_url="https://platform.example/hook",
        placement=PLACEMENT,
        account="platform",
    )
    assert await studio.registry.sessions.get(session.id) == session


async def test_a_stream_attached_twice_names_the_session_that_has_it(studio: Studio) -> None:
    first = await studio.attach("rtmp://edge/live/hoshino", PLACEMENT)
    for url, placement in (
        ("rtmp://EDGE/live/hoshino", None),
        ("rtmp://edge/live/another", PLACEMENT),
        ("RTMP://user:secret@edge/live/hoshino#x", replace(PLACEMENT, stream="another")),
    ):
        with pytest.raises(SessionConflict, match=first.id) as conflict:
            await studio.attach(url, placement)
        assert conflict.value.other == first.id
    await studio.attach("rtmp://edge/live/HOSHINO", replace(PLACEMENT, server="other"))


async def test_a_stream_can_be_attached_again_once_it_ended(studio: Studio) -> None:
    first = await studio.attach(placement=PLACEMENT)
    await studio.registry.sessions.move(first.id, SessionState.ENDED, because="the publisher left", epoch=1, at=LATER)
    again = await studio.attach(placement=PLACEMENT)
    assert again.id != first.id


async def test_of_many_who_attach_one_stream_at_once_one_gets_it(studio: Studio) -> None:
    results = await asyncio.gather(*(studio.attach() for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(result, Session) for result in results) == 1
    assert sum(isinstance(result, SessionConflict) for result in results) == 7


async def test_where_the_look_beforehand_is_outrun_the_database_itself_keeps_a_stream_to_one_session(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(*_: object) -> None:
        return None

    await studio.attach(placement=PLACEMENT)
    monkeypatch.setattr("registry.session._attached", nobody)
    for url, placement in (("rtmp://edge/live/hoshino", None), ("rtmp://edge/other", PLACEMENT)):
        with pytest.raises(SessionConflict, match="just been attached"):
            await studio.attach(url, placement)


async def test_files_and_whip_publishers_are_not_mistaken_for_one_another(studio: Studio) -> None:
    for feed in (Feed(kind=SourceKind.FILE, url="clip.mp4"), Feed(kind=SourceKind.WHIP)):
        for _ in range(2):
            await studio.registry.sessions.create(
                feed=feed, avatar=studio.avatar, operators=[], policy=studio.policy, at=NOW
            )
    assert len(await studio.registry.sessions.open()) == 4


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("RTMP://Edge.Example/Live/A?k=V#f", "rtmp://edge.example/Live/A?k=V"),
        ("https://me:pw@Edge/a.m3u8", "https://edge/a.m3u8"),
    ],
)
def test_a_source_is_known_by_what_matters_in_its_url(url: str, key: str) -> None:
    assert source_key(Feed(kind=SourceKind.HLS, url=url)) == key


async def test_what_a_session_names_must_be_registered(studio: Studio) -> None:
    async def create(**values: object) -> Session:
        given = {"avatar": studio.avatar, "operators": [studio.operator], "policy": studio.policy, **values}
        return await studio.registry.sessions.create(feed=Feed(kind=SourceKind.WHIP), at=NOW, **given)  # type: ignore[arg-type]

    for values in ({"avatar": AvatarId("av_x")}, {"operators": [OperatorId("op_x")]}, {"policy": "standard@2"}):
        with pytest.raises(NotFound):
            await create(**values)
    for values in (
        {"policy": "standard"},
        {"operators": [studio.operator] * 2},
        {"operators": [OperatorId(f"op_{n}") for n in range(33)]},
        {"account": "a\nb"},
    ):
        with pytest.raises(Refused):
            await create(**values)
    await studio.registry.avatars.move(studio.avatar, AvatarSignal.SUSPEND, by="key_1", because="a complaint", at=NOW)
    with pytest.raises(Refused, match="suspended"):
        await create()
    await studio.registry.avatars.move(studio.avatar, AvatarSignal.REINSTATE, by="key_1", because="", at=NOW)
    await studio.registry.operators.revoke(studio.operator, by="ann", because="left", at=NOW)
    with pytest.raises(Refused, match="revoked"):
        await create()
    assert (await studio.registry.sessions.list()).items == ()


async def test_a_claim_fences_out_the_owner_before(studio: Studio) -> None:
    sessions = studio.registry.sessions
    session = await studio.attach()
    await sessions.move(session.id, SessionState.LIVE, epoch=1, at=NOW)
    assert (await sessions.claim(session.id)).epoch == 2
    for epoch in (1, 3):
        with pytest.raises(StaleEpoch, match=f"at epoch 2, the command at {epoch}"):
            await sessions.move(session.id, SessionState.ENDED, epoch=epoch, at=LATER)
        with pytest.raises(StaleEpoch):
            await sessions.note_verdict(session.id, {}, epoch=epoch, at=LATER)
    assert (await sessions.get(session.id)).state is SessionState.LIVE
    assert (await sessions.move(session.id, SessionState.BLIND, epoch=2, at=LATER)).state is SessionState.BLIND


async def test_claims_at_once_get_epochs_of_their_own(studio: Studio) -> None:
    session = await studio.attach()
    claimed = await asyncio.gather(*(studio.registry.sessions.claim(session.id) for _ in range(8)))
    assert sorted(claim.epoch for claim in claimed) == list(range(2, 10))


@pytest.mark.parametrize("final", [SessionState.ENDED, SessionState.CUT])
async def test_what_has_ended_stays_so(studio: Studio, final: SessionState) -> None:
    sessions = studio.registry.sessions
    session = await studio.attach()
    ended = await sessions.move(session.id, final, because="why", epoch=1, at=LATER)
    assert (ended.state, ended.ended_at, ended.ended_because) == (final, LATER, "why")
    again = await sessions.move(session.id, final, because="other", epoch=1, at=LATER + timedelta(minutes=1))
    assert again == ended
    with pytest.raises(Conflict, match="has ended"):
        await sessions.move(session.id, SessionState.LIVE, epoch=1, at=LATER)
    with pytest.raises(Conflict, match="has ended"):
        await sessions.claim(session.id)


async def test_the_standing_says_since_when_and_why(studio: Studio) -> None:
    sessions = studio.registry.sessions
    session = await studio.attach()
    await sessions.move(session.id, SessionState.BLIND, because="no picture", epoch=1, at=LATER)
    await sessions.note_verdict(session.id, {"driver": "HUMAN", "p": 0.93}, epoch=1, at=LATER)
    standing = await sessions.standing(session.id)
    assert (standing.since, standing.because) == (LATER, "no picture")
    assert (standing.verdict, standing.verdict_at) == ({"driver": "HUMAN", "p": 0.93}, LATER)
    assert standing.session.ended_because is None


async def test_a_listing_is_paged_and_filtered(studio: Studio) -> None:
    sessions = studio.registry.sessions
    made = [(await studio.attach(f"rtmp://edge/live/{n}")).id for n in range(5)]
    await sessions.move(made[0], SessionState.ENDED, epoch=1, at=LATER)
    await sessions.move(made[1], SessionState.LIVE, epoch=1, at=LATER)
    first = await sessions.list(limit=3)
    second = await sessions.list(limit=3, cursor=first.next)
    assert [standing.session.id for standing in (*first.items, *second.items)] == made[::-1]
    assert second.next is None
    assert all(standing.session.operators == (studio.operator,) for standing in first.items)
    chosen = await sessions.list(states={SessionState.LIVE, SessionState.ENDED}, avatar=studio.avatar, account="")
    assert [standing.session.id for standing in chosen.items] == [made[1], made[0]]
    assert (await sessions.list(account="somebody")).items == ()
    assert [session.id for session in await sessions.open()] == made[1:]


async def test_an_unknown_session_is_not_found(studio: Studio) -> None:
    nothing = SessionId("ses_nothing")
    for call in (studio.registry.sessions.get, studio.registry.sessions.claim):
        with pytest.raises(NotFound, match="ses_nothing"):
            await call(nothing)
    with pytest.raises(NotFound):
        await studio.registry.sessions.move(nothing, SessionState.LIVE, epoch=1, at=NOW)


async def test_a_lease_keeps_others_away_until_it_runs_out(studio: Studio) -> None:
    sessions = studio.registry.sessions
    session = (await studio.attach()).id
    one, two = (Lease(holder=holder, until=NOW + timedelta(seconds=15)) for holder in ("one", "two"))
    assert (await sessions.claim(session, one, now=NOW)).epoch == 2
    assert await sessions.free("two", now=NOW) == ()
    with pytest.raises(Conflict, match="held by another service"):
        await sessions.claim(session, two, now=NOW)
    assert [each.id for each in await sessions.free("one", now=NOW)] == [session]
    later = NOW + timedelta(seconds=15)
    assert [each.id for each in await sessions.free("two", now=later)] == [session]
    assert (await sessions.claim(session, two, now=later)).epoch == 3


async def test_a_lease_is_renewed_by_who_has_it_and_ends_with_the_session(studio: Studio) -> None:
    sessions = studio.registry.sessions
    session = await studio.attach()
    lease = Lease(holder="one", until=NOW + timedelta(seconds=15))
    longer = Lease(holder="one", until=NOW + timedelta(seconds=30))
    assert await sessions.renew(lease) == frozenset()
    await sessions.claim(session.id, lease, now=NOW)
    assert await sessions.renew(longer) == {session.id}
    assert await sessions.free("two", now=NOW + timedelta(seconds=20)) == ()
    await sessions.move(session.id, SessionState.ENDED, epoch=2, at=NOW)
    assert await sessions.renew(longer) == frozenset()
    assert await sessions.free("two", now=NOW + timedelta(days=1)) == ()
