"""Nonces: each once, within its time, and nobody can guess the next."""

from protocols.channel.nonce import Nonces

SEED = b"s" * 32


def test_a_nonce_is_taken_back_once() -> None:
    nonces = Nonces(SEED, 10.0)
    nonce = nonces.issue(0.0)
    assert nonces.redeem(nonce, 1.0)
    assert not nonces.redeem(nonce, 1.0)
    assert not nonces.redeem("never issued", 1.0)


def test_a_nonce_has_its_time() -> None:
    nonces = Nonces(SEED, 10.0)
    assert nonces.redeem(nonces.issue(0.0), 10.0)
    late = nonces.issue(0.0)
    assert not nonces.redeem(late, 10.1)
    assert not nonces.redeem(late, 1.0)


def test_older_ones_go_with_a_newer_one() -> None:
    nonces = Nonces(SEED, 10.0)
    old, new, newest = (nonces.issue(at) for at in (0.0, 1.0, 2.0))
    assert nonces.redeem(new, 2.0)
    assert not nonces.redeem(old, 2.0)
    assert nonces.redeem(newest, 2.0)


def test_few_are_remembered() -> None:
    nonces = Nonces(SEED, 10.0)
    issued = [nonces.issue(0.0 + n / 1000) for n in range(65)]
    assert not nonces.redeem(issued[0], 0.1)
    assert nonces.redeem(issued[1], 0.1)


def test_they_differ_between_seeds_and_calls() -> None:
    one, two = Nonces(SEED, 1.0), Nonces(b"t" * 32, 1.0)
    drawn = {one.fresh(), one.fresh(), two.fresh(), two.fresh()}
    assert len(drawn) == 4
    assert {len(nonce) for nonce in drawn} == {22}


def test_a_nonce_is_good_for_its_time_whenever_it_was_issued() -> None:
    for begin in (0.0, 100.0, 1e6):
        nonces = Nonces(bytes(32), ttl=10.0)
        assert nonces.redeem(nonces.issue(begin), begin + 10.0) is True
        assert nonces.redeem(nonces.issue(begin), begin + 10.001) is False
