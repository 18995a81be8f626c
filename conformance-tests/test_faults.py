"""Every fault of standards §1 that can occur, by its code. DK0008 is for answers to calls of ours, EK0031 for
signed messages, SP0001 for quotas: none of them exist yet. EK0030 and DK0002 stand in test_identity.py."""

from __future__ import annotations

import pytest

from kit.contract import CONTRACT, SPACE
from kit.soap import ANONYMOUS, CONTENT_TYPE, SOAP, WSA, Addressing, Fault, action_of, envelope, new_message_id

OPERATION = "natrekkenErkenning"


@pytest.fixture(scope="module")
def body(erkend) -> str:
    return CONTRACT.to_xml(f"{OPERATION}Request", erkend)


def assert_fault(reply, code: str, text: str) -> Fault:
    """One about the envelope or a header: SOAP 1.1 forbids a detail."""
    fault = reply.fault
    assert fault is not None, "it was answered"
    assert (reply.status, fault.code, fault.text, fault.detail) == (500, code, text, None)
    return fault


def assert_explained_fault(reply, code: str, text: str) -> Fault:
    """As above, for a row of the table that covers several mistakes: the faultstring goes on to say which."""
    fault = reply.fault
    assert fault is not None, "it was answered"
    assert (reply.status, fault.code, fault.detail) == (500, code, None)
    assert fault.text.startswith(f"{text}: ") and len(fault.text) > len(text) + 10, fault.text
    return fault


def with_detail(reply, code: str, text: str) -> dict:
    """One about the body."""
    fault = reply.fault
    assert fault is not None, "it was answered"
    assert (reply.status, fault.code, fault.text) == (500, code, text)
    assert fault.detail is not None
    assert fault.detail["code"] == code.rpartition(".")[2]
    return fault.detail


# ---- DK0001: the envelope

NOT_AN_ENVELOPE = {
    "empty": "",
    "text": "hallo",
    "json": '{"leerbedrijfId": "100000001"}',
    "cut_short": f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>',
    "unbound_prefix": "<soap:Envelope><soap:Body/></soap:Envelope>",
    "wrong_end_tag": f'<s:Envelope xmlns:s="{SOAP}"><s:Body></s:Envelope></s:Body>',
    "two_roots": f'<s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope><x/>',
    "unquoted_attribute": f'<s:Envelope xmlns:s="{SOAP}" a=b><s:Body/></s:Envelope>',
    "double_attribute": f'<s:Envelope xmlns:s="{SOAP}" a="1" a="2"><s:Body/></s:Envelope>',
    "unknown_entity": f'<s:Envelope xmlns:s="{SOAP}"><s:Body>&x;</s:Body></s:Envelope>',
    "control_character": f'<s:Envelope xmlns:s="{SOAP}"><s:Body>&#1;</s:Body></s:Envelope>',
    "another_root": '<Envelope xmlns="urn:example"><Body/></Envelope>',
    "no_namespace": "<Envelope><Body/></Envelope>",
    "no_body": f'<s:Envelope xmlns:s="{SOAP}"><s:Header/></s:Envelope>',
    "body_before_header": f'<s:Envelope xmlns:s="{SOAP}"><s:Body/><s:Header/></s:Envelope>',
    "two_bodies": f'<s:Envelope xmlns:s="{SOAP}"><s:Body/><s:Body/></s:Envelope>',
    "processing_instruction": f'<s:Envelope xmlns:s="{SOAP}"><s:Body><?x y?></s:Body></s:Envelope>',
    "something_else": f'<s:Envelope xmlns:s="{SOAP}"><s:Else/><s:Body/></s:Envelope>',
}


@pytest.mark.parametrize("case", NOT_AN_ENVELOPE)
def test_DK0001_malformed_xml_or_no_envelope(soap, case):
    reply = soap.post(NOT_AN_ENVELOPE[case].encode())
    assert_fault(reply, "VersionMismatch.DK0001", "Invalide envelope")


def test_DK0001_soap_1_2(soap, body):
    content = envelope(body, soap.addressing(OPERATION).xml()).replace(
        SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"
    )
    assert_fault(soap.post(content), "VersionMismatch.DK0001", "Invalide envelope")


@pytest.mark.parametrize("count", [0, 2])
def test_DK0001_WW003_the_body_holds_exactly_one_element(soap, body, count):
    reply = soap.send(OPERATION, body * count)
    assert_fault(reply, "VersionMismatch.DK0001", "Invalide envelope")


# ---- DK0003: SOAPAction


