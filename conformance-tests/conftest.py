"""One demo for the whole run, and the clients that call it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kit.ask import Ask, AskRest, AskSoap, Memory
from kit.demo import Demo, RunningDemo, question_of
from kit.openapi import OpenApi
from kit.recorder import Recorder
from kit.rest import RestClient
from kit.slow import SlowCallers
from kit.soap import SoapClient
from kit.terminal import Terminal

# These look at what all the others left behind, or wait for what was begun first.
LAST = ("test_slow.py", "test_recorded.py", "test_logboek.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return LAST.index(item.path.name) if item.path.name in LAST else -1

    items.sort(key=place)


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    running = os.environ.get("STAGEPOORT_DEMO")
    if running:
        yield Demo(Path(running))
        return
    process = RunningDemo(tmp_path_factory.mktemp("demo"))
    try:
        yield process.wait()
    finally:
        code = process.stop()
    assert code == 0, f"the demo ended with exit code {code}; its log:\n{process.log.read_text()[-4000:]}"


@pytest.fixture(scope="session")
def writable(tmp_path_factory):
    """Another, for tests that write: a write moves the registerVersie that others compare answers by."""
    running = RunningDemo(tmp_path_factory.mktemp("writable"))
    try:
        yield running.wait()
    finally:
        assert running.stop() == 0


@pytest.fixture(scope="session")
def terminal(tmp_path_factory):
    """Beside a demo of its own, as large as that of `make demo`. Answers are compared: nothing happens between them."""
    folder = tmp_path_factory.mktemp("terminal")
    running = RunningDemo(folder, arguments=("--stil",))
    try:
        demo = running.wait()
        yield Terminal(demo, folder, running.log.read_text())
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture(scope="session")
def slow_callers(demo: Demo) -> SlowCallers:
    return SlowCallers(demo)


@pytest.fixture(scope="session", autouse=True)
def slow_callers_begin_first(request) -> None:
    """They take as long as the limits on time, so they begin before the first test, if they are asked about."""
    if any("slow_callers" in item.fixturenames for item in request.session.items):
        request.getfixturevalue("slow_callers")


@pytest.fixture(scope="session")
def openapi(demo: Demo) -> OpenApi:
    response = demo.public.get(f"{demo.docs}/v1/openapi.json", timeout=10)
    assert response.status_code == 200, response.text
    return OpenApi(response.json())


@pytest.fixture(scope="session")
def recorder(tmp_path_factory) -> Recorder:
    return Recorder(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="session")
def memory() -> Memory:
    return Memory()


@pytest.fixture(scope="session")
def soap(demo: Demo, recorder: Recorder) -> SoapClient:
    """As an afnemer that must send all of WS-Addressing."""
    return SoapClient(demo, demo.verplicht, recorder)


@pytest.fixture(scope="session")
def loose_soap(demo: Demo, recorder: Recorder) -> SoapClient:
    """As an afnemer that need not (OPTIONEEL), with a mandate of one school."""
    return SoapClient(demo, demo.optioneel, recorder)


@pytest.fixture(scope="session")
def rest(demo: Demo, openapi: OpenApi) -> RestClient:
    return RestClient(demo, demo.verplicht, openapi)


@pytest.fixture(params=["soap", "rest"])
def ask(request, soap: SoapClient, rest: RestClient, memory: Memory) -> Ask:
    """A functional case runs over both transports, and their answers must be the same."""
    return AskSoap(soap, memory) if request.param == "soap" else AskRest(rest, memory)


@pytest.fixture(scope="session")
def voorbeeld(demo: Demo):
    """An example of the demo by its soort."""
    by_soort = {one["soort"]: one for one in demo.voorbeelden}
    return by_soort.__getitem__


@pytest.fixture(scope="session")
def erkend(voorbeeld) -> dict:
    """A question that is answered with ERKEND, as the fields of natrekkenErkenning."""
    return question_of(voorbeeld("erkend"))
