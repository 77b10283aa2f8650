"""Draws a table of the channel as a Mermaid state diagram for the documentation; a test keeps the two equal."""

from protocols.channel.table import CLIENT, FROM_CLIENT, FROM_SERVER, SERVER, ClientState, Move, S, ServerState, Table


def server() -> str:
    """The server's side of one connection."""
    return _draw(SERVER, ServerState.GREETING, sent=FROM_SERVER, received=FROM_CLIENT)


def client() -> str:
    """The operator's side of one connection."""
    return _draw(CLIENT, ClientState.WAITING, sent=FROM_CLIENT, received=FROM_SERVER)


def _draw(table: Table[S], start: S, *, sent: frozenset[Move], received: frozenset[Move]) -> str:
    """One arrow for each pair of states; what is sent is marked ``!``, what is received ``?``."""
    lines = ["stateDiagram-v2", f"    [*] --> {start}"]
    for state, moves in table.items():
        arrows: dict[S, list[str]] = {}
        for move, following in moves.items():
            arrows.setdefault(following, []).append(_label(move, sent, received))
        lines += [f"    {state} --> {following}: {', '.join(labels)}" for following, labels in arrows.items()]
    lines += [f"    {state} --> [*]" for state, moves in table.items() if not moves]
    return "\n".join(lines) + "\n"


def _label(move: Move, sent: frozenset[Move], received: frozenset[Move]) -> str:
    if move in sent:
        return f"!{move}"
    return f"?{move}" if move in received else str(move)
