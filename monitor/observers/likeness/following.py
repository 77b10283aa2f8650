"""Following: from look to look of one stream, the avatar is looked for first where it was."""

import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.sight import Sight, Sighting

_BLIND = 3  # looks in a row that go without the locator; it alone sees an avatar that came to stand beside


class Following:
    """The looks at one stream, in order; not to be shared between threads.

    Where the avatar stood before, the picture is encoded at once. Only if that is clearly whom the locator found last,
    the locator is spared: an avatar that moved, was swapped or covered is looked for on the whole picture, and so is
    every one after a scene cut. The vector is always of the present picture, so whose it is, is judged anew each time.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._found: Sighting | None = None
        self._shape: tuple[int, ...] = ()
        self._blind = 0

    def look(self, picture: NDArray[np.uint8], *, fresh: bool) -> Sighting | None:
        """The most prominent avatar on ``picture`` (H, W, 3) uint8 BGR; ``fresh``: it may show quite another scene.

        Raises ValueError for what is no picture.
        """
        if self._found is not None and not fresh and picture.shape == self._shape and self._blind < _BLIND:
            again = self._sight.again(picture, self._found)
            if again is not None:
                self._blind += 1
                return again
        self._found, self._shape, self._blind = self._sight.look(picture), picture.shape, 0
        return self._found
