"""zoekenLeerplaatsen: page by page. A cursor belongs to one question, one afnemer and one school."""

from __future__ import annotations

import pytest

from kit import signaalcodes as code
from kit.ask import without_cursor
from kit.rest import RestClient
from kit.soap import SoapClient

OPERATION = "zoekenLeerplaatsen"
MAX_PAGINA = 100
QUESTION = {"soort": "ERKENNING", "leerweg": "BBL", "plaats": "Utrecht", "straalKm": "40", "sortering": "NAAM"}


def asker(client):
    """The answer over either transport; over REST a refusal becomes the signaalcode of its problem."""

    def ask(**fields) -> dict:
        if isinstance(client, SoapClient):
            return client.call(OPERATION, fields).answer()
        return client.call(OPERATION, fields).json()

    return ask


@pytest.fixture(params=["soap", "rest"])
def ask(request, soap, rest):
    return asker(soap if request.param == "soap" else rest)


def pages(ask, **fields) -> list[dict]:
    """From the first to the last."""
    found = [ask(**fields)]
    while cursor := found[-1].get("volgendeCursor"):
        assert len(cursor) <= 200
        found.append(ask(**fields, cursor=cursor))
    return found


def ids(page: dict) -> list[str]:
    return [one["leerbedrijfId"] for one in page["leerbedrijven"]]


@pytest.mark.parametrize("sortering", ["RELEVANTIE", "AFSTAND", "NAAM"])
@pytest.mark.parametrize("grootte", [1, 7, 25, MAX_PAGINA])
def test_pages_to_the_end_are_the_whole_list_in_its_order(soap, rest, sortering, grootte):
    question = {"soort": "ERKENNING", "niveau": "2", "plaats": "Utrecht", "straalKm": "40", "sortering": sortering}
    whole = pages(asker(rest), **question, paginaGrootte=str(MAX_PAGINA))
    assert all(page["totaal"] <= MAX_PAGINA for page in whole), "one page holds all"
    by_rest, by_soap = (pages(asker(client), **question, paginaGrootte=str(grootte)) for client in (rest, soap))
    assert [without_cursor(page) for page in by_rest] == [without_cursor(page) for page in by_soap]
    assert [one for page in by_rest for one in page["leerbedrijven"]] == whole[0]["leerbedrijven"]
    assert {page["totaal"] for page in by_rest} == {whole[0]["totaal"]}
    assert all(len(page["leerbedrijven"]) == grootte for page in by_rest[:-1])


def test_a_wide_question_is_paged_without_a_repeat_or_a_gap(ask):
    found = pages(ask, soort="ERKENNING", beschikbaarVanaf="2026-01-01", paginaGrootte=str(MAX_PAGINA))
    every = [one for page in found for one in ids(page)]
    assert len(every) == len(set(every)) == found[0]["totaal"] > 2 * MAX_PAGINA


def test_25_on_a_page_unless_told(ask):
    assert len(ids(ask(soort="ERKENNING", leerweg="BOL"))) == 25


def test_the_size_and_what_is_shown_may_change_on_the_way(ask):
    first = ask(**QUESTION, paginaGrootte="3")
    second = ask(**QUESTION, paginaGrootte="4", metToelichting=True, metTellingen=True, cursor=first["volgendeCursor"])
    assert ids(first) + ids(second) == ids(ask(**QUESTION, paginaGrootte="7"))
    assert second["tellingen"] == ask(**QUESTION, metTellingen=True)["tellingen"]
    assert all(one["toelichting"] for one in second["leerbedrijven"])


def test_a_page_can_be_asked_again(ask):
    cursor = ask(**QUESTION, paginaGrootte="3")["volgendeCursor"]
    again = [without_cursor(ask(**QUESTION, paginaGrootte="3", cursor=cursor)) for _ in range(2)]
    assert again[0] == again[1]


def test_a_cursor_of_one_transport_holds_over_the_other(soap, rest):
    by_soap, by_rest = asker(soap), asker(rest)
    cursor = by_soap(**QUESTION, paginaGrootte="3")["volgendeCursor"]
    both = [without_cursor(ask(**QUESTION, paginaGrootte="3", cursor=cursor)) for ask in (by_soap, by_rest)]
    assert both[0] == both[1]


def test_the_last_page_has_no_cursor(ask):
    answer = ask(**QUESTION | {"straalKm": "20"}, paginaGrootte="100")
    assert 0 < len(ids(answer)) == answer["totaal"]
    assert "volgendeCursor" not in answer


# ---- cursors that are refused


@pytest.fixture
def cursor(ask) -> str:
    return ask(**QUESTION, paginaGrootte="3")["volgendeCursor"]


def assert_refused(answer: dict) -> None:
    assert answer["signaalcode"] == code.CURSOR_ONGELDIG
    if "leerbedrijven" in answer:
        assert (answer["leerbedrijven"], answer["totaal"]) == ([], 0)
        assert answer["signaaltekst"].startswith("cursor ongeldig: cursor: ")
    else:
        (violation,) = answer["overtredingen"]
        assert (answer["status"], violation["veld"], violation["code"]) == (400, "/cursor", "160")


@pytest.mark.parametrize(
    "other",
    [
        {"leerweg": "BOL"},
        {"soort": "LEERPLAATS"},
        {"plaats": "Amersfoort"},
        {"straalKm": "41"},
        {"sortering": "AFSTAND"},
        {"niveau": "2"},
        {"beschikbaarVanaf": "2026-01-01"},
    ],
    ids=str,
)
def test_of_another_question(ask, cursor, other):
    assert_refused(ask(**(QUESTION | other), cursor=cursor))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: ("f" if text[0] != "f" else "0") + text[1:],
        lambda text: text[: len(text) // 2] + "00" + text[len(text) // 2 + 2 :],
        lambda text: text[:-2],
        lambda text: text + "00",
        lambda text: text[:20],
        lambda text: "MS40ODIxMC4yNQ==",
        lambda text: "0" * 200,
        lambda text: "1",
        lambda text: "😀",
        lambda text: "' OR 1=1 --",
    ],
)
def test_that_was_changed(ask, cursor, change):
    assert_refused(ask(**QUESTION, cursor=change(cursor)))


def test_of_another_school_or_another_afnemer(demo, recorder, openapi):
    """The school of both is the same in the last case, and the afnemer in the first."""
    afnemer, other = demo.verplicht, demo.with_several_schools
    own, second = (school.oin for school in afnemer.scholen[:2])
    assert own in {school.oin for school in other.scholen}

    def askers(who, school: str):
        return asker(SoapClient(demo, who, recorder, school)), asker(RestClient(demo, who, openapi, school))

    by_soap, by_rest = askers(afnemer, own)
    cursor = by_soap(**QUESTION, paginaGrootte="3")["volgendeCursor"]
    assert by_rest(**QUESTION, cursor=cursor)["signaalcode"] == code.OK
    for stranger in (*askers(afnemer, second), *askers(other, own)):
        assert_refused(stranger(**QUESTION, cursor=cursor))


def test_the_fields_are_judged_before_the_cursor(rest):
    """So that who mistypes hears of it, and not of the cursor alone."""
    problem = asker(rest)(soort="ERKENNING", niveau="9", cursor="x")
    assert [one["veld"] for one in problem["overtredingen"]] == ["/niveau"]
