"""vaststellenLeerbedrijven: up to 1,000 rows of a relation file; a bad row spoils only itself."""

from __future__ import annotations

import pytest

from kit import signaalcodes as code
from kit.contract import CONTRACT

MAX_RIJEN = 1_000


def bulk(ask, rows: list[dict], **rest):
    return ask("vaststellenLeerbedrijven", rijen=rows, **rest)


@pytest.fixture(scope="module")
def rij(voorbeeld) -> dict:
    """A row that is found, as a relation file has it."""
    example = voorbeeld("erkend")
    return {"naam": example["naam"], "postcode": example["postcode"], "huisnummer": str(example["huisnummer"])}


def test_rows_come_back_in_order_with_their_kenmerk(ask, demo):
    rows = [
        {"kenmerk": f"relatie {place:03}", "leerbedrijfId": str(one["leerbedrijfId"])}
        for place, one in enumerate(demo.voorbeelden)
    ]
    rows.reverse()
    results = bulk(ask, rows)["resultaten"]
    assert [one["kenmerk"] for one in results] == [row["kenmerk"] for row in rows]
    for row, result in zip(rows, results, strict=True):
        if result["signaalcode"] == code.LEERBEDRIJF_ONBEKEND:
            assert "leerbedrijf" not in result
        else:
            assert result["leerbedrijf"]["leerbedrijfId"] == row["leerbedrijfId"]


def test_a_row_gets_the_best_match_of_the_same_question_alone(ask, rij, voorbeeld):
    rows = [
        rij,
        {"naam": rij["naam"][:3] + rij["naam"][4:], "postcode": rij["postcode"]},
        {"naam": "Qwzx", "postcode": rij["postcode"], "huisnummer": rij["huisnummer"]},
        {"leerbedrijfId": str(voorbeeld("opgevolgd")["leerbedrijfId"])},
        {"naam": "Qwzx Vbnm", "postcode": rij["postcode"]},
    ]
    answer = bulk(ask, rows)
    assert answer.signaalcode == code.OK
    for row, result in zip(rows, answer["resultaten"], strict=True):
        alone = ask("vaststellenLeerbedrijf", **row)
        best = alone["leerbedrijven"][0] if alone["leerbedrijven"] else None
        assert result.get("leerbedrijf") == best
        assert ("signaaltekst" in result) == (result["signaalcode"] != code.OK)


def test_a_bad_row_spoils_only_itself_and_says_what_would_be_right(ask, rij):
    bad = [
        ({"leerbedrijfId": "99ZZ9999JJ0001602"}, code.LEERBEDRIJF_ID_ONGELDIG, "leerbedrijfId"),
        (rij | {"postcode": "1234"}, code.POSTCODE_ONGELDIG, "postcode"),
        (rij | {"huisnummer": "twaalf"}, code.TE_WEINIG_ZOEKGEGEVENS, "huisnummer"),
        (rij | {"land": "Nederland"}, code.ZOEKGEGEVENS_STRIJDIG, "land"),
        ({"kenmerk": "niets"}, code.TE_WEINIG_ZOEKGEGEVENS, "leerbedrijfId"),
        ({}, code.TE_WEINIG_ZOEKGEGEVENS, "leerbedrijfId"),
    ]
    rows = [row for one, _, _ in bad for row in (rij, one)]
    answer = bulk(ask, rows)
    assert answer.signaalcode == code.OK
    results = answer["resultaten"]
    good, wrong = results[::2], results[1::2]
    assert all(one == good[0] for one in good)
    assert good[0]["leerbedrijf"]["naam"] == rij["naam"]
    for (_, signaalcode, veld), result in zip(bad, wrong, strict=True):
        assert result["signaalcode"] == signaalcode
        assert f": {veld}: geef " in result["signaaltekst"]
        assert "leerbedrijf" not in result


