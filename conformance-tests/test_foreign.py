"""Clients that others wrote, from the served WSDL alone: zeep (Python) and soap (npm)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zeep
from lxml import etree
from zeep.transports import Transport

from kit.contract import OPERATIONS
from kit.rest import RestClient
from kit.soap import ANONYMOUS, WSA

HERE = Path(__file__).parent
FORMS = ("wsdl", "singleWsdl")
# Both ends of WS-Addressing: all of it with the school in wsa:From, and what the stack sends by itself.
MODES = ("VERPLICHT", "OPTIONEEL")
# No proxy stands between a test and the loopback.
# A subscription that nobody has, and the digest of nothing at all.
NOBODY = "00000000-0000-8000-8000-000000000000"
EMPTY = hashlib.sha256(b"").hexdigest()
ENVIRONMENT = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


@pytest.fixture(scope="session")
def demo(writable):
    """These call all operations, also those that write."""
    return writable


@pytest.fixture(scope="session")
def rest(writable, openapi):
    return RestClient(writable, writable.verplicht, openapi)


@pytest.fixture(params=FORMS)
def wsdl(request, demo) -> str:
    return f"{demo.docs}/soap/v1/whitelabel?{request.param}"


@pytest.fixture(params=MODES)
def afnemer(request, demo):
    return demo.verplicht if request.param == "VERPLICHT" else demo.optioneel


def calls(demo, erkend) -> dict[str, dict]:
    """The arguments of all operations."""
    first = demo.voorbeelden[0]
    return {
        "natrekkenErkenning": erkend,
        "natrekkenErkenningen": {
            "verzoeken": {"verzoek": [erkend | {"kenmerk": "1"}, {"kenmerk": "2", "leerbedrijfId": "oud"}]}
        },
        "vaststellenLeerbedrijf": {"naam": first["naam"], "postcode": first["postcode"]},
        "opvragenDetailgegevens": {"leerbedrijfId": erkend["leerbedrijfId"]},
        "vaststellenLeerbedrijven": {
            "rijen": {
                "rij": [
                    {"kenmerk": "1", "naam": first["naam"], "postcode": first["postcode"]},
                    {"kenmerk": "2", "naam": first["naam"], "postcode": "oud"},
                ]
            }
        },
        "zoekenLeerplaatsen": {
            "soort": "ERKENNING",
            "postcode": first["postcode"][:4],
            "straalKm": 25,
            "code": erkend["code"],
            "metTellingen": True,
        },
        "registrerenBpvos": {
            "bpvos": {
                "bpvo": [
                    {
                        "bpvoKenmerk": "vreemd-1",
                        "leerbedrijfId": erkend["leerbedrijfId"],
                        "code": erkend["code"],
                        "begindatum": erkend["peildatum"],
                        "einddatumGepland": erkend["peildatum"],
                        "keuzedelen": {
                            "keuzedeel": [
                                {
                                    "code": "K0072",
                                    "begindatum": erkend["peildatum"],
                                    "einddatumGepland": erkend["peildatum"],
                                }
                            ]
                        },
                    },
                    {"bpvoKenmerk": "vreemd-2", "leerbedrijfId": "oud"},
                ]
            }
        },
        "opvragenBpvos": {},
        "aanmeldenAbonnement": {
            "kanaal": "POLL",
            # What never happens: nobody is erkend for these codes.
            "mutatieSoorten": {"mutatieSoort": ["ERKENNING_VERLEEND", "ERKENNING_HERSTELD"]},
            "codes": {"code": ["99999", "K9999"]},
        },
        "opvragenAbonnementen": {},
        "wijzigenAbonnement": {
            "abonnementId": NOBODY,
            "kanaal": "POLL",
            "mutatieSoorten": {"mutatieSoort": ["ERKENNING_VERLEEND"]},
            "codes": {"code": ["99999"]},
            "status": "GEPAUZEERD",
        },
        "beeindigenAbonnement": {"abonnementId": NOBODY},
        "opvragenMutaties": {"abonnementId": NOBODY, "na": "0"},
        "vergelijkenMutaties": {
            "abonnementId": NOBODY,
            "totEnMet": "1",
            "digest": EMPTY,
            "stukken": {"stuk": [{"vanaf": "1", "tot": "1", "digest": EMPTY}]},
        },
    }


def assert_found(signaalcode: int, totaal: int, leerbedrijven: list) -> None:
    """What exactly a search should find stands in test_zoeken_filters.py."""
    assert signaalcode == 0
    assert 0 < len(leerbedrijven) == min(totaal, 25)


# ---- zeep


def zeep_client(demo, afnemer, wsdl: str) -> zeep.Client:
    client = zeep.Client(wsdl, transport=Transport(session=demo.session(afnemer)))
    if afnemer.addressering == "VERPLICHT":
        school = etree.Element(f"{{{WSA}}}From")
        etree.SubElement(school, f"{{{WSA}}}Address").text = f"{ANONYMOUS}?oin={afnemer.school.oin}"
        client.set_default_soapheaders([school])
    return client


def test_zeep_calls_all_operations(demo, erkend, wsdl, afnemer):
    service = zeep_client(demo, afnemer, wsdl).service
    fields = calls(demo, erkend)
    assert set(fields) == set(OPERATIONS)

    single = service.natrekkenErkenning(**fields["natrekkenErkenning"])
    assert (single.signaalcode, single.erkenningStatus, single.grondslag) == (0, "ERKEND", "ERKENNING")
    assert set(single.leerwegen.leerweg) <= {"BOL", "BBL"}
    assert single.registerTijdstip.tzinfo is not None

    bulk = service.natrekkenErkenningen(**fields["natrekkenErkenningen"])
    assert [(one.kenmerk, one.signaalcode) for one in bulk.resultaten.resultaat] == [("1", 0), ("2", 101)]

    found = service.vaststellenLeerbedrijf(**fields["vaststellenLeerbedrijf"])
    assert found.leerbedrijven.leerbedrijf[0].leerbedrijfId == erkend["leerbedrijfId"]
    assert found.meerResultaten is False

    detail = service.opvragenDetailgegevens(**fields["opvragenDetailgegevens"]).detail
    assert erkend["code"] in [one.code for one in detail.erkenningen.erkenning]

    rows = service.vaststellenLeerbedrijven(**fields["vaststellenLeerbedrijven"]).resultaten.resultaat
    assert [(one.kenmerk, one.signaalcode) for one in rows] == [("1", 0), ("2", 141)]
    assert rows[0].leerbedrijf.leerbedrijfId == erkend["leerbedrijfId"]
    assert "postcode: geef" in rows[1].signaaltekst

    kept = service.registrerenBpvos(**fields["registrerenBpvos"])
    assert kept.signaalcode == 180 and kept.toegevoegd + kept.gewijzigd + kept.ongewijzigd == 1
    assert [(one.bpvoKenmerk, one.signaalcode) for one in kept.resultaten.resultaat] == [
        ("vreemd-1", 0),
        ("vreemd-2", 101),
    ]
    assert kept.resultaten.resultaat[0].erkenningStatus == "ERKEND"
    listed = zeep_pages(service)
    (bpvo,) = [one for one in listed if one.bpvoKenmerk == "vreemd-1"]
    assert (bpvo.leerbedrijfId, bpvo.herkomst) == (erkend["leerbedrijfId"], "SCHOOL")
    assert [one.code for one in bpvo.keuzedelen.keuzedeel] == ["K0072"]

    made = service.aanmeldenAbonnement(**fields["aanmeldenAbonnement"])
    assert (made.signaalcode, made.status, made.kanaal) == (0, "ACTIEF", "POLL")
    assert made.mutatieSoorten.mutatieSoort == ["ERKENNING_VERLEEND", "ERKENNING_HERSTELD"]
    mine = {"abonnementId": made.abonnementId}
    listed = service.opvragenAbonnementen().abonnementen.abonnement
    assert made.abonnementId in [one.abonnementId for one in listed]
    paused = service.wijzigenAbonnement(**(fields["wijzigenAbonnement"] | mine))
    assert (paused.status, paused.codes.code) == ("GEPAUZEERD", ["99999"])
    feed = service.opvragenMutaties(**(fields["opvragenMutaties"] | mine))
    assert (feed.signaalcode, feed.laatsteVolgnummer, feed.oudsteVolgnummer, feed.meer) == (0, 0, 1, False)
    beyond = service.vergelijkenMutaties(**(fields["vergelijkenMutaties"] | mine))
    assert (beyond.signaalcode, beyond.gelijk, beyond.laatsteVolgnummer) == (171, None, 0)
    assert service.vergelijkenMutaties(**mine, totEnMet="0", digest=EMPTY).gelijk is True
    assert service.beeindigenAbonnement(**mine).status == "BEEINDIGD"
    for operation in ("wijzigenAbonnement", "beeindigenAbonnement", "opvragenMutaties", "vergelijkenMutaties"):
        assert service[operation](**fields[operation]).signaalcode == 170

    places = service.zoekenLeerplaatsen(**fields["zoekenLeerplaatsen"])
    leerbedrijven = places.leerbedrijven.leerbedrijf if places.leerbedrijven else []
    assert_found(places.signaalcode, places.totaal, leerbedrijven)


def zeep_pages(service) -> list:
    """All bpvo's of the school, page by page."""
    page = service.opvragenBpvos()
    bpvos = list(page.bpvos.bpvo)
    while page.volgendeCursor:
        page = service.opvragenBpvos(cursor=page.volgendeCursor)
        bpvos += page.bpvos.bpvo
    return bpvos


