"""A policy that is named on the command line: a profile that comes with the package, or a file of TOML or JSON."""

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from protocols.policy import PROFILES, Policy

__all__ = ["PolicyRefused", "policy_in", "policy_named"]


class PolicyRefused(Exception):
    """There is no such policy, or it cannot be used; one line that says what to do."""


def policy_named(name: str) -> Policy:
    """The profile ``name``, or the policy in the file ``name``; what a file leaves out is as in ``standard``.

    Raises PolicyRefused.
    """
    for profile in PROFILES:
        if profile.name == name:
            return profile
    file = Path(name)
    if not file.is_file():
        profiles = ", ".join(profile.name for profile in PROFILES)
        raise PolicyRefused(f"{name}: neither a profile ({profiles}) nor a file; give one of them")
    return policy_in(file)


def policy_in(file: Path) -> Policy:
    """The policy in ``file``, TOML or JSON; what it leaves out is not set. Raises PolicyRefused."""
    try:
        document = _document(file)
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no TOML, no JSON, no UTF-8
        raise PolicyRefused(f"{file}: cannot be read as {_format(file)}: {error}") from error
    if not isinstance(document, dict):
        raise PolicyRefused(f'{file}: a policy is an object of parts, such as {{"fusion": {{"ai_at": 4.5}}}}')
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise PolicyRefused(f"{file}: {where + ': ' if where else ''}{wrong['msg']}") from error


def _document(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if _format(file) == "JSON" else tomllib.loads(text)


def _format(file: Path) -> str:
    return "JSON" if file.suffix.lower() == ".json" else "TOML"
