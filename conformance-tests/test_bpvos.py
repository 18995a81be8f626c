"""registrerenBpvos and opvragenBpvos: a school's list, over both transports; and a gateway that is killed."""

from __future__ import annotations

import json
import re
import subprocess
import time
import uuid
from datetime import timedelta
from urllib.parse import quote

import pytest
import requests
from lxml import etree

from kit import signaalcodes as code
from kit.contract import CONTRACT
from kit.demo import REPO, RunningDemo
from kit.kalender import today
from kit.rest import RestClient
from kit.soap import SOAP, SoapClient

PAGE = 100
COUNTS = ("toegevoegd", "gewijzigd", "verwijderd", "ongewijzigd")

# register.bpvoBewaring, as it is unless set
BEWARING = timedelta(days=400)


@pytest.fixture
def world(writable):
    return writable


class School:
    """The list of one school, over one transport."""

    def __init__(self, soap: SoapClient, rest: RestClient, transport: str):
        self.soap, self.rest, self.transport = soap, rest, transport

    def call(self, operation: str, **fields) -> dict:
        if self.transport == "soap":
            return self.soap.call(operation, fields).answer()
        response = self.rest.call(operation, fields)
        assert response.status_code == 200, response.text
        return response.json()

    def keep(self, *bpvos: dict, **options) -> dict:
        return self.call("registrerenBpvos", bpvos=list(bpvos), **options)

    def all(self) -> dict[str, dict]:
        page = self.call("opvragenBpvos")
        found = list(page["bpvos"])
        while "volgendeCursor" in page:
            assert len(page["bpvos"]) == PAGE
            page = self.call("opvragenBpvos", cursor=page["volgendeCursor"])
            found += page["bpvos"]
        by_kenmerk = {one["bpvoKenmerk"]: one for one in found}
        assert len(by_kenmerk) == len(found), "nothing is shown twice"
        return by_kenmerk

    def own(self) -> set[str]:
        return {kenmerk for kenmerk, one in self.all().items() if one["herkomst"] != "REGISTER"}


@pytest.fixture(params=["soap", "rest"])
def school(request, world, openapi, recorder) -> School:
    """A school without bpvo's of its own."""
    afnemer = world.verplicht
    made = School(SoapClient(world, afnemer, recorder), RestClient(world, afnemer, openapi), request.param)
    made.keep(vervangAlles=True)
    assert made.own() == set()
    return made


@pytest.fixture
def bpvo(world):
    """A bpvo at the demo's example of this soort, from its peildatum on."""

    def make(kenmerk: str, soort: str = "erkend", **changes) -> dict:
        (voorbeeld,) = [one for one in world.voorbeelden if one["soort"] == soort]
        return {
            "bpvoKenmerk": kenmerk,
            "leerbedrijfId": str(voorbeeld["leerbedrijfId"]),
            "code": str(voorbeeld["code"]),
            "begindatum": voorbeeld["peildatum"],
            "einddatumGepland": voorbeeld["peildatum"],
        } | changes

    return make


def counts(answer: dict) -> tuple[int, ...]:
    return tuple(answer[name] for name in COUNTS)


def test_every_example_of_the_demo_is_judged_as_natrekken_does(school, world, bpvo):
    """Those that are over for longer than a bpvo is kept are not taken up."""
    kept_from = (today() - BEWARING).isoformat()
    lines = [bpvo(f"vb-{one['soort']}", one["soort"]) for one in world.voorbeelden]
    kept = {line["bpvoKenmerk"] for line in lines if line["einddatumGepland"] >= kept_from}
    assert 0 < len(kept) < len(lines)
    answer = school.keep(*lines)
    assert answer["signaalcode"] == code.OK
    assert counts(answer) == (len(kept), 0, 0, len(lines) - len(kept))
    for voorbeeld, line, resultaat in zip(world.voorbeelden, lines, answer["resultaten"], strict=True):
        if line["bpvoKenmerk"] in kept:
            assert resultaat["erkenningStatus"] == voorbeeld["erkenningStatus"], voorbeeld
        else:
            assert resultaat["signaalcode"] == code.DATUM_BUITEN_BEREIK and "erkenningStatus" not in resultaat
    assert school.own() == kept


