"""XML limits (standards §1): small, published, and kept without harm. A fault comes back, never a hang-up."""

from __future__ import annotations

import pytest

from kit.contract import CONTRACT, SPACE
from kit.raw import Raw
from kit.soap import envelope, parse_reply

OPERATION = "natrekkenErkenning"
TOO_LARGE = "Client.SP0002"
TOO_LARGE_TEXT = "Bericht te groot of te diep"

DEPTH, ELEMENTS, BULK_ELEMENTS, ATTRIBUTES = 32, 10_000, 120_000, 64
BODY_BYTES, BULK_BODY_BYTES = 256 * 1024, 6 * 1024 * 1024


@pytest.fixture(scope="module")
def body(erkend) -> str:
    return CONTRACT.to_xml(f"{OPERATION}Request", erkend)


def wrap(inside: str) -> str:
    return f'<{OPERATION}Request xmlns="{SPACE}">{inside}</{OPERATION}Request>'


def assert_too_large(reply, status: tuple[int, ...] = (500,)) -> None:
    assert reply.fault is not None, "it was answered"
    assert (reply.fault.code, reply.fault.text) == (TOO_LARGE, TOO_LARGE_TEXT)
    assert reply.status in status


def assert_not_by_schema(reply) -> None:
    assert reply.fault is not None and reply.fault.code == "Client.DK0004", reply.fault


# ---- depth, elements, attributes: the last that fits and the first that does not


def nested(levels: int) -> str:
    return "<x>" * levels + "</x>" * levels


def test_depth(soap):
    # Envelope, Body and the request itself are three levels.
    assert_not_by_schema(soap.send(OPERATION, wrap(nested(DEPTH - 3))))
    assert_too_large(soap.send(OPERATION, wrap(nested(DEPTH - 2))))


@pytest.mark.parametrize("levels", [1_000, 50_000])
def test_far_too_deep(soap, levels):
    assert_too_large(soap.post(envelope("<x>" * levels)), (500, 413))


def test_elements(soap):
    """Counted in the whole envelope, whose wsa headers are five or six of them."""
    assert_not_by_schema(soap.send(OPERATION, wrap("<x/>" * (ELEMENTS - 20))))
    assert_too_large(soap.send(OPERATION, wrap("<x/>" * (ELEMENTS + 1))))


def test_elements_of_a_bulk_request(soap):
    request = f'<natrekkenErkenningenRequest xmlns="{SPACE}">'
    items = "<x/>" * (BULK_ELEMENTS + 1)
    assert_too_large(soap.send("natrekkenErkenningen", f"{request}{items}</natrekkenErkenningenRequest>"))


def attributes(count: int) -> str:
    return " ".join(f'a{number}="1"' for number in range(count))


def test_attributes(soap):
    assert_not_by_schema(soap.send(OPERATION, wrap(f"<x {attributes(ATTRIBUTES)}/>")))
    assert_too_large(soap.send(OPERATION, wrap(f"<x {attributes(ATTRIBUTES + 1)}/>")))


def test_namespace_declarations_count_as_attributes(soap):
    declarations = " ".join(f'xmlns:n{number}="urn:n"' for number in range(ATTRIBUTES + 1))
    assert_too_large(soap.send(OPERATION, wrap(f"<x {declarations}/>")))


# ---- DTD and entities: none at all

BOMB = """<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>"""

DTDS = {
    "empty": "<!DOCTYPE Envelope>",
    "bomb": BOMB,
    "external": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "external_entity": '<!DOCTYPE x [<!ENTITY d SYSTEM "file:///etc/hostname">]>',
    "parameter_entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
}


@pytest.mark.parametrize("case", DTDS)
def test_a_dtd_is_refused(soap, erkend, case):
    content = envelope(
        CONTRACT.to_xml(f"{OPERATION}Request", erkend | {"code": "CODE"}), soap.addressing(OPERATION).xml()
    )
    content = content.replace(b"CODE", b"&d;").replace(b"<soap:Envelope", DTDS[case].encode() + b"<soap:Envelope", 1)
    reply = soap.post(content)
    assert reply.fault is not None, "it was answered"
    assert reply.fault.code in ("VersionMismatch.DK0001", TOO_LARGE)
    assert b"hostname" not in reply.fault.text.encode()


@pytest.mark.parametrize("entity", ["&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#60;", "&#x3C;"])
def test_predefined_entities_and_character_references_are_read(soap, erkend, entity):
    body = CONTRACT.to_xml(f"{OPERATION}Request", erkend | {"code": "CODE"}).replace("CODE", entity)
    answer = soap.send(OPERATION, body).answer()
    assert answer["signaalcode"] == 111
    assert len(answer["code"]) == 1


# ---- size


def padded(soap, body: str, size: int) -> bytes:
    content = envelope(body, soap.addressing(OPERATION).xml())
    return content + b" " * (size - len(content))


def test_body_bytes(soap, body):
    assert soap.post(padded(soap, body, BODY_BYTES)).answer()["signaalcode"] == 0
    assert_too_large(soap.post(padded(soap, body, BODY_BYTES + 1)), (500, 413))


def test_a_body_over_the_limit_is_drained_so_that_the_answer_can_be_read(demo, soap, body):
    content = padded(soap, body, 3 * 1024 * 1024)
    with Raw(demo, demo.verplicht) as raw:
        raw.head("POST", "/soap/v1/whitelabel", "Content-Type: text/xml", f"Content-Length: {len(content)}")
        raw.send(content)
        assert_too_large(raw.reply(), (500, 413))


def test_a_size_over_every_limit_is_413_before_the_body_is_sent(demo):
    with Raw(demo, demo.verplicht) as raw:
        raw.head(
            "POST",
            "/soap/v1/whitelabel",
            "Content-Type: text/xml",
            "Content-Length: 1000000000",
            "Expect: 100-continue",
        )
        assert_too_large(raw.reply(), (413,))
        assert raw.is_closed()


def test_a_chunked_body_over_every_limit(soap):
    pieces = (b" " * 60_000 for _ in range(BULK_BODY_BYTES // 60_000 + 2))
    response = soap.session.post(
        soap.demo.endpoint, data=pieces, headers={"Content-Type": "text/xml;charset=UTF-8"}, timeout=20
    )
    assert_too_large(parse_reply(response.status_code, response.headers, response.content), (500, 413))


def test_a_bulk_body_may_be_larger_than_a_single_one(soap, erkend):
    body = CONTRACT.to_xml("natrekkenErkenningenRequest", {"verzoeken": [erkend]})
    content = envelope(body, soap.addressing("natrekkenErkenningen").xml())
    assert soap.post(content + b"\n" * 1_000_000).answer()["signaalcode"] == 0


def test_a_long_text_is_refused_by_the_schema(soap, erkend):
    body = CONTRACT.to_xml(f"{OPERATION}Request", erkend | {"code": "9" * 100_000})
    assert_not_by_schema(soap.send(OPERATION, body))


def test_a_long_name_is_refused(soap):
    assert_not_by_schema(soap.send(OPERATION, wrap(f"<{'n' * 100_000}/>")))


def test_the_gateway_is_still_there(soap, rest, erkend):
    assert soap.call(OPERATION, erkend).answer()["signaalcode"] == 0
    assert rest.call(OPERATION, erkend).status_code == 200
