"""``nakanohito operators``: enrol, list, show, revoke."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.client import client
from monitor.cli.screen import AsJson, fail, put_card, put_json, put_table, say
from monitor.operator.device import KeyRefused, generate, load, public
from protocols.backend import key_bytes

app = typer.Typer(add_completion=False)

OperatorArgument = Annotated[str, typer.Argument(metavar="OPERATOR", help="Id of the operator.")]


@app.command()
def enrol(
    ctx: typer.Context,
    issuer: Annotated[str, typer.Option(help="Who checked the person's identity.")],
    pseudonym: Annotated[
        str, typer.Option(help="The issuer's pairwise pseudonym for the person; never a name or an ID number.")
    ],
    assurance: Annotated[str, typer.Option(help="The issuer's assurance level.")],
    device_key: Annotated[
        str, typer.Option(help="Public key of the device in base64, or the file of a device key; made if not there.")
    ],
    verified_at: Annotated[
        datetime | None, typer.Option(help="When the issuer checked it, UTC unless it says otherwise; now if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a person whose identity an issuer has checked, with the key of the person's device."""
    service = client(ctx)
    moment = None if verified_at is None else _aware(verified_at).isoformat()
    request = {
        "issuer": issuer,
        "pseudonym": pseudonym,
        "assurance": assurance,
        "device_key": _public(device_key),
        "verified_at": moment,
    }
    _put(service.post("/v1/operators", request), as_json)


@app.command()
def verify(
    ctx: typer.Context,
    token: Annotated[Path, typer.Option(help="File that holds the issuer's token: an ID token or an assertion.")],
    device_key: Annotated[
        str | None, typer.Option(help="Public key of the device, or the file of a device key; made if not there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a person by what an identity provider of the settings has verified, or note that it did so anew."""
    try:
        text = token.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{token} cannot be read: {error}.", 2)
    request = {"token": text, "device_key": None if device_key is None else _public(device_key)}
    _put(client(ctx).post("/v1/operators/verifications", request), as_json)


@app.callback(invoke_without_command=True)
def without_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Operators: enrol, list, show, revoke. Without a command: list."""
    if ctx.invoked_subcommand is None:
        listed(ctx, as_json=as_json)


@app.command("list")
def listed(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List operators, newest first."""
    found = client(ctx).every("/v1/operators", most=limit)
    if as_json:
        put_json(found)
        return
    columns = {
        "operator": "id",
        "state": "state",
        "issuer": "issuer",
        "pseudonym": "pseudonym",
        "assurance": "assurance",
        "verified": "verified_at",
    }
    put_table(found, columns, nothing="No operator yet; 'nakanohito operators enrol' makes one known.")


@app.command()
def show(ctx: typer.Context, operator: OperatorArgument, as_json: AsJson = False) -> None:
    """Show an operator."""
    _put(client(ctx).get(f"/v1/operators/{operator}"), as_json)


@app.command()
def revoke(ctx: typer.Context, operator: OperatorArgument, as_json: AsJson = False) -> None:
    """Take an operator's right to drive away, for good."""
    _put(client(ctx).post(f"/v1/operators/{operator}/revoke"), as_json)


@app.command()
def invite(ctx: typer.Context, operator: OperatorArgument, as_json: AsJson = False) -> None:
    """Invite an operator to register a passkey, once; the code is shown here alone."""
    _put(client(ctx).post(f"/v1/operators/{operator}/invitations"), as_json)


@app.command()
def passkeys(ctx: typer.Context, operator: OperatorArgument, as_json: AsJson = False) -> None:
    """List an operator's passkeys."""
    found = client(ctx).get(f"/v1/operators/{operator}/passkeys")
    if as_json:
        put_json(found)
        return
    columns = {"passkey": "id", "synced": "synced", "added": "added_at", "used": "used_at"}
    put_table(found, columns, nothing="No passkey yet; 'nakanohito operators invite' lets the operator register one.")


@app.command("remove-device-key")
def remove_device_key(
    ctx: typer.Context,
    operator: OperatorArgument,
    device_key: Annotated[
        str, typer.Argument(metavar="KEY", help="Public key of the device in base64, or the file of a device key.")
    ],
    as_json: AsJson = False,
) -> None:
    """Let a device's key count no more, as when it is lost: its channels are closed and its shifts end."""
    request = {"device_key": _public(device_key, made=False)}
    _put(client(ctx).post(f"/v1/operators/{operator}/device-keys/remove", request), as_json)


@app.command("add-device-key")
def add_device_key(
    ctx: typer.Context,
    operator: OperatorArgument,
    device_key: Annotated[
        str,
        typer.Argument(metavar="KEY", help="Public key of the device, or the file of a device key; made if not there."),
    ],
    as_json: AsJson = False,
) -> None:
    """Let an operator connect from another device too."""
    request = {"device_key": _public(device_key)}
    _put(client(ctx).post(f"/v1/operators/{operator}/device-keys", request), as_json)


@app.command()
def accesses(
    ctx: typer.Context,
    operator: OperatorArgument,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Say who looked at an operator's data, newest first."""
    found = client(ctx).every(f"/v1/operators/{operator}/accesses", most=limit)
    if as_json:
        put_json(found)
        return
    put_table(found, {"at": "at", "by": "by", "what": "what"}, nothing="Nobody has looked.")


@app.command()
def export(ctx: typer.Context, operator: OperatorArgument) -> None:
    """Print everything that is kept of an operator, as JSON, to be handed to them."""
    put_json(client(ctx).get(f"/v1/operators/{operator}/export"))


@app.command("revoke-passkey")
def revoke_passkey(
    ctx: typer.Context,
    operator: OperatorArgument,
    passkey: Annotated[str, typer.Argument(metavar="PASSKEY", help="Id of the passkey.")],
    as_json: AsJson = False,
) -> None:
    """Let a passkey count no more, as when its device is lost."""
    _put(client(ctx).post(f"/v1/operators/{operator}/passkeys/{passkey}/revoke"), as_json)


def _public(text: str, *, made: bool = True) -> str:
    """The public key that ``text`` is, or that belongs to the key file of that name; ``made``: where there is none."""
    try:
        key_bytes(text)
    except ValueError:
        return _of_file(Path(text), made=made)
    return text


def _of_file(path: Path, *, made: bool) -> str:
    try:
        if path.exists():
            return public(load(path))
        if not made:
            fail(f"'{path}' is neither a public key (32 bytes in base64) nor the file of a device key.", 2)
        if "." not in path.name and path.parent == Path():
            fail(f"'{path}' is neither a public key (32 bytes in base64) nor a file; name a new file like op.key.", 2)
        fresh = public(generate(path))
    except KeyRefused as refused:
        fail(str(refused), 2)
    say(f"A device key was made in {path}; it belongs on the operator's own machine.")
    return fresh


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _put(operator: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(operator)
        return
    put_card({"operator" if name == "id" else name.replace("_", " "): value for name, value in operator.items()})
