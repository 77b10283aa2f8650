"""Evidence packs: what is whole is recomputed, and a thousand edits are all found."""

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols import merkle
from protocols.backend import EntryView, InclusionView
from protocols.chain import Entry, Head, canonical, follow
from protocols.checkpoint import Checkpoint, Verifier, signed
from protocols.frozen import freeze
from protocols.judge import Judge
from protocols.likeness import LikenessCalibration
from protocols.observation import Blindness, Look, Observation, Presence
from protocols.pack import LARGEST, PackRefused, checked, packed, written
from protocols.policy import BRISK
from protocols.session import AvatarId
from protocols.verdict import Verdict

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Verifier(name="log.example", public=KEY.public_key().public_bytes_raw())
CASE, CUT, SESSION = "case_1", "cut_1", "ses_1"
CALIBRATION = LikenessCalibration(
    centre=0.5, slope=12, cap=4, memory=0.5, independent_s=2, least_confidence=0.3, full_confidence=0.7, stale_s=20
)


def judge() -> Judge:
    vectors = np.eye(2, 8, dtype=np.float32)
    return Judge(
        policy=BRISK, policy_id="brisk@1", avatar=AvatarId("av_1"), claimed=vectors[:1],
        gallery={"av_2": vectors[1:]}, likeness=CALIBRATION,
    )  # fmt: skip


def told() -> list[tuple[float, list[Observation]]]:
    """A foreign avatar on screen, and nobody there."""
    look = np.eye(2, 8, dtype=np.float32)[1]
    batches: list[tuple[float, list[Observation]]] = [(0.5, [Blindness(at=0.0, blind=False, cause="there")])]
    batches.append((1.0, [Presence(at=0.9, operator="op_1", connected=False, cause="gone")]))
    return batches + [(float(n), [Look(at=n - 0.5, vector=look, confidence=0.9)]) for n in range(2, 40, 3)]


def verdict() -> Verdict:
    again, said = judge(), None
    for at, batch in told():
        said, _ = again.consider(batch, at)
    assert said is not None
    return said


def exhibits(**changes: bytes | None) -> dict[str, bytes]:
    frozen = freeze({"judge": judge(), "told": told()})
    about = {"verdict": verdict().document(), "versions": {"nakanohito": "0.1.0"}}
    made = {"observations.nkhf": frozen, "verdict.json": json.dumps(about).encode(), "clip-1.mp4": b"a clip"}
    return {name: content for name, content in {**made, **changes}.items() if content is not None}


def entries(kept: Mapping[str, bytes], **changes: Any) -> list[Entry]:
    cut = {
        "rule": "likeness", "decided_at": "2026-11-26T12:00:00Z", "until": None, "placement": None,
        "steps": [], "evidence": verdict().document(), **changes,
    }  # fmt: skip
    named = [{"name": name, "sha256": hashlib.sha256(kept[name]).hexdigest()} for name in sorted(kept)]
    head, made = Head(), []
    for kind, subject, body in (
        ("session.attached", "", {"id": SESSION}),
        ("cut.intended", CUT, cut),
        ("cut.confirmed", CUT, cut),
        ("evidence.kept", CASE, {"cut": CUT, "exhibits": named}),
        ("case.decided", CASE, {"decision": "uphold"}),
    ):
        at = "2026-11-26T12:00:00.000000+00:00"
        entry = follow(head, at=at, kind=kind, session=SESSION, subject=subject, body=canonical(body))
        head = Head(number=entry.number, hash=entry.hash)
        made.append(entry)
    return made


def proven(ledger: Sequence[Entry], wanted: Sequence[int] = (2, 3, 4, 5)) -> list[InclusionView]:
    leaves = [merkle.leaf(entry.hash) for entry in ledger]
    note = signed(Checkpoint(origin=SIGNER.name, size=len(leaves), root=merkle.root(leaves)), SIGNER, KEY.sign)
    return [
        InclusionView(
            entry=EntryView.of(ledger[number - 1]),
            checkpoint=note,
            proof=[part.hex() for part in merkle.inclusion(leaves, number - 1)],
        )
        for number in wanted
    ]


def pack(kept: Mapping[str, bytes] | None = None, wanted: Sequence[int] = (2, 3, 4, 5), **changes: Any) -> bytes:
    kept = exhibits() if kept is None else kept
    return packed(CASE, SIGNER, proven(entries(kept, **changes), wanted), kept)


