"""``nakanohito attach``: have a live stream monitored."""

from typing import Annotated, Any

import typer

from monitor.cli.client import Client, client
from monitor.cli.place import place
from monitor.cli.screen import AsJson, fail, put_card, put_json


def attach(
    ctx: typer.Context,
    avatar: Annotated[str, typer.Option(help="The avatar that it claims to show: id or name.")],
    operator: Annotated[list[str], typer.Option(help="Id of an operator who may drive it; once for each.")],
    url: Annotated[
        str | None, typer.Argument(help="Address of the stream: rtmp://…, http(s)://….m3u8, .flv or /whep, file://…")
    ] = None,
    whip: Annotated[bool, typer.Option("--whip", help="A publisher will push to us over WHIP.")] = False,
    kind: Annotated[
        str | None, typer.Option(help="Kind of the source where the address does not tell: rtmp, hls, flv, whep, file.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Policy that it is judged by: name or name@version; the avatar's own profile where absent."),
    ] = None,
    callback: Annotated[str | None, typer.Option(help="Where webhooks about it are sent.")] = None,
    placement: Annotated[
        str | None, typer.Option(metavar="SERVER/APP/STREAM", help="Where to cut it, on a server of the settings.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="The broadcaster's account in your own system.")] = None,
    as_json: AsJson = False,
) -> None:
    """Attach a live stream: from now on it is watched, and cut when nobody drives it."""
    if whip == (url is not None):
        fail("Give the stream's address, or --whip, and not both.", 2)
    service = client(ctx)
    request: dict[str, Any] = {
        "avatar": avatar,
        "operators": operator,
        "policy": policy,
        "callback_url": callback,
        "placement": None if placement is None else place(placement),
        "account": account,
    }
    if whip or kind is not None:
        request["source"] = {"kind": "whip" if whip else kind, "url": url}
    else:
        request["url"] = url
    session = service.post("/v1/sessions", request)
    if as_json:
        put_json(session)
    else:
        _show(service, session)


def _show(service: Client, session: dict[str, Any]) -> None:
    pairs = {"session": session["id"], "state": session["state"], "policy": session["policy"]}
    if session.get("whip"):
        pairs["publish to"] = service.url + session["whip"]["url"]
        pairs["publish token"] = session["whip"]["token"]
    pairs["follow it"] = f"nakanohito sessions follow {session['id']}"
    put_card(pairs)
