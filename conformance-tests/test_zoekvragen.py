"""The ten example searches, run as an integrator pastes them: from the README, the start page and the demo itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lxml import etree

from kit import signaalcodes as code
from kit.ask import without_cursor
from kit.contract import CONTRACT
from kit.demo import REPO
from kit.kalender import day
from kit.soap import SOAP
from kit.terminal import API

SEARCH = f"{API}/v1/leerplaatsen/_zoek"


def rest_answers(printed: str) -> list[dict]:
    return [without_cursor(json.loads(line)) for line in printed.splitlines() if line]


def soap_answers(printed: str) -> list[dict]:
    return [without_cursor(soap_answer(text)) for text in printed.split("<?xml")[1:]]


def soap_answer(text: str) -> dict:
    """The answer as JSON has it; the XSD judges it on the way."""
    (child,) = etree.fromstring(f"<?xml{text}".encode()).find(f"{{{SOAP}}}Body")
    CONTRACT.schema.assertValid(etree.ElementTree(child))
    return CONTRACT.to_dict(child)


@pytest.fixture(scope="module")
def readme(terminal) -> list[str]:
    """What the blocks of the README print: REST, SOAP, and the second page of both."""
    text = (REPO / "README.md").read_text()
    section = re.search(r"^## Ten searches$(.*?)^## ", text, re.MULTILINE | re.DOTALL).group(1)
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    return terminal.paste(*blocks)


@pytest.fixture(scope="module")
def ten(readme) -> list[dict]:
    answers = rest_answers(readme[0])
    assert len(answers) == 10
    return answers


def names(terminal) -> list[str]:
    return sorted(path.stem for path in (terminal.folder / "demo-map/zoekvragen").glob("*.json"))


# ---- the README


def test_soap_answers_the_same_ten(readme, ten):
    assert soap_answers(readme[1]) == ten


def test_the_second_page_is_the_same_over_both_and_goes_on(readme, ten):
    rest, soap = readme[2].split("<?xml")
    (second,) = rest_answers(rest)
    assert without_cursor(soap_answer(soap)) == second
    first, second = ([one["naam"].casefold() for one in page["leerbedrijven"]] for page in (ten[8], second))
    assert len(first) == len(second) == 10
    assert max(first) <= min(second)


def test_all_find_something_but_the_unknown_place(ten):
    for answer in ten[:9]:
        assert answer["signaalcode"] == code.OK
        assert answer["totaal"] >= len(answer["leerbedrijven"]) > 0
    assert (ten[9]["signaalcode"], ten[9]["totaal"]) == (code.PLAATS_ONBEKEND, 0)
    assert "Amersvoort" in ten[9]["signaaltekst"] and "Amersfoort" in ten[9]["signaaltekst"]


def hits(answer: dict, wat: str) -> list[tuple[dict, dict]]:
    """Every erkenning or leerplaats that was found, with its leerbedrijf."""
    return [(one, found) for one in answer["leerbedrijven"] for found in one[wat]]


def test_they_find_what_they_ask_for(ten):
    kok, tikfout, den_haag, adres, gelijkwaardig, tellingen, dichtstbij, stage, _, _ = ten
    for bedrijf, plaats in hits(kok, "leerplaatsen"):
        assert (plaats["code"], plaats["leerweg"]) == ("25180", "BBL")
        assert bedrijf["afstandKm"] <= 15 and plaats["aantalLeerplaatsen"] >= 1
        assert "kok" in bedrijf["toelichting"].casefold()
    assert tikfout["leerbedrijven"][0]["naam"] == "Restaurant 't Veerhuis"
    assert "gevraagd: restuarant" in tikfout["leerbedrijven"][0]["toelichting"]
    assert {one["vestigingsadres"]["plaats"] for one in den_haag["leerbedrijven"]} == {"'s-Gravenhage"}
    assert all("kapper" in found["opleidingsnaam"].casefold() for _, found in hits(den_haag, "erkenningen"))
    assert adres["leerbedrijven"][0]["afstandKm"] == 0.0
    assert all(one["afstandKm"] <= 3 for one in adres["leerbedrijven"])
    assert {(found["code"], found.get("equivalentVoor")) for _, found in hits(gelijkwaardig, "erkenningen")} == {
        ("25655", None),
        ("25480", "25655"),
    }
    assert {one["veld"] for one in tellingen["tellingen"]} == {"leerweg", "niveau", "code"}
    assert len(tellingen["leerbedrijven"]) == 1 < tellingen["totaal"]
    distances = [one["afstandKm"] for one in dichtstbij["leerbedrijven"]]
    assert len(distances) == 5 and distances == sorted(distances)
    for _, plaats in hits(stage, "leerplaatsen"):
        assert plaats["leerplaatsSoort"] == "STAGE" and plaats["vergoeding"]["soort"] != "GEEN"


def test_the_september_after_any_day_finds_places(terminal, ten):
    """Next year's September is 244 to 608 days away; the register is as old as the demo, and nothing else has a date."""
    question = json.loads((terminal.folder / "demo-map/zoekvragen/01-leerbaan-kok.json").read_text())
    days = [day(away) for away in range(244, 609, 14)]
    blocks = [
        f"curl -K demo-map/rest.curl -d '{json.dumps(question | {'beschikbaarVanaf': vanaf})}' {SEARCH}"
        for vanaf in days
    ]
    assert all(rest_answers(printed)[0]["totaal"] for printed in terminal.paste(*blocks))


