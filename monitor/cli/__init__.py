"""The command line: ``nakanohito``."""

import os


def main() -> None:
    """Run the command line.

    Each thread of ours calculates alone, unless the environment says otherwise. NumPy, which commands import, would
    divide its small matrices among all cores, where helpers wait for each other in busy loops: a window that takes
    20 ms on one core took a second on two that had other work.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from monitor.cli.commands import app  # not before: NumPy looks at the environment once, when it is imported

    app()
