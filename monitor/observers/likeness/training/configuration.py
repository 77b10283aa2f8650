"""The configuration of the trainings, ``config.toml``: everything that the weights depend on besides the pictures."""

import tomllib
from pathlib import Path
from typing import Any

CONFIG = Path(__file__).with_name("config.toml")


def config() -> dict[str, Any]:
    """What it says."""
    return tomllib.loads(CONFIG.read_text())
