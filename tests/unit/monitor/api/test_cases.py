import json
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.enforcers.enforcer import EnforcerFailure
from monitor.registrar import Enrolment
from protocols.backend import CutView, EventType
from protocols.evidence import Evidence, Finding, RuleName
from protocols.measure import StrikeSubject
from protocols.observation import Look
from protocols.pack import checked
from protocols.policy import STANDARD
from protocols.session import CutId, SessionId, SessionState
from protocols.verdict import Driver, Verdict, conclude
from registry.apikey import Scope
from registry.evidence_store import EvidenceStore, Folder
from registry.exhibit import Exhibit
from registry.state import Retention
from tests.unit.monitor.api.world import NOW, World

REASON = {"reason": "the operator was there", "version": 1}


class Showing:
    """What is on air."""

    def looks(self) -> list[Look]:
        return [Look(at=61.5, vector=np.eye(1, 8, dtype=np.float32)[0], confidence=0.9)]


def verdict() -> Verdict:
    evidence = (
        Evidence(rule=RuleName.CHALLENGE, start=20.0, end=28.0, weight=-2.0, facts=(("gesture", "nod"),)),
        Evidence(rule=RuleName.DRIVING, start=0.0, end=10.0, weight=-3.1, facts=(("score", -1.5),)),
    )
    return conclude(
        at=30.0,
        evidence=evidence,
        findings={RuleName.DRIVING: Finding.FAIL},
        before=Driver.UNKNOWN,
        policy=STANDARD,
        policy_id="standard@1",
    )


async def cut(world: World, *, days: int = 0, confirmed: bool = True, at: datetime = NOW, **changes: object) -> str:
    """Cut a session of its own; its case. ``days``: for how long it is blocked, an hour where none."""
    session = SessionId(str((await world.attached(**changes))["id"]))
    ledger = world.registry.ledger
    for kind, data in (
        ("operator.present", {"at": 1.0, "operator": world.operator}),
        ("challenge.asked", {"at": 20.0, "challenge": "chl_1", "gesture": "nod", "within": 8}),
        ("challenge.judged", {"at": 28.0, "challenge": "chl_1", "gesture": "nod", "passed": False, "score": 0.1}),
        ("verdict.changed", {"at": 28.0, "p_human": 0.2}),
        ("ladder.step", {"at": 29.0, "rung": "notify", "cause": "driving", "ends_in": 5}),
        ("verdict.changed", {"at": 30.0, "p_human": 0.01}),
    ):
        await ledger.append(kind, session, "", data, at)
    made = await world.registry.cuts.intend(
        session=session,
        epoch=1,
        rule="driving",
        cause="the avatar's motion is not the operator's motion",
        evidence=verdict().document(),
        enforcer="whip",
        at=at,
        until=at + timedelta(days=days, hours=1),
    )
    if confirmed:
        struck = {StrikeSubject.AVATAR: [made.avatar], StrikeSubject.OPERATOR: [world.operator]}
        await world.registry.cuts.confirm(made.id, epoch=1, at=at, seconds=0.25, struck=struck)
        await world.registry.sessions.move(session, SessionState.CUT, because="cut", epoch=1, at=at)
    return (await world.registry.cases.of_cut(made.id)).id


async def entered(world: World, case: str) -> list[str]:
    return [entry.kind for entry in await world.registry.ledger.read(subject=case)]


async def test_a_case_has_what_its_page_needs_and_nobody_sees_it_unseen(world: World) -> None:
    case = await cut(world)
    found = (await world.client.get(f"/v1/cases/{case}")).json()
    assert (found["state"], found["act"], found["rule"], found["avatar_name"]) == ("open", "forbid", "driving", "Hoshi")
    assert found["detail"]["state"] == "confirmed"
    assert found["verdict"]["explanation"]["en"].startswith("Nobody drives this avatar")
    rows = found["table"]
    assert [row["rule"] for row in rows] == ["prior", "challenge", "driving"]
    assert rows[-1]["log_odds"] == found["verdict"]["log_odds"] == verdict().log_odds
    assert rows[1]["words"]["zh"] == "未按要求完成指定动作"
    line = found["timeline"]
    assert line["series"]["probability"] == {
        "t": [28.0, 30.0],
        "v": [0.2, 0.01],
        "unit": "probability",
        "low": 0.0,
        "high": 1.0,
    }
    [challenge] = line["challenges"]
    assert (challenge["at"], challenge["passed"], challenge["judged_at"]) == (20.0, False, 28.0)
    assert [step["rung"] for step in line["steps"]] == ["notify"]
    assert line["presence"][0]["present"] is True
    assert [look["id"] for look in found["looks"]] == [found["look"]["id"]]
    assert await entered(world, case) == ["case.viewed"]


