"""A leash: a program that was started by another ends with it, however that one ends."""

import os
import signal
import sys
import threading

__all__ = ["main"]


def _follow() -> None:
    """Whoever started us holds the other end of standard input; when it is let go, we are told to stop."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """``python -m samples.leash serve …``: the command line of nakanohito, on a leash."""
    threading.Thread(target=_follow, name="leash", daemon=True).start()
    from monitor.cli import main as command

    sys.argv[0] = "nakanohito"
    command()


if __name__ == "__main__":
    main()
