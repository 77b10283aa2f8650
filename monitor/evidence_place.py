"""Where the evidence lies: the store that the settings ask for."""

import base64
import binascii

from monitor.keyring import KeyringRefused
from monitor.settings import Settings
from registry.evidence_spool import Spool
from registry.evidence_store import Bucket, EvidenceStore, Folder


def evidence_store(settings: Settings) -> EvidenceStore:
    """The store of the settings. Raises RegistryError, KeyringRefused for a key that is none."""
    evidence = settings.evidence
    place = Folder(settings.data_dir / "evidence") if evidence.store is None else Bucket(evidence.store)
    return EvidenceStore(place, None if evidence.key is None else _key(evidence.key.get_secret_value()))


def evidence_spool(settings: Settings) -> Spool:
    """Where evidence waits for the store. Raises KeyringRefused for a key that is none."""
    key = settings.evidence.key
    return Spool(settings.data_dir / "evidence-spool", None if key is None else _key(key.get_secret_value()))


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyringRefused("evidence.key is no base64; make one with: openssl rand -base64 32") from error
    return key
