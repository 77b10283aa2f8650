"""Evidence from before the trouble on: kept in memory, sealed at the decision, written after the cut."""

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor.clip import ClipRefused, clip_of, stills_of
from monitor.evidence import EvidenceRoom
from monitor.sources.ring import Encoded, Ring, Take
from monitor.spooled import Sealed, unspooled
from monitor.statements import Statements
from monitor.testimony import Testimony
from monitor.witness import Witness
from protocols.channel.notice import Notice
from protocols.evidence import RuleName
from protocols.frozen import FrozenRefused, thaw
from protocols.gesture import Gesture
from protocols.judge import Judge
from protocols.likeness import LikenessCalibration
from protocols.observation import Blindness, ChallengeAsked, Look, Motion, Observation, Presence
from protocols.pack import checked
from protocols.policy import BRISK
from protocols.session import AvatarId
from protocols.telemetry import TelemetrySample
from protocols.verdict import Verdict
from registry.cut import Cut
from registry.error import Conflict, NotFound
from registry.evidence_spool import Spool
from registry.evidence_store import EvidenceDamaged, EvidenceStore, Folder
from registry.ledger import Ledger
from registry.notary import Notary
from registry.registry import Registry
from tests.unit.monitor.broadcast import START, Broadcast, broadcast, clock, forbid
from tests.virtual_time import in_virtual_time

