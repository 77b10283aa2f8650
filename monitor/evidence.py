"""Evidence: what a session's witness has kept becomes the exhibits of a case, in the store and named in the ledger.

The witness seals what it has at the moment of the decision, which takes nothing but references. It is spooled to disk
before the cut leaves, for half a second at most; making exhibits of it follows the cut. What a service that was killed
in between has left is taken up when it starts. Where it cannot be written the case says why: nothing is missing in
silence.
"""

import asyncio
import base64
import contextlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import structlog
from numpy.typing import NDArray

from monitor.clip import ClipRefused, clip_of, stills_of
from monitor.sources.ring import Excerpt
from monitor.spooled import Sealed, spooled, unspooled
from monitor.testimony import Testimony
from protocols.backend import EntryView, InclusionView
from protocols.frozen import FrozenRefused
from protocols.observation import Look
from protocols.pack import packed
from protocols.session import Session, SessionId
from protocols.timeline import Series
from registry.cut import Cut
from registry.error import Conflict, NotFound, RegistryError
from registry.evidence_spool import Spool
from registry.evidence_store import EvidenceStore
from registry.exhibit import Exhibit
from registry.notary import Notary
from registry.registry import Registry
from registry.state import Retention

_log = structlog.get_logger()

_TRY_AGAIN_AFTER = (0.5, 2.0, 5.0)  # seconds, where the store or the registry fails
_PURGE_EVERY = 3600.0
_WITHOUT_CUT = timedelta(days=1)  # what was spooled and led to no cut

LOOKS = "looks.json"
OBSERVATIONS, VERDICT, TIMELINE = "observations.nkhf", "verdict.json", "timeline.json"
TELEMETRY, TRANSCRIPT = "telemetry.jsonl", "challenges.json"


Looks = list[tuple[float, NDArray[np.float32]]]
"""Media seconds, and vectors float32 (d,)."""


