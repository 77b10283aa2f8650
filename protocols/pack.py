"""The evidence pack: one file that shows, without the service and its ledger, what a cut rested on.

A zip with nothing compressed and nothing left to chance: the same contents give the same bytes, so that every byte of a
pack is bound to what its ledger entries say, and any change shows. Checked in steps:

1. The file is a pack, byte for byte as one is written.
2. Each ledger entry is itself, and is among those that a signed checkpoint counts.
3. The entries are of one case and its cut.
4. The exhibits are those that the ledger names, by their SHA-256.
5. The statement of reasons is the one that was issued, as the ledger has it; where none was yet, the one that follows
   from the cut.
6. The verdict is that of the cut, its weights sum to its probability, and the same judge, told the same, says it again.

A pack outlives the programs that made it: the words that were issued are those of the ledger and not of today, and a
judge that these programs cannot bring to life any more leaves the pack whole, though not judged again.

Packs come from adversaries: nothing is unpacked to a disk, nothing in them runs, and size is known before it is read.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from protocols.backend import InclusionView
from protocols.chain import Entry, canonical, is_itself
from protocols.checkpoint import CheckpointRefused, Verifier, opened
from protocols.frozen import FrozenRefused, thaw
from protocols.merkle import includes, leaf
from protocols.recorded import verdict_of
from protocols.statement import statement
from protocols.verdict import Verdict, weighed

FORMAT = "nakanohito-evidence-pack/1"
LARGEST = 1024 * 1024 * 1024
"""Bytes of a pack; more is refused unread."""

MOST_FILES = 256
MOST_ENTRIES = 4096
PROOF, EXHIBITS = "proof.json", "exhibits/"
OBSERVATIONS, VERDICT = f"{EXHIBITS}observations.nkhf", f"{EXHIBITS}verdict.json"
_NAME = re.compile(r"(?:exhibits/)?[a-z0-9][a-z0-9.-]{0,63}")


class PackRefused(ValueError):
    """The pack is not whole, or is none; the message says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A pack that is whole and in the log.

    ``replayed``: whether the judge, told the same again, gave the same verdict bit for bit; None where no observations
    belong to it, as where an avatar was barred, or where ``unjudged`` says why these programs cannot judge them.
    """

    case: str
    cut: str
    rule: str
    entries: int
    exhibits: int
    signer: str
    p_human: float
    log_odds: float
    replayed: bool | None
    replayed_p: float | None
    unjudged: str | None
    versions: Mapping[str, str]


def written(files: Mapping[str, bytes]) -> bytes:
    """The one zip of these files. Raises PackRefused for names that a pack cannot have."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in sorted(files):
            if not _NAME.fullmatch(name):
                raise PackRefused(f"a pack cannot hold a file named {name[:80]!r}")
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.create_system, about.external_attr = 3, 0o100644 << 16
            archive.writestr(about, files[name])
    return out.getvalue()


def packed(case: str, key: Verifier, entries: Sequence[InclusionView], exhibits: Mapping[str, bytes]) -> bytes:
    """The pack of a case: ``entries`` of its ledger with their proofs, and its exhibits by name."""
    document = {
        "format": FORMAT,
        "case": case,
        "key": str(key),
        "entries": [entry.model_dump(mode="json") for entry in entries],
    }
    said = _statement_files([entry.entry.entry() for entry in entries], case)
    files = {f"{EXHIBITS}{name}": content for name, content in exhibits.items()}
    return written(files | {PROOF: canonical(document)} | said)


def checked(pack: bytes, key: Verifier | None) -> Checked:
    """Check a pack in every step; with ``key``, by its signature alone, else by the key that the pack names itself.

    Raises PackRefused at the first step that fails.
    """
    files = _files(pack)  # 1
    proof = _proof(files)
    signer = key or _own_key(proof)
    entries = [_included(one, signer) for one in proof["entries"]]  # 2
    case = str(proof["case"])
    cut, kept = _of_one_case(entries, case)  # 3
    _are_the_exhibits(files, kept)  # 4
    _is_the_statement(files, entries, case)  # 5
    about = _json(files, VERDICT)
    verdict = _summed(about, cut.content)  # 6
    replayed, p, unjudged = _replayed(files, cut.content)
    return Checked(
        case=case,
        cut=cut.subject,
        rule=str(cut.content["rule"]),
        entries=len(entries),
        exhibits=len(kept.content["exhibits"]),
        signer=f"{signer.name}+{signer.id.hex()}",
        p_human=verdict.p_human,
        log_odds=verdict.log_odds,
        replayed=replayed,
        replayed_p=p,
        unjudged=unjudged,
        versions=about.get("versions", {}),
    )


