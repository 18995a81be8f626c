"""natrekkenErkenning: is this leerbedrijf erkend for this code on this date? (rules 1 to 7)"""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from kit import signaalcodes as code
from kit.demo import question_of

ANTWOORD = ("erkenningStatus", "grondslag", "reden")


def natrekken(ask, fields: dict, **changes):
    return ask("natrekkenErkenning", **(fields | changes))


# ---- the examples of the demo


def test_every_example_is_answered_as_it_says(ask, demo):
    wrong = []
    for voorbeeld in demo.voorbeelden:
        answer = natrekken(ask, question_of(voorbeeld))
        expected = {name: voorbeeld.get(name) for name in (*ANTWOORD, "signaalcode", "naam")}
        # An answer for the successor bears its name.
        if voorbeeld["signaalcode"] == code.LEERBEDRIJF_HISTORISCH:
            expected["naam"] = answer.get("naam")
        found = {name: answer.get(name) for name in expected}
        if found != expected:
            wrong.append((voorbeeld["soort"], expected, found))
    assert not wrong


def test_the_examples_hold_every_outcome_of_the_contract(demo):
    def present(name: str) -> set:
        return {one.get(name) for one in demo.voorbeelden} - {None}

    assert present("erkenningStatus") == {"ERKEND", "NIET_ERKEND"}
    assert present("grondslag") == {"ERKENNING", "EQUIVALENT", "KEUZEDEEL"}
    assert present("reden") == {
        "NOOIT_VERLEEND",
        "NOG_NIET_INGEGAAN",
        "VERLOPEN",
        "INGETROKKEN",
        "VAN_RECHTSWEGE_VERVALLEN",
        "NIET_VERLENGD",
        "LEERBEDRIJF_ONBEKEND",
        "CODE_ONBEKEND",
    }


# ---- rule 1: not found and not erkend are answers


def test_an_unknown_leerbedrijf_is_an_answer(ask, voorbeeld):
    answer = natrekken(ask, question_of(voorbeeld("leerbedrijf-onbekend")))
    assert answer.signaalcode == code.LEERBEDRIJF_ONBEKEND
    assert answer["signaaltekst"] == "leerbedrijf onbekend"
    assert (answer["erkenningStatus"], answer["reden"]) == ("NIET_ERKEND", "LEERBEDRIJF_ONBEKEND")
    assert answer.get("naam") is None


def test_an_unknown_code_is_an_answer(ask, voorbeeld):
    answer = natrekken(ask, question_of(voorbeeld("code-onbekend")))
    assert answer.signaalcode == code.CODE_ONBEKEND
    assert (answer["erkenningStatus"], answer["reden"]) == ("NIET_ERKEND", "CODE_ONBEKEND")


# ---- rule 2: fields are lenient in the schema and checked by meaning

WRONG_IDS = [
    "99ZZ9999JJ0001602",
    "12345678",
    "1234567890",
    "012345678",
    "1000000a1",
    "100 000 001",
    "１００００００01",
    "-",
    "leerbedrijf/1",
    "<100000001>",
    "é" * 200,
]


@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_an_id_of_another_form_gets_101(ask, erkend, wrong):
    answer = natrekken(ask, erkend, leerbedrijfId=wrong)
    assert answer.signaalcode == code.LEERBEDRIJF_ID_ONGELDIG
    if answer.body is not None:
        assert answer["leerbedrijfId"] == wrong, "echoed as it came"
        assert answer.get("erkenningStatus") is None, "a question that was not understood has no outcome"


@pytest.mark.parametrize("field", ["leerbedrijfId", "code", "peildatum"])
@pytest.mark.parametrize("empty", [None, "", "   "])
def test_soap_a_missing_or_empty_field_gets_its_signaalcode(soap, erkend, field, empty):
    fields = {name: value for name, value in erkend.items() if name != field}
    if empty is not None:
        fields[field] = empty
    answer = soap.call("natrekkenErkenning", fields).answer()
    expected = {
        "leerbedrijfId": code.LEERBEDRIJF_ID_ONGELDIG,
        "code": code.CODE_ONGELDIG,
        "peildatum": code.DATUM_ONGELDIG,
    }
    assert answer["signaalcode"] == expected[field]
    assert "erkenningStatus" not in answer


def test_of_several_wrong_fields_the_first_gives_the_signaalcode(ask, erkend):
    answer = natrekken(ask, erkend, leerbedrijfId="x", code="y", peildatum="z")
    assert answer.signaalcode == code.LEERBEDRIJF_ID_ONGELDIG
    if answer.problem is not None:
        assert [one["code"] for one in answer.problem["overtredingen"]] == ["101", "111", "120"]


@pytest.mark.parametrize("field", ["leerbedrijfId", "code", "peildatum"])
def test_white_space_around_a_field_does_not_matter_and_comes_back(ask, erkend, field):
    padded = f" {erkend[field]}  "
    answer = natrekken(ask, erkend, **{field: padded})
    assert (answer.signaalcode, answer["erkenningStatus"]) == (code.OK, "ERKEND")
    assert answer[field] == padded


