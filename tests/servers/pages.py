"""The built pages, for tests that look at them."""

import os

import pytest

from monitor.console import BUILT


def needs_pages() -> None:
    """Skip where the pages are not built; where every program is required, fail instead."""
    if (BUILT / "console" / "index.html").is_file():
        return
    words = "the pages are not built: make console"
    if os.environ.get("NAKANOHITO_REQUIRE_PROGRAMS") == "1":
        pytest.fail(words)
    pytest.skip(words)
