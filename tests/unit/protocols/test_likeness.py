import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.evidence import Finding
from protocols.likeness import LikenessCalibration, LikenessState, LikenessTrack, similarity
from protocols.observation import Look
from protocols.policy import LikenessPolicy

CALIBRATION = LikenessCalibration(
    centre=0.45,
    slope=12.0,
    cap=4.0,
    memory=0.5,
    independent_s=2.0,
    least_confidence=0.3,
    full_confidence=0.7,
    stale_s=20.0,
)
LENGTH = 8
POLICY = LikenessPolicy()


def towards(**parts):
    """A vector of length one out of the named axes: a is the claimed avatar's, b another's, c nobody's."""
    vector = np.zeros(LENGTH, np.float32)
    for axis, share in parts.items():
        vector["abcdefgh".index(axis)] = share
    return vector / np.linalg.norm(vector)


def references(axis, *, like=None):
    around = [towards(**{axis: 1.0}), towards(**{axis: 1.0, "g": 0.2}), towards(**{axis: 1.0, "h": 0.2})]
    return np.stack(around if like is None else [towards(**{axis: 1.0, like: 0.3})])


def track(**gallery):
    others = gallery or {"other": references("b")}
    return LikenessTrack(references("a"), others, CALIBRATION, POLICY)


def run(subject, axes, *, step=2.0, confidence=0.9) -> list[LikenessState]:
    """One look per letter, ``-`` for nothing seen."""
    states = []
    for number, axis in enumerate(axes):
        vector = None if axis == "-" else towards(**{axis: 1.0, "e": 0.2})
        states.append(subject.look(Look(at=number * step, vector=vector, confidence=confidence)))
    return states


def verdicts(states):
    return "".join({"pass": "p", "fail": "f", "unknown": "u"}[s.verdict] for s in states)


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ("aaaa", "pppp"),  # the claimed avatar
        ("bbbb", "ffff"),  # another registered one
        ("cccc", "ffff"),  # one that nobody registered
        ("----", "uuuu"),  # nothing to be seen
        ("aaabaa", "pppupp"),  # one wrong look among good ones leaves a doubt, no more
        ("aaa--a", "pppppp"),  # looking away for a moment neither
        ("bbbaaa", "fffupp"),  # the claimed avatar comes back
    ],
)
def test_a_sequence_of_looks_becomes_a_verdict(axes, expected):
    assert verdicts(run(track(), axes)) == expected


@pytest.mark.parametrize("other", ["b", "c"])
def test_a_swap_is_noticed_within_two_looks_and_dated_to_the_first(other):
    states = run(track(), "aaaaa" + other * 3)
    assert [s.verdict for s in states[:5]] == [Finding.PASS] * 5
    assert states[6].verdict is Finding.FAIL
    assert states[6].changed_at == 10.0
    assert states[6].noticed_at == 12.0


def test_no_swap_is_reported_where_the_claimed_avatar_was_never_seen():
    assert all(s.changed_at is None for s in run(track(), "bbbbcccc"))


def test_the_last_swap_is_the_one_reported():
    states = run(track(), "aaaabbbbaaaabbb")
    assert states[7].changed_at == 8.0
    assert states[-1].changed_at == 24.0


def test_not_seen_well_enough_is_unknown_never_a_mismatch():
    assert set(verdicts(run(track(), "bbbbbb", confidence=0.2))) == {"u"}


def test_what_is_half_hidden_speaks_for_an_avatar_but_not_against_it():
    assert set(verdicts(run(track(), "bbbbcccc", confidence=0.45))) == {"u"}
    assert verdicts(run(track(), "aaaa", confidence=0.45))[-1] == "p"


def test_an_avatar_that_stays_hidden_is_unknown_once_the_answer_is_stale():
    subject = track()
    run(subject, "aaaa")
    hidden = [subject.look(Look(at=8.0 + 2 * n, vector=towards(c=1.0), confidence=0.45)) for n in range(12)]
    assert verdicts(hidden) == "p" * 10 + "u" * 2
    assert hidden[0].similarity == pytest.approx(0.0)
    assert hidden[0].weight == 0.0
    assert all(s.changed_at is None for s in hidden)


