"""zoekenLeerplaatsen: every filter, alone and with others, against a plain reading of the levering."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pytest

from kit import signaalcodes as code
from kit.kalender import day
from kit.levering import Levering
from kit.rest import RestClient
from kit.soap import SoapClient

OPERATION = "zoekenLeerplaatsen"
EARTH_KM = 6371.0088


def zoeken(ask, **fields):
    return ask(OPERATION, **fields)


# ---- what fits, read from the levering


@dataclass
class Vraag:
    """The filters of a question that are about an erkenning or a leerplaats, and the period."""

    register: Levering
    fields: dict

    @property
    def van(self) -> str:
        return self.fields.get("beschikbaarVanaf", day(0))

    @property
    def tot(self) -> str:
        return self.fields.get("beschikbaarTot", self.van)

    def codes(self) -> set[str]:
        """Those asked for, with what counts for them on that day."""
        asked, names = self.fields.get("code"), self.fields.get("opleidingsnaam")
        if asked is None and names is None:
            return set(self.register.opleidingen)
        if asked is None:
            known = self.register.opleidingen.values()
            found = {one["code"] for one in known if has_words(names, one["opleidingsnaam"])}
        else:
            found = {asked}
        others = [e for e in self.register.equivalenten if e["code"] in found and holds(e, "vanaf", "tot", self.van)]
        return found | {e["equivalentMet"] for e in others}

    def fits(self, one: dict, leerwegen: list[str]) -> bool:
        """Code, leerweg and niveau."""
        niveau = self.fields.get("niveau")
        return (
            one["code"] in self.codes()
            and self.fields.get("leerweg") in (None, *leerwegen)
            and (niveau is None or str(self.register.opleidingen[one["code"]].get("niveau")) == niveau)
        )

    def erkenningen(self, bedrijf: dict) -> list[str]:
        return sorted(
            e["code"]
            for e in bedrijf["erkenningen"]
            if all(holds(e, "startdatum", "einddatum", dag) for dag in (self.van, self.tot))
            and self.fits(e, e["leerwegen"])
        )

    def leerplaatsen(self, bedrijf: dict) -> list[str]:
        return sorted(
            lp["leerplaatsId"]
            for lp in bedrijf.get("leerplaatsen", [])
            if self.fits(lp, [lp["leerweg"]]) and self.offers(lp) and self.is_erkend(bedrijf, lp)
        )

    def is_erkend(self, bedrijf: dict, lp: dict) -> bool:
        return any(
            e["code"] == lp["code"]
            and lp["leerweg"] in e["leerwegen"]
            and holds(e, "startdatum", "einddatum", self.van)
            for e in bedrijf["erkenningen"]
        )

    def offers(self, lp: dict) -> bool:
        wanted = self.fields
        paid = lp.get("vergoeding", {"soort": "GEEN"})["soort"] != "GEEN"
        vanaf, tot = lp.get("beschikbaarVanaf", "0"), lp.get("beschikbaarTot", "9")
        if "beschikbaarVanaf" in wanted:
            in_time = vanaf <= self.van and tot >= self.tot
        else:
            in_time = tot >= max(self.tot, day(0)) and vanaf <= wanted.get("beschikbaarTot", "9")
        return (
            in_time
            and wanted.get("leerplaatsSoort", lp["leerplaatsSoort"]) == lp["leerplaatsSoort"]
            and wanted.get("metVergoeding", paid) == paid
            and lp["aantalLeerplaatsen"] >= int(wanted.get("minimumPlaatsen", 0))
        )


def holds(periode: dict, begin: str, end: str, dag: str) -> bool:
    return periode[begin] <= dag <= periode.get(end, "9")


def has_words(asked: str, text: str) -> bool:
    """Each asked word is a word of the text, the beginning of one, or one typo away from one (from five letters on)."""
    there = words(text)
    return all(
        any(word == one or (len(one) > 1 and word.startswith(one)) or is_near(one, word) for word in there)
        for one in words(asked)
    )


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold().replace("'", ""))


def is_near(asked: str, word: str) -> bool:
    """One letter more, less or other, or two neighbours in each other's place."""
    if len(asked) < 5 or abs(len(asked) - len(word)) > 1:
        return False
    at = next((at for at, pair in enumerate(zip(asked, word, strict=False)) if pair[0] != pair[1]), min(len(asked), len(word)))
    swapped = asked[at + 1 : at + 2] + asked[at : at + 1] + asked[at + 2 :]
    return word[at:] in (asked[at + 1 :], swapped) or word[at + 1 :] in (asked[at:], asked[at + 1 :])


