"""Some thousand spoiled messages; `tests.bench.fuzz_messages` tries a million."""

from tests.bench.fuzz_messages import fuzz


def test_spoiled_messages_are_refused_or_read_and_nothing_else() -> None:
    outcomes = fuzz(4000)
    assert outcomes["frame opened"] > 100
    assert outcomes["payload read"] > 100
    assert outcomes["frame refused"] > 1000
    assert outcomes["payload refused"] > 1000