async def test_a_look_goes_on_and_ends_with_its_seconds(world: World) -> None:
    case = await cut(world)
    look = (await world.client.get(f"/v1/cases/{case}")).json()["look"]["id"]
    again = (await world.client.get(f"/v1/cases/{case}", params={"look": look})).json()
    assert again["look"]["id"] == look
    path = f"/v1/cases/{case}/looks/{look}"
    assert (await world.client.put(path, json={"seconds": 12.5})).json()["seconds"] == 12.5
    assert (await world.client.put(path, json={"seconds": 30.0, "left": True})).status_code == 200
    assert await entered(world, case) == ["case.viewed", "case.left"]
    other = await world.key(Scope.CASES_READ)
    assert (await world.client.put(path, json={"seconds": 1.0}, headers=other)).status_code == 404


async def test_overturning_restores_the_cut(world: World) -> None:
    case = await cut(world)
    decided = await world.client.post(f"/v1/cases/{case}/decision", json={"decision": "overturn", **REASON})
    assert decided.status_code == 200, decided.text
    assert (decided.json()["state"], decided.json()["version"]) == ("overturned", 2)
    assert decided.json()["restored_at"] is not None
    [(_, by, reason)] = world.supervisor.restored
    assert reason == REASON["reason"]
    assert by == decided.json()["decided_by"]
    assert await entered(world, case) == ["case.decided"]


