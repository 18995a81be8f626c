"""vaststellenLeerbedrijf: which leerbedrijf is this? By id, or by name and address (rules 2, 7 and 8)."""

from __future__ import annotations

import pytest

from kit import signaalcodes as code

MAX_LEERBEDRIJVEN = 25


def vaststellen(ask, **fields):
    return ask("vaststellenLeerbedrijf", **fields)


@pytest.fixture(scope="module")
def bekend(rest, voorbeeld) -> dict:
    """The leerbedrijf of the plainest example, as the gateway itself tells it."""
    response = rest.call("vaststellenLeerbedrijf", {"leerbedrijfId": str(voorbeeld("erkend")["leerbedrijfId"])})
    (leerbedrijf,) = response.json()["leerbedrijven"]
    return leerbedrijf


def found(answer) -> list[str]:
    assert answer["meerResultaten"] is (answer.signaalcode == code.MEER_RESULTATEN)
    assert len(answer["leerbedrijven"]) <= MAX_LEERBEDRIJVEN
    rank = {"EXACT": 0, "WAARSCHIJNLIJK": 1, "MOGELIJK": 2}
    ranks = [rank[one["matchKwaliteit"]] for one in answer["leerbedrijven"]]
    assert ranks == sorted(ranks), "best match first"
    assert all(one["matchReden"] for one in answer["leerbedrijven"])
    return [one["leerbedrijfId"] for one in answer["leerbedrijven"]]


# ---- by id


def test_by_id(ask, voorbeeld):
    example = voorbeeld("erkend")
    answer = vaststellen(ask, leerbedrijfId=str(example["leerbedrijfId"]))
    assert answer.signaalcode == code.OK
    assert found(answer) == [str(example["leerbedrijfId"])]
    (leerbedrijf,) = answer["leerbedrijven"]
    assert leerbedrijf["naam"] == example["naam"]
    assert leerbedrijf["leerbedrijfStatus"] == "ACT"
    assert leerbedrijf["matchKwaliteit"] == "EXACT"
    adres = leerbedrijf["vestigingsadres"]
    assert (adres["postcode"], adres["huisnummer"], adres["land"]) == (example["postcode"], example["huisnummer"], "NL")
    assert set(adres["coordinaten"]) == {"lat", "lon"}


def test_an_unknown_id(ask):
    answer = vaststellen(ask, leerbedrijfId="999999999")
    assert answer.signaalcode == code.LEERBEDRIJF_ONBEKEND
    if answer.body is not None:
        assert found(answer) == []


@pytest.mark.parametrize("wrong", ["99ZZ9999JJ0001602", "12345678", "012345678", "abc"])
def test_an_id_of_another_form_gets_101(ask, wrong):
    assert vaststellen(ask, leerbedrijfId=wrong).signaalcode == code.LEERBEDRIJF_ID_ONGELDIG


def test_an_id_goes_before_the_other_fields(ask, bekend):
    answer = vaststellen(ask, leerbedrijfId=bekend["leerbedrijfId"], naam="Heel iets anders", plaats="Elders")
    assert found(answer) == [bekend["leerbedrijfId"]]


def test_rest_by_id_in_a_search_body_is_the_same_answer(rest, bekend):
    get = rest.get(f"/v1/leerbedrijven/{bekend['leerbedrijfId']}")
    search = rest.post("/v1/leerbedrijven/_zoek", json={"leerbedrijfId": bekend["leerbedrijfId"]})
    assert (get.status_code, search.status_code) == (200, 200)
    assert get.json() == search.json()


def test_rest_an_unknown_id_is_404_by_get_and_an_answer_by_search(rest):
    assert rest.get("/v1/leerbedrijven/999999999").status_code == 404
    search = rest.post("/v1/leerbedrijven/_zoek", json={"leerbedrijfId": "999999999"})
    assert (search.status_code, search.json()["signaalcode"]) == (200, code.LEERBEDRIJF_ONBEKEND)


# ---- by name and address


def test_by_name_and_postcode(ask, bekend):
    answer = vaststellen(ask, naam=bekend["naam"], postcode=bekend["vestigingsadres"]["postcode"])
    assert found(answer)[0] == bekend["leerbedrijfId"]
    assert answer["leerbedrijven"][0]["matchKwaliteit"] == "EXACT"


def test_by_name_and_place(ask, bekend):
    answer = vaststellen(ask, naam=bekend["naam"], plaats=bekend["vestigingsadres"]["plaats"])
    assert found(answer)[0] == bekend["leerbedrijfId"]
    assert answer["leerbedrijven"][0]["matchKwaliteit"] == "EXACT"


def test_by_postcode_and_house_number(ask, bekend):
    adres = bekend["vestigingsadres"]
    answer = vaststellen(ask, postcode=adres["postcode"], huisnummer=str(adres["huisnummer"]))
    assert bekend["leerbedrijfId"] in found(answer)


@pytest.mark.parametrize("spelling", [str.lower, lambda p: f"{p[:4]} {p[4:]}", lambda p: f" {p[:4]} {p[4:].lower()} "])
def test_a_postcode_may_hold_a_space_or_lower_case(ask, bekend, spelling):
    adres = bekend["vestigingsadres"]
    answer = vaststellen(ask, postcode=spelling(adres["postcode"]), huisnummer=str(adres["huisnummer"]))
    assert bekend["leerbedrijfId"] in found(answer)