def test_zeep_raises_a_fault_with_its_detail(demo, erkend, wsdl):
    client = zeep_client(demo, demo.optioneel, wsdl)
    with pytest.raises(zeep.exceptions.Fault) as raised:
        client.service.natrekkenErkenning(**(erkend | {"code": "9" * 201}))
    assert raised.value.code.endswith("Client.DK0004")
    assert raised.value.message == "Niet conform XSD"
    detail = client.wsdl.types.get_element("{urn:stagepoort:whitelabel:v1}foutDetail")
    assert detail.parse(raised.value.detail[0], client.wsdl.types).code == "DK0004"


def test_zeep_without_from_is_refused_when_addressing_is_required(demo, erkend):
    client = zeep.Client(
        f"{demo.docs}/soap/v1/whitelabel?wsdl", transport=Transport(session=demo.session(demo.verplicht))
    )
    with pytest.raises(zeep.exceptions.Fault, match="wsa:From ontbreekt"):
        client.service.natrekkenErkenning(**erkend)


# ---- npm soap


def node(script: str, *arguments: str, job: dict | None = None) -> str:
    assert (HERE / "node_modules/soap").is_dir(), "run scripts/setup.sh"
    run = subprocess.run(
        ["node", str(HERE / script), *arguments],
        input=json.dumps(job) if job else None,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def job(demo, afnemer, wsdl: str, todo: list[tuple[str, dict]]) -> dict:
    described = {
        "wsdl": wsdl,
        "ca": demo.ca,
        "cert": afnemer.cert,
        "key": afnemer.key,
        "calls": [{"operation": operation, "args": args} for operation, args in todo],
    }
    if afnemer.addressering == "VERPLICHT":
        described["from"] = f"{ANONYMOUS}?oin={afnemer.school.oin}"
    return described


def test_npm_soap_calls_all_operations(demo, erkend, wsdl, afnemer):
    todo = list(calls(demo, erkend).items())
    # null becomes an element with xsi:nil="true".
    todo.append(("natrekkenErkenning", erkend | {"minimaleRegisterVersie": None}))
    todo.append(("natrekkenErkenning", erkend | {"code": "9" * 201}))
    results = json.loads(node("foreign/soap_client.mjs", job=job(demo, afnemer, wsdl, todo)))
    single, bulk, found, detail, rows, places, kept, listed, *push, with_null, refused = results
    made, subscriptions, *unknown = [one["answer"] for one in push]

    for result in (single, with_null):
        answer = result["answer"]
        assert (answer["signaalcode"], answer["erkenningStatus"]) == (0, "ERKEND")
    lines = bulk["answer"]["resultaten"]["resultaat"]
    assert [(one["kenmerk"], one["signaalcode"]) for one in lines] == [("1", 0), ("2", 101)]
    leerbedrijven = found["answer"]["leerbedrijven"]["leerbedrijf"]
    assert leerbedrijven[0]["leerbedrijfId"] == erkend["leerbedrijfId"]
    assert found["answer"]["meerResultaten"] is False
    assert erkend["code"] in [one["code"] for one in detail["answer"]["detail"]["erkenningen"]["erkenning"]]
    first, second = rows["answer"]["resultaten"]["resultaat"]
    assert first["leerbedrijf"]["leerbedrijfId"] == erkend["leerbedrijfId"]
    assert (second["kenmerk"], second["signaalcode"]) == ("2", 141)
    answer = kept["answer"]
    assert answer["toegevoegd"] + answer["gewijzigd"] + answer["ongewijzigd"] == 1
    first, second = answer["resultaten"]["resultaat"]
    assert (first["signaalcode"], first["erkenningStatus"], second["signaalcode"]) == (0, "ERKEND", 101)
    bpvos = listed["answer"]["bpvos"]["bpvo"]
    assert {"SCHOOL", "REGISTER"} & {one["herkomst"] for one in bpvos}
    answer = places["answer"]
    leerbedrijven = (answer.get("leerbedrijven") or {}).get("leerbedrijf", [])
    assert_found(answer["signaalcode"], answer["totaal"], leerbedrijven)
    assert (made["signaalcode"], made["status"], made["codes"]["code"]) == (0, "ACTIEF", ["99999", "K9999"])
    subscriptions = subscriptions["abonnementen"]["abonnement"]
    assert made["abonnementId"] in [one["abonnementId"] for one in subscriptions]
    assert [one["signaalcode"] for one in unknown] == [170, 170, 170, 170]
    assert refused["fault"]["faultcode"].endswith("Client.DK0004")
    assert refused["fault"]["detail"]["foutDetail"]["code"] == "DK0004"


# ---- the examples that integrators paste


def expected_line(demo) -> str:
    first = demo.voorbeelden[0]
    return f"{first['naam']}: {first['erkenningStatus']} voor {first['code']} op {first['peildatum']}\n"


def found_lines(demo, rest) -> str:
    """What the examples of a search print, by REST."""
    first = demo.voorbeelden[0]
    question = {"soort": "ERKENNING", "code": str(first["code"]), "leerweg": "BBL", "postcode": first["postcode"][:4]}
    question |= {"straalKm": 25, "sortering": "AFSTAND", "paginaGrootte": 5}
    answer = rest.call("zoekenLeerplaatsen", question).json()
    assert answer["leerbedrijven"]
    lines = [f"{answer['totaal']} leerbedrijven"]
    for one in answer["leerbedrijven"]:
        lines.append(f"{one['afstandKm']:.1f} km: {one['naam']}, {one['vestigingsadres']['plaats']}")
    return "\n".join(lines) + "\n"


def python(script: str, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, str(HERE / script), *arguments],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_python_examples(demo, rest):
    assert python("examples/zeep_natrekken.py", str(demo.path)) == expected_line(demo)
    assert python("examples/zeep_zoeken.py", str(demo.path)) == found_lines(demo, rest)


def test_the_node_examples(demo, rest):
    assert node("examples/soap_natrekken.mjs", str(demo.path)) == expected_line(demo)
    assert node("examples/soap_zoeken.mjs", str(demo.path)) == found_lines(demo, rest)
