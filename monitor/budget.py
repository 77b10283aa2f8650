"""The budget of full-rate windows: decoding every frame costs about ten times the keyframes alone."""

from monitor import metrics


class WindowBudget:
    """How many streams may be watched at full rate at once; the others wait their turn with their keyframes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: set[str] = set()

    def take(self, session: str) -> bool:
        """Take a place, if one is free or held already."""
        if len(self._held) < self._most:
            self._held.add(session)
        metrics.WINDOWS.set(len(self._held))
        return session in self._held

    def give_back(self, session: str) -> None:
        """Give the place back, if it is held."""
        self._held.discard(session)
        metrics.WINDOWS.set(len(self._held))

    def holds(self, session: str) -> bool:
        """Whether the session has a place."""
        return session in self._held
