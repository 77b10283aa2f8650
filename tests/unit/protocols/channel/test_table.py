"""The tables: every state leads to an end, and what they do not allow is somebody's fault."""

import itertools

import pytest

from protocols.channel.table import (
    CLIENT,
    FROM_CLIENT,
    FROM_SERVER,
    SERVER,
    ClientState,
    Move,
    ServerState,
    Standing,
)
from protocols.channel.violation import Fault, OurViolation, TheirViolation


@pytest.mark.parametrize(("table", "states"), [(SERVER, ServerState), (CLIENT, ClientState)])
def test_every_state_is_in_the_table_and_can_end(table, states) -> None:
    assert set(table) == set(states)
    for state in states:
        if state != "closed":
            assert {table[state][move] for move in (Move.VIOLATION, Move.DEADLINE, Move.LOST)} == {states("closed")}
    assert table[states("closed")] == {}


def test_both_sides_agree_on_who_sends_what() -> None:
    assert not FROM_CLIENT & FROM_SERVER
    talk = set(SERVER[ServerState.OPEN]) & (FROM_CLIENT | FROM_SERVER)
    assert talk == set(CLIENT[ClientState.OPEN]) & (FROM_CLIENT | FROM_SERVER)


@pytest.mark.parametrize(("state", "move"), list(itertools.product(ServerState, Move)))
def test_what_is_not_in_the_table_is_refused(state: ServerState, move: Move) -> None:
    standing = Standing(SERVER, state, FROM_CLIENT)
    assert standing.allows(move) == (move in SERVER[state])
    if standing.allows(move):
        standing.move(move)
        assert standing.state is SERVER[state][move]
    elif move in FROM_CLIENT:
        with pytest.raises(TheirViolation) as caught:
            standing.move(move)
        assert caught.value.fault is Fault.ILLEGAL
    else:
        with pytest.raises(OurViolation):
            standing.move(move)