def is_there(bedrijf: dict, fields: dict) -> bool:
    """Name and place, in the plain cases that are asked here: no accents, no radius."""
    adres = bedrijf["vestigingsadres"]
    return (
        bedrijf["leerbedrijfStatus"] == "ACT"
        and has_words(fields.get("naam", ""), bedrijf["naam"])
        and fields.get("plaats", adres["plaats"]) == adres["plaats"]
        and adres.get("postcode", "").startswith(fields.get("postcode", ""))
    )


@pytest.fixture(scope="module")
def register(demo) -> Levering:
    return Levering.read(demo.levering)


ERKENNING, LEERPLAATS = {"soort": "ERKENNING"}, {"soort": "LEERPLAATS"}
ALONE = [
    {"naam": "bakkerij"},
    {"naam": "De Linde"},
    {"plaats": "Utrecht"},
    {"postcode": "3511"},
    {"code": "25180"},
    {"code": "25655"},
    {"code": "K0072"},
    {"opleidingsnaam": "kok"},
    {"opleidingsnaam": "verpleegkundige"},
    {"leerweg": "BOL"},
    {"leerweg": "BBL"},
    {"niveau": "1"},
    {"niveau": "2"},
    {"niveau": "4"},
    {"beschikbaarVanaf": day(0)},
    {"beschikbaarVanaf": day(120)},
    {"beschikbaarTot": day(200)},
    {"beschikbaarVanaf": day(30), "beschikbaarTot": day(150)},
    {"beschikbaarVanaf": day(-400)},
]
ONLY_LEERPLAATS = [
    {"leerplaatsSoort": "STAGE"},
    {"leerplaatsSoort": "LEERBAAN"},
    {"metVergoeding": True},
    {"metVergoeding": False},
    {"minimumPlaatsen": "1"},
    {"minimumPlaatsen": "3"},
]
TOGETHER = [
    ERKENNING | {"plaats": "Utrecht", "leerweg": "BBL", "niveau": "3"},
    ERKENNING | {"opleidingsnaam": "kok", "leerweg": "BOL", "niveau": "3"},
    ERKENNING | {"code": "25655", "leerweg": "BOL", "beschikbaarVanaf": day(60)},
    ERKENNING | {"code": "25604", "beschikbaarVanaf": "2024-01-01"},
    ERKENNING | {"naam": "restaurant", "code": "25180"},
    LEERPLAATS | {"leerweg": "BOL", "leerplaatsSoort": "STAGE", "metVergoeding": True, "minimumPlaatsen": "2"},
    LEERPLAATS | {"niveau": "2", "leerweg": "BBL", "beschikbaarVanaf": day(90)},
    LEERPLAATS | {"opleidingsnaam": "verpleegkundige", "metVergoeding": False},
    LEERPLAATS | {"postcode": "1012", "minimumPlaatsen": "1", "beschikbaarTot": day(30)},
]
QUESTIONS = (
    [ERKENNING | filters for filters in ALONE]
    + [LEERPLAATS | filters for filters in ALONE + ONLY_LEERPLAATS]
    + TOGETHER
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: " ".join(map(str, q.values())))
def test_what_fits_is_found_and_nothing_else(ask, register, question):
    vraag = Vraag(register, question)
    wat = "erkenningen" if question["soort"] == "ERKENNING" else "leerplaatsen"
    fits = {id: getattr(vraag, wat)(one) for id, one in register.leerbedrijven.items() if is_there(one, question)}
    expected = {id: found for id, found in fits.items() if found}

    answer = zoeken(ask, **question, paginaGrootte="100")
    assert answer["totaal"] == len(expected)
    assert answer.signaalcode == (code.OK if expected else code.GEEN_RESULTAAT)
    assert len(answer["leerbedrijven"]) == min(100, len(expected))
    key = "code" if wat == "erkenningen" else "leerplaatsId"
    for one in answer["leerbedrijven"]:
        assert [found[key] for found in one[wat]] == expected[one["leerbedrijfId"]], one["naam"]
        assert bool(one["leerplaatsen"]) == (wat == "leerplaatsen")