async def test_a_media_server_that_is_down_does_not_undo_the_decision(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await cut(world)

    async def down(*_: object, **__: object) -> None:
        raise EnforcerFailure("nginx 'edge' cannot be reached", retry=True)

    caseload = world.service.caseload
    with monkeypatch.context() as patch:
        patch.setattr(caseload, "_restore", down)
        decided = await world.client.post(f"/v1/cases/{case}/decision", json={"decision": "overturn", **REASON})
        assert (decided.json()["state"], decided.json()["restored_at"]) == ("overturned", None)
    [waiting] = await world.registry.cases.unrestored()
    await caseload._undo(waiting)
    assert (await world.client.get(f"/v1/cases/{case}")).json()["restored_at"] is not None


async def test_two_moderators_at_once_get_one_clear_error(world: World) -> None:
    case, path = await cut(world), "/v1/cases/{}/decision"
    ben = await world.key(Scope.CASES_DECIDE)
    assert (await world.client.post(path.format(case), json={"decision": "uphold", **REASON})).status_code == 200
    late = await world.client.post(path.format(case), json={"decision": "overturn", **REASON}, headers=ben)
    assert late.status_code == 409
    assert "changed meanwhile" in late.json()["detail"]
    assert late.json()["other"] == case
    assert world.supervisor.restored == []


async def test_a_long_block_takes_two_moderators(world: World) -> None:
    case = await cut(world, days=30)
    path, ben = f"/v1/cases/{case}/decision", await world.key(Scope.CASES_DECIDE)
    first = (await world.client.post(path, json={"decision": "overturn", **REASON})).json()
    assert (first["state"], first["proposal"]["decision"]) == ("open", "overturn")
    assert world.supervisor.restored == []
    alone = await world.client.post(path, json={"decision": "overturn", "reason": "sure", "version": 2})
    assert alone.status_code == 409
    assert "another moderator" in alone.json()["detail"]
    second = await world.client.post(path, json={"decision": "overturn", "reason": "yes", "version": 2}, headers=ben)
    assert second.json()["state"] == "overturned"
    assert len(world.supervisor.restored) == 1


async def test_a_cut_that_is_still_being_made_is_not_overturned(world: World) -> None:
    case = await cut(world, confirmed=False)
    answer = await world.client.post(f"/v1/cases/{case}/decision", json={"decision": "overturn", **REASON})
    assert answer.status_code == 409
    assert "still being made" in answer.json()["detail"]
    assert await entered(world, case) == []


async def test_deciding_needs_a_reason_and_the_scope(world: World) -> None:
    case = await cut(world)
    path = f"/v1/cases/{case}/decision"
    for body in (
        {},
        {"decision": "uphold", "version": 1},
        {"decision": "eat", **REASON},
        {"decision": "uphold", "reason": "", "version": 1},
    ):
        assert (await world.client.post(path, json=body)).status_code == 422
    reader = await world.key(Scope.CASES_READ)
    assert (await world.client.post(path, json={"decision": "uphold", **REASON}, headers=reader)).status_code == 403
    assert (await world.client.get("/v1/cases", headers=await world.key(Scope.CUTS_READ))).status_code == 403


async def test_cases_are_listed_filtered_and_noted(world: World) -> None:
    first, second = await cut(world, account="a"), await cut(world, account="b")

    async def found(**params: object) -> list[str]:
        answer = await world.client.get("/v1/cases", params=params)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return [case["id"] for case in answer.json()["items"]]

    assert await found() == [second, first]
    assert await found(account="a") == [first]
    assert await found(state=["open", "upheld"], rule="driving", operator=world.operator) == [second, first]
    assert await found(since=NOW.isoformat(), text="hosh") == [second, first]
    text = "<script>alert('x')</script> & 备注"
    written = await world.client.post(f"/v1/cases/{first}/notes", json={"text": text})
    assert written.status_code == 201
    assert written.json()["text"] == text
    assert await found(text="备注") == [first]
    assert (await world.client.get("/v1/cases", params={"since": "yesterday"})).status_code == 422


async def with_evidence(world: World) -> tuple[str, bytes]:
    """A case with a clip, and the clip."""
    case, clip = await cut(world), bytes(range(256)) * 4
    series = {"motion": {"t": [1.0], "v": [0.01], "unit": "u", "low": 0.0, "high": 1.0}}
    line = json.dumps({"series": series, "clips": [{"name": "clip-1.mp4", "at": 1.0, "packets": 9}]}).encode()
    store, kept = EvidenceStore(Folder(world.service.settings.data_dir / "evidence")), []
    for name, media, content in (("clip-1.mp4", "video/mp4", clip), ("timeline.json", "application/json", line)):
        digest = store.put(content)
        kept.append(Exhibit(case=case, name=name, digest=digest, size=len(content), media_type=media))
    await world.registry.exhibits.keep(case, kept, retention=Retention.HALF_YEAR, at=NOW)
    return case, clip


async def test_the_evidence_is_listed_fetched_whole_and_in_parts(world: World) -> None:
    case, clip = await with_evidence(world)
    found = (await world.client.get(f"/v1/cases/{case}")).json()
    assert [exhibit["name"] for exhibit in found["exhibits"]] == ["clip-1.mp4", "timeline.json"]
    assert found["clips"] == [{"name": "clip-1.mp4", "at": 1.0, "packets": 9}]
    assert set(found["timeline"]["series"]) == {"probability", "motion"}
    assert (found["keeping"]["retention"], found["keeping"]["missing"]) == ("half_year", None)
    url = found["exhibits"][0]["url"]
    whole = await world.client.get(url)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, clip, "video/mp4")
    for asked, status, part in (
        ("bytes=10-19", 206, clip[10:20]),
        ("bytes=1000-", 206, clip[1000:]),
        ("bytes=-4", 206, clip[-4:]),
        ("bytes=9999-", 416, b""),
        ("bytes=-", 200, clip),
        ("lines=1-2", 200, clip),
    ):
        answer = await world.client.get(url, headers={"range": asked})
        assert (answer.status_code, answer.content) == (status, part), asked
    assert (await world.client.get(f"/v1/cases/{case}/exhibits/none")).status_code == 404
    assert (await world.client.get(url, headers=await world.key(Scope.CUTS_READ))).status_code == 403