@pytest.mark.parametrize(
    "wrong",
    ['"urn:something/else"', "urn:something/else", f'"{action_of("opvragenDetailgegevens")}"', "natrekkenErkenning"],
)
def test_DK0003_soapaction_is_another(soap, body, wrong):
    assert_fault(soap.send(OPERATION, body, headers={"SOAPAction": wrong}), "Client.DK0003", "Invalide soapaction")


# ---- DK0004: the body is not by the XSD (all invalid samples stand in test_samples.py)


def test_DK0004_says_where_and_why(soap, erkend):
    wrong = CONTRACT.to_xml(f"{OPERATION}Request", erkend).replace("</code>", "</code>\n<naam>x</naam>")
    detail = with_detail(soap.send(OPERATION, wrong), "Client.DK0004", "Niet conform XSD")
    assert "naam" in detail["reden"] or "naam" in detail["veld"]
    assert detail["regel"] == 2, "lines of the message as it came"
    assert detail["kolom"] >= 1


def test_DK0004_repeats_no_content_of_the_message(soap, erkend):
    wrong = CONTRACT.to_xml(f"{OPERATION}Request", erkend | {"code": "geheim" * 50})
    reply = soap.send(OPERATION, wrong)
    with_detail(reply, "Client.DK0004", "Niet conform XSD")
    assert "geheim" not in reply.fault.detail["reden"]


def test_DK0004_an_operation_that_is_not_there(loose_soap):
    """Without wsa:Action there is nothing but the element to go by."""
    for element in (f'<x xmlns="{SPACE}"/>', '<natrekkenErkenningRequest xmlns="urn:example"/>', "<x/>"):
        fault = loose_soap.send(OPERATION, element, Addressing()).fault
        assert (fault.code, fault.text) == ("Client.DK0004", "Niet conform XSD")


def test_DK0004_of_one_line_in_a_bulk_request_names_the_line(soap, erkend):
    lines = [erkend, erkend, erkend | {"kenmerk": "k" * 201}]
    body = CONTRACT.to_xml("natrekkenErkenningenRequest", {"verzoeken": lines})
    detail = with_detail(soap.send("natrekkenErkenningen", body), "Client.DK0004", "Niet conform XSD")
    assert detail["veld"] == "verzoeken/verzoek[3]/kenmerk"


# ---- DK0005, DK0006, DK0007, EK0020: a header is missing


@pytest.mark.parametrize(
    ("header", "code", "name"),
    [
        ("to", "Client.DK0005", "To"),
        ("action", "Client.DK0006", "Action"),
        ("message_id", "Client.DK0007", "MessageID"),
        ("from_", "Client.EK0020", "From"),
    ],
    ids=["DK0005_to", "DK0006_action", "DK0007_message_id", "EK0020_from"],
)
def test_a_wsa_header_is_missing(soap, loose_soap, body, header, code, name):
    missing = soap.addressing(OPERATION, **{header: None})
    assert_fault(soap.send(OPERATION, body, missing), code, f"wsa:{name} ontbreekt")
    tolerated = loose_soap.addressing(OPERATION, **{header: None})
    assert loose_soap.send(OPERATION, body, tolerated).answer()["signaalcode"] == 0, "OPTIONEEL"


@pytest.mark.parametrize(("header", "code"), [("to", "EK0022"), ("action", "DK0011"), ("message_id", "EK0023")])
def test_an_empty_wsa_header_is_there_with_a_wrong_value(soap, body, header, code):
    reply = soap.send(OPERATION, body, soap.addressing(OPERATION, **{header: " "}))
    assert reply.fault.code == f"Client.{code}"


def test_DK0005_no_wsa_headers_at_all(soap, loose_soap, body):
    assert_fault(soap.send(OPERATION, body, Addressing()), "Client.DK0005", "wsa:To ontbreekt")
    assert loose_soap.send(OPERATION, body, Addressing()).answer()["signaalcode"] == 0, "OPTIONEEL"


# ---- DK0009: UTF-8 only


@pytest.mark.parametrize("charset", ["ISO-8859-1", "UTF-16", "windows-1252"])
def test_DK0009_charset_of_the_content_type(soap, body, charset):
    reply = soap.send(OPERATION, body, headers={"Content-Type": f"text/xml;charset={charset}"})
    assert_fault(reply, "Client.DK0009", "Niet conform UTF-8")


def test_DK0009_encoding_of_the_xml_declaration(soap, body):
    content = envelope(body, soap.addressing(OPERATION).xml()).replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"')
    assert_fault(soap.post(content), "Client.DK0009", "Niet conform UTF-8")


