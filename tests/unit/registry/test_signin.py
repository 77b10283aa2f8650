from datetime import timedelta

import pytest

from registry.account import SCOPES
from registry.apikey import Scope
from registry.error import Conflict, NotFound, Refused
from registry.registry import Registry
from registry.signin import Patience
from registry.state import AccountState, Role, SignInMethod
from tests.unit.registry.conftest import NOW

MINUTE = timedelta(minutes=1)
PATIENCE = Patience(idle=30 * MINUTE, longest=600 * MINUTE, fresh=5 * MINUTE)


async def account(registry: Registry, role: Role = Role.MODERATOR, name: str = "mod-1") -> str:
    return (await registry.accounts.create(name=name, role=role, by="the test", at=NOW)).id


async def test_a_sign_in_lasts_while_it_is_used_and_ends_in_any_case(registry: Registry) -> None:
    begun, token = await registry.signins.begin(
        await account(registry), SignInMethod.PASSKEY, at=NOW, stepped_up_at=NOW
    )
    now = NOW
    while now < NOW + PATIENCE.longest - 29 * MINUTE:
        now += 29 * MINUTE
        found = await registry.signins.of(token, now=now, patience=PATIENCE)
        assert found is not None
        assert found.id == begun.id
    assert await registry.signins.of(token, now=NOW + PATIENCE.longest, patience=PATIENCE) is None


async def test_a_sign_in_that_is_not_used_ends(registry: Registry) -> None:
    _, token = await registry.signins.begin(await account(registry), SignInMethod.PASSKEY, at=NOW, stepped_up_at=NOW)
    assert await registry.signins.of(token, now=NOW + 30 * MINUTE, patience=PATIENCE) is None


@pytest.mark.parametrize("wrong", ["", "x", "A" * 43, "A" * 10_000, "\ud800", "\0"])
async def test_another_token_signs_nobody_in(registry: Registry, wrong: str) -> None:
    await registry.signins.begin(await account(registry), SignInMethod.PASSKEY, at=NOW, stepped_up_at=NOW)
    assert await registry.signins.of(wrong, now=NOW, patience=PATIENCE) is None


async def test_what_hurts_needs_a_passkey_of_late(registry: Registry) -> None:
    begun, token = await registry.signins.begin(
        await account(registry), SignInMethod.PASSKEY, at=NOW, stepped_up_at=NOW
    )
    assert begun.fresh(NOW + 5 * MINUTE, PATIENCE)
    assert not begun.fresh(NOW + 6 * MINUTE, PATIENCE)
    await registry.signins.step_up(begun.id, at=NOW + 7 * MINUTE)
    found = await registry.signins.of(token, now=NOW + 8 * MINUTE, patience=PATIENCE)
    assert found is not None
    assert found.fresh(NOW + 12 * MINUTE, PATIENCE)
    assert not found.fresh(NOW + 13 * MINUTE, PATIENCE)
    await registry.signins.end(begun.id, at=NOW)
    with pytest.raises(NotFound):
        await registry.signins.step_up(begun.id, at=NOW)


async def test_who_is_suspended_or_signed_out_everywhere_is_out(registry: Registry) -> None:
    mine = await account(registry)
    tokens = [
        (await registry.signins.begin(mine, SignInMethod.PASSKEY, at=NOW, stepped_up_at=NOW))[1] for _ in range(3)
    ]
    await registry.accounts.change(mine, state=AccountState.SUSPENDED)
    assert await registry.signins.of(tokens[0], now=NOW, patience=PATIENCE) is None
    await registry.accounts.change(mine, state=AccountState.ACTIVE)
    assert await registry.signins.of(tokens[0], now=NOW, patience=PATIENCE) is not None
    await registry.signins.end_all(mine, at=NOW)
    assert [await registry.signins.of(token, now=NOW, patience=PATIENCE) for token in tokens] == [None] * 3


async def test_an_account_is_found_by_its_handle(registry: Registry) -> None:
    mine = await account(registry, name="Mod-7")
    assert (await registry.accounts.named("mod-7")).id == mine
    with pytest.raises(Conflict) as taken:
        await account(registry, name="MOD-7")
    assert taken.value.other == mine
    for missing in (registry.accounts.get("acc_x"), registry.accounts.named("nobody")):
        with pytest.raises(NotFound):
            await missing
    assert [one.id for one in await registry.accounts.list()] == [mine]


async def test_an_administrator_is_always_left(registry: Registry) -> None:
    first = await account(registry, Role.ADMIN, "a")
    with pytest.raises(Refused, match="last active administrator"):
        await registry.accounts.change(first, role=Role.VIEWER)
    second = await account(registry, Role.ADMIN, "b")
    await registry.accounts.change(first, state=AccountState.SUSPENDED)
    with pytest.raises(Refused):
        await registry.accounts.change(second, state=AccountState.SUSPENDED)
    assert (await registry.accounts.change(second, role=Role.ADMIN)).role is Role.ADMIN


def test_no_role_but_the_administrators_may_make_keys() -> None:
    assert [role for role, scopes in SCOPES.items() if Scope.ADMIN in scopes] == [Role.ADMIN]
    assert set(SCOPES) == set(Role)
