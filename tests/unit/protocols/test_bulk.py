import pytest

from protocols.bulk import BatchRefused, BatchState, Spoken, needs_two, settled


def test_so_many_are_changed_alone_and_no_more() -> None:
    assert not needs_two(0, 20, 20)
    assert not needs_two(19, 1, 20)
    assert needs_two(20, 1, 20)
    assert needs_two(0, 1, 0)


def test_another_one_approves_and_anybody_rejects() -> None:
    waiting, ann = BatchState.WAITING, "key_ann"
    assert settled(waiting, ann, Spoken(by="key_ben", approves=True)) is BatchState.APPROVED
    assert settled(waiting, ann, Spoken(by="key_ben", approves=False)) is BatchState.REJECTED
    assert settled(waiting, ann, Spoken(by=ann, approves=False)) is BatchState.REJECTED
    with pytest.raises(BatchRefused, match="another key or account"):
        settled(waiting, ann, Spoken(by=ann, approves=True))


def test_what_is_settled_stays_so_and_what_was_broken_off_is_carried_on() -> None:
    assert settled(BatchState.APPROVED, "ann", Spoken(by="ann", approves=True)) is BatchState.APPROVED
    for state in (BatchState.DONE, BatchState.REJECTED):
        for approves in (True, False):
            with pytest.raises(BatchRefused, match=state.value):
                settled(state, "ann", Spoken(by="ben", approves=approves))
    with pytest.raises(BatchRefused):
        settled(BatchState.APPROVED, "ann", Spoken(by="ben", approves=False))
