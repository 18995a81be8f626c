"""natrekkenErkenningen: up to 10,000 lines, all from one register version; a bad line spoils only itself."""

from __future__ import annotations

import pytest

from kit import signaalcodes as code
from kit.contract import CONTRACT
from kit.demo import question_of

MAX_VERZOEKEN = 10_000


def bulk(ask, lines: list[dict], **rest):
    return ask("natrekkenErkenningen", verzoeken=lines, **rest)


def test_lines_come_back_in_order_with_their_kenmerk(ask, demo):
    lines = [question_of(one) | {"kenmerk": f"bpvo {place:03}"} for place, one in enumerate(demo.voorbeelden)]
    lines.reverse()
    results = bulk(ask, lines)["resultaten"]
    assert [one["kenmerk"] for one in results] == [line["kenmerk"] for line in lines]
    assert [one["leerbedrijfId"] for one in results] == [line["leerbedrijfId"] for line in lines]


def test_a_line_is_answered_as_the_same_question_alone(ask, demo):
    lines = [question_of(one) for one in demo.voorbeelden]
    answer = bulk(ask, lines)
    assert answer.signaalcode == code.OK
    for line, result in zip(lines, answer["resultaten"], strict=True):
        alone = ask("natrekkenErkenning", **line)
        for name in ("registerVersie", "registerTijdstip"):
            assert alone.body[name] == answer[name]
        assert {k: v for k, v in alone.body.items() if not k.startswith("register")} == result


def test_the_same_line_twice_is_answered_twice(ask, erkend):
    results = bulk(ask, [erkend | {"kenmerk": "x"}, erkend | {"kenmerk": "x"}])["resultaten"]
    assert len(results) == 2 and results[0] == results[1]


@pytest.mark.parametrize("kenmerk", ["1", "é€😀", "a<b>&\"'", "  met spaties  ", "k" * 200])
def test_a_kenmerk_comes_back_as_it_came(ask, erkend, kenmerk):
    (result,) = bulk(ask, [erkend | {"kenmerk": kenmerk}])["resultaten"]
    assert result["kenmerk"] == kenmerk


def test_a_line_without_kenmerk_has_none_in_the_answer(ask, erkend):
    absent, empty = bulk(ask, [erkend, erkend | {"kenmerk": ""}])["resultaten"]
    assert "kenmerk" not in absent and "kenmerk" not in empty


def test_a_bad_line_spoils_only_itself(ask, erkend):
    bad = [
        (erkend | {"leerbedrijfId": "99ZZ9999JJ0001602"}, code.LEERBEDRIJF_ID_ONGELDIG),
        (erkend | {"code": "abc"}, code.CODE_ONGELDIG),
        (erkend | {"code": "23110"}, code.CODE_GEEN_KWALIFICATIE),
        (erkend | {"peildatum": "2026-02-30"}, code.DATUM_ONGELDIG),
        (erkend | {"peildatum": "1850-01-01"}, code.DATUM_BUITEN_BEREIK),
        (erkend | {"peildatum": ""}, code.DATUM_ONGELDIG),
        ({"kenmerk": "niets"}, code.LEERBEDRIJF_ID_ONGELDIG),
        ({}, code.LEERBEDRIJF_ID_ONGELDIG),
    ]
    lines, expected = [], []
    for line, signaalcode in bad:
        lines += [erkend, line]
        expected += [code.OK, signaalcode]
    answer = bulk(ask, lines)
    assert answer.signaalcode == code.OK
    results = answer["resultaten"]
    assert [one["signaalcode"] for one in results] == expected
    for line, result in zip(lines, results, strict=True):
        assert (result["signaalcode"] == code.OK) == (result.get("erkenningStatus") == "ERKEND")
        for name in ("leerbedrijfId", "code", "peildatum"):
            assert result.get(name) == (line.get(name) or None), "echoed as it came; empty is absent"
        assert ("signaaltekst" in result) == (result["signaalcode"] != code.OK)


def test_nothing_asked_is_nothing_answered(ask):
    answer = ask("natrekkenErkenningen")
    assert (answer.signaalcode, answer["resultaten"]) == (code.OK, [])


def test_rest_an_empty_list_is_no_list(rest):
    response = rest.call("natrekkenErkenningen", {"verzoeken": []})
    assert (response.status_code, response.json()["resultaten"]) == (200, [])


def test_soap_an_empty_wrapper_is_no_list(soap):
    body = CONTRACT.to_xml("natrekkenErkenningenRequest", {"verzoeken": []})
    assert "<verzoeken></verzoeken>" in body
    assert soap.send("natrekkenErkenningen", body).answer()["resultaten"] == []


def full_batch(demo) -> list[dict]:
    voorbeelden = demo.voorbeelden
    return [
        question_of(voorbeelden[place % len(voorbeelden)]) | {"kenmerk": f"bpvo-2026-{place:06}"}
        for place in range(MAX_VERZOEKEN)
    ]


def test_ten_thousand_lines_are_answered(ask, demo):
    lines = full_batch(demo)
    answer = bulk(ask, lines)
    results = answer["resultaten"]
    assert [one["kenmerk"] for one in results] == [line["kenmerk"] for line in lines]
    expected = [one["erkenningStatus"] for one in demo.voorbeelden]
    assert [one["erkenningStatus"] for one in results[: len(expected)]] == expected
    assert results[-1]["leerbedrijfId"] == lines[-1]["leerbedrijfId"]


def test_soap_one_line_more_is_not_by_the_schema(soap, erkend):
    fault = soap.call("natrekkenErkenningen", {"verzoeken": [erkend] * (MAX_VERZOEKEN + 1)}).fault
    assert fault.code == "Client.DK0004"
    assert "10000" in fault.detail["reden"].replace(".", ""), fault.detail


def test_rest_one_line_more_is_400(rest, erkend):
    response = rest.call("natrekkenErkenningen", {"verzoeken": [erkend] * (MAX_VERZOEKEN + 1)})
    assert response.status_code == 400
    (violation,) = response.json()["overtredingen"]
    assert violation["veld"] == "/verzoeken"
    assert "10000" in violation["reden"].replace(".", "")


def test_soap_a_kenmerk_over_200_characters_is_not_by_the_schema(soap, erkend):
    fault = soap.call("natrekkenErkenningen", {"verzoeken": [erkend, erkend | {"kenmerk": "k" * 201}]}).fault
    assert fault.code == "Client.DK0004"


def test_rest_a_kenmerk_over_200_characters_is_400(rest, erkend):
    response = rest.call("natrekkenErkenningen", {"verzoeken": [erkend, erkend | {"kenmerk": "k" * 201}]})
    assert response.status_code == 400
    assert [one["veld"] for one in response.json()["overtredingen"]] == ["/verzoeken/1/kenmerk"]


def test_minimale_register_versie_holds_for_all_lines(ask, erkend):
    versie = bulk(ask, [erkend])["registerVersie"]
    assert bulk(ask, [erkend], minimaleRegisterVersie=versie).signaalcode == code.OK
