"""A chain with more branches than one answer shows: a demo of its own, to whose register they are added."""

from __future__ import annotations

import json
import subprocess

import pytest

from kit import signaalcodes as code
from kit.ask import AskRest, AskSoap, Memory
from kit.demo import RunningDemo
from kit.levering import mutaties
from kit.rest import RestClient
from kit.soap import SoapClient

MAX_LEERBEDRIJVEN = 25
FIRST_ID = 500_000_001
NAAM = "Kledingmagazijn De Rode Draad"
POSTCODES = [f"1012A{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def branch(number: int) -> dict:
    """Two branches stand on every postcode, with house numbers of their own."""
    return {
        "soort": "leerbedrijf",
        "leerbedrijfId": str(FIRST_ID + number),
        "naam": NAAM,
        "leerbedrijfStatus": "ACT",
        "vestigingsadres": {
            "straat": "Damrak",
            "huisnummer": number + 1,
            "postcode": POSTCODES[number // 2],
            "plaats": "Amsterdam",
            "land": "NL",
        },
        "bijgewerktOp": "2026-01-01T00:00:00Z",
        "erkenningen": [],
    }


@pytest.fixture(scope="module")
def keten(tmp_path_factory, openapi, recorder):
    """Clients of a gateway that knows the chain, and from which version on."""
    folder = tmp_path_factory.mktemp("keten")
    running = RunningDemo(folder)
    try:
        demo = running.wait()
        path = folder / "keten.ndjson"
        path.write_text(mutaties("keten", [branch(number) for number in range(40)]))
        database = running.folder / "stagepoort.db"
        binary = running.process.args[0]
        imported = subprocess.run(
            [binary, "register", "import", str(path), "--opslag", str(database), "--json"],
            capture_output=True,
            text=True,
        )
        assert imported.returncode == 0, imported.stderr
        memory = Memory()
        yield {
            "soap": AskSoap(SoapClient(demo, demo.verplicht, recorder), memory),
            "rest": AskRest(RestClient(demo, demo.verplicht, openapi), memory),
            "versie": json.loads(imported.stdout)["registerVersie"],
        }
    finally:
        running.stop()


@pytest.fixture(params=["soap", "rest"])
def ask(request, keten):
    def ask(**fields):
        return keten[request.param]("vaststellenLeerbedrijf", minimaleRegisterVersie=keten["versie"], **fields)

    return ask


def test_a_levering_imported_beside_the_gateway_is_served(ask, keten):
    """minimaleRegisterVersie waits for it (rule 3)."""
    answer = ask(leerbedrijfId=str(FIRST_ID))
    assert (answer.signaalcode, answer["registerVersie"]) == (code.OK, keten["versie"])


def test_at_most_25_and_it_says_that_there_are_more(ask):
    answer = ask(naam=NAAM, plaats="Amsterdam")
    assert answer.signaalcode == code.MEER_RESULTATEN
    assert answer["meerResultaten"] is True
    ids = [one["leerbedrijfId"] for one in answer["leerbedrijven"]]
    assert len(set(ids)) == len(ids) == MAX_LEERBEDRIJVEN


def test_the_best_match_stands_first_among_many(ask):
    answer = ask(naam=NAAM, postcode=POSTCODES[19], huisnummer="40")
    first, second = answer["leerbedrijven"][:2]
    assert (first["leerbedrijfId"], first["matchKwaliteit"]) == (str(FIRST_ID + 39), "EXACT")
    assert second["matchKwaliteit"] != "EXACT"


def test_just_as_many_as_fit_are_all(ask):
    answer = ask(postcode=POSTCODES[3], huisnummer="7")
    assert (answer.signaalcode, answer["meerResultaten"]) == (code.OK, False)
    assert [one["leerbedrijfId"] for one in answer["leerbedrijven"]] == [str(FIRST_ID + 6)]
