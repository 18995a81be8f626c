"""zoekenLeerplaatsen: input that is not right. A clear word about it, or a plain search of text; never a 500."""

from __future__ import annotations

import pytest

from kit import signaalcodes as code
from kit.contract import CONTRACT, SPACE

OPERATION = "zoekenLeerplaatsen"


def zoeken(ask, **fields):
    return ask(OPERATION, **fields)


ERKENNING, LEERPLAATS = {"soort": "ERKENNING", "naam": "x"}, {"soort": "LEERPLAATS", "naam": "x"}

# The question, the signaalcode, and the field that is named.
WRONG = [
    # too little, or not to be read
    ({}, 150, "soort"),
    ({"naam": "x"}, 150, "soort"),
    ({"soort": "ERKENNING"}, 150, "naam"),
    ({"soort": " ", "naam": "x"}, 150, "soort"),
    ({"soort": "ERKENNING", "naam": "   ", "plaats": ""}, 150, "naam"),
    ({"soort": "ERKENNING", "sortering": "NAAM", "paginaGrootte": "5", "metTellingen": True}, 150, "naam"),
    ({"soort": "ERKENNING", "straalKm": "5"}, 150, "straalKm"),
    ({"soort": "BEDRIJF", "naam": "x"}, 150, "soort"),
    (ERKENNING | {"leerweg": "bbl2"}, 150, "leerweg"),
    (ERKENNING | {"niveau": "0"}, 150, "niveau"),
    (ERKENNING | {"niveau": "5"}, 150, "niveau"),
    (ERKENNING | {"niveau": "twee"}, 150, "niveau"),
    (LEERPLAATS | {"leerplaatsSoort": "BAAN"}, 150, "leerplaatsSoort"),
    (LEERPLAATS | {"minimumPlaatsen": "0"}, 150, "minimumPlaatsen"),
    (LEERPLAATS | {"minimumPlaatsen": "10000"}, 150, "minimumPlaatsen"),
    (ERKENNING | {"sortering": "PRIJS"}, 150, "sortering"),
    (ERKENNING | {"paginaGrootte": "0"}, 150, "paginaGrootte"),
    (ERKENNING | {"paginaGrootte": "101"}, 150, "paginaGrootte"),
    (ERKENNING | {"paginaGrootte": "-1"}, 150, "paginaGrootte"),
    (ERKENNING | {"paginaGrootte": "99999999999999999999"}, 150, "paginaGrootte"),
    *((ERKENNING | {"plaats": "Utrecht", "straalKm": km}, 150, "straalKm") for km in ("0", "-5", "501", "1e9", "NaN")),
    *((ERKENNING | {"plaats": "Utrecht", "straalKm": km}, 150, "straalKm") for km in ("inf", "10 km", "1.000,5", "١٥")),
    # codes, dates, postcodes
    (ERKENNING | {"code": "2518"}, 111, "code"),
    (ERKENNING | {"code": "kok"}, 111, "code"),
    (ERKENNING | {"beschikbaarVanaf": "01-09-2027"}, 120, "beschikbaarVanaf"),
    (ERKENNING | {"beschikbaarVanaf": "2027-02-29"}, 120, "beschikbaarVanaf"),
    (ERKENNING | {"beschikbaarTot": "9999-12-31"}, 121, "beschikbaarTot"),
    (ERKENNING | {"postcode": "351"}, 141, "postcode"),
    (ERKENNING | {"postcode": "0123"}, 141, "postcode"),
    (ERKENNING | {"postcode": "3511 A"}, 141, "postcode"),
    # contradictions
    (ERKENNING | {"leerplaatsSoort": "STAGE"}, 151, "leerplaatsSoort"),
    (ERKENNING | {"metVergoeding": True}, 151, "metVergoeding"),
    (ERKENNING | {"metVergoeding": False}, 151, "metVergoeding"),
    (ERKENNING | {"minimumPlaatsen": "1"}, 151, "minimumPlaatsen"),
    (LEERPLAATS | {"leerweg": "BOL", "leerplaatsSoort": "LEERBAAN"}, 151, "leerplaatsSoort"),
    (LEERPLAATS | {"leerweg": "BBL", "leerplaatsSoort": "STAGE"}, 151, "leerplaatsSoort"),
    (ERKENNING | {"beschikbaarVanaf": "2027-09-01", "beschikbaarTot": "2027-08-31"}, 151, "beschikbaarTot"),
    (ERKENNING | {"beschikbaarTot": "2020-01-01"}, 151, "beschikbaarTot"),
    (ERKENNING | {"code": "25180", "niveau": "3"}, 151, "niveau"),
    (ERKENNING | {"adres": "Kerkstraat 1, Nergenshuizen", "code": "25180", "niveau": "3"}, 151, "niveau"),
    (ERKENNING | {"code": "25180", "opleidingsnaam": "verpleegkundige"}, 151, "opleidingsnaam"),
    (ERKENNING | {"sortering": "AFSTAND"}, 151, "sortering"),
    (ERKENNING | {"plaats": "Utrecht", "postcode": "1012"}, 151, "postcode"),
    (ERKENNING | {"plaats": "Amsterdam", "adres": "Waalkade 12, Tiel"}, 151, "adres"),
]