class EvidenceRoom:
    """The evidence of one service. ``run`` deletes what has been kept for long enough."""

    def __init__(
        self,
        registry: Registry,
        store: EvidenceStore,
        *,
        clock: Callable[[], datetime],
        retention: Retention = Retention.HALF_YEAR,
        model: str = "",
        spool: Spool | None = None,
    ) -> None:
        self._spool = spool
        self._at_work: set[str] = set()
        self._registry = registry
        self._store = store
        self._clock = clock
        self._retention = retention
        self._model = model
        self._live: WeakValueDictionary[str, Testimony] = WeakValueDictionary()

    looks_name = LOOKS

    def follow(self, session: str, testimony: Testimony) -> None:
        """Let what a session shows now be compared with what people report, for as long as it runs."""
        self._live[session] = testimony

    def live(self) -> dict[str, Looks]:
        """What is being watched now looks like, by session: media times and vectors."""
        running = dict(self._live)
        return {session: _vectors(testimony.looks()) for session, testimony in running.items()}

    async def looks(self, case: str) -> Looks:
        """What the avatar of a case looked like; nothing where that is not kept any more, or cannot be read."""
        try:
            _, content = await self.content(case, LOOKS)
            return [(float(one["at"]), _vector(one["vector"])) for one in json.loads(content)]
        except (RegistryError, ValueError, KeyError, TypeError) as lost:
            if not isinstance(lost, NotFound):
                _log.warning("evidence.unreadable", case=case, because=str(lost))
            return []

    async def spool(self, session: Session, sealed: Sealed) -> None:
        """Put what was sealed on disk. Trouble is told and stops nobody."""
        if self._spool is None:
            return
        self._at_work.add(name := _spool_name(session))
        try:
            await asyncio.to_thread(self._spool.put, name, await asyncio.to_thread(spooled, sealed))
        except (RegistryError, FrozenRefused, OSError) as failure:
            _log.warning("evidence.unspooled", session=session.id, because=str(failure))

    async def unspool(self, session: Session) -> None:
        """Forget what was spooled of a session."""
        await self._forget(_spool_name(session))

    async def take_up(self) -> int:
        """Make exhibits of what was spooled and is in no case yet, as by a service that was killed; of how many."""
        count = 0
        for name, since in await asyncio.to_thread(self._spooled_names):
            if name in self._at_work:
                continue
            try:
                count += await self._taken_up(name, since)
            except (RegistryError, FrozenRefused) as failure:
                _log.warning("evidence.spool_waits", name=name, because=str(failure))
        return count

    async def _taken_up(self, name: str, since: datetime) -> bool:
        session_id, _, epoch = name.rpartition("-")
        session = replace(await self._registry.sessions.get(SessionId(session_id)), epoch=int(epoch))
        cuts = (await self._registry.cuts.list(session=session.id)).items
        cut = next((cut for cut in cuts if cut.epoch == session.epoch), None)
        if cut is None:
            if self._clock() - since > _WITHOUT_CUT:
                await self._forget(name)
            return False
        case = (await self._registry.cases.of_cut(cut.id)).id
        there = await self._registry.exhibits.of(case)
        if not there:
            content = await asyncio.to_thread(self._read_spooled, name)
            await self._keep(case, session, cut, await asyncio.to_thread(unspooled, content))
            _log.info("evidence.taken_up", case=case, session=session.id)
        await self._forget(name)
        return not there

    def _spooled_names(self) -> list[tuple[str, datetime]]:
        return [] if self._spool is None else list(self._spool.names())

    def _read_spooled(self, name: str) -> bytes:
        assert self._spool is not None  # noqa: S101 - its names were asked for
        return self._spool.get(name)

    async def _forget(self, name: str) -> None:
        if self._spool is not None:
            with contextlib.suppress(RegistryError):  # what stays is found to be kept already, and removed then
                await asyncio.to_thread(self._spool.remove, name)
        self._at_work.discard(name)

    async def keep(self, session: Session, cut: Cut, sealed: Sealed) -> None:
        """Write the exhibits, try again where that fails, and say so in the case where it goes on failing.

        What was spooled stays until they are written: where they cannot be now, they are tried again from time to time.
        """
        if await self._kept(session, cut, sealed):
            await self.unspool(session)
        else:
            self._at_work.discard(_spool_name(session))

    async def _kept(self, session: Session, cut: Cut, sealed: Sealed) -> bool:
        case = (await self._registry.cases.of_cut(cut.id)).id
        if await self._registry.exhibits.of(case):
            return True
        because = ""
        for pause in (*_TRY_AGAIN_AFTER, None):
            try:
                await self._keep(case, session, cut, sealed)
            except (RegistryError, FrozenRefused, OSError) as failure:
                because = str(failure)
                _log.warning("evidence.waits", case=case, session=session.id, because=because)
                if pause is not None:
                    await asyncio.sleep(pause)
            else:
                return True
        _log.error("evidence.missing", case=case, session=session.id, because=because)
        await self._registry.exhibits.miss(case, because)
        return False

    async def content(self, case: str, name: str) -> tuple[Exhibit, bytes]:
        """An exhibit with its content. Raises NotFound, EvidenceDamaged, Unavailable."""
        for exhibit in await self._registry.exhibits.of(case):
            if exhibit.name == name and exhibit.deleted_at is None:
                return exhibit, await asyncio.to_thread(self._store.get, exhibit.digest)
        raise NotFound(f"Case {case} has no exhibit {name[:80]!r}, or has it no longer.")

    async def pack(self, case_id: str, notary: Notary) -> bytes:
        """The evidence pack of a case, for ``nakanohito verify``. Raises NotFound, EvidenceDamaged, Conflict."""
        case = await self._registry.cases.get(case_id)
        exhibits = await self._registry.exhibits.of(case_id)
        if not exhibits or any(exhibit.deleted_at is not None for exhibit in exhibits):
            missing = (await self._registry.exhibits.keeping(case_id)).missing
            why = missing or ("it was deleted when its time had come" if exhibits else "it is not written yet")
            raise Conflict(f"Case {case_id} has no evidence to pack: {why}", other=case_id)
        contents = {exhibit.name: await asyncio.to_thread(self._store.get, exhibit.digest) for exhibit in exhibits}
        entries = [
            entry
            for subject in (case.cut or "", case_id)
            for entry in await self._registry.ledger.read(session=case.session, subject=subject)
        ]
        proven = await notary.inclusions(sorted(entries, key=lambda entry: entry.number))
        views = [
            InclusionView(entry=EntryView.of(one.entry), checkpoint=one.note, proof=[part.hex() for part in one.proof])
            for one in proven
        ]
        return await asyncio.to_thread(packed, case_id, notary.verifier, views, contents)

    async def timeline(self, case: str) -> tuple[dict[str, Series], list[dict[str, Any]]]:
        """The curves that were recorded, by name, and what is known of the clips; nothing where that is lost."""
        try:
            _, content = await self.content(case, TIMELINE)
            line = json.loads(content)
            return {name: Series(**curve) for name, curve in line["series"].items()}, line["clips"]
        except (RegistryError, ValueError, KeyError, TypeError) as lost:
            if not isinstance(lost, NotFound):
                _log.warning("evidence.unreadable", case=case, because=str(lost))
            return {}, []

    async def run(self) -> None:
        """Take up what was spooled, and delete what has been kept for long enough, until cancelled."""
        while True:
            try:
                await self.take_up()
                await self.purge()
            except RegistryError as failure:
                _log.warning("evidence.purge_waits", because=str(failure))
            await asyncio.sleep(_PURGE_EVERY)

    async def purge(self) -> int:
        """Delete what is due; how many cases' evidence. Raises RegistryError."""
        count = 0
        while cases := await self._registry.exhibits.due(now=self._clock()):
            for case in cases:
                for digest in await self._registry.exhibits.delete(case, at=self._clock()):
                    await asyncio.to_thread(self._store.remove, digest)
                count += 1
        return count

    async def _keep(self, case: str, session: Session, cut: Cut, sealed: Sealed) -> None:
        policy = (await self._registry.policies.get(session.policy)).document
        about: dict[str, Any] = {"verdict": dict(cut.evidence), "policy": dict(policy), "policy_id": session.policy}
        about |= {"case": case, "cut": cut.id, "session": session.id, "avatar": session.avatar, "epoch": session.epoch}
        about |= {"versions": versions(self._model), "rule": cut.rule}
        made = await asyncio.to_thread(exhibits_of, sealed, about)
        kept = []
        for name, (media_type, content) in made.items():
            digest = await asyncio.to_thread(self._store.put, content)
            kept.append(Exhibit(case=case, name=name, digest=digest, size=len(content), media_type=media_type))
        await self._registry.exhibits.keep(case, kept, retention=self._retention, at=self._clock())


