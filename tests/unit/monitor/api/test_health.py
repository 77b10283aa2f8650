from registry.apikey import Scope
from tests.unit.monitor.api.world import FakeHealth, World


async def test_well(world: World) -> None:
    assert (await world.client.get("/healthz")).json() == {"ok": True, "reasons": []}
    assert (await world.client.get("/readyz")).status_code == 200


async def test_not_ready_says_why_and_lives(world: World) -> None:
    world.supervisor.state = FakeHealth(ready=False, reasons=["the ledger's disk is full"])
    ready = await world.client.get("/readyz")
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["the ledger's disk is full"])
    assert (await world.client.get("/healthz")).status_code == 200


async def test_dead(world: World) -> None:
    world.supervisor.state = FakeHealth(live=False, ready=False, reasons=["stuck"])
    assert (await world.client.get("/healthz")).status_code == 503


async def test_metrics_are_open_to_this_machine_alone(world: World) -> None:
    del world.client.headers["authorization"]
    here = await world.client.get("/metrics")
    assert here.status_code == 200
    assert 'nakanohito_requests_total{method="GET"' in here.text
    proxied = {"x-forwarded-for": "198.51.100.7"}
    assert (await world.client.get("/metrics", headers=proxied)).status_code == 401
    reader = await world.key(Scope.METRICS_READ)
    assert (await world.client.get("/metrics", headers={**proxied, **reader})).status_code == 200
    other = await world.key(Scope.CUTS_READ)
    assert (await world.client.get("/metrics", headers={**proxied, **other})).status_code == 403
