"""Cuts over a line that loses, delays, breaks and lies: each is done once and confirmed."""

from pathlib import Path

import pytest

from tests.bench.bench_cut_faults import SERVERS, measure
from tests.servers.faulty import Fault

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", SERVERS.values())
async def test_cuts_under_faults_are_confirmed_once_and_nobody_returns(kind: str, tmp_path: Path) -> None:
    seconds, happened = await measure(kind, tmp_path, 3)
    assert len(seconds) == 3
    assert set(happened) - {Fault.NONE}