def test_an_answer_grows_stale():
    subject = track()
    run(subject, "aaaa")
    late = subject.look(Look(at=100.0, vector=None, confidence=0.0))
    assert late.verdict is Finding.UNKNOWN
    assert late.probability == 0.5


def test_looks_of_one_moment_count_once():
    subject = track()
    first = subject.look(Look(at=1.0, vector=towards(c=1.0), confidence=0.9))
    for _ in range(20):
        again = subject.look(Look(at=1.0, vector=towards(c=1.0), confidence=0.9))
    assert again.log_odds == pytest.approx(first.log_odds)


def test_a_fresh_look_after_a_cut_counts_at_once_and_discounts_what_was_known():
    plain, fresh = track(), track()
    for subject in (plain, fresh):
        run(subject, "aaaa")
    look = Look(at=6.04, vector=towards(c=1.0), confidence=0.9)
    kept = plain.look(look)
    doubted = fresh.look(Look(at=look.at, vector=look.vector, confidence=look.confidence, fresh=True))
    assert kept.verdict is Finding.PASS
    assert doubted.verdict is not Finding.PASS


def test_a_registered_look_alike_speaks_against_more_than_a_stranger():
    between = towards(a=1.0, b=1.0)
    alone = LikenessTrack(references("a"), {}, CALIBRATION, POLICY)
    look = Look(at=0.0, vector=between, confidence=0.9)
    assert track().look(look).weight < alone.look(look).weight


def test_the_same_pictures_under_another_name_are_no_rival():
    subject = track(twin=references("a"), other=references("b"))
    states = run(subject, "aaaa")
    assert verdicts(states) == "pppp"
    assert states[-1].best_other is not None
    assert states[-1].best_other[0] == "other"
    assert subject.standing()["twin"] == pytest.approx(states[-1].score)
    assert subject.standing()["other"] < 0


def test_who_is_forgotten_is_weighed_no_longer_as_if_never_there():
    whole = track(other=references("b"), third=references("c"), twin=references("a"))
    held = whole._references
    whole.forget("third")
    whole.forget("nobody")
    without = track(other=references("b"), twin=references("a"))
    assert run(whole, "acb") == run(without, "acb")
    assert whole.standing() == without.standing()
    assert not (held @ towards(c=1.0) > 0.9).any()  # nothing of it is left in memory
    whole.forget("other")
    whole.join("other", references("d"))
    assert run(whole, "d")[-1].best_other[0] == "other"


def test_a_track_that_forgot_everybody_holds_nothing():
    subject = track()
    held = subject._references
    subject.forget_all()
    assert not held.any()
    assert len(subject._references) == 0


def test_who_joins_later_is_weighed_from_then_on_as_if_always_there():
    late, early = track(other=references("b")), track(other=references("b"), third=references("c"))
    late.join("third", references("c"))
    late.join("third", references("d"))  # known already: stays as it is
    assert late.look(Look(at=0.0, vector=towards(c=1.0), confidence=0.9)) == early.look(
        Look(at=0.0, vector=towards(c=1.0), confidence=0.9)
    )
    late.join("twin", references("a"))
    assert late.look(Look(at=2.0, vector=towards(a=1.0), confidence=0.9)).best_other[0] != "twin"
    with pytest.raises(ValueError, match="references"):
        late.join("wrong", np.zeros((0, LENGTH), np.float32))


def test_best_other_names_whom_the_picture_is_like():
    state = run(track(other=references("b"), third=references("d")), "b")[-1]
    assert state.best_other is not None
    assert state.best_other[0] == "other"
    assert state.best_other[1] > 0.9


