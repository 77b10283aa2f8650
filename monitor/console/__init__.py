"""The pages: their sources, and in ``dist/`` what ``make`` has built of them."""

from pathlib import Path

BUILT = Path(__file__).parent / "dist"
"""Where the built pages lie; not there where nobody has built them."""

NOT_BUILT = "The console is not built, and the API is served without it; 'make console' builds it."
"""The one line for that."""