# ---- place and distance


def km(one: dict, other: dict) -> float:
    """Haversine (domain rule 9)."""
    lat, lon, other_lat, other_lon = (math.radians(x) for x in (one["lat"], one["lon"], other["lat"], other["lon"]))
    h = math.sin((other_lat - lat) / 2) ** 2
    h += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


@pytest.fixture(scope="module")
def veerhuis(register) -> dict:
    """Restaurant 't Veerhuis, Waalkade 12, Tiel: written by hand in every made-up register."""
    return register.leerbedrijven["100000001"]


@pytest.mark.parametrize("straal", ["10", "45", "62,5", "500"])
def test_a_radius_holds_exactly_who_lies_within_it(ask, register, veerhuis, straal):
    centre, limit = veerhuis["vestigingsadres"]["coordinaten"], float(straal.replace(",", "."))
    answer = zoeken(ask, soort="ERKENNING", adres="Waalkade 12, Tiel", straalKm=straal, niveau="2", paginaGrootte="100")
    vraag = Vraag(register, {"niveau": "2"})
    located = {
        id: km(centre, one["vestigingsadres"]["coordinaten"])
        for id, one in register.leerbedrijven.items()
        if one["leerbedrijfStatus"] == "ACT" and one["vestigingsadres"].get("coordinaten") and vraag.erkenningen(one)
    }
    within = {id for id, distance in located.items() if distance <= limit}
    # Where the others lie follows from their postcode, which is not read here.
    found = {one["leerbedrijfId"]: one["afstandKm"] for one in answer["leerbedrijven"]}
    assert answer["totaal"] >= len(within) > 0
    if answer["totaal"] == len(found):
        assert within <= set(found)
        assert not {id for id in found if id in located and id not in within}
    for id, distance in found.items():
        assert distance <= limit + 0.05
        if id in located:
            assert distance == pytest.approx(located[id], abs=0.0501)


@pytest.mark.parametrize(
    ("alias", "officieel"), [("Den Haag", "'s-Gravenhage"), ("den bosch", "'s-Hertogenbosch"), ("UTRECHT", "Utrecht")]
)
def test_a_place_by_another_name_is_the_same_place(ask, alias, officieel):
    known = zoeken(ask, soort="ERKENNING", plaats=officieel)
    other = zoeken(ask, soort="ERKENNING", plaats=alias)
    assert known["totaal"] > 0
    assert other["leerbedrijven"] == known["leerbedrijven"]


def test_without_a_place_there_is_no_distance(ask):
    answer = zoeken(ask, soort="ERKENNING", naam="bakkerij")
    assert answer["leerbedrijven"] and all("afstandKm" not in one for one in answer["leerbedrijven"])


# ---- order


def test_by_distance(ask):
    answer = zoeken(ask, soort="ERKENNING", plaats="Utrecht", straalKm="60", sortering="AFSTAND", paginaGrootte="100")
    distances = [one["afstandKm"] for one in answer["leerbedrijven"]]
    assert len(distances) > 20 and distances == sorted(distances)


