"""``nakanohito bookings``: put, list, show, remove."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.place import place
from monitor.cli.screen import AsJson, fail, put_card, put_json, put_table

app = typer.Typer(add_completion=False)

PlaceArgument = Annotated[str, typer.Argument(metavar="SERVER/APP/STREAM", help="The place on a server.")]


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Bookings: what may be published where. Put, list, show, remove. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command()
def put(
    ctx: typer.Context,
    where: PlaceArgument,
    avatar: Annotated[str, typer.Option(help="The avatar that goes on air there: id or name.")],
    operator: Annotated[list[str], typer.Option(help="Id of an operator who may drive it; once for each.")],
    shift: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OPERATOR=BEGINS/ENDS",
            help="When that operator may drive, ISO 8601; either end may be left out. At any time without one.",
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="Policy that broadcasts are judged by: name or name@version; the avatar's own profile where absent."
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where it is watched; where the settings say, if absent.")] = None,
    callback: Annotated[str | None, typer.Option(help="Where webhooks about its sessions are sent.")] = None,
    account: Annotated[str | None, typer.Option(help="The broadcaster's account in your own system.")] = None,
    as_json: AsJson = False,
) -> None:
    """Book a place: who publishes there goes on air as this avatar, and is monitored from the first moment."""
    shifts: dict[str, list[dict[str, str | None]]] = {each: [] for each in operator}
    for text in shift or []:
        whose, _, times = text.partition("=")
        if whose not in shifts:
            fail(f"The shift '{text}' is of an operator that no --operator names.", 2)
        shifts[whose].append(_shift(text, times))
    request: dict[str, Any] = {
        "avatar": avatar,
        "roster": [{"operator": each, "shifts": shifts[each]} for each in operator],
        "policy": policy,
        "url": url,
        "callback_url": callback,
        "account": account,
    }
    _put(client(ctx).put(_path(where), request), as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List bookings, newest first."""
    found = client(ctx).every("/v1/bookings", most=limit)
    if as_json:
        put_json(found)
        return
    columns = {
        "place": "place",
        "avatar": "avatar",
        "operators": "operators",
        "policy": "policy",
        "booked": "booked_at",
    }
    put_table(
        [_row(booking) for booking in found], columns, nothing="Nothing is booked; 'nakanohito bookings put' does."
    )


@app.command()
def show(ctx: typer.Context, where: PlaceArgument, as_json: AsJson = False) -> None:
    """Show the booking of a place."""
    _put(client(ctx).get(_path(where)), as_json)


@app.command()
def remove(ctx: typer.Context, where: PlaceArgument, as_json: AsJson = False) -> None:
    """Take a booking back; a broadcast that is on air goes on."""
    _put(client(ctx).delete(_path(where)), as_json)


def _path(where: str) -> str:
    parts = place(where)
    return f"/v1/bookings/{parts['server']}/{parts['app']}/{parts['stream']}"


def _shift(text: str, times: str) -> dict[str, str | None]:
    begins, slash, ends = times.partition("/")
    if not slash:
        fail(f"'{text}' is no shift; write it like op_1=2026-11-26T10:00Z/2026-11-26T12:00Z.", 2)
    return {"begins": _moment(text, begins), "ends": _moment(text, ends)}


def _moment(shift: str, text: str) -> str | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"In the shift '{shift}' '{text}' is no moment; write it like 2026-11-26T10:00Z.", 2)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).isoformat()


def _row(booking: dict[str, Any]) -> dict[str, Any]:
    where = booking["placement"]
    operators = [_roster(each) for each in booking["roster"]]
    return {**booking, "place": f"{where['server']}/{where['app']}/{where['stream']}", "operators": operators}


def _roster(rostered: dict[str, Any]) -> str:
    shifts = [f"{shift['begins'] or ''}/{shift['ends'] or ''}" for shift in rostered["shifts"]]
    return f"{rostered['operator']} ({' '.join(shifts)})" if shifts else str(rostered["operator"])


def _put(booking: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(booking)
        return
    names = ("place", "avatar", "operators", "policy", "url", "callback_url", "account", "booked_at")
    row = _row(booking)
    put_card({name.replace("_", " "): row.get(name) for name in names})
