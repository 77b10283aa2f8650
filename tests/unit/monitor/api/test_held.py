import asyncio

from protocols.observation import Presence
from registry.apikey import Scope
from tests.unit.monitor.api.world import World


async def test_a_person_sees_that_all_cuts_are_held_and_lets_them_go_on(world: World) -> None:
    assert (await world.client.get("/v1/held")).json()["held"] is False
    for connected in (True, False):
        for number in range(3):
            told = Presence(at=0.0, operator="op", connected=connected, cause="silent")
            world.service.breaker.heard(f"s{number}", told)
    await asyncio.sleep(0)
    held = (await world.client.get("/v1/held")).json()
    assert (held["held"], held["lapsed"], held["losses"], held["lost"]) == (True, 3, {"no_answer": 3}, 3)
    reason = {"reason": "the provider's network is back"}
    unfit = await world.key(Scope.CUTS_READ)
    assert (await world.client.post("/v1/held/release", json=reason, headers=unfit)).status_code == 403
    assert (await world.client.post("/v1/held/release", json=reason)).json()["held"] is False
