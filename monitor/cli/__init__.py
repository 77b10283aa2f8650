"""The command line: ``nakanohito``."""

from monitor.cli.commands import app


def main() -> None:
    """Run the command line."""
    app()


__all__ = ["app", "main"]
