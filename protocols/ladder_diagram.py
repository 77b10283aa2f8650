"""Draws the table of the ladder as a Mermaid state diagram for the documentation; a test keeps the two equal."""

from protocols.ladder import Rung, rows


def draw() -> str:
    """One arrow for each pair of rungs, with the signals that lead from the one to the other."""
    arrows: dict[tuple[Rung, Rung], list[str]] = {}
    for row in rows():
        for onto in row.onto:
            if onto is not row.rung:
                arrows.setdefault((row.rung, onto), []).append(row.signal.value)
    lines = ["stateDiagram-v2", f"    [*] --> {Rung.WATCHING}"]
    lines += [f"    {rung} --> {onto}: {', '.join(signals)}" for (rung, onto), signals in arrows.items()]
    return "\n".join([*lines, f"    {Rung.RESTORED} --> [*]"]) + "\n"