ROOT = Path(__file__).parents[3]
Testimony.__test__ = False  # a noun, no class of tests
CALIBRATION = LikenessCalibration(
    centre=0.5, slope=12, cap=4, memory=0.5, independent_s=2, least_confidence=0.3, full_confidence=0.7, stale_s=20
)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of H.264 with a keyframe each second and B-frames."""
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(file), "w") as out:
        track = out.add_stream("libx264", rate=10, options={"g": "10", "bf": "2", "preset": "ultrafast"})
        track.width, track.height, track.pix_fmt = 64, 36, "yuv420p"
        for number in range(120):
            picture = np.full((36, 64, 3), number * 2, np.uint8)
            for packet in track.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                out.mux(packet)
        for packet in track.encode(None):
            out.mux(packet)
    return file


def fill(ring: Ring, film: Path, *, start: float = 100.0, most: int = 1000) -> int:
    """Let the ring keep a film as if it came in live; how many packets there were."""
    count = 0
    with av.open(str(film)) as container:
        track = container.streams.video[0]
        for packet in container.demux(track):
            if packet.size == 0 or count >= most:
                break
            if count == 0:
                ring.begin_from(track, packet)
            arrived = start + float(packet.dts * track.time_base)
            ring.take(packet, keyframe=packet.is_keyframe, arrived=arrived)
            count += 1
    return count


def pictures(content: bytes, folder: Path) -> list[float]:
    file = folder / "seen"
    file.write_bytes(content)
    with av.open(str(file)) as container:
        return [float(np.mean(frame.to_ndarray(format="gray"))) for frame in container.decode(video=0)]


def test_the_ring_keeps_the_last_seconds_from_a_keyframe_on(film: Path, tmp_path: Path) -> None:
    ring = Ring(seconds=5.0)
    assert fill(ring, film) == 120
    [excerpt] = ring.excerpts()
    assert excerpt.packets[0].keyframe
    assert 50 <= len(excerpt.packets) <= 60
    assert ring.size == sum(len(bytes(kept.data)) for kept in excerpt.packets)
    clip = clip_of(excerpt)
    assert (clip.media_type, clip.suffix, clip.packets) == ("video/mp4", "mp4", len(excerpt.packets))
    seen = pictures(clip.content, tmp_path)
    assert seen == pictures(film.read_bytes(), tmp_path)[-len(seen) :]  # the same pictures, to the last value
    stills = stills_of(clip)
    assert 1 <= len(stills) <= 6
    assert all(picture.startswith(b"\xff\xd8") for _, picture in stills)


def test_the_ring_is_bounded_in_bytes(film: Path) -> None:
    ring = Ring(seconds=100.0, most=4000)
    fill(ring, film)
    assert 0 < ring.size <= 2 * 4000  # with the run that is being filled
    endless = Ring(seconds=100.0, most=100)
    endless.begin(Take(codec="h264", unit=Fraction(1, 1000)))
    for number in range(50):
        endless.take(Encoded(b"x" * 30, number, keyframe=number == 0), keyframe=number == 0, arrived=number / 10)
    assert endless.size <= 100
    assert endless.excerpts() == []


def test_nothing_is_kept_before_a_keyframe_and_a_new_connection_is_a_clip_of_its_own(film: Path) -> None:
    ring = Ring(seconds=60.0)
    ring.take(Encoded(b"x", 0, keyframe=True), keyframe=True, arrived=1.0)  # nobody has said what it is of
    assert ring.excerpts() == []
    fill(ring, film, start=100.0, most=30)
    fill(ring, film, start=110.0, most=30)
    first, second = ring.excerpts()
    assert (len(first.packets), len(second.packets)) == (30, 30)
    assert second.began - first.began == pytest.approx(10.0)
    ring.take(Encoded(b"x", -9, keyframe=False), keyframe=False, arrived=120.0)  # backwards: it cannot follow
    ring.take(Encoded(b"x", 9_999_999, keyframe=False), keyframe=False, arrived=120.0)
    assert len(ring.excerpts()[1].packets) == 30


def test_a_raw_stream_tells_its_parameters_itself(film: Path, tmp_path: Path) -> None:
    ring = Ring()
    ring.begin(Take(codec="h264", unit=Fraction(1, 90_000)))
    with av.open(str(film)) as container:
        track = container.streams.video[0]
        annex_b = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", track)
        for packet in container.demux(track):
            for raw in annex_b.filter(packet) if packet.size else []:
                stamp = raw.dts * 9
                kept = Encoded(bytes(raw), stamp, keyframe=raw.is_keyframe, pts=raw.pts * 9)
                ring.take(kept, keyframe=raw.is_keyframe, arrived=stamp / 90_000)
    [excerpt] = ring.excerpts()
    assert len(pictures(clip_of(excerpt).content, tmp_path)) == 120


@pytest.mark.parametrize("codec", ["h264", "vp8", "nonsense"])
def test_packets_that_are_no_video_are_no_clip(codec: str) -> None:
    ring = Ring()
    ring.begin(Take(codec=codec, unit=Fraction(1, 1000)))
    ring.take(Encoded(b"this is no video at all", 0, keyframe=True), keyframe=True, arrived=0.0)
    with pytest.raises(ClipRefused):
        stills_of(clip_of(ring.excerpts()[0]))


def judge() -> Judge:
    vectors = np.eye(2, 8, dtype=np.float32)
    return Judge(
        policy=BRISK,
        policy_id="brisk@1",
        avatar=AvatarId("av_1"),
        claimed=vectors[:1],
        gallery={"av_2": vectors[1:]},
        likeness=CALIBRATION,
    )


def motion(at: float, dice: np.random.Generator) -> Motion:
    return Motion(
        at=at,
        interval=0.1,
        flow=dice.normal(0, 0.02, (18, 32, 2)).astype(np.float32),
        detail=dice.integers(0, 255, (72, 128)).astype(np.uint8),
    )


def tell(testimony: Testimony, seconds: int, *, start: int = 0) -> Verdict:
    """Tell of an avatar that moves by itself while a person nods."""
    dice, verdict = np.random.default_rng(start), None
    look = np.eye(1, 8, dtype=np.float32)[0]
    for second in range(start, start + seconds):
        batch: list[Observation] = [motion(second + tenth / 10, dice) for tenth in range(1, 11)]
        batch += [TelemetrySample(at=second + t / 20, yaw=20 * np.sin(second + t / 20)) for t in range(1, 21)]
        batch.append(Look(at=second + 0.5, vector=look, confidence=0.9))
        if second == 0:
            batch.insert(0, Blindness(at=0.0, blind=False, cause="the picture is there"))
            batch.append(Presence(at=0.1, operator="op_1", connected=True, cause="told"))
            batch.append(ChallengeAsked(at=0.5, challenge="chl_1", gesture=Gesture.NOD, within=6.0))
        verdict, _ = testimony.consider(batch, second + 1.0)
    assert verdict is not None
    return verdict


def replayed(frozen: bytes) -> Verdict:
    record = thaw(frozen)
    for at, batch in record["told"]:
        verdict, _ = record["judge"].consider(batch, at)
    return verdict  # type: ignore[no-any-return]


def test_what_a_judge_was_told_gives_its_verdict_again_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.testimony.SPAN_S", 7.0)
    testimony = Testimony(judge())
    verdict = tell(testimony, 30)
    deposition = testimony.deposition()
    assert 0 < deposition.began < 30
    assert len(deposition.told) < 16  # of the thirty: the copy of the judge stands for those before
    assert replayed(deposition.frozen()) == verdict
    assert verdict.evidence
    assert tell(testimony, 1, start=30) != verdict  # and it went on undisturbed


def test_the_curves_the_telemetry_and_the_transcript_are_told() -> None:
    testimony = Testimony(judge())
    tell(testimony, 9)
    deposition = testimony.deposition()
    assert set(deposition.curves) == {"probability", "likeness", "motion", "telemetry"}
    assert max(deposition.curves["telemetry"].v) == pytest.approx(20, rel=0.1)  # degrees per second
    assert [line["what"] for line in deposition.transcript()] == ["present", "asked"]
    assert len(deposition.telemetry()) == 180


async def kept(stage: Broadcast, folder: Path, film: Path) -> tuple[EvidenceRoom, EvidenceStore, Cut]:
    """A cut with its evidence in a store."""
    testimony, ring = Testimony(judge()), Ring()
    fill(ring, film)
    verdict = tell(testimony, 20)
    cut = await stage.registry.cuts.intend(
        session=stage.session.id, epoch=1, rule="driving", cause="nobody drives", evidence=verdict.document(),
        enforcer="edge", at=clock(), until=clock() + timedelta(hours=1),
    )  # fmt: skip
    store = EvidenceStore(Folder(folder / "evidence"))
    room = EvidenceRoom(stage.registry, store, clock=clock, model="m")
    witness = Witness(testimony, ring, room, zero=90.0)
    await witness.keep(stage.session, cut, witness.seal())
    return room, store, cut


@in_virtual_time
async def test_a_cut_keeps_its_evidence_and_the_ledger_names_it(tmp_path: Path, film: Path) -> None:
    async with broadcast(tmp_path) as stage:
        room, _, cut = await kept(stage, tmp_path, film)
        case = (await stage.registry.cases.of_cut(cut.id)).id
        exhibits = await stage.registry.exhibits.of(case)
        names = [exhibit.name for exhibit in exhibits]
        assert {"clip-1.mp4", "observations.nkhf", "telemetry.jsonl", "challenges.json", "verdict.json"} < set(names)
        [entry] = await stage.entries("evidence.kept")
        assert entry["exhibits"] == [exhibit.document() for exhibit in exhibits]
        _, content = await room.content(case, "verdict.json")
        about = json.loads(content)
        assert about["verdict"] == dict(cut.evidence)
        assert about["versions"]["likeness_model"] == "m"
        assert (about["cut"], about["policy_id"]) == (cut.id, stage.session.policy)
        _, frozen = await room.content(case, "observations.nkhf")
        assert replayed(frozen).document() == dict(cut.evidence)
        looks = await room.looks(case)
        assert 0 < len(looks) <= 24
        assert np.array_equal(looks[0][1], np.eye(1, 8, dtype=np.float32)[0])
        assert await stage.registry.exhibits.newest("looks.json", limit=5) == (case,)
        curves, [clip] = await room.timeline(case)
        assert curves["probability"].high == 1.0
        assert (clip["name"], clip["at"]) == ("clip-1.mp4", pytest.approx(10.0, abs=0.3))
        before = len(await stage.ledger.read())
        await room.keep(stage.session, cut, Sealed(deposition=Testimony(judge()).deposition(), excerpts=(), zero=0.0))
        assert len(await stage.ledger.read()) == before  # kept once


@in_virtual_time
async def test_a_clip_that_cannot_be_made_takes_nothing_else_with_it(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        testimony, ring = Testimony(judge()), Ring()
        ring.begin(Take(codec="h264", unit=Fraction(1, 1000)))
        ring.take(Encoded(b"this is no video at all", 0, keyframe=True), keyframe=True, arrived=0.0)
        verdict = tell(testimony, 2)
        cut = await stage.registry.cuts.intend(
            session=stage.session.id, epoch=1, rule="driving", cause="c", evidence=verdict.document(),
            enforcer="edge", at=clock(),
        )  # fmt: skip
        room = EvidenceRoom(stage.registry, EvidenceStore(Folder(tmp_path / "e")), clock=clock)
        await Witness(testimony, ring, room, zero=0.0).keep(
            stage.session, cut, Sealed(deposition=testimony.deposition(), excerpts=ring.excerpts(), zero=0.0)
        )
        case = (await stage.registry.cases.of_cut(cut.id)).id
        _, [clip] = await room.timeline(case)
        assert "cannot be" in clip["trouble"]
        assert len(await stage.registry.exhibits.of(case)) == 6


@in_virtual_time
async def test_evidence_that_cannot_be_written_is_missed_aloud(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        (tmp_path / "evidence").write_text("no folder")
        testimony = Testimony(judge())
        verdict = tell(testimony, 2)
        cut = await stage.registry.cuts.intend(
            session=stage.session.id, epoch=1, rule="driving", cause="c", evidence=verdict.document(),
            enforcer="edge", at=clock(),
        )  # fmt: skip
        room = EvidenceRoom(stage.registry, EvidenceStore(Folder(tmp_path / "evidence")), clock=clock)
        witness = Witness(testimony, Ring(), room, zero=0.0)
        await witness.keep(stage.session, cut, witness.seal())
        case = (await stage.registry.cases.of_cut(cut.id)).id
        missing = (await stage.registry.exhibits.keeping(case)).missing
        assert missing is not None
        assert "evidence store cannot be used" in missing


@in_virtual_time
async def test_evidence_that_was_altered_or_is_gone_is_said_so(tmp_path: Path, film: Path) -> None:
    async with broadcast(tmp_path) as stage:
        room, store, cut = await kept(stage, tmp_path, film)
        case = (await stage.registry.cases.of_cut(cut.id)).id
        exhibit, _ = await room.content(case, "timeline.json")
        file = tmp_path / "evidence" / exhibit.digest.hex()[:2] / exhibit.digest.hex()
        content = file.read_bytes()
        file.write_bytes(content[:-2] + b"!}")
        with pytest.raises(EvidenceDamaged, match="was altered"):
            await room.content(case, "timeline.json")
        assert await room.timeline(case) == ({}, [])  # the case's page goes on without
        store.remove(exhibit.digest)
        with pytest.raises(NotFound, match="not in the store"):
            await room.content(case, "timeline.json")


@in_virtual_time
async def test_evidence_is_deleted_when_its_time_has_come_and_the_ledger_proves_it(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with broadcast(tmp_path) as stage:
        room, _, cut = await kept(stage, tmp_path, film)
        registry, case = stage.registry, (await stage.registry.cases.of_cut(cut.id)).id
        files = [file for file in (tmp_path / "evidence").rglob("*") if file.is_file()]
        assert await room.purge() == 0
        monkeypatch.setattr(room, "_clock", lambda: cut.decided_at + timedelta(days=184))
        await registry.exhibits.hold(case, hold=True, by="ann", because="an inquiry", at=clock())
        assert await room.purge() == 0
        await registry.exhibits.hold(case, hold=False, by="ann", because="it is over", at=clock())
        assert await room.purge() == 1
        assert [file for file in files if file.exists()] == []
        [proof] = await stage.entries("evidence.deleted")
        [was] = await stage.entries("evidence.kept")
        assert proof["exhibits"] == was["exhibits"]
        assert all(exhibit.deleted_at is not None for exhibit in await registry.exhibits.of(case))
        with pytest.raises(NotFound):
            await room.content(case, "clip-1.mp4")
        assert await room.purge() == 0


@in_virtual_time
async def test_the_pack_of_a_cut_is_checked_elsewhere_and_judged_again(tmp_path: Path, film: Path) -> None:
    async with broadcast(tmp_path) as stage:
        testimony, ring = Testimony(judge()), Ring()
        fill(ring, film)
        verdict = tell(testimony, 12)
        room = EvidenceRoom(stage.registry, EvidenceStore(Folder(tmp_path / "e")), clock=clock, model="m")
        witness = Witness(testimony, ring, room, zero=90.0)
        sealed = witness.seal()
        cut = await stage.enforcement.cut(
            stage.session, verdict, RuleName.DRIVING, measure=forbid(600), steps=[{"rung": "notify", "at": 20.0}]
        )
        case = (await stage.registry.cases.of_cut(cut.id)).id
        notary = Notary(cast("Ledger", stage.ledger), Ed25519PrivateKey.from_private_bytes(bytes(32)), "log.example")
        with pytest.raises(Conflict, match="not written yet"):
            await room.pack(case, notary)
        await witness.keep(stage.session, cut, sealed)
        statements = Statements(stage.registry, stage.journal, lambda session, notice: told.append(notice))
        told: list[Notice] = []
        assert await statements.send() == 1
        assert await statements.send() == 0
        [issued] = await stage.entries("statement.issued")
        assert issued["text"]["en"] == told[0].text_en
        found = checked(await room.pack(case, notary), notary.verifier)
        assert (found.case, found.cut, found.replayed) == (case, cut.id, True)
        assert found.p_human == verdict.p_human
        assert found.entries == 4  # the intent, its receipt, the evidence, the statement


async def test_evidence_of_a_service_that_was_killed_is_taken_up(tmp_path: Path, film: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.unit.monitor.evidence_child", str(tmp_path), str(film), cwd=ROOT
    )
    assert await asyncio.wait_for(child.wait(), 120) == -signal.SIGKILL
    registry = await Registry.open(f"sqlite:///{tmp_path / 'registry.sqlite'}", tmp_path / "ledger.sqlite")
    try:
        [cut] = (await registry.cuts.list()).items
        case = (await registry.cases.of_cut(cut.id)).id
        assert await registry.exhibits.of(case) == ()
        store, spool = EvidenceStore(Folder(tmp_path / "evidence")), tmp_path / "spool"
        [file] = spool.iterdir()
        assert b"h264" not in file.read_bytes()[:4096]  # it is encrypted as the store is
        locked = EvidenceRoom(registry, store, clock=lambda: START, spool=Spool(spool, bytes([1]) * 32))
        assert await locked.take_up() == 0  # with another key nothing is taken up, nor lost
        room = EvidenceRoom(registry, store, clock=lambda: START, spool=Spool(spool, bytes(32)))
        assert await room.take_up() == 1
        assert await room.take_up() == 0
        names = {exhibit.name for exhibit in await registry.exhibits.of(case)}
        assert {"clip-1.mp4", "still-1-1.jpg", "observations.nkhf", "looks.json", "timeline.json"} < names
        _, frozen = await room.content(case, "observations.nkhf")
        assert replayed(frozen).document() == dict(cut.evidence)
        assert list(spool.iterdir()) == []
    finally:
        await registry.close()


async def test_what_was_spooled_is_kept_until_it_is_written_and_no_longer(tmp_path: Path, film: Path) -> None:
    async with broadcast(tmp_path) as stage:
        testimony, ring, spool = Testimony(judge()), Ring(), Spool(tmp_path / "spool")
        fill(ring, film)
        tell(testimony, 2)
        store = EvidenceStore(Folder(tmp_path / "evidence"))
        room = EvidenceRoom(stage.registry, store, clock=clock, spool=spool)
        witness = Witness(testimony, ring, room, zero=0.0)
        sealed = witness.seal()
        await witness.spool(stage.session, sealed)
        [(name, _)] = spool.names()
        assert name == f"{stage.session.id}-{stage.session.epoch}"
        again = unspooled(spool.get(name))
        assert again.deposition.frozen() == sealed.deposition.frozen()
        assert [clip_of(one).content for one in again.excerpts] == [clip_of(one).content for one in sealed.excerpts]
        await witness.drop(stage.session)  # another owner had the session: nothing was cut
        assert list(spool.names()) == []
        await witness.spool(stage.session, sealed)
        later = EvidenceRoom(stage.registry, store, clock=lambda: datetime.now(UTC) + timedelta(days=2), spool=spool)
        assert await later.take_up() == 0  # it led to no cut within a day
        assert list(spool.names()) == []


@pytest.mark.parametrize("damage", [b"", b"\0" * 16, b"x" * 40])
def test_what_is_not_spooled_evidence_is_refused(damage: bytes) -> None:
    with pytest.raises(FrozenRefused):
        unspooled(damage)


async def test_a_disk_that_is_full_or_slow_holds_no_cut_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with broadcast(tmp_path) as stage:
        (tmp_path / "spool").write_text("no folder")
        testimony, store = Testimony(judge()), EvidenceStore(Folder(tmp_path / "evidence"))
        room = EvidenceRoom(stage.registry, store, clock=clock, spool=Spool(tmp_path / "spool"))
        witness = Witness(testimony, Ring(), room, zero=0.0)
        await witness.spool(stage.session, witness.seal())  # it cannot be written, which is told and no more
        released = asyncio.Event()

        async def slow(*_: object) -> None:
            await released.wait()

        monkeypatch.setattr(room, "spool", slow)
        monkeypatch.setattr("monitor.witness.SPOOL_WITHIN_S", 0.01)
        await witness.spool(stage.session, witness.seal())
        released.set()
        await witness.drop(stage.session)
