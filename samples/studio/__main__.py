"""``python -m samples.studio FOLDER``: write a small set of clips, portraits, telemetry and truth."""

import argparse
import sys
from pathlib import Path

from samples.studio.library import programme, write_library


def main() -> int:
    """Write the set that the command line asks for."""
    kinds = sorted({c.kind for c in programme()})
    parser = argparse.ArgumentParser(prog="python -m samples.studio", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; made if missing")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other people")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each clip (default 20)")
    parser.add_argument(
        "--only", action="append", choices=kinds, default=[], help="only clips of this kind; repeatable"
    )
    options = parser.parse_args()
    if not 4 <= options.seconds <= 3600:
        parser.error("--seconds must be between 4 and 3600")
    write_library(
        options.folder, seed=options.seed, seconds=options.seconds, kinds=options.only,
        tell=lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
