"""zoekenLeerplaatsen: search erkenningen or leerplaatsen, grouped by leerbedrijf."""

from __future__ import annotations

import pytest

from kit import signaalcodes as code
from kit.contract import CONTRACT, SPACE
from kit.soap import Addressing

OPERATION = "zoekenLeerplaatsen"
BOOLEANS = ("metVergoeding", "metPraktijkopleiders", "metTellingen", "metToelichting")
NUMBERS = {"straalKm": 15, "niveau": 2, "minimumPlaatsen": 1, "paginaGrootte": 5}
# A name that no register has, so that the answer is known.
NOBODY = {"soort": "LEERPLAATS", "naam": "Qwzxvbnm"}


def zoeken(ask, **fields):
    return ask(OPERATION, **fields)


def violations(response) -> list[tuple[str, str, str]]:
    assert response.status_code == 400, response.text
    return [(one["plaats"], one["veld"], one["code"]) for one in response.json()["overtredingen"]]


# ---- answers


def test_nothing_found_is_an_answer(ask):
    answer = zoeken(ask, **NOBODY)
    assert answer.signaalcode == code.GEEN_RESULTAAT
    assert (answer["leerbedrijven"], answer["totaal"], answer["tellingen"]) == ([], 0, [])
    assert answer.get("volgendeCursor") is None


@pytest.mark.parametrize("soort", ["ERKENNING", "LEERPLAATS"])
def test_an_answer_is_as_the_contract_has_it(ask, erkend, soort):
    """Whatever it finds: the schemas of both transports judge it, and the two are compared."""
    answer = zoeken(ask, soort=soort, code=erkend["code"], metTellingen=True, metToelichting=True)
    assert answer.signaalcode in (code.OK, code.GEEN_RESULTAAT)
    assert len(answer["leerbedrijven"]) == min(answer["totaal"], 25)


# ---- booleans


@pytest.mark.parametrize("field", BOOLEANS)
@pytest.mark.parametrize("spelling", ["true", "false", "1", "0", " true ", "\n0\t"])
def test_soap_an_xs_boolean_by_any_spelling(soap, field, spelling):
    answer = soap.call(OPERATION, NOBODY | {field: spelling}).answer()
    assert answer["signaalcode"] == code.GEEN_RESULTAAT


@pytest.mark.parametrize("field", BOOLEANS)
@pytest.mark.parametrize("wrong", ["", "TRUE", "ja", "2", "true false"])
def test_soap_DK0004_no_xs_boolean(soap, field, wrong):
    fault = soap.call(OPERATION, NOBODY | {field: wrong}).fault
    assert (fault.code, fault.detail["veld"]) == ("Client.DK0004", field)


@pytest.mark.parametrize("field", BOOLEANS)
@pytest.mark.parametrize("value", [True, False, None])
def test_rest_a_boolean_or_null(rest, field, value):
    response = rest.call(OPERATION, NOBODY | {field: value})
    assert (response.status_code, response.json()["signaalcode"]) == (200, code.GEEN_RESULTAAT)


@pytest.mark.parametrize("wrong", ["true", "", 1, 0, [], {}])
def test_rest_no_boolean_is_400(rest, wrong):
    response = rest.call(OPERATION, NOBODY | {"metTellingen": wrong})
    assert violations(response) == [("body", "/metTellingen", "TYPE_ONGELDIG")]


# ---- numbers, which the contract has as texts


def without_cursor(response) -> dict:
    answer = response.json()
    answer.pop("volgendeCursor", None)
    return answer


def test_rest_a_number_is_the_text_that_it_says(rest, voorbeeld):
    question = {"soort": "LEERPLAATS", "postcode": voorbeeld("erkend")["postcode"][:4]}
    as_numbers = rest.call(OPERATION, question | NUMBERS)
    as_texts = rest.call(OPERATION, question | {name: str(value) for name, value in NUMBERS.items()})
    assert as_numbers.status_code == 200, as_numbers.text
    assert without_cursor(as_numbers) == without_cursor(as_texts)
    with_a_point = rest.call(OPERATION, question | {"straalKm": 7.5})
    assert without_cursor(with_a_point) == without_cursor(rest.call(OPERATION, question | {"straalKm": "7.5"}))


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("wrong", [True, [15], {"km": 15}])
def test_rest_neither_number_nor_text_is_400(rest, field, wrong):
    found = violations(rest.call(OPERATION, {"soort": "LEERPLAATS", "naam": "x"} | {field: wrong}))
    assert ("body", f"/{field}", "TYPE_ONGELDIG") in found


def test_rest_a_text_is_no_number(rest):
    found = violations(rest.call(OPERATION, {"soort": "ERKENNING", "code": 25180, "postcode": 3511}))
    assert found[:2] == [("body", "/postcode", "TYPE_ONGELDIG"), ("body", "/code", "TYPE_ONGELDIG")]


# ---- the form of the request


def texts() -> list[str]:
    fields = CONTRACT.complex["ZoekenLeerplaatsenRequestType"]
    return [field.name for field in fields if field.name not in BOOLEANS]


@pytest.mark.parametrize("field", texts())
def test_a_field_over_200_characters(soap, rest, field):
    question = NOBODY | {field: "1" * 201}
    fault = soap.call(OPERATION, question).fault
    assert (fault.code, fault.detail["veld"]) == ("Client.DK0004", field)
    assert ("body", f"/{field}", "TE_LANG") in violations(rest.call(OPERATION, question))


def test_an_unknown_field(soap, rest):
    body = CONTRACT.to_xml(f"{OPERATION}Request", NOBODY).replace("</naam>", "</naam><radius>15</radius>")
    fault = soap.send(OPERATION, body).fault
    assert (fault.code, fault.detail["veld"]) == ("Client.DK0004", "radius")
    found = violations(rest.call(OPERATION, NOBODY | {"radius": 15}))
    assert found == [("body", "/radius", "ONBEKEND_VELD")]


def test_soap_fields_out_of_their_order(soap):
    body = f'<{OPERATION}Request xmlns="{SPACE}"><naam>x</naam><soort>ERKENNING</soort></{OPERATION}Request>'
    fault = soap.send(OPERATION, body).fault
    assert (fault.code, fault.detail["veld"]) == ("Client.DK0004", "soort")


def test_soap_nil_elements_are_absent(loose_soap):
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    body = CONTRACT.to_xml(f"{OPERATION}Request", NOBODY)
    body = body.replace("</naam>", f"</naam><straalKm {xsi}/><metVergoeding {xsi}/><cursor {xsi}/>")
    answer = loose_soap.send(OPERATION, body, Addressing()).answer()
    assert answer["signaalcode"] == code.GEEN_RESULTAAT


def test_empty_texts_are_absent(ask):
    empty = {name: "" for name in texts() if name not in NOBODY}
    assert zoeken(ask, **NOBODY, **empty).signaalcode == code.GEEN_RESULTAAT


def test_rest_null_is_absent(rest):
    empty = {name: None for name in texts() if name not in NOBODY}
    assert rest.call(OPERATION, NOBODY | empty).json()["signaalcode"] == code.GEEN_RESULTAAT


def test_rest_names_never_go_in_the_uri(rest):
    found = violations(rest.post("/v1/leerplaatsen/_zoek?naam=x", json=NOBODY))
    assert found == [("query", "naam", "ONBEKEND_VELD")]


def test_minimale_register_versie(ask):
    versie = zoeken(ask, **NOBODY)["registerVersie"]
    assert zoeken(ask, **NOBODY, minimaleRegisterVersie=versie)["registerVersie"] == versie
