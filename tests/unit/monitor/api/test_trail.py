"""Whatever an account looks at or does stands in the ledger before it is shown or done: of every operation there is."""

import json

from fastapi.routing import APIRoute

from monitor.api.application import _ROUTERS
from monitor.api.auth import GuardedRoute
from monitor.api.trail import ACTED, VIEWED
from tests.unit.monitor.api.browser import signed_in
from tests.unit.monitor.api.world import World

NOT_MODERATORS = ("/v1/own", "/v1/whip/", "/v1/shifts", "/v1/passkeys/registrations", "/passkey", "/report")
"""What operators, publishers and the public ask for."""
AT_THE_DOOR = "/v1/sign-in"
"""Which has entries of its own: account.signed_in, account.stepped_up, account.signed_out."""
FIGURES = {"/healthz", "/readyz", "/metrics", "/v1/reports/{report}"}
"""The service's own, and a report for whoever has its secret."""


def test_every_other_operation_enters_what_it_shows_or_does() -> None:
    routes = [route for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    unguarded = {route.path for route in routes if not isinstance(route, GuardedRoute)}
    assert {path for path in unguarded if not path.startswith((*NOT_MODERATORS, AT_THE_DOOR))} == FIGURES
    assert len(routes) - len(unguarded) > 70


async def test_reports_batches_and_notices_leave_their_entries(world: World) -> None:
    visiting = await signed_in(world, "admin")
    who = (await visiting.ask("GET", "/v1/sign-in")).json()["account"]["id"]
    filed = (await world.client.post("/v1/reports", json={"text": "it loops"})).json()["id"]
    wish = {"act": "reinstate", "subjects": [world.avatar], "reason": "it is theirs"}
    assert (await visiting.ask("GET", f"/v1/reports/{filed}/details")).status_code == 200
    assert (await visiting.ask("POST", f"/v1/reports/{filed}/answer", {"text": "we looked"})).status_code == 200
    made = (await visiting.ask("POST", "/v1/registry-batches", wish)).json()["id"]
    assert (await visiting.ask("GET", f"/v1/registry-batches/{made}")).status_code == 200
    entries = await world.registry.ledger.read()
    trail = [(entry.kind, json.loads(entry.body)["operation"]) for entry in entries if entry.kind in (VIEWED, ACTED)]
    assert [one for one in trail if one[0] == ACTED] == [
        (ACTED, "reports-answer"),
        (ACTED, "registrations-propose"),
    ]
    assert len([one for one in trail if one[0] == VIEWED]) == 2
    acts = {entry.kind: json.loads(entry.body) for entry in entries}
    assert acts["report.answered"]["by"] == acts["batch.proposed"]["by"] == who
    assert acts["batch.done"]["outcome"] == {world.avatar: "done"}
