"""The demo's playground: two subscribers, mutaties that happen by themselves, and a clock that can be set."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import requests

from kit.demo import Demo, RunningDemo
from kit.kalender import day

LIVELY = ("--leerbedrijven", "500", "--seed", "1", "--tempo", "1")


class Speelveld:
    def __init__(self, demo: Demo):
        self.demo = demo
        self.url = demo.data["speelveld"]

    def ontvangen(self) -> list[dict]:
        answer = requests.get(f"{self.url}/ontvangen", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def until(self, fits) -> list[dict]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            ontvangen = self.ontvangen()
            if fits(ontvangen):
                return ontvangen
            time.sleep(0.1)
        raise AssertionError(f"it did not come: {self.ontvangen()}")

    def klok(self, **wens) -> requests.Response:
        return requests.put(f"{self.url}/klok", json=wens, timeout=10)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def speelveld(request, tmp_path_factory):
    running = RunningDemo(tmp_path_factory.mktemp(request.param), (*LIVELY, "--opslag", request.param))
    try:
        yield Speelveld(running.wait())
    finally:
        assert running.stop() == 0


def soorten(ontvangen: list[dict], kanaal: str) -> set[str]:
    return {one["mutatieSoort"] for one in ontvangen if one["kanaal"] == kanaal}


def test_mutaties_come_over_both_channels(speelveld: Speelveld):
    assert speelveld.until(lambda all: {one["kanaal"] for one in all} == {"SOAP", "WEBHOOK"})


def test_numbers_have_no_gaps_and_signatures_are_right(speelveld: Speelveld):
    wanted = {"ERKENNING_BEEINDIGD", "LEERBEDRIJF_GEWIJZIGD"}

    def complete(all: list[dict], kanaal: str) -> bool:
        """Leerbedrijven do not wait for one another: a lower number may come later."""
        nummers = {int(one["volgnummer"]) for one in all if one["kanaal"] == kanaal}
        return wanted <= soorten(all, kanaal) and nummers == set(range(1, max(nummers) + 1))

    ontvangen = speelveld.until(lambda all: complete(all, "SOAP") and complete(all, "WEBHOOK"))
    assert all(one["handtekeningKlopt"] for one in ontvangen if one["kanaal"] == "WEBHOOK")


def test_both_hear_the_same_of_the_school_that_both_serve(speelveld: Speelveld):
    def ids(all: list[dict], kanaal: str) -> set[str]:
        return {one["mutatieId"] for one in all if one["kanaal"] == kanaal}

    assert speelveld.until(lambda all: len(ids(all, "SOAP") & ids(all, "WEBHOOK")) >= 3)


def test_what_is_withdrawn_tomorrow_can_be_tried_today(speelveld: Speelveld):
    today, tomorrow, day_after = day(0), day(1), day(2)

    def withdrawn(all: list[dict]) -> list[dict]:
        kind = ("ERKENNING_BEEINDIGD", tomorrow)
        return [one for one in all if (one["mutatieSoort"], one["ingangsdatum"]) == kind]

    einde = withdrawn(speelveld.until(withdrawn))[0]
    demo, afnemer = speelveld.demo, speelveld.demo.afnemers[0]

    def status(peildatum: str) -> dict:
        answer = requests.get(
            f"{demo.api}/v1/leerbedrijven/{einde['leerbedrijfId']}/erkenningen/{einde['code']}",
            params={"peildatum": peildatum},
            headers={"Onderwijsinstelling-OIN": afnemer.school.oin},
            cert=(afnemer.cert, afnemer.key),
            verify=demo.ca,
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    assert status(today)["erkenningStatus"] == "ERKEND"
    assert status(tomorrow)["erkenningStatus"] == "NIET_ERKEND"
    try:
        now = datetime.now(UTC)
        set_ahead = speelveld.klok(verzetSeconden=86_400)
        assert set_ahead.status_code == 200
        assert datetime.fromisoformat(set_ahead.json()["tijdstip"]) >= now + timedelta(days=1, seconds=-1)
        # The day after is now "per tomorrow", and mutaties go on.
        speelveld.until(lambda all: any(one["ingangsdatum"] == day_after for one in all))
    finally:
        assert speelveld.klok(verzetSeconden=0).json()["verzetSeconden"] == 0


@pytest.mark.parametrize(
    ("wens", "woord"),
    [
        ({}, "een van beide"),
        ({"tijdstip": "morgen"}, "tijdstip"),
        ({"tijdstip": "2020-01-01T00:00:00Z"}, "28 dagen"),
        ({"verzetSeconden": 10**9}, "28 dagen"),
        ({"verzetSeconden": 2**62}, "kalender"),
        ({"tijdstip": "2030-01-01T00:00:00Z", "verzetSeconden": 1}, "een van beide"),
    ],
)
def test_a_time_that_cannot_be_is_refused(speelveld: Speelveld, wens: dict, woord: str):
    refused = speelveld.klok(**wens)
    assert refused.status_code == 400
    assert woord in refused.json()["fout"]


def test_the_page_shows_what_came(speelveld: Speelveld):
    speelveld.until(lambda all: len(all) >= 1)
    page = requests.get(speelveld.url, timeout=10)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "WEBHOOK" in page.text and "handtekening klopt" in page.text