def test_the_same_call_twice_changes_nothing(school, bpvo):
    first = school.keep(bpvo("a"), bpvo("b"))
    again = school.keep(bpvo("a"), bpvo("b"))
    assert (counts(first), counts(again)) == ((2, 0, 0, 0), (0, 0, 0, 2))
    assert first["resultaten"] == again["resultaten"]
    assert first["registerVersie"] == again["registerVersie"], "nothing was written"


def test_a_dry_run_shows_the_difference_and_keeps_nothing(school, bpvo):
    school.keep(bpvo("a"), bpvo("b"), bpvo("c"))
    wish = [bpvo("a"), bpvo("b", einddatumGepland="2199-01-01"), bpvo("d")]
    shown = school.keep(*wish, vervangAlles=True, proef=True)
    assert counts(shown) == (1, 1, 1, 1)
    assert school.own() == {"a", "b", "c"}
    done = school.keep(*wish, vervangAlles=True)
    assert counts(done) == counts(shown)
    assert school.own() == {"a", "b", "d"}


def test_a_bad_line_spoils_only_itself(school, bpvo):
    bad = [
        (bpvo(""), code.BPVO_AFGEKEURD, "bpvoKenmerk: ontbreekt"),
        (bpvo("123456782"), code.BPVO_AFGEKEURD, "bpvoKenmerk: negen cijfers"),
        (bpvo("x", leerbedrijfId="99ZZ9999JJ0001602"), code.LEERBEDRIJF_ID_ONGELDIG, "leerbedrijfId: geef"),
        (bpvo("y", code="23110"), code.CODE_GEEN_KWALIFICATIE, "code: 23xxx"),
        (bpvo("z", begindatum="2026-02-30"), code.DATUM_ONGELDIG, "begindatum: geef"),
        (bpvo("w", einddatumGepland="1999-01-01"), code.BPVO_AFGEKEURD, "einddatumGepland: ligt voor begindatum"),
    ]
    answer = school.keep(bpvo("a"), *[line for line, *_ in bad], bpvo("b"))
    assert counts(answer) == (2, 0, 0, 0)
    assert answer["signaalcode"] == code.BPVO_AFGEKEURD
    assert "6 van de 8 regels, de eerste is regel 2" in answer["signaaltekst"]
    for (line, signaalcode, told), resultaat in zip(bad, answer["resultaten"][1:-1], strict=True):
        assert (resultaat["signaalcode"], resultaat.get("bpvoKenmerk")) == (signaalcode, line["bpvoKenmerk"] or None)
        assert told in resultaat["signaaltekst"] and "erkenningStatus" not in resultaat
    assert school.own() == {"a", "b"}


def test_a_levering_s_bpvos_stay_the_register_s(school, bpvo):
    """The demo's register has bpvo's of every school."""
    theirs = {kenmerk: one for kenmerk, one in school.all().items() if one["herkomst"] == "REGISTER"}
    kenmerk, one = next(iter(theirs.items()))
    mine = {name: one[name] for name in ("bpvoKenmerk", "leerbedrijfId", "code", "begindatum", "keuzedelen")}
    other = mine | {"einddatumGepland": "2199-01-01"}
    assert counts(school.keep(mine | {"einddatumGepland": one["einddatumGepland"]}))[0] == 1
    school.keep(other)
    both = school.all()[kenmerk]
    assert both["herkomst"] == "BEIDE" and f"einddatumGepland {one['einddatumGepland']}" in both["verschil"]
    assert counts(school.keep(vervangAlles=True)) == (0, 0, 1, 0)
    assert school.all()[kenmerk] == one, "as the register has it"
    assert set(school.all()) == set(theirs)


def test_pages_show_each_once(school, bpvo):
    lines = [bpvo(f"p{number:03}") for number in range(2 * PAGE + 1)]
    school.keep(*lines)
    assert school.own() == {line["bpvoKenmerk"] for line in lines}


def test_ten_thousand_are_kept(school, bpvo):
    lines = [bpvo(f"BPV-2026-{number:06}") for number in range(10_000)]
    answer = school.keep(*lines)
    assert counts(answer) == (10_000, 0, 0, 0)
    assert [one["bpvoKenmerk"] for one in answer["resultaten"]] == [line["bpvoKenmerk"] for line in lines]
    assert counts(school.keep(*lines[:5_000], vervangAlles=True)) == (0, 0, 5_000, 5_000)