# ---- rule 3: register versions


def test_every_answer_names_the_state_of_the_register(ask, erkend):
    answer = natrekken(ask, erkend)
    assert re.fullmatch(r"[1-9][0-9]*\.[0-9]+", answer["registerVersie"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", answer["registerTijdstip"])
    assert answer.get("signaaltekst") is None, "left out when there is nothing to remark"


def test_a_version_that_is_there_is_enough(ask, erkend):
    versie = natrekken(ask, erkend)["registerVersie"]
    tijdlijn, nummer = map(int, versie.split("."))
    for minimum in (versie, f"{tijdlijn}.0", f"{tijdlijn}.{nummer - 1}", f" {versie} "):
        answer = natrekken(ask, erkend, minimaleRegisterVersie=minimum)
        assert (answer.signaalcode, answer["registerVersie"]) == (code.OK, versie)


def ahead(versie: str) -> str:
    tijdlijn, nummer = map(int, versie.split("."))
    return f"{tijdlijn}.{nummer + 1000}"


def test_rest_a_version_that_does_not_come_is_503_with_retry_after(rest, erkend):
    versie = rest.call("natrekkenErkenning", erkend).json()["registerVersie"]
    response = rest.call("natrekkenErkenning", erkend | {"minimaleRegisterVersie": ahead(versie)})
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert versie in response.json()["detail"]


@pytest.mark.parametrize("wrong", ["1", "1.", ".1", "een.twee", "1.2.3", "-1.5", "1,5", "1.99999999999999999999999"])
def test_rest_a_version_of_another_form_is_400(rest, erkend, wrong):
    response = rest.call("natrekkenErkenning", erkend | {"minimaleRegisterVersie": wrong})
    assert response.status_code == 400
    assert [one["veld"] for one in response.json()["overtredingen"]] == ["minimaleRegisterVersie"]


# ---- rule 4: dates


@pytest.mark.parametrize(
    "wrong",
    ["2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "22-11-2026", "20261122", "2026-1-1", "gisteren", "0",
     "2026-11-22T00:00:00", "2026-11-22T00:00:00Z", "2026-11-22+15:00", "2026-11-22 01:00", "2026/11/22", "+2026-11-22"],
)  # fmt: skip
def test_a_date_that_is_none_gets_120(ask, erkend, wrong):
    assert natrekken(ask, erkend, peildatum=wrong).signaalcode == code.DATUM_ONGELDIG


@pytest.mark.parametrize("wrong", ["1899-12-31", "2200-01-01", "0001-01-01", "9999-12-31"])
def test_a_date_out_of_range_gets_121(ask, erkend, wrong):
    assert natrekken(ask, erkend, peildatum=wrong).signaalcode == code.DATUM_BUITEN_BEREIK


@pytest.mark.parametrize("right", ["1900-01-01", "2199-12-31", "2024-02-29"])
def test_dates_at_the_edges_are_answered(ask, erkend, right):
    answer = natrekken(ask, erkend, peildatum=right)
    assert answer.signaalcode == code.OK
    assert answer["erkenningStatus"] in ("ERKEND", "NIET_ERKEND")


@pytest.mark.parametrize("zone", ["Z", "+01:00", "+02:00", "-14:00"])
def test_a_zone_behind_a_date_is_ignored_and_comes_back(ask, erkend, zone):
    answer = natrekken(ask, erkend, peildatum=erkend["peildatum"] + zone)
    assert (answer.signaalcode, answer["erkenningStatus"]) == (code.OK, "ERKEND")
    assert answer["peildatum"] == erkend["peildatum"] + zone


def test_the_last_day_counts_and_the_next_does_not(ask, voorbeeld):
    fields = question_of(voorbeeld("laatste-dag"))
    last = natrekken(ask, fields)
    assert last["erkenningStatus"] == "ERKEND"
    assert last["einddatum"] == fields["peildatum"]
    day_after = date.fromisoformat(fields["peildatum"]) + timedelta(days=1)
    after = natrekken(ask, fields, peildatum=str(day_after))
    assert (after["erkenningStatus"], after["reden"]) == ("NIET_ERKEND", "VERLOPEN")
    assert after["einddatum"] == last["einddatum"], "the nearest period's dates come along"


def test_the_first_day_counts_and_the_one_before_does_not(ask, voorbeeld):
    fields = question_of(voorbeeld("nog-niet-ingegaan"))
    start = natrekken(ask, fields)["startdatum"]
    first = natrekken(ask, fields, peildatum=start)
    assert (first["erkenningStatus"], first["startdatum"]) == ("ERKEND", start)
    day_before = str(date.fromisoformat(start) - timedelta(days=1))
    before = natrekken(ask, fields, peildatum=day_before)
    assert (before["erkenningStatus"], before["reden"]) == ("NIET_ERKEND", "NOG_NIET_INGEGAAN")


# ---- rule 5: on what it rests


def test_an_erkenning_for_the_code_itself(ask, erkend):
    answer = natrekken(ask, erkend)
    assert answer["grondslag"] == "ERKENNING"
    assert answer.get("erkendVoorCode") is None and answer.get("reden") is None
    assert answer["startdatum"] <= erkend["peildatum"]
    assert set(answer["leerwegen"]) <= {"BOL", "BBL"} and answer["leerwegen"]


def test_an_equivalent_code_is_named(ask, voorbeeld):
    fields = question_of(voorbeeld("equivalent"))
    answer = natrekken(ask, fields)
    assert answer["grondslag"] == "EQUIVALENT"
    assert answer["code"] == fields["code"] != answer["erkendVoorCode"]
    itself = natrekken(ask, fields, code=answer["erkendVoorCode"])
    assert (itself["erkenningStatus"], itself["grondslag"]) == ("ERKEND", "ERKENNING")


def test_a_keuzedeel_is_carried_by_any_running_erkenning(ask, voorbeeld):
    answer = natrekken(ask, question_of(voorbeeld("keuzedeel")))
    assert (answer["erkenningStatus"], answer["grondslag"]) == ("ERKEND", "KEUZEDEEL")


def test_a_partial_erkenning_says_so(ask, voorbeeld):
    assert natrekken(ask, question_of(voorbeeld("gedeeltelijk")))["gedeeltelijk"] is True


# ---- rule 6: codes


@pytest.mark.parametrize(
    "wrong", ["2518", "251800", "K007", "K00721", "K007A", "ABCDE", "25 180", "crebo 25180", "-5180", "２5180"]
)
def test_a_code_of_another_form_gets_111(ask, erkend, wrong):
    assert natrekken(ask, erkend, code=wrong).signaalcode == code.CODE_ONGELDIG


@pytest.mark.parametrize("dossier", ["23110", "23000", "79010", "79999"])
def test_a_dossier_or_domein_gets_112_and_no_outcome(ask, erkend, dossier):
    answer = natrekken(ask, erkend, code=dossier)
    assert answer.signaalcode == code.CODE_GEEN_KWALIFICATIE
    assert answer["code"] == dossier
    assert answer.get("erkenningStatus") is None


def test_rest_a_dossier_among_invalid_fields_is_a_violation_too(rest, erkend):
    response = rest.call("natrekkenErkenning", erkend | {"code": "23110", "peildatum": "x"})
    assert response.status_code == 400
    assert [one["code"] for one in response.json()["overtredingen"]] == ["112", "120"]


# ---- rule 7: historical and merged leerbedrijven


def test_a_historical_leerbedrijf_keeps_its_history(ask, voorbeeld):
    fields = question_of(voorbeeld("historisch"))
    answer = natrekken(ask, fields)
    assert answer.signaalcode == code.LEERBEDRIJF_HISTORISCH
    assert answer["erkenningStatus"] == "NIET_ERKEND"
    assert answer.get("opvolger") is None and answer.get("beantwoordVoor") is None
    then = natrekken(ask, fields, peildatum=answer["startdatum"])
    assert (then.signaalcode, then["erkenningStatus"]) == (code.LEERBEDRIJF_HISTORISCH, "ERKEND")


def test_from_the_day_of_the_merger_the_successor_answers(ask, voorbeeld):
    fields = question_of(voorbeeld("opgevolgd"))
    (merged,) = ask("vaststellenLeerbedrijf", leerbedrijfId=fields["leerbedrijfId"])["leerbedrijven"]
    per = date.fromisoformat(merged["opgevolgdPer"])

    on_the_day = natrekken(ask, fields, peildatum=str(per))
    assert on_the_day.signaalcode == code.LEERBEDRIJF_HISTORISCH
    assert on_the_day["leerbedrijfId"] == fields["leerbedrijfId"], "as asked"
    assert on_the_day["beantwoordVoor"] == on_the_day["opvolger"] == merged["opvolger"]
    assert on_the_day["naam"] != merged["naam"]

    before = natrekken(ask, fields, peildatum=str(per - timedelta(days=1)))
    assert before.signaalcode == code.LEERBEDRIJF_HISTORISCH
    assert before.get("beantwoordVoor") is None
    assert (before["naam"], before["opvolger"]) == (merged["naam"], merged["opvolger"])


def test_the_successor_says_the_same_itself(ask, voorbeeld):
    fields = question_of(voorbeeld("opgevolgd"))
    answer = natrekken(ask, fields)
    itself = natrekken(ask, fields, leerbedrijfId=answer["beantwoordVoor"])
    assert itself.signaalcode == code.OK
    same = ("naam", "erkenningStatus", "grondslag", "startdatum", "leerwegen", "gedeeltelijk")
    assert [itself.get(name) for name in same] == [answer.get(name) for name in same]
