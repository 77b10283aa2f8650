"""``nakanohito report``: the transparency report of a span of time."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, put_json
from protocols.transparency import text


def report(
    ctx: typer.Context,
    since: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, in UTC, such as 2026-01-01.")
    ],
    before: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The day after the last one.")],
    as_json: AsJson = False,
) -> None:
    """Count what was done, decided, appealed against and reported: counts, times, overturn rate."""
    span = {"since": since.replace(tzinfo=UTC).isoformat(), "before": before.replace(tzinfo=UTC).isoformat()}
    found = client(ctx).get("/v1/transparency", span)
    put_json(found) if as_json else typer.echo(text(found))
