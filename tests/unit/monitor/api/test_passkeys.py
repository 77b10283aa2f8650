"""Registering a passkey by invitation, over HTTP; the browser's part is played by an authenticator of our own."""

from typing import Any

import httpx
import pytest

from protocols.passkey.ceremony import PasskeyRefused
from registry.error import NotFound
from registry.state import Purpose
from tests.servers.authenticator import Authenticator
from tests.unit.monitor.api.world import World

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


async def invited(world: World) -> str:
    answer = await world.client.post(f"/v1/operators/{world.operator}/invitations")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["link"] == f"http://localhost:8470/operator/invitation#{told['code']}"
    return str(told["code"])


async def begun(world: World, code: str) -> httpx.Response:
    return await world.client.post("/v1/passkeys/registrations", json={"code": code}, headers={"authorization": ""})


async def registered(world: World, device: Authenticator, **more: Any) -> httpx.Response:
    ceremony = (await begun(world, await invited(world))).json()
    answer = {"credential": device.create(ceremony["options"]), **more}
    path = f"/v1/passkeys/registrations/{ceremony['ceremony']}"
    return await world.client.post(path, json=answer, headers={"authorization": ""})


async def test_an_invited_operator_registers_a_passkey_and_a_device_without_an_api_key(world: World) -> None:
    answer = await registered(world, Authenticator(synced=True), device_key=KEY)
    assert answer.status_code == 201, answer.text
    passkey = answer.json()
    assert (passkey["holder"], passkey["synced"], passkey["used_at"]) == (world.operator, True, None)
    assert (await world.client.get(f"/v1/operators/{world.operator}/passkeys")).json() == [passkey]
    assert KEY in (await world.client.get(f"/v1/operators/{world.operator}")).json()["device_keys"]
    gone = await world.client.post(f"/v1/operators/{world.operator}/passkeys/{passkey['id']}/revoke")
    assert gone.json()["revoked_at"] is not None
    assert (await world.client.get(f"/v1/operators/{world.operator}/passkeys")).json() == []


async def test_a_device_that_is_lost_is_removed_and_another_is_added(world: World) -> None:
    path = f"/v1/operators/{world.operator}/device-keys"
    (before,) = (await world.client.get(f"/v1/operators/{world.operator}")).json()["device_keys"]
    assert (await world.client.post(path, json={"device_key": KEY})).json()["device_keys"] == [before, KEY]
    gone = await world.client.post(f"{path}/remove", json={"device_key": before})
    assert (gone.status_code, gone.json()["device_keys"]) == (200, [KEY])
    again = await world.client.post(f"{path}/remove", json={"device_key": before})
    assert (again.status_code, again.json()["detail"]) == (404, f"Operator {world.operator} has no such device key.")


async def test_a_code_is_good_once_even_where_two_began_with_it(world: World) -> None:
    code = await invited(world)
    first, second = (await begun(world, code)).json(), (await begun(world, code)).json()
    answers = []
    for ceremony in (first, second, first):
        body = {"credential": Authenticator().create(ceremony["options"])}
        answers.append(await world.client.post(f"/v1/passkeys/registrations/{ceremony['ceremony']}", json=body))
    assert [answer.status_code for answer in answers] == [201, 404, 404]
    assert (await begun(world, code)).status_code == 404
    assert (await begun(world, "A" * 27)).json()["detail"].startswith("This invitation is used, over, or was never")


async def test_a_response_that_proves_nothing_registers_nothing(world: World) -> None:
    refused = await registered(world, Authenticator(verifies=False))
    assert (refused.status_code, refused.json()["detail"][:30]) == (422, "This passkey could not be regi")
    assert await world.registry.passkeys.of(world.operator) == ()


async def test_a_revoked_operator_is_invited_no_more(world: World) -> None:
    await world.client.post(f"/v1/operators/{world.operator}/revoke")
    answer = await world.client.post(f"/v1/operators/{world.operator}/invitations")
    assert (answer.status_code, answer.json()["other"]) == (409, world.operator)


async def test_an_assertion_tells_whose_passkey_it_is_once(world: World) -> None:
    device = Authenticator(count=1)
    await registered(world, device)
    begun = await world.service.passkeys.begin(Purpose.SIGN_IN)
    answer = device.get(begun.options)
    proof = await world.service.passkeys.finish(begun.ceremony, Purpose.SIGN_IN, answer)
    assert (proof.passkey.holder, proof.passkey.sign_count) == (world.operator, 2)
    with pytest.raises(NotFound):
        await world.service.passkeys.finish(begun.ceremony, Purpose.SIGN_IN, answer)


async def test_somebody_elses_passkey_and_a_synced_one_do_not_count_where_they_may_not(world: World) -> None:
    device = Authenticator(synced=True)
    await registered(world, device)
    service = world.service.passkeys
    for holder, synced, words in (("op_other", True, "not registered"), (world.operator, False, "several devices")):
        begun = await service.begin(Purpose.STEP_UP, holder=holder)
        with pytest.raises(PasskeyRefused, match=words):
            await service.finish(begun.ceremony, Purpose.STEP_UP, device.get(begun.options), synced=synced)
    begun = await service.begin(Purpose.STEP_UP)
    with pytest.raises(PasskeyRefused, match="not registered"):
        await service.finish(begun.ceremony, Purpose.STEP_UP, Authenticator().get(begun.options))


async def test_a_challenge_that_is_bound_to_something_is_what_is_signed(world: World) -> None:
    device = Authenticator()
    await registered(world, device)
    service = world.service.passkeys
    begun = await service.begin(Purpose.SHIFT, holder=world.operator, challenge=b"7" * 32, context={"session": "s"})
    assert begun.options["allowCredentials"]
    proof = await service.finish(begun.ceremony, Purpose.SHIFT, device.get(begun.options), synced=False)
    assert proof.ceremony.context == {"session": "s"}


async def test_a_page_begins_a_shift_with_a_channel_key_of_its_own(world: World) -> None:
    device = Authenticator()
    await registered(world, device)
    session = str((await world.attached())["id"])
    wish = {"session": session, "operator": world.operator, "channel_key": KEY}
    unknown = await world.client.post("/v1/shifts", json=wish)
    assert unknown.status_code == 404
    await world.runs(session)
    ceremony = (await world.client.post("/v1/shifts", json=wish, headers={"authorization": ""})).json()
    path = f"/v1/shifts/{ceremony['ceremony']}"
    assert (await world.client.get(path, headers={"authorization": ""})).json() == ceremony
    answer = {"credential": device.get(ceremony["options"])}
    begun = await world.client.post(path, json=answer, headers={"authorization": ""})
    assert begun.status_code == 201, begun.text
    assert (begun.json()["session"], begun.json()["ended_at"]) == (session, None)
    assert (await world.client.post(path, json=answer)).status_code == 404
    assert (await world.client.get(f"/v1/operators/{world.operator}/shifts")).json()["items"] == [begun.json()]


async def test_the_page_and_what_belongs_to_it_are_served_strictly(world: World) -> None:
    for path, kind in (("", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")):
        answer = await world.client.get(f"/passkey{path}", headers={"authorization": ""})
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, kind)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