# ---- 1: the file


def _files(pack: bytes) -> dict[str, bytes]:
    if len(pack) > LARGEST:
        raise PackRefused(f"the pack has {len(pack)} bytes; more than {LARGEST} are not read")
    try:
        with zipfile.ZipFile(io.BytesIO(pack)) as archive:
            infos = archive.infolist()
            _are_allowed(infos)
            files = {info.filename: archive.read(info) for info in infos}
    except PackRefused:
        raise
    except Exception as error:  # zipfile fails in many ways over what adversaries write
        raise PackRefused(f"this is no evidence pack: {type(error).__name__}: {error}") from error
    if written(files) != pack:
        raise PackRefused("the file is not as a pack is written: it was changed")
    return files


def _are_allowed(infos: Sequence[zipfile.ZipInfo]) -> None:
    if not 0 < len(infos) <= MOST_FILES or len({info.filename for info in infos}) != len(infos):
        raise PackRefused(f"a pack holds up to {MOST_FILES} files, each once; this one names {len(infos)}")
    for info in infos:
        if not _NAME.fullmatch(info.filename):
            raise PackRefused(f"a pack cannot hold a file named {info.filename[:80]!r}")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise PackRefused(f"{info.filename} is compressed, and a pack compresses nothing: it may be a bomb")


# ---- 2 and 3: the ledger


def _proof(files: Mapping[str, bytes]) -> dict[str, Any]:
    proof = _json(files, PROOF)
    if proof.get("format") != FORMAT or canonical(proof) != files[PROOF]:
        raise PackRefused(f"{PROOF} is not as it is written, or of another format than {FORMAT}")
    if not isinstance(proof.get("entries"), list) or not 0 < len(proof["entries"]) <= MOST_ENTRIES:
        raise PackRefused(f"{PROOF} holds no entries of the ledger, or too many")
    if set(proof) != {"format", "case", "key", "entries"}:
        raise PackRefused(f"{PROOF} holds more than it may")
    return proof


def _own_key(proof: Mapping[str, Any]) -> Verifier:
    try:
        return Verifier.parse(str(proof["key"]))
    except CheckpointRefused as refused:
        raise PackRefused(f"the key in the pack is none: {refused}") from refused


def _included(document: Any, key: Verifier) -> Entry:
    try:
        given = InclusionView.model_validate(document)
        entry, counted = given.entry.entry(), opened(given.checkpoint, key)
    except ValidationError as error:
        raise PackRefused(f"{PROOF} holds what is no entry: {error.errors()[0]['msg']}") from error
    except CheckpointRefused as refused:
        raise PackRefused(f"{refused}; was the ledger's key replaced? Give the ledger.pub of then") from refused
    if not is_itself(entry):
        raise PackRefused(f"ledger entry {entry.number} was altered")
    path = [bytes.fromhex(one) for one in given.proof]
    if not includes(counted.root, counted.size, entry.number - 1, leaf(entry.hash), path):
        raise PackRefused(f"ledger entry {entry.number} is not among the {counted.size} that were signed")
    return entry


def _of_one_case(entries: Sequence[Entry], case: str) -> tuple[Entry, Entry]:
    numbers = [entry.number for entry in entries]
    if numbers != sorted(set(numbers)):
        raise PackRefused("the ledger entries are not in their order")
    cut = _only(entries, "cut.intended")
    kept = _only(entries, "evidence.kept")
    if kept.subject != case or kept.content.get("cut") != cut.subject or kept.session != cut.session:
        raise PackRefused("the evidence is of another case or cut than the pack says")
    if strange := [one for one in entries if one.subject not in (case, cut.subject)]:
        raise PackRefused(f"ledger entry {strange[0].number} is of something else")
    return cut, kept