@pytest.mark.parametrize(("question", "signaalcode", "veld"), WRONG, ids=str)
def test_the_field_is_named_with_what_would_be_right(ask, question, signaalcode, veld):
    answer = zoeken(ask, **question)
    assert answer.signaalcode == signaalcode
    if answer.problem is None:
        assert (answer["leerbedrijven"], answer["totaal"], answer["tellingen"]) == ([], 0, [])
        assert f": {veld}: " in answer["signaaltekst"]
    else:
        assert f"/{veld}" in [one["veld"] for one in answer.problem["overtredingen"]]


@pytest.mark.parametrize("wrong", [{"code": "25180", "niveau": "3"}, {"onbekendVeld": "x"}], ids=str)
def test_a_problem_repeats_no_address(rest, wrong):
    response = rest.call(OPERATION, {"soort": "ERKENNING", "adres": "Kerkstraat 1, Nergenshuizen"} | wrong)
    assert response.status_code == 400
    assert "Nergenshuizen" not in response.text


def test_small_letters_and_spaces_do_not_matter(ask):
    tidy = zoeken(ask, soort="LEERPLAATS", leerweg="BBL", leerplaatsSoort="LEERBAAN", sortering="NAAM", niveau="2")
    loose = {"soort": " leerplaats", "leerweg": "bbl ", "leerplaatsSoort": "Leerbaan", "sortering": "naam", "niveau": " 2 "}
    assert zoeken(ask, **loose)["leerbedrijven"] == tidy["leerbedrijven"]


def test_rest_names_all_that_is_wrong_at_once(rest):
    response = rest.call(
        OPERATION, {"soort": "X", "niveau": "9", "straalKm": "ver", "code": "1", "beschikbaarVanaf": "ooit"}
    )
    assert response.status_code == 400
    named = {one["veld"] for one in response.json()["overtredingen"]}
    assert named == {"/soort", "/niveau", "/straalKm", "/code", "/beschikbaarVanaf"}


# ---- what is right of form and not known: an answer


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"plaats": "Uthrecht"}, ["plaats: 'Uthrecht'", "Utrecht"]),
        ({"plaats": "Amersvoort", "straalKm": "10"}, ["plaats: 'Amersvoort'", "Amersfoort"]),
        ({"adres": "Waalkadde 12, Tiel"}, ["adres: ", "Waalkadde", "Waalkade"]),
        ({"adres": "Waalkade 12, Tiell"}, ["adres: ", "Tiell", "Tiel"]),
        ({"plaats": "Qwzxvbnm"}, ["plaats: 'Qwzxvbnm'"]),
        ({"postcode": "9999"}, ["postcode: ", "9999"]),
        ({"postcode": "9999ZZ", "straalKm": "5"}, ["postcode: ", "9999ZZ"]),
    ],
    ids=str,
)
def test_140_an_unknown_place_is_named_with_the_nearest_spellings(ask, fields, words):
    answer = zoeken(ask, soort="ERKENNING", **fields)
    assert answer.signaalcode == code.PLAATS_ONBEKEND
    assert (answer["leerbedrijven"], answer["totaal"]) == ([], 0)
    for word in words:
        assert word in answer["signaaltekst"]