def files(whole: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_whole_pack_is_in_the_log_and_judged_again_bit_for_bit() -> None:
    found = checked(pack(), SIGNER)
    assert (found.case, found.cut, found.rule, found.exhibits, found.entries) == (CASE, CUT, "likeness", 3, 4)
    assert found.replayed is True
    assert found.replayed_p == found.p_human == verdict().p_human
    assert found.versions == {"nakanohito": "0.1.0"}
    assert checked(pack(), None) == found  # by the key in the pack itself


def test_the_same_contents_make_the_same_bytes() -> None:
    assert pack() == pack()
    assert written(files(pack())) == pack()


def edits(whole: bytes, count: int) -> Iterator[bytes]:
    dice = random.Random(7)
    for _ in range(count):
        changed, place = bytearray(whole), dice.randrange(len(whole))
        match dice.randrange(5):
            case 0:
                changed[place] ^= 1 << dice.randrange(8)
            case 1:
                changed[place:place] = bytes([dice.randrange(256)])
            case 2:
                del changed[place]
            case 3:
                del changed[place:]
            case _:
                other = dice.randrange(len(whole))
                changed[place], changed[other] = changed[other], changed[place]
        if bytes(changed) != whole:
            yield bytes(changed)


def test_a_thousand_edits_are_all_found() -> None:
    whole, tried = pack(), 0
    for edited in edits(whole, 1100):
        tried += 1
        with pytest.raises(PackRefused):
            checked(edited, SIGNER)
    assert tried >= 1000


def test_every_file_is_bound_to_the_ledger() -> None:
    whole = files(pack())
    for name in whole:
        with pytest.raises(PackRefused):
            checked(written({one: content for one, content in whole.items() if one != name}), SIGNER)
        with pytest.raises(PackRefused):
            checked(written({**whole, name: whole[name] + b" "}), SIGNER)
    for name in ("exhibits/more.txt", "readme.txt"):
        with pytest.raises(PackRefused, match=r"not of this case|does not belong"):
            checked(written({**whole, name: b"x"}), SIGNER)


def reproofed(change: Any) -> bytes:
    """The pack with its proof changed and written canonically."""
    whole = files(pack())
    proof = json.loads(whole["proof.json"])
    change(proof)
    return written({**whole, "proof.json": canonical(proof)})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda p: p.update(case="case_2"), "another case"),
        (lambda p: p.update(format="other/1"), "format"),
        (lambda p: p.update(more=1), "more than it may"),
        (lambda p: p.update(entries=[]), "no entries"),
        (lambda p: p["entries"].pop(), None),
        (lambda p: p["entries"].pop(0), "one entry cut.intended"),
        (lambda p: p["entries"].reverse(), "order"),
        (lambda p: p["entries"].append(p["entries"][0]), "order"),
        (lambda p: p["entries"][0]["entry"].update(body="{}"), "was altered"),
        (lambda p: p["entries"][0].update(checkpoint="no note"), "checkpoint"),
        (lambda p: p["entries"][0].update(proof=[]), "not among"),
        (lambda p: p["entries"][0].pop("proof"), "no entry"),
    ],
)
def test_a_changed_proof_is_refused(change: Any, why: str | None) -> None:
    if why is None:  # an entry that nothing needs may be left out
        assert checked(reproofed(change), SIGNER).entries == 3
        return
    with pytest.raises(PackRefused, match=why):
        checked(reproofed(change), SIGNER)


