"""Enrolment from an identity provider's verified result: nothing of the person is anywhere afterwards."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from monitor.identity import Provider
from protocols.identity import Form, Issuer
from registry.registry import Registry
from tests.servers.issuer import AUDIENCE, NAME, PERSON, IdentityProvider
from tests.unit.monitor.api.world import NOW, World, build

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ISSUER = Issuer(name=NAME, form=Form.OPENID, audience=AUDIENCE, assurances=frozenset({"high"}))


async def opened(folder: Path, registry: Registry) -> tuple[World, IdentityProvider]:
    provider, file = IdentityProvider(), folder / "jwks.json"
    file.write_text(json.dumps(provider.keys))
    return await build(folder, registry, providers=(Provider(issuer=ISSUER, keys=file),)), provider


async def verify(world: World, token: str, **more: str) -> httpx.Response:
    return await world.client.post("/v1/operators/verifications", json={"token": token, **more})


async def test_a_person_is_enrolled_by_a_token_and_verified_anew_by_a_later_one(
    tmp_path: Path, registry: Registry
) -> None:
    world, provider = await opened(tmp_path, registry)
    long_ago = (NOW - timedelta(days=100)).isoformat()
    enrolled = await verify(world, provider.id_token(NOW, verified_at=long_ago), device_key=KEY)
    assert enrolled.status_code == 201, enrolled.text
    operator = enrolled.json()
    assert (operator["issuer"], operator["pseudonym"], operator["assurance"]) == (NAME, "b2f6c0d1", "high")
    assert enrolled.headers["location"] == f"/v1/operators/{operator['id']}"
    anew = await verify(world, provider.id_token(NOW, verified_at=NOW.isoformat()))
    assert (anew.status_code, anew.json()["id"]) == (200, operator["id"])
    assert anew.json()["verified_at"] > operator["verified_at"]
    older = await verify(world, provider.id_token(NOW, verified_at=long_ago))
    assert older.status_code == 409


async def test_no_name_and_no_number_is_in_any_table_the_ledger_or_the_log(
    tmp_path: Path, registry: Registry, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world, provider = await opened(tmp_path, registry)
    answer = await verify(world, provider.id_token(NOW, verified_at=NOW.isoformat()), device_key=KEY)
    operator = answer.json()["id"]
    refused = await verify(world, provider.id_token(NOW, verified_at=NOW.isoformat(), sub=PERSON["national_id"]))
    assert refused.status_code == 422
    await world.client.post(f"/v1/operators/{operator}/invitations")
    seen = [answer.text, refused.text, (await world.client.get("/v1/operators")).text, *capfd.readouterr(), caplog.text]
    for file in ("registry.sqlite", "ledger.sqlite"):
        with closing(sqlite3.connect(tmp_path / file)) as database:
            seen += list(database.iterdump())
    everything = "\n".join(seen)
    assert "b2f6c0d1" in everything
    assert [value for value in PERSON.values() if len(value) > 4 and value in everything] == []


async def test_a_token_that_verifies_nobody_enrols_nobody(tmp_path: Path, registry: Registry) -> None:
    world, provider = await opened(tmp_path, registry)
    for token in (
        provider.id_token(NOW, verified_at=NOW.isoformat(), assurance="low"),
        IdentityProvider().id_token(NOW, verified_at=NOW.isoformat()),
        provider.id_token(NOW, verified_at=NOW.isoformat(), iss="https://stranger.example"),
        "a" * 40,
    ):
        assert (await verify(world, token)).status_code == 422
    (tmp_path / "jwks.json").unlink()
    silent = await verify(world, provider.id_token(NOW, verified_at=NOW.isoformat()))
    assert silent.status_code == 502
    assert len((await world.client.get("/v1/operators")).json()["items"]) == 1