async def test_a_legal_hold_is_put_on_and_lifted(world: World) -> None:
    case, _ = await with_evidence(world)
    path = f"/v1/cases/{case}/hold"
    assert (await world.client.post(path, json={"hold": True, "reason": "an inquiry"})).json()["hold"] is True
    assert (await world.client.post(path, json={"hold": False, "reason": "it is over"})).json()["hold"] is False
    assert (await world.client.post(path, json={"hold": True, "reason": ""})).status_code == 422
    assert [kind for kind in await entered(world, case) if kind.startswith("evidence.")] == [
        "evidence.kept", "evidence.held", "evidence.released",
    ]  # fmt: skip


async def test_the_statement_and_the_pack_are_fetched_and_the_export_is_entered(world: World) -> None:
    case = await cut(world)
    said = (await world.client.get(f"/v1/cases/{case}/statement")).json()
    assert "may not be published until" in said["text"]["en"]
    assert said["dsa"]["puid"] == case
    early = await world.client.get(f"/v1/cases/{case}/pack")
    assert (early.status_code, "not written yet" in early.json()["detail"]) == (409, True)
    await world.registry.ledger.append(
        "cut.intended", (await world.registry.cases.get(case)).session, case.replace("case", "cut"),
        CutView.of(await world.registry.cuts.get(CutId(case.replace("case", "cut")))).model_dump(mode="json"), NOW,
    )  # fmt: skip
    content = json.dumps({"verdict": verdict().document()}).encode()
    store = EvidenceStore(Folder(world.service.settings.data_dir / "evidence"))
    kept = Exhibit(
        case=case, name="verdict.json", digest=store.put(content), size=len(content), media_type="application/json"
    )
    await world.registry.exhibits.keep(case, [kept], retention=Retention.HALF_YEAR, at=NOW)
    pack = await world.client.get(f"/v1/cases/{case}/pack")
    assert pack.headers["content-type"] == "application/zip"
    found = checked(pack.content, world.service.notary.verifier)
    assert (found.case, found.replayed) == (case, None)
    assert "case.exported" in await entered(world, case)


async def test_the_platform_appeals_once_and_the_most_urgent_come_first(world: World) -> None:
    case = await cut(world)
    path, wish = f"/v1/cases/{case}/appeal", {"text": "I was there <b>", "on_behalf": world.operator}
    platform = await world.key(Scope.APPEALS_WRITE)
    filed = await world.client.post(path, json=wish, headers=platform)
    assert filed.status_code == 201, filed.text
    assert (filed.json()["fast"], filed.json()["by"], filed.json()["text"]) == (True, world.operator, "I was there <b>")
    again = await world.client.post(path, json=wish, headers=platform)
    assert (again.status_code, again.json()["other"]) == (409, filed.json()["id"])
    for params in ({"waiting": "true"}, {}):
        listed = (await world.client.get("/v1/appeals", params=params)).json()["items"]
        assert [one["id"] for one in listed] == [filed.json()["id"]]
        assert (listed[0]["about"]["id"], listed[0]["about"]["avatar_name"]) == (case, "Hoshi")
    assert (await world.client.get(f"/v1/cases/{case}")).json()["appeal"] == filed.json()
    [told] = [event for event in world.supervisor.feed._backlog if event.type is EventType.CASE_APPEALED]
    assert told.data == {"case": case, "appeal": filed.json()["id"], "fast": True}
    assert "case.appealed" in await entered(world, case)


async def test_a_report_never_cuts_and_tells_how_it_stands_by_its_secret(world: World) -> None:
    session = str((await world.attached())["id"])
    text = "<script>alert(1)</script> it loops"
    platform = await world.key(Scope.REPORTS_WRITE)
    filed = await world.client.post("/v1/reports", json={"session": session, "text": text}, headers=platform)
    assert filed.status_code == 201, filed.text
    report, secret = filed.json()["id"], filed.json()["secret"]
    [listed] = (await world.client.get("/v1/reports", params={"waiting": "true"})).json()["items"]
    assert (listed["text"], listed["session"], "secret" in listed) == (text, session, False)
    assert listed["found"] == []
    assert (await world.client.get(f"/v1/reports/{report}/details")).json() == listed
    assert (await world.client.get(f"/v1/reports/{report}/details", headers=platform)).status_code == 403
    assert (await world.client.get("/v1/reports/rep_none/details")).status_code == 404
    assert (await world.client.get("/v1/cuts")).json()["items"] == []
    assert (await world.client.get(f"/v1/sessions/{session}")).json()["state"] == "pending"
    answer = await world.client.post(f"/v1/reports/{report}/answer", json={"text": "a person drives it"})
    assert answer.json()["answer"] == "a person drives it"
    nobody = httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="http://test")
    async with nobody:
        status = await nobody.get(f"/v1/reports/{report}", params={"secret": secret})
        assert (status.status_code, status.json()["answer"]) == (200, "a person drives it")
        assert "text" not in status.json()
        assert (await nobody.get(f"/v1/reports/{report}", params={"secret": "x" * 32})).status_code == 404
        assert (await nobody.get("/v1/reports")).status_code == 401
    span = {"since": "2026-11-22T00:00:00Z", "before": "2026-11-23T00:00:00Z"}
    figures = (await world.client.get("/v1/transparency", params=span)).json()
    assert figures["reports"]["filed"] == 1