def test_a_kenmerk_comes_back_as_it_came(ask, rij):
    kenmerken = ["1", "a<b>&\"'", "  met spaties  ", "é€😀"]
    results = bulk(ask, [rij | {"kenmerk": kenmerk} for kenmerk in kenmerken] + [rij, rij | {"kenmerk": ""}])
    assert [one.get("kenmerk") for one in results["resultaten"]] == [*kenmerken, None, None]


def test_nothing_asked_is_nothing_answered(ask):
    answer = ask("vaststellenLeerbedrijven")
    assert (answer.signaalcode, answer["resultaten"]) == (code.OK, [])


def test_a_thousand_rows_are_answered(ask, rij):
    rows = [rij | {"kenmerk": f"relatie {place:04}"} for place in range(MAX_RIJEN)]
    results = bulk(ask, rows)["resultaten"]
    assert [one["kenmerk"] for one in results] == [row["kenmerk"] for row in rows]
    assert {one["leerbedrijf"]["naam"] for one in results} == {rij["naam"]}


def test_minimale_register_versie_holds_for_all_rows(ask, rij):
    versie = bulk(ask, [rij])["registerVersie"]
    assert bulk(ask, [rij], minimaleRegisterVersie=versie).signaalcode == code.OK


# ---- the form of the request


def test_soap_one_row_more_is_not_by_the_schema(soap, rij):
    fault = soap.call("vaststellenLeerbedrijven", {"rijen": [rij] * (MAX_RIJEN + 1)}).fault
    assert fault.code == "Client.DK0004"
    assert "1000" in fault.detail["reden"].replace(".", ""), fault.detail


def test_rest_one_row_more_is_400(rest, rij):
    response = rest.call("vaststellenLeerbedrijven", {"rijen": [rij] * (MAX_RIJEN + 1)})
    assert response.status_code == 400
    (violation,) = response.json()["overtredingen"]
    assert (violation["veld"], violation["code"]) == ("/rijen", "TE_VEEL_REGELS")


def test_soap_a_field_over_200_characters_names_the_row(soap, rij):
    fault = soap.call("vaststellenLeerbedrijven", {"rijen": [rij, rij | {"naam": "n" * 201}]}).fault
    assert fault.code == "Client.DK0004"
    assert fault.detail["veld"] == "rijen/rij[2]/naam"


def test_soap_an_empty_wrapper_is_no_list(soap):
    body = CONTRACT.to_xml("vaststellenLeerbedrijvenRequest", {"rijen": []})
    assert soap.send("vaststellenLeerbedrijven", body).answer()["resultaten"] == []


def test_rest_a_row_of_the_wrong_form_refuses_the_request(rest, rij):
    rows = [rij, {"naam": 7}, {"plaatsnaam": "x"}, None, rij | {"naam": "n" * 201}, {"minimaleRegisterVersie": "1.0"}]
    response = rest.call("vaststellenLeerbedrijven", {"rijen": rows})
    assert response.status_code == 400
    assert [(one["veld"], one["code"]) for one in response.json()["overtredingen"]] == [
        ("/rijen/1/naam", "TYPE_ONGELDIG"),
        ("/rijen/2/plaatsnaam", "ONBEKEND_VELD"),
        ("/rijen/3", "TYPE_ONGELDIG"),
        ("/rijen/4/naam", "TE_LANG"),
        ("/rijen/5/minimaleRegisterVersie", "ONBEKEND_VELD"),
    ]


def test_rest_a_house_number_may_be_a_number(rest, rij):
    as_text, as_number = rest.call(
        "vaststellenLeerbedrijven", {"rijen": [rij, rij | {"huisnummer": int(rij["huisnummer"])}]}
    ).json()["resultaten"]
    assert as_text == as_number
    single = rest.call("vaststellenLeerbedrijf", rij | {"huisnummer": int(rij["huisnummer"])})
    assert single.json()["leerbedrijven"][0] == as_number["leerbedrijf"]
