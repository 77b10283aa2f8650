"""Draws a table of the channel as a Mermaid state diagram, for the documentation; a test keeps the two equal."""

from protocols.channel.table import Move, S, Table


def draw(table: Table[S], start: S, sent: frozenset[Move], received: frozenset[Move]) -> str:
    """The diagram: messages that are sent are marked ``!``, messages received ``?``; one arrow for each pair."""
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
