"""``python -m monitor``: the command line, where the package is not installed as ``nakanohito``."""

from monitor.cli import main

main()