async def test_a_likeness_is_compared_with_what_was_on_air(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = str((await world.attached())["id"])

    async def encoded(enrolment: Enrolment) -> NDArray[np.float32]:
        assert enrolment.pictures == [b"a picture"]
        return np.eye(1, 8, dtype=np.float32) * np.float32(0.8)

    monkeypatch.setattr(world.service.registrar, "encoded", encoded)
    showing = Showing()
    world.service.evidence.follow(session, cast("Any", showing))
    form = {"text": "this is my character", "standing": "I drew it in 2019"}
    filed = await world.client.post(
        "/v1/reports/likeness", data=form, files=[("pictures", ("me.png", b"a picture", "image/png"))]
    )
    assert filed.status_code == 201, filed.text
    [listed] = (await world.client.get("/v1/reports")).json()["items"]
    [found] = listed["found"]
    assert (found["avatar"], found["similarity"]) == (world.avatar, 0.8)
    assert [one["session"] for one in found["sessions"]] == [session]
    assert listed["seen"] == [{"session": session, "live": True, "case": None, "at": 61.5, "similarity": 0.8}]
    assert listed["standing"] == "I drew it in 2019"
    assert not {"found", "seen"} & set(filed.json())  # not for whoever reports


async def test_two_gigabytes_are_refused_before_they_are_read(world: World) -> None:
    headers = {"content-length": str(2 * 1024**3), "content-type": "multipart/form-data; boundary=x"}
    answer = await world.client.post("/v1/reports/likeness", content=b"x", headers=headers)
    assert answer.status_code == 413


async def test_a_notice_over_the_picture_is_contested_and_taken_away(world: World) -> None:
    session = await world.registry.sessions.get(SessionId(str((await world.attached())["id"])))
    await world.registry.cases.open_slate(
        session, "slt_1", rule="driving", cause="nobody drives", evidence={"driver": "AI", "p_human": 0.01}, at=NOW
    )
    await world.registry.cases.open_slate(session, "slt_1", rule="driving", cause="again", evidence={}, at=NOW)
    [listed] = (await world.client.get("/v1/cases")).json()["items"]
    assert (listed["id"], listed["act"], listed["cut"], listed["p_human"]) == ("case_1", "slate", None, 0.01)
    page = (await world.client.get("/v1/cases/case_1")).json()
    assert (page["detail"], page["exhibits"]) == (None, [])
    said = (await world.client.get("/v1/cases/case_1/statement")).json()
    assert "a notice instead of its picture" in said["text"]["en"]
    assert (await world.client.get("/v1/cases/case_1/pack")).status_code == 409
    appeal = {"text": "I was there", "on_behalf": "channel-1"}
    assert (await world.client.post("/v1/cases/case_1/appeal", json=appeal)).status_code == 201
    decided = await world.client.post("/v1/cases/case_1/decision", json={"decision": "overturn", **REASON})
    assert (decided.json()["state"], decided.json()["restored_at"] is not None) == ("overturned", True)
    assert world.supervisor.unslated == [session.id]
    assert (await world.client.get("/v1/transparency", params=SPAN)).json()["cases"]["by_act"] == {"slate": 1}


SPAN = {"since": "2026-11-22T00:00:00Z", "before": "2026-11-23T00:00:00Z"}