@pytest.mark.parametrize(
    ("asked", "signaalcode"), [("99999", 110), ("K9999", 110), ("23180", 112), ("79000", 112)], ids=str
)
def test_a_code_that_is_no_kwalificatie_of_the_register(ask, asked, signaalcode):
    answer = zoeken(ask, soort="ERKENNING", code=asked)
    assert answer.signaalcode == signaalcode
    assert (answer["leerbedrijven"], answer["totaal"]) == ([], 0)


def test_130_an_opleidingsnaam_that_nobody_knows_says_so(ask):
    answer = zoeken(ask, soort="ERKENNING", opleidingsnaam="qwzxvbnm")
    assert answer.signaalcode == code.GEEN_RESULTAAT
    assert "opleidingsnaam: " in answer["signaaltekst"] and "qwzxvbnm" in answer["signaaltekst"]


# ---- text that means something elsewhere is text here

ODD = [
    ".*",
    "(a+)+$",
    "[a-z]{1,200}",
    "^bakkerij$",
    "\\",
    "bakkerij~2",
    "naam:bakkerij AND NOT (kok OR *)",
    "+bakkerij -kok",
    '"bakkerij kok"',
    "bakker?",
    "%' OR '1'='1",
    "'; DROP TABLE leerbedrijf; --",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "&lt;&amp;",
    "../../etc/passwd",
    "😀 bakkerij",
    "ﷺ",
    "e\u0301\u0301\u0301\u0301",
    "\u202ebakkerij",
    "İıßﬁŉ",
    "a" * 200,
    "a " * 100,
    "é" * 200,
    "-" * 200,
    "bakkerij " * 22,
]


@pytest.mark.parametrize("field", ["naam", "plaats", "adres", "opleidingsnaam"])
@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text)[:24])
def test_odd_text_is_searched_as_text(ask, field, text):
    answer = zoeken(ask, soort="ERKENNING", **{field: text})
    assert answer.signaalcode in (code.OK, code.GEEN_RESULTAAT, code.PLAATS_ONBEKEND)
    assert answer["totaal"] >= len(answer["leerbedrijven"])


@pytest.mark.parametrize("text", ["bakkerij*", "(bakkerij)", "^bakkerij$", '"bakkerij"', "bakkerij!"])
def test_signs_around_a_word_do_not_matter(ask, text):
    assert zoeken(ask, soort="ERKENNING", naam=text)["totaal"] == zoeken(ask, soort="ERKENNING", naam="bakkerij")["totaal"]


# ---- control characters and long texts


def texts() -> list[str]:
    fields = CONTRACT.complex["ZoekenLeerplaatsenRequestType"]
    return [field.name for field in fields if not field.name.startswith("met")]


@pytest.mark.parametrize("field", texts())
@pytest.mark.parametrize("control", ["\x00", "\x01", "\x1f", "\ud800"], ids=ascii)
def test_rest_a_control_character_is_400(rest, field, control):
    question = {"soort": "ERKENNING", "naam": "x"} | {field: f"a{control}b"}
    response = rest.call(OPERATION, question)
    assert response.status_code == 400, response.text
    named = {one["veld"] for one in response.json()["overtredingen"]}
    assert f"/{field}" in named or control == "\ud800", response.text


@pytest.mark.parametrize("reference", ["&#0;", "&#1;", "&#x1f;", "&#xd800;"])
def test_soap_a_character_that_xml_does_not_have_is_a_fault(soap, reference):
    body = f'<{OPERATION}Request xmlns="{SPACE}"><soort>ERKENNING</soort><naam>a{reference}b</naam></{OPERATION}Request>'
    fault = soap.send(OPERATION, body).fault
    assert (fault.code, fault.text) == ("VersionMismatch.DK0001", "Invalide envelope")


@pytest.mark.parametrize("field", texts())
def test_10000_characters_are_refused_by_both(soap, rest, field):
    question = {"soort": "ERKENNING", "naam": "x"} | {field: "n" * 10_000}
    fault = soap.call(OPERATION, question).fault
    assert (fault.code, fault.detail["veld"]) == ("Client.DK0004", field)
    response = rest.call(OPERATION, question)
    assert response.status_code == 400
    assert ("/" + field, "TE_LANG") in [(one["veld"], one["code"]) for one in response.json()["overtredingen"]]