def test_another_key_signed_it_or_the_ledgers_key_was_replaced() -> None:
    other = Verifier(name="log.example", public=Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(PackRefused, match=r"Give the ledger\.pub of then"):
        checked(pack(), other)
    with pytest.raises(PackRefused, match="key in the pack is none"):
        checked(reproofed(lambda proof: proof.update(key="x")), None)


def test_an_entry_of_something_else_does_not_belong() -> None:
    with pytest.raises(PackRefused, match="of something else"):
        checked(pack(wanted=(1, 2, 3, 4, 5)), SIGNER)


def about(**changes: Any) -> bytes:
    return json.dumps({"verdict": verdict().document(), **changes}).encode()


def test_a_verdict_that_does_not_follow_is_found() -> None:
    with pytest.raises(PackRefused, match="another verdict than the cut"):
        checked(pack(exhibits(**{"verdict.json": about(verdict={})})), SIGNER)
    for content, why in ((b"[]", "no object"), (b"{", "cannot be read")):
        with pytest.raises(PackRefused, match=why):
            checked(pack(exhibits(**{"verdict.json": content})), SIGNER)
    with pytest.raises(PackRefused, match="is missing"):
        checked(pack(exhibits(**{"verdict.json": None})), SIGNER)
    wrong = {**verdict().document(), "p_human": 0.5}
    with pytest.raises(PackRefused, match="do not sum"):
        checked(pack(exhibits(**{"verdict.json": about(verdict=wrong)}), evidence=wrong), SIGNER)
    none = {"driver": "AI"}
    with pytest.raises(PackRefused, match="cannot be read"):
        checked(pack(exhibits(**{"verdict.json": about(verdict=none)}), evidence=none), SIGNER)


def test_observations_that_say_another_number_are_told() -> None:
    fewer = freeze({"judge": judge(), "told": told()[:5]})
    found = checked(pack(exhibits(**{"observations.nkhf": fewer})), SIGNER)
    assert found.replayed is False
    assert found.replayed_p is not None


@pytest.mark.parametrize("record", [{"judge": None, "told": []}, None], ids=["nothing told", "none kept"])
def test_where_nothing_was_observed_the_weights_must_do(record: dict[str, Any] | None) -> None:
    frozen = None if record is None else freeze(record)
    assert checked(pack(exhibits(**{"observations.nkhf": frozen})), SIGNER).replayed is None


@pytest.mark.parametrize("frozen", [b"no record", freeze({"judge": 5, "told": [(1.0, [])]})])
def test_observations_that_cannot_be_judged_any_more_leave_the_pack_whole_and_are_told(frozen: bytes) -> None:
    found = checked(pack(exhibits(**{"observations.nkhf": frozen})), SIGNER)
    assert (found.replayed, found.replayed_p) == (None, None)
    assert found.unjudged is not None
    assert "observations.nkhf" in found.unjudged


def test_a_pack_of_before_is_whole_with_the_words_of_before() -> None:
    """Made in November 2026; its statement is the one that was issued then, whatever is written today."""
    old = (Path(__file__).parent / "packs" / "2026-11.zip").read_bytes()
    found = checked(old, SIGNER)
    assert (found.case, found.cut, found.entries, found.exhibits) == (CASE, CUT, 5, 3)
    assert found.p_human == 0.0066928509242848554  # judged again by today's programs, it may be another or none
    assert b"appeal free of charge" in files(old)["statement.en.txt"]
    with pytest.raises(PackRefused, match="was issued"):
        checked(written({**files(old), "statement.en.txt": b"another"}), SIGNER)


@pytest.mark.parametrize("issued", [{"text": None}, {"case": CASE}])
def test_what_was_issued_and_is_no_statement_is_refused(issued: dict[str, Any]) -> None:
    kept = exhibits()
    ledger = entries(kept)
    head = Head(number=ledger[-1].number, hash=ledger[-1].hash)
    at, body = "2026-11-26T12:00:01.000000+00:00", canonical(issued)
    ledger.append(follow(head, at=at, kind="statement.issued", session=SESSION, subject=CASE, body=body))
    with pytest.raises(PackRefused, match="is none"):
        packed(CASE, SIGNER, proven(ledger, (2, 3, 4, 5, 6)), kept)


def test_a_cut_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(PackRefused, match="cannot be read"):
        pack(rule="eating")


def zipped(files: Sequence[tuple[str, bytes]], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("zipped", "why"),
    [
        (zipped([("proof.json", bytes(50_000_000))], zipfile.ZIP_DEFLATED), "bomb"),
        (zipped([("../../etc/passwd", b"x")]), "cannot hold a file named"),
        (zipped([("/etc/passwd", b"x")]), "cannot hold a file named"),
        (zipped([("exhibits/a/b", b"x")]), "cannot hold a file named"),
        (zipped([(f"f{n}", b"") for n in range(300)]), "up to 256 files"),
        (zipped([]), "up to 256 files"),
        (b"", "no evidence pack"),
        (b"PK" * 100, "no evidence pack"),
        (zipped([("proof.json", b"{}")]), "not as a pack is written"),
    ],
    ids=["bomb", "traversal", "absolute", "deep", "many", "empty zip", "empty", "noise", "other writer"],
)
def test_zips_of_adversaries_are_refused(zipped: bytes, why: str) -> None:
    with pytest.raises(PackRefused, match=why):
        checked(zipped, SIGNER)


def test_a_pack_of_two_gigabytes_is_not_read() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 2 * LARGEST

    with pytest.raises(PackRefused, match="are not read"):
        checked(Huge(), SIGNER)


def test_a_name_that_a_pack_cannot_have_is_not_written() -> None:
    with pytest.raises(PackRefused):
        written({"../x": b""})
