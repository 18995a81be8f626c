"""Last: nothing that a gateway of this run logged or counted leads to a person, a student or a key."""

from __future__ import annotations

import pytest

from kit.demo import RunningDemo
from kit.sporen import Sporen


@pytest.fixture(scope="module")
def sporen(recorder) -> Sporen:
    sporen = Sporen()
    for demo in RunningDemo.started:
        if demo.levering.exists():
            sporen.add_register(demo.levering)
        sporen.add_keys(demo.folder)
    sporen.add_messages(recorder.folder)
    return sporen


def test_there_is_something_to_look_for(sporen: Sporen):
    if not RunningDemo.started:
        pytest.skip("the demo is somebody else's")
    soorten = set(sporen.soorten.values())
    assert soorten == {"naam", "emailadres", "telefoonnummer", "bpvoKenmerk", "sleutel"}


def test_no_log_line_and_no_metric_leads_to_anybody(sporen: Sporen):
    looked, found = 0, []
    for demo in RunningDemo.started:
        for path, text in demo.told().items():
            looked += len(text)
            found += [f"{path}: {soort}: {line}" for soort, line in sporen.find(text)]
    assert looked or not RunningDemo.started
    assert found == []


@pytest.mark.parametrize(
    ("soort", "line"),
    [
        ("naam", 'INFO refused naam="Jan-Peter de Ötzi" status=400'),
        ("emailadres", "WARN a mail to j.otzi@bedrijf.example bounced"),
        ("telefoonnummer", "INFO tel:+31850001234;ext=1"),
        ("bpvoKenmerk", 'DEBUG path="/v1/bpvos/2026-000123" answered'),
        ("sleutel", "ERROR key MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg is wrong"),
        ("geheim", "INFO subscribed geheim=whsec_BQUFBQUFBQUFBQUF"),
        ("geheim", "stagepoort_x{sleutel=\"whsk_BwcHBwcHBwcH\"} 1"),
    ],
)
def test_a_line_that_does_would_be_found(soort: str, line: str):
    sporen = Sporen()
    sporen.add("naam", "Jan-Peter de Ötzi")
    sporen.add("emailadres", "j.otzi@bedrijf.example")
    sporen.add("telefoonnummer", "+31850001234")
    sporen.add("bpvoKenmerk", "2026-000123")
    sporen.add("sleutel", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg")
    before, after = "INFO listening api=127.0.0.1:8443\n", "\nINFO Jan-Peter de Vries and 2026-00012 are nobody\n"
    assert list(sporen.find(before + line + after)) == [(soort, line)]
    assert list(sporen.find(before + after)) == []
