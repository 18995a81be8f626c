"""zoekenLeerplaatsen while the register changes: leveringen imported beside the demo that answers."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kit import signaalcodes as code
from kit.ask import without_cursor
from kit.demo import RunningDemo
from kit.levering import mutaties
from kit.rest import RestClient
from kit.soap import SoapClient

OPERATION = "zoekenLeerplaatsen"
KOK = "25180"
NAAM = "Zilvervlinder"


def bedrijf(number: int, naam: str, **changes) -> dict:
    """Where nothing else of the demo is: on Texel, with a place on offer for a cook."""
    return {
        "soort": "leerbedrijf",
        "leerbedrijfId": str(600_000_000 + number),
        "naam": naam,
        "leerbedrijfStatus": "ACT",
        "vestigingsadres": {
            "straat": "Vuurtorenweg",
            "huisnummer": number,
            "postcode": "1795LA",
            "plaats": "De Cocksdorp",
            "land": "NL",
            "coordinaten": {"lat": 53.15 + number / 1000, "lon": 4.86},
        },
        "bijgewerktOp": "2026-01-01T00:00:00Z",
        "erkenningen": [
            {
                "code": KOK,
                "leerwegen": ["BOL", "BBL"],
                "startdatum": "2020-01-01",
                "bijgewerktOp": "2026-01-01T00:00:00Z",
            }
        ],
        "leerplaatsen": [
            {
                "leerplaatsId": f"TX{number}",
                "code": KOK,
                "leerplaatsSoort": "LEERBAAN",
                "leerweg": "BBL",
                "titel": "Leerbaan aan zee",
                "aantalLeerplaatsen": 2,
            }
        ],
    } | changes


@dataclass
class Register:
    """A demo of its own, whose register these tests change."""

    running: RunningDemo
    folder: Path
    soap: SoapClient
    rest: RestClient
    versie: str = ""
    count: int = field(default=0)

    def change(self, *objects: dict) -> None:
        self.count += 1
        path = self.folder / f"mutaties-{self.count}.ndjson"
        path.write_text(mutaties(f"zoeken-{self.count}", list(objects)))
        database = self.running.folder / "stagepoort.db"
        command = [self.running.process.args[0], "register", "import", str(path), "--opslag", str(database), "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.versie = json.loads(done.stdout)["registerVersie"]

    def search(self, **fields) -> dict:
        """From the last change on: the gateway waits for it, two seconds at most (rule 3)."""
        question = fields | ({"minimaleRegisterVersie": self.versie} if self.versie else {})
        by_rest = self.rest.call(OPERATION, question).json()
        by_soap = self.soap.call(OPERATION, question).answer()
        assert without_cursor(by_rest) == without_cursor(by_soap)
        return by_rest

    def found(self, **fields) -> list[str]:
        return [one["leerbedrijfId"] for one in self.search(**fields)["leerbedrijven"]]


@pytest.fixture
def register(tmp_path, openapi, recorder):
    running = RunningDemo(tmp_path)
    try:
        demo = running.wait()
        soap, rest = SoapClient(demo, demo.verplicht, recorder), RestClient(demo, demo.verplicht, openapi)
        yield Register(running, tmp_path, soap, rest)
    finally:
        running.process.kill()
        running.process.wait()


def test_a_mutation_is_searchable_at_once(register):
    one, id = bedrijf(1, f"Hotel {NAAM}"), str(600_000_001)
    questions = [
        {"soort": "ERKENNING", "naam": NAAM},
        {"soort": "ERKENNING", "naam": "zilvervlindr"},
        {"soort": "ERKENNING", "plaats": "De Cocksdorp", "code": KOK},
        {"soort": "LEERPLAATS", "adres": "Vuurtorenweg 1, De Cocksdorp", "straalKm": "2"},
        {"soort": "LEERPLAATS", "postcode": "1795", "straalKm": "3", "leerweg": "BBL", "minimumPlaatsen": "2"},
    ]
    assert not any(register.found(**question) for question in questions)
    register.change(one)
    assert [register.found(**question) for question in questions] == [[id]] * 5

    register.change(one | {"naam": "Hotel Noorderzon", "leerplaatsen": []})
    assert [register.found(**question) for question in questions] == [[], [], [id], [], []]
    assert register.found(soort="ERKENNING", naam="noorderzon hotel") == [id]

    ended = one["erkenningen"][0] | {"einddatum": "2025-12-31", "reden": "INGETROKKEN"}
    register.change(one | {"erkenningen": [ended]})
    assert not any(register.found(**question) for question in questions)
    assert register.found(**questions[0], beschikbaarVanaf="2025-12-31") == [id]

    register.change(one | {"leerbedrijfStatus": "HIS", "erkenningen": [ended]})
    assert register.found(**questions[0], beschikbaarVanaf="2025-12-31") == []
    register.change(one)
    assert register.found(**questions[0]) == [id]
    register.change({"soort": "verwijderd", "objectSoort": "leerbedrijf", "leerbedrijfId": id})
    assert not any(register.found(**question) for question in questions)


def test_paging_goes_on_in_the_order_of_its_first_page(register):
    """Who comes is not shown, who goes is left out, and nobody comes twice."""
    names = ["Anemoon", "Boterbloem", "Chrysant", "Dahlia", "Edelweiss", "Fresia"]
    all = [bedrijf(number, f"{NAAM} {naam}") for number, naam in enumerate(names, 1)]
    register.change(*all)
    question = {"soort": "ERKENNING", "naam": NAAM, "sortering": "NAAM", "paginaGrootte": "2"}
    first = register.search(**question)
    register.change(
        bedrijf(20, f"{NAAM} Aalbes"),
        bedrijf(21, f"{NAAM} Guldenroede"),
        all[0] | {"naam": f"{NAAM} Zonnebloem"},
        all[2] | {"naam": f"{NAAM} Aardbei"},
        {"soort": "verwijderd", "objectSoort": "leerbedrijf", "leerbedrijfId": all[4]["leerbedrijfId"]},
    )
    second = register.search(**question, cursor=first["volgendeCursor"])
    third = register.search(**question, cursor=second["volgendeCursor"])
    shown = [[one["naam"].removeprefix(f"{NAAM} ") for one in page["leerbedrijven"]] for page in (first, second, third)]
    assert shown == [["Anemoon", "Boterbloem"], ["Aardbei", "Dahlia"], ["Fresia"]]
    assert [page["totaal"] for page in (first, second, third)] == [6, 6, 6]
    assert "volgendeCursor" not in third
    assert register.search(**question)["totaal"] == 7


def test_an_opleiding_that_is_named_anew_is_found_by_its_new_name(register):
    kok = next(
        line
        for line in map(json.loads, register.running.wait().levering.read_text().splitlines())
        if line["soort"] == "opleiding" and line["code"] == KOK
    )
    register.change(bedrijf(1, NAAM))
    asked = {"soort": "ERKENNING", "naam": NAAM}
    assert register.found(**asked, opleidingsnaam="kok")
    register.change(kok | {"opleidingsnaam": "Keukenmeester"})
    assert register.found(**asked, opleidingsnaam="keukenmeester")
    assert register.search(**asked, opleidingsnaam="kok")["signaalcode"] in (code.GEEN_RESULTAAT, code.OK)
    assert register.found(**asked, opleidingsnaam="kok") == []