def test_case_accents_punctuation_and_legal_forms_do_not_matter(ask, voorbeeld):
    # Bakkerij Café Crème
    example = voorbeeld("gedeeltelijk")
    for spelling in ("BAKKERIJ CAFE CREME", "bakkerij café-crème B.V.", "Bakkerij  Cafe Crème bv"):
        answer = vaststellen(ask, naam=spelling, postcode=example["postcode"])
        assert found(answer)[0] == str(example["leerbedrijfId"]), spelling
        assert answer["leerbedrijven"][0]["matchKwaliteit"] == "EXACT", spelling


def test_one_typo_is_probable_not_exact(ask, bekend):
    naam = bekend["naam"]
    typo = naam[:3] + naam[4:]
    answer = vaststellen(ask, naam=typo, postcode=bekend["vestigingsadres"]["postcode"])
    assert found(answer)[0] == bekend["leerbedrijfId"]
    assert answer["leerbedrijven"][0]["matchKwaliteit"] == "WAARSCHIJNLIJK"


def test_another_name_at_the_same_address_is_possible(ask, bekend):
    adres = bekend["vestigingsadres"]
    answer = vaststellen(ask, naam="Qwzx", postcode=adres["postcode"], huisnummer=str(adres["huisnummer"]))
    assert bekend["leerbedrijfId"] in found(answer)
    assert {one["matchKwaliteit"] for one in answer["leerbedrijven"]} == {"MOGELIJK"}


def test_nothing_like_it_is_an_answer(ask, bekend):
    answer = vaststellen(ask, naam="Qwzx Vbnm", postcode=bekend["vestigingsadres"]["postcode"])
    assert answer.signaalcode == code.GEEN_RESULTAAT
    assert found(answer) == []


def test_abroad_a_postcode_has_any_form(ask, voorbeeld):
    example = voorbeeld("buitenland")
    for land in ("BE", "be"):
        answer = vaststellen(ask, naam=example["naam"], postcode=example["postcode"], land=land)
        assert found(answer)[0] == str(example["leerbedrijfId"])
    by_number = vaststellen(ask, postcode=example["postcode"], huisnummer=str(example["huisnummer"]), land="BE")
    assert str(example["leerbedrijfId"]) in found(by_number)
    assert by_number["leerbedrijven"][0]["vestigingsadres"]["land"] == "BE"


def test_abroad_a_town_is_found_with_its_country_or_without(ask, voorbeeld):
    example = voorbeeld("buitenland")
    for fields in ({"plaats": "Turnhout"}, {"plaats": "Turnhout", "land": "BE"}):
        answer = vaststellen(ask, naam=example["naam"], **fields)
        assert found(answer)[0] == str(example["leerbedrijfId"])
        assert answer["leerbedrijven"][0]["matchKwaliteit"] == "EXACT"


def test_a_town_in_another_country_than_asked_is_no_exact_match(ask, voorbeeld):
    answer = vaststellen(ask, naam=voorbeeld("buitenland")["naam"], plaats="Turnhout", land="NL")
    assert "EXACT" not in {one["matchKwaliteit"] for one in answer["leerbedrijven"]}


def test_a_foreign_postcode_without_its_country_gets_141(ask, voorbeeld):
    example = voorbeeld("buitenland")
    answer = vaststellen(ask, naam=example["naam"], postcode=example["postcode"])
    assert answer.signaalcode == code.POSTCODE_ONGELDIG


@pytest.mark.parametrize("wrong", ["1234", "12345", "0123AB", "AB1234", "1234A", "1234 A1", "D-48529"])
def test_a_postcode_of_another_form_gets_141(ask, wrong):
    answer = vaststellen(ask, postcode=wrong, huisnummer="1")
    assert answer.signaalcode == code.POSTCODE_ONGELDIG


@pytest.mark.parametrize(
    "fields",
    [
        {"naam": "Bakkerij"},
        {"postcode": "1012AB"},
        {"plaats": "Amsterdam"},
        {"huisnummer": "12"},
        {"huisnummer": "12", "plaats": "Amsterdam"},
        {"postcode": "1012AB", "plaats": "Amsterdam"},
        {"naam": "Bakkerij", "huisnummer": "12"},
        {"naam": "Bakkerij", "land": "BE"},
        {"naam": "  ", "postcode": "1012AB"},
        {"naam": "Bakkerij", "postcode": ""},
        {"leerbedrijfId": "", "naam": "Bakkerij"},
        {},
    ],
)
def test_too_little_to_search_by_gets_150(ask, fields):
    answer = vaststellen(ask, **fields)
    assert answer.signaalcode == code.TE_WEINIG_ZOEKGEGEVENS
    if answer.body is not None:
        assert found(answer) == []


# ---- historical and merged


def test_a_historical_leerbedrijf_is_found(ask, voorbeeld):
    example = voorbeeld("historisch")
    answer = vaststellen(ask, leerbedrijfId=str(example["leerbedrijfId"]))
    assert answer.signaalcode == code.LEERBEDRIJF_HISTORISCH
    (leerbedrijf,) = answer["leerbedrijven"]
    assert leerbedrijf["leerbedrijfStatus"] == "HIS"
    assert "opvolger" not in leerbedrijf


def test_a_merged_leerbedrijf_names_its_successor(ask, voorbeeld):
    example = voorbeeld("opgevolgd")
    answer = vaststellen(ask, leerbedrijfId=str(example["leerbedrijfId"]))
    assert answer.signaalcode == code.LEERBEDRIJF_HISTORISCH
    (leerbedrijf,) = answer["leerbedrijven"]
    assert leerbedrijf["opgevolgdPer"] <= example["peildatum"]
    successor = vaststellen(ask, leerbedrijfId=leerbedrijf["opvolger"])
    assert successor.signaalcode == code.OK
    assert successor["leerbedrijven"][0]["leerbedrijfStatus"] == "ACT"
