"""Cuts over a line that loses, delays, breaks and lies: each is done once and confirmed."""

from pathlib import Path

import pytest

from tests.bench.bench_cut_faults import measure
from tests.servers.faulty import Fault

pytestmark = pytest.mark.integration


async def test_cuts_under_faults_are_confirmed_once_and_nobody_returns(tmp_path: Path) -> None:
    seconds, happened = await measure(tmp_path, 5)
    assert len(seconds) == 5
    assert set(happened) - {Fault.NONE}
