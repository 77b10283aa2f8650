"""The cast: one file for each avatar, each with ``draw() -> list[Shape]`` in painting order."""
