"""Subscriptions and their feeds over both transports, as a stranger sees them."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from kit import signaalcodes as code
from kit.rest import RestClient
from kit.soap import SoapClient

WEBHOOK = {"kanaal": "WEBHOOK", "eindpunt": "https://sis.stagepoort.invalid/mutaties"}
# What never happens: nobody is erkend for this code.
NOTHING = {"mutatieSoorten": ["ERKENNING_VERLEEND"], "codes": ["99999"]}
NOBODY = "00000000-0000-8000-8000-000000000000"


class Abonnee:
    """The subscriptions of one afnemer, over one transport."""

    def __init__(self, soap: SoapClient, rest: RestClient, transport: str):
        self.soap, self.rest, self.transport = soap, rest, transport

    def call(self, operation: str, **fields) -> dict:
        """The answer, or the problem in its place."""
        if self.transport == "soap":
            return self.soap.call(operation, fields).answer()
        return self.rest.call(operation, fields).json()

    def one(self, abonnement_id: str) -> dict:
        answer = self.call("opvragenAbonnementen", abonnementId=abonnement_id)
        return answer["abonnementen"][0] if self.transport == "soap" else answer


@pytest.fixture(params=["soap", "rest"])
def abonnee(request, writable, openapi, recorder) -> Abonnee:
    afnemer = writable.verplicht
    return Abonnee(SoapClient(writable, afnemer, recorder), RestClient(writable, afnemer, openapi), request.param)


def test_a_subscription_is_made_changed_and_ended(abonnee):
    made = abonnee.call("aanmeldenAbonnement", **WEBHOOK, mutatieSoorten=["ERKENNING_BEEINDIGD"], perBericht="50")
    assert (made["signaalcode"], made["status"], made["perBericht"]) == (0, "WACHT_OP_BEWIJS", 50)
    assert made["mutatieSoorten"] == ["ERKENNING_BEEINDIGD"] and made["codes"] == []
    assert made["geheim"].startswith("whsec_")
    mine = made["abonnementId"]
    assert "geheim" not in abonnee.one(mine)

    changed = abonnee.call("wijzigenAbonnement", abonnementId=mine, **WEBHOOK, codes=["25180"])
    assert (changed["mutatieSoorten"], changed["codes"], changed["perBericht"]) == ([], ["25180"], 1)
    early = abonnee.call("wijzigenAbonnement", abonnementId=mine, **WEBHOOK, status="GEPAUZEERD")
    assert early["signaalcode"] == code.GEGEVENS_ONGELDIG
    polls = abonnee.call("wijzigenAbonnement", abonnementId=mine, kanaal="POLL")
    assert (polls["status"], polls.get("eindpunt")) == ("ACTIEF", None)

    listed = [one["abonnementId"] for one in abonnee.call("opvragenAbonnementen")["abonnementen"]]
    assert mine in listed
    ended = abonnee.call("beeindigenAbonnement", abonnementId=mine)
    assert ended["status"] == abonnee.one(mine)["status"] == "BEEINDIGD"
    listed = [one["abonnementId"] for one in abonnee.call("opvragenAbonnementen")["abonnementen"]]
    assert mine not in listed


def test_an_empty_feed_is_read_and_compared(abonnee):
    mine = abonnee.call("aanmeldenAbonnement", kanaal="POLL", **NOTHING)["abonnementId"]
    feed = abonnee.call("opvragenMutaties", abonnementId=mine, na="0", limiet="10")
    assert (feed["mutaties"], feed["laatsteVolgnummer"], feed["oudsteVolgnummer"], feed["meer"]) == ([], 0, 1, False)
    beyond = abonnee.call("opvragenMutaties", abonnementId=mine, na="1", wachtSeconden="30")
    assert (beyond["signaalcode"], beyond["oudsteVolgnummer"]) == (code.VOLGNUMMER_VERLOPEN, 1)
    nothing = hashlib.sha256(b"").hexdigest()
    equal = abonnee.call("vergelijkenMutaties", abonnementId=mine, totEnMet="0", digest=nothing)
    assert (equal["gelijk"], equal["ontbrekend"]) == (True, [])
    abonnee.call("beeindigenAbonnement", abonnementId=mine)


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("wijzigenAbonnement", {"kanaal": "POLL"}),
        ("beeindigenAbonnement", {}),
        ("opvragenAbonnementen", {}),
        ("opvragenMutaties", {"na": "0"}),
        ("vergelijkenMutaties", {"totEnMet": "0", "digest": "00" * 32}),
    ],
)
def test_what_nobody_has_is_170(abonnee, operation, fields):
    answer = abonnee.call(operation, abonnementId=NOBODY, **fields)
    assert answer["signaalcode"] == code.ABONNEMENT_ONBEKEND
    if abonnee.transport == "rest":
        assert (answer["status"], answer["code"]) == (404, "170")


@pytest.mark.parametrize(
    ("fields", "veld"),
    [
        ({}, "kanaal"),
        ({"kanaal": "FAX"}, "kanaal"),
        ({"kanaal": "SOAP"}, "eindpunt"),
        (WEBHOOK | {"eindpunt": "http://sis.stagepoort.invalid/"}, "eindpunt"),
        (WEBHOOK | {"eindpunt": "https://10.0.0.1/"}, "eindpunt"),
        (WEBHOOK | {"geheim": "geheim"}, "geheim"),
        (WEBHOOK | {"perBericht": "101"}, "perBericht"),
        (WEBHOOK | {"mutatieSoorten": ["ANDERS"]}, "mutatieSoorten"),
    ],
)
def test_a_wrong_field_is_named(abonnee, fields, veld):
    answer = abonnee.call("aanmeldenAbonnement", **fields)
    assert answer["signaalcode"] == code.GEGEVENS_ONGELDIG
    if abonnee.transport == "rest":
        assert answer["status"] == 400
        assert f"/{veld}" in [one["veld"] for one in answer["overtredingen"]]
    else:
        assert f"{veld}: " in answer["signaaltekst"]


def test_made_is_201_with_its_place_and_a_repeat_is_the_same(writable, openapi):
    rest = RestClient(writable, writable.verplicht, openapi)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = (rest.post("/v1/abonnementen", json=WEBHOOK, headers=key) for _ in range(2))
    for response in (first, again):
        assert response.status_code == 201
    assert first.json() == again.json() and "geheim" in first.json()
    place = first.headers["Location"]
    assert place == again.headers["Location"]
    assert rest.get(place).json()["abonnementId"] == first.json()["abonnementId"]
    other = rest.post("/v1/abonnementen", json={"kanaal": "POLL"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (400, "ONGELDIGE_INVOER")
    assert rest.request("DELETE", place).json()["status"] == "BEEINDIGD"


def test_another_afnemer_does_not_see_it(writable, openapi):
    ours, theirs = (RestClient(writable, one, openapi) for one in (writable.verplicht, writable.optioneel))
    mine = ours.post("/v1/abonnementen", json={"kanaal": "POLL"}).headers["Location"]
    for method in ("GET", "DELETE"):
        assert theirs.request(method, mine).json()["code"] == "170"
    assert ours.get(mine).json()["status"] == "ACTIEF"
    ours.request("DELETE", mine)