def _only(entries: Sequence[Entry], kind: str) -> Entry:
    found = [entry for entry in entries if entry.kind == kind]
    if len(found) != 1:
        raise PackRefused(f"a pack holds one entry {kind}, and this one {len(found)}")
    return found[0]


# ---- 4 and 5: the exhibits and the statement


def _are_the_exhibits(files: Mapping[str, bytes], kept: Entry) -> None:
    named = {f"{EXHIBITS}{one['name']}": one for one in kept.content["exhibits"]}
    if missing := named.keys() - files.keys():
        raise PackRefused(f"{min(missing)} is missing")
    for name, content in files.items():
        if name.startswith(EXHIBITS) and name not in named:
            raise PackRefused(f"{name} is not of this case")
        if name in named and hashlib.sha256(content).hexdigest() != named[name]["sha256"]:
            raise PackRefused(f"{name} was altered: its SHA-256 is not the one in the ledger")


def _is_the_statement(files: Mapping[str, bytes], entries: Sequence[Entry], case: str) -> None:
    due = _statement_files(entries, case)
    for name, content in due.items():
        if files.get(name) != content:
            raise PackRefused(f"{name} is not the statement that was issued, or that follows from the cut")
    if strange := {name for name in files if not name.startswith(EXHIBITS)} - due.keys() - {PROOF}:
        raise PackRefused(f"{min(strange)} does not belong in a pack")


def _statement_files(entries: Sequence[Entry], case: str) -> dict[str, bytes]:
    document = _statement(entries, case)
    try:
        english, chinese = str(document["text"]["en"]), str(document["text"]["zh"])
    except (KeyError, TypeError) as error:
        raise PackRefused("the statement in the ledger is none") from error
    return {
        "statement.json": canonical(document),
        "statement.en.txt": english.encode(),
        "statement.zh.txt": chinese.encode(),
    }


def _statement(entries: Sequence[Entry], case: str) -> Mapping[str, Any]:
    issued = [entry.content for entry in entries if entry.kind == "statement.issued" and entry.subject == case]
    if issued:
        return issued[-1]
    try:
        return statement(_only(entries, "cut.intended").content, case).document(case)
    except ValueError as error:
        raise PackRefused(f"the cut in the ledger cannot be read: {error}") from error


# ---- 6: the verdict


def _summed(about: Mapping[str, Any], cut: Mapping[str, Any]) -> Verdict:
    """The verdict of the cut, whose weights sum to its probability."""
    if about.get("verdict") != cut.get("evidence"):
        raise PackRefused(f"{VERDICT} holds another verdict than the cut")
    try:
        verdict = verdict_of(cut["evidence"])
    except ValueError as error:
        raise PackRefused(f"the cut's verdict cannot be read: {error}") from error
    if weighed(verdict) != (verdict.log_odds, verdict.p_human):
        raise PackRefused("the weights of the evidence do not sum to the verdict's probability")
    return verdict


def _replayed(files: Mapping[str, bytes], cut: Mapping[str, Any]) -> tuple[bool | None, float | None, str | None]:
    """Whether the judge says it again, with which probability; or why that cannot be known."""
    if OBSERVATIONS not in files:
        return None, None, None
    try:
        again = _told_again(files[OBSERVATIONS])
    except FrozenRefused as refused:
        return None, None, f"{OBSERVATIONS}: {refused}"
    if again is None:
        return None, None, None
    return canonical(again.document()) == canonical(cut["evidence"]), again.p_human, None


def _told_again(frozen: bytes) -> Any:
    """The last verdict of the judge, told everything again; None where it was told nothing."""
    record, verdict = thaw(frozen), None
    try:
        for at, batch in record["told"]:
            verdict, _ = record["judge"].consider(batch, at)
    except Exception as error:  # what was frozen may be anything that could be read
        raise FrozenRefused(f"the observations cannot be judged again ({type(error).__name__}: {error})") from error
    return verdict


def _json(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        document = json.loads(files[name])
    except KeyError:
        raise PackRefused(f"{name} is missing") from None
    except (ValueError, RecursionError) as error:
        raise PackRefused(f"{name} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise PackRefused(f"{name} holds no object")
    return document
