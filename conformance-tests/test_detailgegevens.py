"""opvragenDetailgegevens: all that is known of one leerbedrijf."""

from __future__ import annotations

import json

import pytest

from kit import signaalcodes as code
from kit.demo import question_of
from kit.levering import Levering


def details(ask, leerbedrijf_id):
    return ask("opvragenDetailgegevens", leerbedrijfId=str(leerbedrijf_id))


def test_every_leerbedrijf_of_the_examples_has_details(ask, demo):
    ids = {
        str(one["leerbedrijfId"]): one for one in demo.voorbeelden if one["signaalcode"] != code.LEERBEDRIJF_ONBEKEND
    }
    assert ids
    for leerbedrijf_id, example in ids.items():
        detail = details(ask, leerbedrijf_id)["detail"]
        assert (detail["leerbedrijfId"], detail["naam"]) == (leerbedrijf_id, example["naam"])
        assert detail["vestigingsadres"]["postcode"] == example["postcode"]
        assert detail["bijgewerktOp"].endswith("Z")


def test_erkenningen_agree_with_natrekken(ask, demo):
    """A period of the details that holds on the day is an ERKEND of natrekken, and the other way about."""
    for example in demo.voorbeelden:
        if example["signaalcode"] != code.OK:
            continue
        fields = question_of(example)
        periods = [
            one
            for one in details(ask, fields["leerbedrijfId"])["detail"]["erkenningen"]
            if one["code"] == fields["code"]
            and one["startdatum"] <= fields["peildatum"] <= one.get("einddatum", "9999")
        ]
        answer = ask("natrekkenErkenning", **fields)
        assert bool(periods) == (answer.get("grondslag") == "ERKENNING"), example["soort"]
        if periods:
            assert answer["startdatum"] in {one["startdatum"] for one in periods}


def test_a_period_that_ended_says_why(ask, voorbeeld):
    example = voorbeeld("ingetrokken")
    periods = details(ask, example["leerbedrijfId"])["detail"]["erkenningen"]
    (ended,) = [one for one in periods if one["code"] == str(example["code"])]
    assert ended["reden"] == "INGETROKKEN"
    assert ended["einddatum"] < example["peildatum"]


def test_an_erkenning_names_its_opleiding(ask, voorbeeld):
    for one in details(ask, voorbeeld("erkend")["leerbedrijfId"])["detail"]["erkenningen"]:
        assert one["opleidingsnaam"]
        assert 1 <= one["niveau"] <= 4
        assert set(one["leerwegen"]) <= {"BOL", "BBL"}


def test_a_partial_erkenning_lists_its_werkprocessen(ask, voorbeeld):
    example = voorbeeld("gedeeltelijk")
    periods = details(ask, example["leerbedrijfId"])["detail"]["erkenningen"]
    (partial,) = [one for one in periods if one["code"] == str(example["code"])]
    assert partial["gedeeltelijk"] is True
    assert partial["werkprocessen"]
    assert {one["uitvoerbaar"] for one in partial["werkprocessen"]} == {True, False}


def without_id(person):
    return {name: value for name, value in person.items() if name != "persoonId"}


def test_people_are_those_of_the_register_without_its_key_of_them(ask, demo):
    register = Levering.read(demo.levering)
    named = 0
    for example in demo.voorbeelden:
        answer = details(ask, example["leerbedrijfId"])
        if answer.body is None or "detail" not in answer.body:
            continue
        detail, known = answer["detail"], register.leerbedrijven[example["leerbedrijfId"]]
        for kind in ("contactpersonen", "praktijkopleiders"):
            expected = [without_id(person) for person in known.get(kind, [])]
            assert detail[kind] == expected, example["soort"]
            named += len(expected)
        assert "persoonId" not in json.dumps(detail)
    assert named > 0


def test_a_historical_leerbedrijf_keeps_its_details(ask, voorbeeld):
    answer = details(ask, voorbeeld("historisch")["leerbedrijfId"])
    assert answer.signaalcode == code.LEERBEDRIJF_HISTORISCH
    assert answer["detail"]["leerbedrijfStatus"] == "HIS"
    assert answer["detail"]["erkenningen"]


def test_a_merged_leerbedrijf_names_its_successor(ask, voorbeeld):
    answer = details(ask, voorbeeld("opgevolgd")["leerbedrijfId"])
    assert answer.signaalcode == code.LEERBEDRIJF_HISTORISCH
    assert answer["detail"]["opvolger"] and answer["detail"]["opgevolgdPer"]


def test_an_unknown_leerbedrijf_has_no_details(ask):
    answer = details(ask, "999999999")
    assert answer.signaalcode == code.LEERBEDRIJF_ONBEKEND
    assert answer.body is None or "detail" not in answer.body


@pytest.mark.parametrize("wrong", ["99ZZ9999JJ0001602", "12345678", "012345678", "abc", "%"])
def test_an_id_of_another_form_gets_101(ask, wrong):
    assert details(ask, wrong).signaalcode == code.LEERBEDRIJF_ID_ONGELDIG


@pytest.mark.parametrize("fields", [{}, {"leerbedrijfId": ""}])
def test_soap_a_missing_id_gets_101(soap, fields):
    answer = soap.call("opvragenDetailgegevens", fields).answer()
    assert answer["signaalcode"] == code.LEERBEDRIJF_ID_ONGELDIG
    assert "detail" not in answer
