"""`demo --opslag postgres`: every operation over both transports, without its database, and after a kill -9."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from kit import signaalcodes as code
from kit.ask import Ask, AskRest, AskSoap, Memory
from kit.demo import SMALL, Demo, RunningDemo, question_of
from kit.rest import RestClient
from kit.soap import SoapClient

POSTGRES = (*SMALL, "--opslag", "postgres")
PATIENCE_S = 60


def process_is_there(pid: int) -> bool:
    """A zombie has ended."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ended(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while process_is_there(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class World:
    """A demo, and its two ways in; each answer of the one must be that of the other."""

    def __init__(self, demo: Demo, openapi, recorder):
        self.demo, memory = demo, Memory()
        self.soap = SoapClient(demo, demo.verplicht, recorder)
        self.rest = RestClient(demo, demo.verplicht, openapi)
        self.asks: tuple[Ask, ...] = (AskSoap(self.soap, memory), AskRest(self.rest, memory))
        voorbeeld = next(one for one in demo.voorbeelden if one["soort"] == "erkend")
        self.leerbedrijf_id = str(voorbeeld["leerbedrijfId"])
        self.question = question_of(voorbeeld)
        self.row = {"naam": voorbeeld["naam"], "postcode": voorbeeld["postcode"]}
        self.bpvo = {
            "leerbedrijfId": self.leerbedrijf_id,
            "code": str(voorbeeld["code"]),
            "begindatum": voorbeeld["peildatum"],
            "einddatumGepland": voorbeeld["peildatum"],
        }

    def reads(self) -> None:
        """Every operation that reads is answered over both."""
        for ask in self.asks:
            found = ask("natrekkenErkenning", **self.question)
            assert (found.signaalcode, found["erkenningStatus"]) == (code.OK, "ERKEND")
            assert ask("natrekkenErkenningen", verzoeken=[self.question])["resultaten"]
            assert ask("vaststellenLeerbedrijf", leerbedrijfId=self.leerbedrijf_id).signaalcode == code.OK
            assert ask("vaststellenLeerbedrijven", rijen=[self.row])["resultaten"]
            assert ask("opvragenDetailgegevens", leerbedrijfId=self.leerbedrijf_id).signaalcode == code.OK
            assert ask("zoekenLeerplaatsen", soort="ERKENNING", plaats="Utrecht").signaalcode == code.OK
            assert ask("opvragenBpvos").signaalcode == code.OK

    def writes(self) -> None:
        for transport, call in (("soap", self.soap_write), ("rest", self.rest_write)):
            assert call(f"pg-{transport}")["toegevoegd"] == 1

    def soap_write(self, kenmerk: str) -> dict:
        return self.soap.call("registrerenBpvos", self.list_of(kenmerk)).answer()

    def rest_write(self, kenmerk: str) -> dict:
        response = self.rest.call("registrerenBpvos", self.list_of(kenmerk))
        assert response.status_code == 200, response.text
        return response.json()

    def list_of(self, kenmerk: str) -> dict:
        return {"bpvos": [self.bpvo | {"bpvoKenmerk": kenmerk}]}

    def refuses_writes(self) -> None:
        fault = self.soap.call("registrerenBpvos", self.list_of("weg")).fault
        assert (fault.code, fault.text) == ("Server.DK0051", "Service niet beschikbaar")
        response = self.rest.call("registrerenBpvos", self.list_of("weg"))
        assert response.status_code == 503, response.text
        assert int(response.headers["Retry-After"]) > 0


def test_every_operation_and_without_its_database(tmp_path, openapi, recorder):
    running = RunningDemo(tmp_path, POSTGRES)
    try:
        world = World(running.wait(), openapi, recorder)
        world.writes()
        world.reads()
        pid = world.demo.data["databasePid"]
        os.kill(pid, signal.SIGKILL)
        assert ended(pid)
        world.refuses_writes()
        world.reads()
        ready = world.demo.public.get(f"{world.demo.beheer}/health/ready", timeout=10)
        assert ready.status_code == 200
    finally:
        code_of_demo = running.stop()
    assert code_of_demo == 0, running.log.read_text()[-4000:]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_database_ends_with_the_demo(tmp_path, how):
    running = RunningDemo(tmp_path, POSTGRES)
    pid = running.wait().data["databasePid"]
    assert process_is_there(pid)
    running.process.send_signal(how)
    assert running.process.wait(PATIENCE_S) == 0, running.log.read_text()[-4000:]
    assert not process_is_there(pid)


def test_the_database_ends_when_the_demo_is_killed_and_another_starts_in_its_place(tmp_path, openapi, recorder):
    first = RunningDemo(tmp_path, POSTGRES)
    pid = first.wait().data["databasePid"]
    # It cannot end by itself now, so it is left behind for the next demo to find.
    os.kill(pid, signal.SIGSTOP)
    first.process.kill()
    first.process.wait()
    assert process_is_there(pid)
    (first.folder / "demo.json").unlink()
    second = RunningDemo(tmp_path, POSTGRES)
    try:
        world = World(second.wait(), openapi, recorder)
        assert not process_is_there(pid)
        world.reads()
    finally:
        assert second.stop() == 0


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("STAGEPOORT_PG_BIN", str(tmp_path))
    running = RunningDemo(tmp_path, POSTGRES)
    assert running.process.wait(PATIENCE_S) == 1
    told = running.log.read_text()
    assert f"STAGEPOORT_PG_BIN is {tmp_path}" in told and "initdb" in told
    assert not running.folder.exists(), "nothing was made"
