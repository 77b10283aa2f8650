"""Back-tests over the registry: by the API, by what a case keeps, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from protocols import backtest
from protocols.evidence import Evidence, Finding, RuleName
from protocols.frozen import freeze
from protocols.judge import Judge, Judged
from protocols.likeness import LikenessCalibration
from protocols.observation import Observation, Presence
from protocols.policy import BRISK, STANDARD, Policy
from protocols.session import SessionState
from protocols.verdict import Driver, Verdict, conclude
from registry.apikey import Scope
from registry.evidence_store import EvidenceStore, Folder
from registry.exhibit import Exhibit
from registry.state import Retention
from tests.unit.monitor.api.conftest import registry, world
from tests.unit.monitor.api.test_cases import cut, verdict
from tests.unit.monitor.api.world import NOW, World
from tests.unit.monitor.broadcast import broadcast
from tests.virtual_time import in_virtual_time

__all__ = ["registry", "world"]

LIKENESS = LikenessCalibration(
    centre=0.3, slope=12, cap=4, memory=0.6, independent_s=1, least_confidence=0.2, full_confidence=0.6, stale_s=20
)


async def recorded(world: World) -> str:
    """A session that was cut for its driving, on record from its first verdict to its cut; its case."""
    case = await cut(world)
    session = (await world.registry.cases.get(case)).session
    for kind, data in (
        ("verdict.changed", verdict().document()),
        ("ladder.step", {"at": 31.0, "rung": "notify", "by": "standard@1"}),
        ("cut.intended", {"id": "cut_1"}),
        ("session.ended", {"at": 70.0}),
    ):
        await world.registry.ledger.append(kind, session, "", data, NOW)
    return case


async def tried(world: World, **body: object) -> list[dict[str, object]]:
    answer = await world.client.post("/v1/policies/back-test", json=body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_draft_is_tried_on_what_is_on_record_and_nothing_is_written(world: World) -> None:
    case = await recorded(world)
    head = world.registry.ledger.head.number
    [same] = await tried(world, policy="standard")
    assert (same["then"], same["outcome"], same["cause"], same["case"]) == ("cut", "cut", "driving", case)
    assert (same["case_state"], same["anew"], same["trouble"]) == ("open", False, None)
    [milder] = await tried(world, document={"fusion": {"ai_at": 9.0}})
    assert (milder["outcome"], milder["rung"]) == ("passed", "watching")
    assert world.registry.ledger.head.number == head
    assert await tried(world, policy="standard", before="2020-01-01T00:00:00Z") == []
    assert await tried(world, policy="standard", since="2030-01-01T00:00:00Z", cut=True) == []


async def test_what_a_case_keeps_is_judged_anew_and_what_is_damaged_says_so(world: World) -> None:
    case = await recorded(world)
    claimed = np.eye(4, dtype=np.float32)[[0]]
    judge = Judge(policy=STANDARD, policy_id="standard@1", claimed=claimed, gallery={}, likeness=LIKENESS)
    gone = Presence(at=1.0, operator="op_a", connected=False, cause="silent")
    frozen = freeze({"judge": judge, "told": [(float(at), [gone] if at == 1 else []) for at in range(90)]})
    store = EvidenceStore(Folder(world.service.settings.data_dir / "evidence"))
    digest = store.put(frozen)
    kept = Exhibit(
        case=case, name="observations.nkhf", digest=digest, size=len(frozen), media_type="application/octet-stream"
    )
    await world.registry.exhibits.keep(case, [kept], retention=Retention.HALF_YEAR, at=NOW)
    [again] = await tried(world, document={"presence": {"connect_within_s": 5}})
    assert (again["anew"], again["outcome"], again["cause"]) == (True, "cut", "presence")
    [patient] = await tried(world, document={"presence": {"connect_within_s": 500}})
    assert (patient["anew"], patient["outcome"]) == (True, "passed")
    store.remove(digest)
    [lost] = await tried(world, policy="standard")
    assert (lost["anew"], lost["outcome"]) == (False, "cut")
    assert lost["trouble"]


async def test_what_is_no_policy_is_refused_and_both_scopes_are_needed(world: World) -> None:
    path = "/v1/policies/back-test"
    for body in (
        {},
        {"policy": "standard", "document": {}},
        {"document": {"fusion": {"ai_at": "9"}}},
        {"document": {"presance": {}}},
        {"policy": "standard", "limit": 1000},
    ):
        assert (await world.client.post(path, json=body)).status_code == 422, body
    assert (await world.client.post(path, json={"policy": "nobodys"})).status_code == 404
    alone = await world.key(Scope.POLICIES_READ)
    assert (await world.client.post(path, json={"policy": "standard"}, headers=alone)).status_code == 403


@in_virtual_time
async def test_what_a_pipeline_wrote_comes_out_again_as_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    against = Evidence(rule=RuleName.DRIVING, start=0.0, end=1.0, weight=-5.0, facts=())

    def consider(observations: list[Observation], at: float) -> tuple[Verdict, tuple[Judged, ...]]:
        found = {RuleName.PRESENCE: Finding.PASS}
        given = {"evidence": (against,), "findings": found, "before": Driver.UNKNOWN, "policy": BRISK}
        return conclude(at=at, policy_id="brisk@1", **given), ()  # type: ignore[arg-type]

    async with broadcast(tmp_path) as stage, stage.keeping_in_sight() as pipeline:
        monkeypatch.setattr(stage.judge, "consider", consider)
        pipeline.observe(stage.present(at=0.0))
        await stage.reaches(SessionState.CUT)
        record = backtest.recorded((str(entry.pop("kind")), entry) for entry in await stage.entries())
        last = (await stage.entries("ladder.step"))[-1]
    again = backtest.tried(record, BRISK, "brisk@1")
    assert record.then is again.outcome is backtest.Outcome.CUT
    assert (again.rung, again.cause) == (last["rung"], RuleName.DRIVING)
    assert again.at == pytest.approx(last["at"], abs=0.6)
    mild = Policy.model_validate(BRISK.model_dump(mode="json") | {"fusion": {"ai_at": 6.0}}, strict=False)
    assert backtest.tried(record, mild, "draft").outcome is backtest.Outcome.PASSED