def test_soap_one_more_is_not_by_the_schema(world, recorder, bpvo):
    soap = SoapClient(world, world.verplicht, recorder)
    fault = soap.call("registrerenBpvos", {"bpvos": [{"bpvoKenmerk": "x"}] * 10_001}).fault
    assert fault.code == "Client.DK0004" and "10000" in fault.detail["reden"]


def test_rest_one_more_is_400(world, openapi):
    rest = RestClient(world, world.verplicht, openapi)
    response = rest.call("registrerenBpvos", {"bpvos": [{"bpvoKenmerk": "x"}] * 10_001})
    assert response.status_code == 400
    (violation,) = response.json()["overtredingen"]
    assert violation["veld"] == "/bpvos" and "10000" in violation["reden"]


def test_soap_the_same_message_again_gets_the_first_answer(world, recorder, bpvo):
    soap = SoapClient(world, world.verplicht, recorder)
    addressing = soap.addressing("registrerenBpvos")
    kenmerk = f"m-{uuid.uuid4().hex[:8]}"
    body = CONTRACT.to_xml("registrerenBpvosRequest", {"bpvos": [bpvo(kenmerk)]})
    for _ in range(2):
        assert counts(soap.send("registrerenBpvos", body, addressing).answer()) == (1, 0, 0, 0)
    other = CONTRACT.to_xml("registrerenBpvosRequest", {"bpvos": [bpvo("other")]})
    fault = soap.send("registrerenBpvos", other, addressing).fault
    assert fault.code == "Client.DK0011" and "al gebruikt" in fault.text


def test_rest_the_same_key_again_gets_the_first_answer(world, openapi, bpvo):
    rest = RestClient(world, world.verplicht, openapi)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    kenmerk = f"met / teken {uuid.uuid4().hex[:8]}"
    body = {"bpvos": [bpvo(kenmerk)]}
    path = f"/v1/bpvos/{quote(kenmerk, safe='')}"
    first = rest.request("PUT", "/v1/bpvos", json=body, headers=headers).json()
    assert rest.get(path).json()["bpvo"]["bpvoKenmerk"] == kenmerk
    assert counts(rest.request("DELETE", path).json()) == (0, 0, 1, 0)
    again = rest.request("PUT", "/v1/bpvos", json=body, headers=headers).json()
    assert (counts(first), counts(again)) == ((1, 0, 0, 0), (1, 0, 0, 0))
    for method in ("GET", "DELETE"):
        response = rest.request(method, path)
        assert (response.status_code, response.json()["code"]) == (404, "130"), "it was done once"
    other = rest.request("PUT", "/v1/bpvos", json={"bpvos": []}, headers=headers)
    assert other.status_code == 400
    assert [one["code"] for one in other.json()["overtredingen"]] == ["AL_GEBRUIKT"]


def test_another_school_s_bpvo_is_not_there(world, openapi, bpvo):
    afnemer = world.with_several_schools
    one, other = [RestClient(world, afnemer, openapi, school.oin) for school in afnemer.scholen[:2]]
    one.call("registrerenBpvos", {"bpvos": [bpvo("van-een")]})
    assert one.get("/v1/bpvos/van-een").status_code == 200
    assert other.get("/v1/bpvos/van-een").status_code == 404
    assert other.request("DELETE", "/v1/bpvos/van-een").status_code == 404
    in_body = {"schoolOin": afnemer.scholen[0].oin, "bpvos": [bpvo("x")]}
    assert other.call("registrerenBpvos", in_body).status_code == 403
    stranger = RestClient(world, afnemer, openapi, world.foreign_school(afnemer))
    assert stranger.call("registrerenBpvos", {"bpvos": [bpvo("x")]}).status_code == 403
    assert stranger.call("opvragenBpvos", {}).status_code == 403


