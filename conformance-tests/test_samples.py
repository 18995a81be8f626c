"""The samples of the contract: every valid request is accepted by the gateway, every invalid one gets DK0004."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from kit.contract import OPERATIONS
from kit.demo import SCHEMAS
from kit.soap import Addressing

SAMPLES = SCHEMAS / "samples"
# What the samples ask for, and what every register has.
MADE_UP_VERSION, FIRST_VERSION = "1.48210", "1.0"
MADE_UP_SCHOOL = "0000009999XA00000000"


def text_of(path, school: str) -> str:
    """A sample as it stands, but for the register version, which is made up, and the school, which is this demo's."""
    return path.read_text().replace(MADE_UP_VERSION, FIRST_VERSION).replace(MADE_UP_SCHOOL, school)


def samples(kind: str) -> list:
    """Requests of the operations that work, as (operation, path)."""
    found = []
    for path in sorted((SAMPLES / kind).glob("*Request-*.xml")):
        operation = path.name.partition("Request-")[0]
        if operation in OPERATIONS:
            found.append(pytest.param(operation, path, id=path.stem))
    return found


def test_there_are_samples_of_both_kinds_for_every_operation():
    for kind in ("valid", "invalid"):
        assert {param.values[0] for param in samples(kind)} == set(OPERATIONS)


@pytest.mark.parametrize(("operation", "path"), samples("valid"))
def test_a_valid_sample_is_accepted(loose_soap, operation, path):
    assert "signaalcode" in loose_soap.send(operation, text_of(path, loose_soap.school), Addressing()).answer()


@pytest.mark.parametrize(("operation", "path"), samples("invalid"))
def test_an_invalid_sample_gets_DK0004(loose_soap, operation, path):
    reply = loose_soap.send(operation, path.read_text(), Addressing())
    fault = reply.fault
    assert fault is not None, f"it was answered: {path.read_text()[:200]}"
    assert (fault.code, fault.text) == ("Client.DK0004", "Niet conform XSD")
    assert fault.detail is not None and fault.detail["reden"]


@pytest.mark.parametrize("path", sorted((SAMPLES / "envelopes").glob("*.xml")), ids=lambda path: path.stem)
def test_a_whole_envelope_is_accepted(demo, soap, loose_soap, path):
    """As they stand, but for the OINs, which are this demo's."""
    client = loose_soap if "optioneel" in path.stem else soap
    content = text_of(path, client.school)
    content = re.sub(r"(<(?:\w+:)?To[^>]*>[^<]*\?oin=)\w+", rf"\g<1>{demo.oin}", content)
    content = re.sub(r"(anonymous\?oin=)\w+", rf"\g<1>{client.school}", content)
    assert "signaalcode" in client.post(content.encode()).answer()


def test_dropped_before_validating(loose_soap):
    """Empty wrappers and xsi:nil elements, of which no sample has any."""
    space = etree.QName(
        etree.fromstring((SAMPLES / "valid/natrekkenErkenningRequest-minimal.xml").read_text())
    ).namespace
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    for body in (
        f'<natrekkenErkenningenRequest xmlns="{space}"><verzoeken/></natrekkenErkenningenRequest>',
        f'<natrekkenErkenningenRequest xmlns="{space}"><verzoeken xsi:nil="true" {xsi}/></natrekkenErkenningenRequest>',
        f'<natrekkenErkenningenRequest xmlns="{space}"><verzoeken><verzoek><code xsi:nil="1" {xsi}/></verzoek></verzoeken>'
        "</natrekkenErkenningenRequest>",
        f'<vaststellenLeerbedrijvenRequest xmlns="{space}"><rijen> </rijen></vaststellenLeerbedrijvenRequest>',
        f'<vaststellenLeerbedrijvenRequest xmlns="{space}"><rijen><rij><naam xsi:nil="1" {xsi}/></rij></rijen>'
        "</vaststellenLeerbedrijvenRequest>",
        f'<registrerenBpvosRequest xmlns="{space}"><proef>true</proef><bpvos/></registrerenBpvosRequest>',
        f'<opvragenBpvosRequest xmlns="{space}"><cursor xsi:nil="1" {xsi}/></opvragenBpvosRequest>',
    ):
        operation = body[1:].partition("Request")[0]
        assert loose_soap.send(operation, body, Addressing()).answer()["signaalcode"] == 0