def _spool_name(session: Session) -> str:
    return f"{session.id}-{session.epoch}"


def exhibits_of(sealed: Sealed, about: Mapping[str, Any]) -> dict[str, tuple[str, bytes]]:
    """The exhibits by name: their media type and content. ``about``: the verdict, its policy and versions (JSON)."""
    deposition = sealed.deposition
    made: dict[str, tuple[str, bytes]] = {
        OBSERVATIONS: ("application/octet-stream", deposition.frozen()),
        VERDICT: ("application/json", _json(about)),
        TELEMETRY: ("application/jsonl", b"".join(_json(one) + b"\n" for one in deposition.telemetry())),
        TRANSCRIPT: ("application/json", _json(deposition.transcript())),
        LOOKS: ("application/json", _json(_told_looks(deposition.looks()))),
    }
    clips = []
    for number, excerpt in enumerate(sealed.excerpts, start=1):
        clips.append(_put_clip(made, number, excerpt, sealed.zero))
    curves = {
        name: {"t": curve.t, "v": curve.v, "unit": curve.unit, "low": curve.low, "high": curve.high}
        for name, curve in deposition.curves.items()
    }
    line = {"series": curves, "clips": clips, "began": deposition.began}
    made[TIMELINE] = ("application/json", _json(line))
    return made


def _told_looks(looks: Sequence[Look]) -> list[dict[str, Any]]:
    return [
        {"at": round(at, 3), "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode()}
        for at, vector in _vectors(looks)
    ]


def _vectors(looks: Sequence[Look]) -> Looks:
    return [(look.at, look.vector) for look in looks if look.vector is not None]


def _vector(text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float32)


def _put_clip(made: dict[str, tuple[str, bytes]], number: int, excerpt: Excerpt, zero: float) -> dict[str, Any]:
    """Add a clip and its stills; what the timeline says of it."""
    begins = round(excerpt.began - zero, 3)
    try:
        clip = clip_of(excerpt)
    except ClipRefused as refused:
        return {"at": begins, "packets": len(excerpt.packets), "trouble": str(refused)}
    name = f"clip-{number}.{clip.suffix}"
    made[name] = (clip.media_type, clip.content)
    told: dict[str, Any] = {"name": name, "at": begins, "packets": clip.packets}
    try:
        for place, (at, picture) in enumerate(stills_of(clip), start=1):
            made[f"still-{number}-{place}.jpg"] = ("image/jpeg", picture)
            told.setdefault("stills", []).append({"name": f"still-{number}-{place}.jpg", "at": round(begins + at, 3)})
    except ClipRefused as refused:
        told["trouble"] = str(refused)
    return told


def versions(model: str) -> dict[str, str]:
    """What judged: the programs' versions and the likeness model's SHA-256."""
    try:
        ours = version("nakanohito")
    except PackageNotFoundError:  # run from a folder without installing
        ours = "0"
    machine = platform.machine()
    return {
        "nakanohito": ours,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": machine,
        "likeness_model": model,
    }


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