def test_writes_are_counted_and_told_without_what_was_written(world, openapi, bpvo):
    rest = RestClient(world, world.verplicht, openapi)
    kenmerk = f"geheim-{uuid.uuid4().hex}"
    rest.call("registrerenBpvos", {"bpvos": [bpvo(kenmerk)]})
    rest.get(f"/v1/bpvos/{kenmerk}")
    rest.request("DELETE", f"/v1/bpvos/{kenmerk}")
    metrics = requests.get(f"{world.beheer}/metrics", timeout=10).text
    assert re.search(r'^stagepoort_bpvos_schrijfacties_total\{uitkomst="geschreven"\} [1-9]', metrics, re.MULTILINE)
    assert re.search(r'^stagepoort_bpvos_geschreven_total\{wat="verwijderd"\} [1-9]', metrics, re.MULTILINE)
    log = world.path.parent.with_name("demo.log").read_text()
    assert "bpvos registered" in log and "toegevoegd=1" in log
    assert kenmerk not in log


# ---- a gateway that is killed right after it answered


def serving(running: RunningDemo, demo) -> subprocess.Popen:
    """The demo's own settings, served after the demo is gone."""
    command = [running.process.args[0], "serve", "--config", str(running.folder / "stagepoort.toml")]
    with running.log.open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{demo.beheer}/health/ready", timeout=5).status_code == 200:
                return process
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError(running.log.read_text()[-4000:])


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path, openapi, recorder):
    running = RunningDemo(tmp_path)
    process = running.process
    try:
        demo = running.wait()
        voorbeeld = demo.voorbeelden[0]
        acknowledged: dict[str, str] = {}
        for round_ in range(5):
            transport = "rest" if round_ % 2 else "soap"
            kenmerken = [f"ronde-{round_}-{number}" for number in range(1 + 300 * round_)]
            fields = {
                "bpvos": [
                    {
                        "bpvoKenmerk": kenmerk,
                        "leerbedrijfId": str(voorbeeld["leerbedrijfId"]),
                        "code": str(voorbeeld["code"]),
                        "begindatum": voorbeeld["peildatum"],
                        "einddatumGepland": voorbeeld["peildatum"],
                    }
                    for kenmerk in kenmerken
                ]
            }
            school = School(
                SoapClient(demo, demo.verplicht, recorder), RestClient(demo, demo.verplicht, openapi), transport
            )
            answer = school.call("registrerenBpvos", **fields)
            process.kill()
            process.wait()
            assert answer["toegevoegd"] == len(kenmerken)
            acknowledged |= dict.fromkeys(kenmerken, "SCHOOL")
            process = serving(running, demo)
            there = School(
                SoapClient(demo, demo.verplicht, recorder), RestClient(demo, demo.verplicht, openapi), transport
            )
            versie = there.call("opvragenBpvos", minimaleRegisterVersie=answer["registerVersie"])["registerVersie"]
            assert versie == answer["registerVersie"]
            found = {k: one["herkomst"] for k, one in there.all().items() if k.startswith("ronde-")}
            assert found == acknowledged
    finally:
        process.kill()
        process.wait()


# ---- the calls of the README


def test_the_readme_s_calls_run_as_pasted(terminal):
    text = (REPO / "README.md").read_text()
    section = re.search(r"^## Bpvo's of a school$(.*?)^## ", text, re.MULTILINE | re.DOTALL).group(1)
    rest, soap = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    printed_rest, printed_soap = terminal.paste(rest, soap)
    proef, kept, listed, one, gone = [json.loads(line) for line in printed_rest.splitlines() if line]
    assert proef["toegevoegd"] == 1
    assert [line["erkenningStatus"] for line in kept["resultaten"]] == ["ERKEND", "NIET_ERKEND"]
    assert counts(kept) == (2, 0, 0, 0)
    assert listed["bpvos"]
    assert one["bpvo"]["bpvoKenmerk"] == "BPV-DEMO-1" and one["bpvo"]["herkomst"] == "SCHOOL"
    assert counts(gone) == (0, 0, 1, 0)
    answers = [soap_answer(text) for text in printed_soap.split("<?xml")[1:]]
    assert counts(answers[0]) == (1, 0, 0, 1)
    assert answers[1]["bpvos"]
    assert "bpvos/registreren.json" in terminal.printed


def soap_answer(text: str) -> dict:
    (child,) = etree.fromstring(f"<?xml{text}".encode()).find(f"{{{SOAP}}}Body")
    CONTRACT.schema.assertValid(etree.ElementTree(child))
    return CONTRACT.to_dict(child)