def test_by_name(ask):
    answer = zoeken(ask, soort="ERKENNING", naam="bakkerij", sortering="NAAM", paginaGrootte="100")
    # What stands between letters does not count, so only the first letters are compared here.
    first = [one["naam"].casefold().replace("'", "")[:10] for one in answer["leerbedrijven"]]
    assert len(first) > 1 and first == sorted(first)


@pytest.mark.parametrize("typed", ["restaurant 't veerhuis", "Veerhuis restaurant", "restuarant veerhuis", "rest veerh"])
def test_by_relevance_the_best_name_stands_first(ask, typed):
    answer = zoeken(ask, soort="ERKENNING", naam=typed)
    assert answer["leerbedrijven"][0]["naam"] == "Restaurant 't Veerhuis"


def test_by_relevance_an_own_erkenning_goes_before_an_equivalent(ask):
    answer = zoeken(ask, soort="ERKENNING", code="25655", paginaGrootte="100")
    only_equivalent = [all("equivalentVoor" in e for e in one["erkenningen"]) for one in answer["leerbedrijven"]]
    assert set(only_equivalent) == {True, False}
    assert only_equivalent == sorted(only_equivalent)


# ---- what is said of a hit


def test_equivalent_voor_names_the_code_asked_for(ask):
    for soort, wat in (("ERKENNING", "erkenningen"), ("LEERPLAATS", "leerplaatsen")):
        answer = zoeken(ask, soort=soort, code="25655", paginaGrootte="100")
        found = {(e["code"], e.get("equivalentVoor")) for one in answer["leerbedrijven"] for e in one[wat]}
        assert found == {("25655", None), ("25480", "25655")}


def test_a_code_that_counts_for_none_any_more_is_not_found_by_it(ask):
    """25187 counted for 25604 once."""
    answer = zoeken(ask, soort="ERKENNING", code="25604", paginaGrootte="100")
    assert {e["code"] for one in answer["leerbedrijven"] for e in one["erkenningen"]} == {"25604"}


def test_a_keuzedeel_is_found_by_its_own_erkenning_alone(ask):
    answer = zoeken(ask, soort="ERKENNING", code="K0072", paginaGrootte="100")
    assert "100000012" in [one["leerbedrijfId"] for one in answer["leerbedrijven"]]
    assert {e["code"] for one in answer["leerbedrijven"] for e in one["erkenningen"]} == {"K0072"}


def test_counts_are_of_the_whole_list(ask, register):
    question = {"soort": "ERKENNING", "plaats": "Utrecht"}
    answer = zoeken(ask, **question, metTellingen=True, paginaGrootte="1")
    counted = {(one["veld"], one["waarde"]): one["aantal"] for one in answer["tellingen"]}
    vraag, expected = Vraag(register, question), {}
    for one in register.leerbedrijven.values():
        if is_there(one, question) and vraag.erkenningen(one):
            running = [e for e in one["erkenningen"] if holds(e, "startdatum", "einddatum", day(0))]
            values = {("code", e["code"]) for e in running}
            values |= {("leerweg", weg) for e in running for weg in e["leerwegen"]}
            niveaus = {register.opleidingen[e["code"]].get("niveau") for e in running} - {None}
            values |= {("niveau", str(niveau)) for niveau in niveaus}
            for value in values:
                expected[value] = expected.get(value, 0) + 1
    assert counted == expected
    assert max(counted.values()) <= answer["totaal"]
    order = [(["leerweg", "niveau", "code"].index(one["veld"]), one["waarde"]) for one in answer["tellingen"]]
    assert [place for place, _ in order] == sorted(place for place, _ in order)
    assert [waarde for place, waarde in order if place] == [waarde for place, waarde in sorted(order) if place]