def test_similarity_is_the_mean_of_the_two_best():
    rows = np.stack([towards(a=1.0), towards(b=1.0), towards(c=1.0)])
    assert similarity(rows, towards(a=1.0, b=1.0)) == pytest.approx(math.sqrt(0.5))
    assert similarity(rows[:1], towards(a=1.0)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "bad", [np.zeros((0, LENGTH)), np.zeros(LENGTH), np.zeros((2, 5)), np.full((1, LENGTH), np.nan)]
)
def test_unusable_references_are_refused(bad):
    with pytest.raises(ValueError, match="references"):
        LikenessTrack(references("a"), {"bad": bad.astype(np.float32)}, CALIBRATION, POLICY)


@pytest.mark.parametrize("bad", [np.zeros(5), np.full(LENGTH, np.inf), np.zeros((1, LENGTH))])
def test_unusable_vectors_are_refused(bad):
    with pytest.raises(ValueError, match="vector"):
        track().look(Look(at=0.0, vector=bad.astype(np.float32), confidence=0.9))


@pytest.mark.parametrize(
    "change",
    [
        {"centre": 1.5},
        {"slope": 0.0},
        {"cap": -1.0},
        {"memory": 1.0},
        {"least_confidence": 0.8},
        {"full_confidence": 1.2},
        {"least_against": 0.2},
        {"least_against": 0.7},
        {"stale_s": math.inf},
        {"slope": math.nan},
    ],
)
def test_an_impossible_calibration_is_refused(change):
    values = {name: getattr(CALIBRATION, name) for name in CALIBRATION.__slots__}
    with pytest.raises(ValueError, match=r"must|is a|lies between"):
        LikenessCalibration(**(values | change))


looks_seen = st.lists(
    st.tuples(
        st.floats(0, 5),
        st.one_of(st.none(), st.lists(st.floats(-1, 1), min_size=LENGTH, max_size=LENGTH)),
        st.floats(0, 1),
        st.booleans(),
    ),
    max_size=30,
)


def played(steps, subject):
    at, states = 0.0, []
    for gap, numbers, confidence, fresh in steps:
        at += gap
        vector = None if numbers is None else np.array(numbers, np.float32)
        if vector is not None:
            vector = vector / max(float(np.linalg.norm(vector)), 1e-3)
        states.append(subject.look(Look(at=at, vector=vector, confidence=confidence, fresh=fresh)))
    return states


@given(looks_seen)
def test_whatever_is_seen_the_figures_stay_in_bounds_and_repeat(steps):
    states = played(steps, track())
    for state in states:
        assert 0.0 <= state.probability <= 1.0
        assert abs(state.weight) <= CALIBRATION.cap
        assert abs(state.log_odds) <= CALIBRATION.cap / (1 - CALIBRATION.memory) + 1e-9
        assert (state.changed_at is None) == (state.noticed_at is None)
        if state.changed_at is not None and state.noticed_at is not None:
            assert state.changed_at <= state.noticed_at <= state.at
    assert played(steps, track()) == states


@given(looks_seen)
def test_a_verdict_needs_the_evidence_that_the_policy_asks_for(steps):
    before = Finding.UNKNOWN
    for state in played(steps, track()):
        if state.verdict is not before and state.verdict is Finding.FAIL:
            assert state.probability <= POLICY.fail_at
        if state.verdict is not before and state.verdict is Finding.PASS:
            assert state.probability >= POLICY.pass_at
        before = state.verdict


@given(looks_seen)
def test_looks_without_confidence_never_fail_anybody(steps):
    dim = [(gap, numbers, confidence * 0.29, fresh) for gap, numbers, confidence, fresh in steps]
    assert all(s.verdict is Finding.UNKNOWN and s.weight == 0.0 for s in played(dim, track()))


@given(looks_seen, st.permutations(["b", "c", "d"]))
def test_the_order_of_the_gallery_does_not_matter(steps, order):
    one = played(steps, track(**{axis: references(axis) for axis in "bcd"}))
    two = played(steps, track(**{axis: references(axis) for axis in order}))
    assert [s.log_odds for s in one] == pytest.approx([s.log_odds for s in two])
