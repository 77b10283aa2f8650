"""Children: heard line by line, ended by their id, and blamed with what they said last."""

import os

import pytest

from samples.child import Child, ChildFailed


@pytest.fixture
def program(tmp_path, monkeypatch):
    def write(text):
        (tmp_path / "program.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return {"log": tmp_path / "program.log", "environment": {}}

    return write


async def started(how, *arguments):
    return await Child.start("the program", "program", *arguments, **how)


async def test_what_it_says_is_heard_and_what_is_no_json_is_passed_over(program):
    heard = []
    child = await started(program("import json, sys; print('hm'); print(json.dumps({'got': sys.argv[1]}))"), "x")
    await child.listen(heard.append)
    assert heard == [{"got": "x"}]
    assert not child.running


async def test_it_reads_what_it_is_told(program):
    heard = []
    child = await started(program("import sys; print(sys.stdin.readline())"))
    await child.tell({"a": 1})
    await child.listen(heard.append)
    assert heard == [{"a": 1}]


async def test_a_failure_says_what_it_said_last(program):
    child = await started(program("import sys; sys.exit('the disk is full')"))
    with pytest.raises(ChildFailed, match=r"the program has ended \(status 1\); it said last:\nthe disk is full"):
        await child.listen(lambda _: None)


async def test_it_ends_when_it_is_let_go(program):
    child = await started(program("import sys; sys.stdin.read()"))
    await child.end()
    assert child.status == 0


async def test_one_that_does_not_listen_is_told_and_then_made_to_end(program, monkeypatch):
    monkeypatch.setattr("samples.child._PATIENCE", 0.2)
    text = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('{}', flush=True); time.sleep(60)"
    child = await started(program(text))
    await child._process.stdout.readline()
    await child.end()
    assert child.status == -9
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


async def test_settings_of_the_service_do_not_leak_in_and_it_leads_its_own_session(program, monkeypatch):
    monkeypatch.setenv("NAKANOHITO_PORT", "1")
    heard = []
    text = "import json, os; print(json.dumps([os.environ.get('NAKANOHITO_PORT'), os.getsid(0) == os.getpid()]))"
    child = await started(program(text))
    await child.listen(heard.append)
    assert heard == [[None, True]]