def test_DK0009_bytes_that_are_no_utf_8(soap, body):
    content = envelope(body.replace("</code>", "\ufffd</code>"), soap.addressing(OPERATION).xml())
    for wrong in (b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xc0\x80", b"\xf8\x88\x80\x80\x80"):
        assert_fault(soap.post(content.replace("\ufffd".encode(), wrong)), "Client.DK0009", "Niet conform UTF-8")


def test_DK0009_utf_16(soap, body):
    content = envelope(body, soap.addressing(OPERATION).xml()).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert_fault(soap.post(content), "Client.DK0009", "Niet conform UTF-8")


# ---- DK0010: headers that must be understood, and are not


@pytest.mark.parametrize("flag", ["1", "true"])
def test_DK0010_a_header_that_must_be_understood(soap, body, flag):
    """SOAP 1.1 knows 0 and 1; some stacks send the words."""
    extra = f'<x:Security xmlns:x="urn:example" soap:mustUnderstand="{flag}"/>'
    reply = soap.send(OPERATION, body, soap.addressing(OPERATION, extra=extra))
    fault = assert_explained_fault(reply, "Client.DK0010", "Andere headers")
    assert "Security" in fault.text, "the header is named"


@pytest.mark.parametrize("flag", ["", ' soap:mustUnderstand="0"'])
def test_another_header_that_need_not_be_understood_is_left_alone(soap, body, flag):
    extra = f'<x:Trace xmlns:x="urn:example"{flag}><x:id a="1">7</x:id></x:Trace>'
    reply = soap.send(OPERATION, body, soap.addressing(OPERATION, extra=extra))
    assert reply.answer()["signaalcode"] == 0


# ---- DK0011: a wsa header has a wrong value

OTHER = "https://example.invalid/elders"


@pytest.mark.parametrize(
    "changes",
    [
        {"reply_to": OTHER},
        {"fault_to": OTHER},
        {"reply_to": f"{WSA}/none"},
        {"action": "urn:example/else"},
        {"action": action_of("opvragenDetailgegevens")},
        {"action": f"{action_of(OPERATION)}Response"},
        {"extra": f"<wsa:MessageID>{new_message_id()}</wsa:MessageID>"},
        {"extra": f"<wsa:Action>{action_of(OPERATION)}</wsa:Action>"},
        {"extra": f"<wsa:From><wsa:Address>{ANONYMOUS}?oin=00000099000000000000</wsa:Address></wsa:From>"},
    ],
    ids=["reply_to", "fault_to", "reply_to_none", "action_unknown", "action_of_another", "action_of_the_answer",
         "two_message_ids", "two_actions", "two_froms"],
)  # fmt: skip
def test_DK0011_wrong_value_in_a_wsa_header(soap, body, changes):
    reply = soap.send(OPERATION, body, soap.addressing(OPERATION, **changes))
    assert_explained_fault(reply, "Client.DK0011", "Onjuiste waarde in wsa header")


def test_DK0011_an_endpoint_reference_holds_only_an_address(soap, body):
    extra = (
        f"<wsa:From><wsa:Address>{ANONYMOUS}?oin={soap.school}</wsa:Address>"
        "<wsa:ReferenceParameters><x xmlns='urn:example'/></wsa:ReferenceParameters></wsa:From>"
    )
    fault = soap.send(OPERATION, body, soap.addressing(OPERATION, from_=None, extra=extra)).fault
    assert (fault.code, fault.detail) == ("Client.DK0011", None)


@pytest.mark.parametrize("changes", [{"action": "urn:example/else"}, {"reply_to": OTHER}])
def test_DK0011_optioneel_checks_what_is_there(loose_soap, body, changes):
    reply = loose_soap.send(OPERATION, body, Addressing(**changes))
    assert reply.fault.code == "Client.DK0011"


# ---- EK0021, EK0022, EK0023: OINs and UUIDs

WRONG_OINS = [
    "",
    "?oin=",
    "?oin=123",
    "?oin=0000000700000000000a",
    "?naam=00000007000000000000",
    "?oin=ABCDEFGH000000000000",
]


@pytest.mark.parametrize("tail", WRONG_OINS)
def test_EK0021_from_without_a_valid_oin(soap, loose_soap, body, tail):
    for client in (soap, loose_soap):
        if tail == "" and client is loose_soap:
            # What a stack puts there by itself when addressing is switched on.
            continue
        addressing = client.addressing(OPERATION, from_=f"{ANONYMOUS}{tail}")
        assert_fault(client.send(OPERATION, body, addressing), "Client.EK0021", "wsa:From bevat geen geldig OIN")


@pytest.mark.parametrize("tail", WRONG_OINS)
def test_EK0022_to_without_a_valid_oin(soap, body, tail):
    addressing = soap.addressing(OPERATION, to=f"{soap.demo.endpoint}{tail}")
    assert_fault(soap.send(OPERATION, body, addressing), "Client.EK0022", "wsa:To bevat geen geldig OIN")


def test_optioneel_an_anonymous_from_names_nobody(loose_soap, body):
    reply = loose_soap.send(OPERATION, body, loose_soap.addressing(OPERATION, from_=ANONYMOUS))
    assert reply.answer()["signaalcode"] == 0


def test_DK0011_from_without_an_address(soap, body):
    addressing = soap.addressing(OPERATION, from_=None, extra="<wsa:From/>")
    assert_explained_fault(soap.send(OPERATION, body, addressing), "Client.DK0011", "Onjuiste waarde in wsa header")


def test_EK0022_to_another_party(soap, body):
    """An OIN of another is as little a valid one of ours as a malformed one."""
    addressing = soap.addressing(OPERATION, to=f"{soap.demo.endpoint}?oin={soap.school}")
    assert_fault(soap.send(OPERATION, body, addressing), "Client.EK0022", "wsa:To bevat geen geldig OIN")


@pytest.mark.parametrize(
    "wrong",
    [
        "1",
        "urn:uuid:",
        "urn:uuid:1234",
        "http://example.invalid/7",
        "urn:uuid:zzzzzzzz-0000-4000-8000-000000000000",
    ],
)
def test_EK0023_message_id_without_a_uuid(soap, loose_soap, body, wrong):
    for client in (soap, loose_soap):
        addressing = client.addressing(OPERATION, message_id=wrong)
        assert_fault(client.send(OPERATION, body, addressing), "Client.EK0023", "wsa:MessageID bevat geen UUID")


# ---- Server faults


def test_DK0051_a_register_version_that_does_not_come(soap, erkend):
    versie = soap.call(OPERATION, erkend).answer()["registerVersie"]
    tijdlijn, nummer = map(int, versie.split("."))
    for operation, fields in (
        (OPERATION, erkend),
        ("natrekkenErkenningen", {"verzoeken": [erkend]}),
        ("vaststellenLeerbedrijven", {"rijen": [{"leerbedrijfId": erkend["leerbedrijfId"]}]}),
        ("zoekenLeerplaatsen", {"soort": "ERKENNING", "code": erkend["code"]}),
    ):
        reply = soap.call(operation, fields | {"minimaleRegisterVersie": f"{tijdlijn}.{nummer + 1000}"})
        fault = reply.fault
        assert (fault.code, fault.text) == ("Server.DK0051", "Service niet beschikbaar")
        assert int(reply.headers["Retry-After"]) >= 1
        assert fault.detail is None or fault.detail["opnieuwNaSeconden"] >= 1


def test_DK0004_a_register_version_of_another_form(soap, erkend):
    detail = with_detail(
        soap.call(OPERATION, erkend | {"minimaleRegisterVersie": "morgen"}), "Client.DK0004", "Niet conform XSD"
    )
    assert "minimaleRegisterVersie" in (detail.get("veld") or detail["reden"])


# ---- order of checks: envelope, identification, authentication, authorisation, then the XSD of the body


def test_the_envelope_goes_before_everything(soap):
    reply = soap.post(b"<x", {"SOAPAction": '"urn:something/else"'})
    assert reply.fault.code == "VersionMismatch.DK0001"


def test_authorisation_goes_before_the_body(demo, soap):
    addressing = soap.addressing(OPERATION, from_=f"{ANONYMOUS}?oin={demo.foreign_school(soap.afnemer)}")
    wrong = f'<{OPERATION}Request xmlns="{SPACE}"><x/></{OPERATION}Request>'
    assert soap.send(OPERATION, wrong, addressing).fault.code == "Client.DK0002"


def test_headers_go_before_the_body(soap):
    wrong = f'<{OPERATION}Request xmlns="{SPACE}"><x/></{OPERATION}Request>'
    assert soap.send(OPERATION, wrong, soap.addressing(OPERATION, to=None)).fault.code == "Client.DK0005"


def test_a_fault_relates_to_its_request(soap, body):
    addressing = soap.addressing(OPERATION, to=f"{soap.demo.endpoint}?oin=123")
    reply = soap.send(OPERATION, body, addressing)
    assert reply.wsa["RelatesTo"] == addressing.message_id


def test_the_media_type_of_a_fault_is_that_of_an_answer(soap):
    assert soap.post(b"").headers["Content-Type"].replace(" ", "").lower() == CONTENT_TYPE.lower()