# ---- the same ten elsewhere


def test_the_files_of_the_demo_ask_the_same(terminal, ten):
    blocks = [f"curl -K demo-map/rest.curl -d @demo-map/zoekvragen/{name}.json {SEARCH}" for name in names(terminal)]
    assert [rest_answers(printed)[0] for printed in terminal.paste(*blocks)] == ten


def test_the_start_page_shows_them_in_both(terminal, ten):
    page = etree.HTML(terminal.demo.public.get(terminal.demo.docs + "/", timeout=10).text)
    shown = page.xpath('//details[starts-with(@id, "zoekvraag-")]')
    assert [one.get("id") for one in shown] == [f"zoekvraag-{name}" for name in names(terminal)]
    for one, answer in zip(shown, ten, strict=True):
        rest, soap = ("".join(pre.itertext()) for pre in one.iter("pre"))
        printed = terminal.paste(rest, soap)
        assert rest_answers(printed[0]) == soap_answers(printed[1]) == [answer]


def test_openapi_has_them(terminal):
    document = terminal.demo.public.get(f"{terminal.demo.docs}/v1/openapi.json", timeout=10).json()
    body = document["paths"]["/leerplaatsen/_zoek"]["post"]["requestBody"]["content"]["application/json"]
    assert sorted(body["examples"]) == names(terminal)


def test_the_demo_prints_one_that_works(terminal, ten):
    """As the other calls that it prints: a verification before it, bpvo's behind it."""
    (calls,) = re.findall(r"^REST, .*(?=^Ctrl-C)", terminal.printed, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^curl .*?(?=^\n)", calls, re.MULTILINE | re.DOTALL)
    # The last one sets the clock, which others here go by: test_speelveld.py sets it.
    *pasted, klok = blocks
    rest, soap, search_rest, search_soap, kept_rest, kept_soap, listed, received = terminal.paste(*pasted)
    assert json.loads(rest)["erkenningStatus"] == "ERKEND"
    assert soap_answer(soap.partition("<?xml")[2])["erkenningStatus"] == "ERKEND"
    assert rest_answers(search_rest) == soap_answers(search_soap) == [ten[0]]
    assert json.loads(kept_rest)["resultaten"] == soap_answer(kept_soap.partition("<?xml")[2])["resultaten"]
    assert json.loads(listed)["bpvos"]
    assert json.loads(received) == []
    assert klok.rstrip().endswith("/klok'")