def test_counts_and_reasons_come_only_when_asked(ask):
    plain = zoeken(ask, soort="ERKENNING", plaats="Utrecht", metTellingen=False, metToelichting=False)
    assert plain["tellingen"] == []
    assert all("toelichting" not in one for one in plain["leerbedrijven"])
    told = zoeken(ask, soort="ERKENNING", plaats="Utrecht", metToelichting=True)
    assert all("gevestigd in Utrecht" in one["toelichting"] for one in told["leerbedrijven"])


def test_the_reason_names_what_was_asked_and_found(ask):
    answer = zoeken(ask, soort="ERKENNING", naam="restuarant", code="25180", plaats="Tiel", metToelichting=True)
    toelichting = next(one for one in answer["leerbedrijven"] if one["leerbedrijfId"] == "100000001")["toelichting"]
    for part in ("restaurant (gevraagd: restuarant)", "gevestigd in Tiel", "25180 Kok (niveau 2, BOL en BBL)"):
        assert part in toelichting


def test_trainers_are_named_only_when_asked_for(ask, register):
    """Domain rule 11: those who train for an erkenning that is shown, as their number counts."""
    vraag = {"soort": "ERKENNING", "plaats": "Utrecht", "paginaGrootte": "100"}
    for asked in ({}, {"metPraktijkopleiders": False}):
        answer = zoeken(ask, **vraag, **asked)
        assert all(one["praktijkopleiders"] == [] for one in answer["leerbedrijven"])
    answer = zoeken(ask, **vraag, metPraktijkopleiders=True)
    named = 0
    for one in answer["leerbedrijven"]:
        shown = {found["code"] for found in one["erkenningen"]}
        trainers = register.leerbedrijven[one["leerbedrijfId"]].get("praktijkopleiders", [])
        expected = [trainer["naam"] for trainer in trainers if shown & set(trainer["codes"])]
        assert [trainer["naam"] for trainer in one["praktijkopleiders"]] == expected, one["naam"]
        assert all("persoonId" not in trainer for trainer in one["praktijkopleiders"])
        named += len(expected)
    assert named > 0


def test_trainers_are_counted_per_code(ask, register):
    answer = zoeken(ask, soort="ERKENNING", plaats="Utrecht", paginaGrootte="100")
    for one in answer["leerbedrijven"]:
        trainers = register.leerbedrijven[one["leerbedrijfId"]].get("praktijkopleiders", [])
        for found in one["erkenningen"]:
            expected = sum(found["code"] in trainer["codes"] for trainer in trainers)
            assert found["aantalPraktijkopleiders"] == expected, (one["naam"], found["code"])


# ---- students (domain rule 10)


def band(count: int) -> str:
    if count == 0:
        return "0"
    return next((name for most, name in ((4, "1-4"), (9, "5-9"), (24, "10-24")) if count <= most), "25+")


def test_students_are_told_exactly_to_their_own_school_and_as_a_band_to_others(demo, register, recorder, openapi):
    afnemer, seen = demo.verplicht, set()
    running = [
        bpvo
        for bpvo in register.bpvos
        if bpvo["begindatum"] <= day(0) <= bpvo.get("einddatumWerkelijk", bpvo["einddatumGepland"])
    ]
    question = {"soort": "ERKENNING", "niveau": "2", "paginaGrootte": "100"}
    for school in afnemer.scholen[:2]:
        soap = SoapClient(demo, afnemer, recorder, school.oin).call(OPERATION, question).answer()
        rest = RestClient(demo, afnemer, openapi, school.oin).call(OPERATION, question).json()
        assert rest["leerbedrijven"] == soap["leerbedrijven"]
        for one in rest["leerbedrijven"]:
            there = [bpvo["schoolOin"] for bpvo in running if bpvo["leerbedrijfId"] == one["leerbedrijfId"]]
            own = there.count(school.oin)
            assert one["aantalStudentenEigen"] == own, one["naam"]
            assert one["aantalStudentenOverig"] == band(len(there) - own), one["naam"]
            seen.add(one["aantalStudentenOverig"])
    assert {"0", "1-4", "5-9"} <= seen
