"""Generous about the envelope, since real stacks differ (standards §1): all of these are answered."""

from __future__ import annotations

import pytest

from kit.contract import CONTRACT, SPACE
from kit.raw import Raw
from kit.soap import ANONYMOUS, SOAP, WSA, Addressing, action_of, envelope, new_message_id

OPERATION = "natrekkenErkenning"
PATH = "/soap/v1/whitelabel"


@pytest.fixture(scope="module")
def body(erkend) -> str:
    return CONTRACT.to_xml(f"{OPERATION}Request", erkend)


def assert_answered(reply) -> None:
    answer = reply.answer()
    assert (answer["signaalcode"], answer["erkenningStatus"]) == (0, "ERKEND")


# ---- HTTP headers

ACTION = action_of(OPERATION)


@pytest.mark.parametrize("value", [None, "", '""', f'"{ACTION}"', ACTION, f"{ACTION} "])
def test_soapaction_missing_empty_quoted_or_not(soap, body, value):
    assert_answered(soap.send(OPERATION, body, headers={"SOAPAction": value}))


@pytest.mark.parametrize(
    "value",
    [
        "text/xml;charset=UTF-8",
        "text/xml; charset=utf-8",
        'text/xml; charset="utf-8"',
        "text/xml",
        "TEXT/XML; Charset=UTF-8",
        "text/xml ; charset = utf-8",
        f'text/xml; charset=utf-8; action="{ACTION}"',
    ],
)
def test_content_type_spellings(soap, body, value):
    if value == "text/xml ; charset = utf-8":
        # Spaces around the sign are against RFC 9110, but the name stays readable.
        value = "text/xml ; charset=utf-8"
    assert_answered(soap.send(OPERATION, body, headers={"Content-Type": value}))


@pytest.mark.parametrize("value", ["application/json", "application/soap+xml; charset=utf-8", "text/plain", None])
def test_another_content_type_is_refused(soap, body, value):
    response = soap.session.post(
        soap.demo.endpoint,
        data=envelope(body, soap.addressing(OPERATION).xml()),
        headers={} if value is None else {"Content-Type": value},
        timeout=10,
    )
    if value is None and response.status_code == 200:
        return
    assert response.status_code in (415, 500)
    assert response.status_code == 415 or b"DK0001" in response.content


@pytest.mark.parametrize("value", ["*/*", "text/xml", "text/xml, multipart/related", "application/soap+xml, text/*"])
def test_accept_does_not_matter(soap, body, value):
    assert_answered(soap.send(OPERATION, body, headers={"Accept": value}))


# ---- the envelope

ENVELOPES = {
    "default_namespaces": """<Envelope xmlns="{soap}"><Header>{wsa}</Header><Body>{body}</Body></Envelope>""",
    "other_prefixes": """<SOAP-ENV:Envelope xmlns:SOAP-ENV="{soap}"><SOAP-ENV:Header>{wsa}</SOAP-ENV:Header>
        <SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>""",
    "envelope_and_body_under_different_prefixes": """<a:Envelope xmlns:a="{soap}" xmlns:b="{soap}"><b:Header>{wsa}</b:Header>
        <c:Body xmlns:c="{soap}">{body}</c:Body></a:Envelope>""",
    "comments": """<!-- before --><s:Envelope xmlns:s="{soap}"><!-- in --><s:Header>{wsa}
        <!-- header --></s:Header><s:Body><!-- body -->{body}</s:Body></s:Envelope><!-- after -->""",
    "attributes_of_other_namespaces": """<s:Envelope xmlns:s="{soap}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xmlns:xsd="http://www.w3.org/2001/XMLSchema"><s:Header>{wsa}</s:Header><s:Body xmlns:wsu="urn:example"
        wsu:Id="body">{body}</s:Body></s:Envelope>""",
    "white_space": """<s:Envelope xmlns:s="{soap}">\r\n\t<s:Header>\r\n{wsa}\r\n</s:Header>\r\n<s:Body>\n\n{body}\n</s:Body>
        </s:Envelope>\r\n\r\n""",
}


@pytest.mark.parametrize("case", ENVELOPES)
def test_envelopes_that_real_stacks_send(soap, body, case):
    addressing = soap.addressing(OPERATION)
    wsa = (
        f'<To xmlns="{WSA}">{addressing.to}</To><Action xmlns="{WSA}">{addressing.action}</Action>'
        f'<MessageID xmlns="{WSA}">{addressing.message_id}</MessageID>'
        f'<From xmlns="{WSA}"><Address>{addressing.from_}</Address></From>'
    )
    for start in ("", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n', "\ufeff"):
        content = start + ENVELOPES[case].format(soap=SOAP, wsa=wsa, body=body)
        assert_answered(soap.post(content.encode()))


@pytest.mark.parametrize(
    "header", ["<soap:Header/>", "<soap:Header></soap:Header>", "<soap:Header>\n</soap:Header>", ""]
)
def test_an_empty_or_absent_header(loose_soap, body, header):
    content = f'<soap:Envelope xmlns:soap="{SOAP}">{header}<soap:Body>{body}</soap:Body></soap:Envelope>'
    reply = loose_soap.post(content.encode())
    assert_answered(reply)
    assert reply.wsa == {}, "unasked wsa headers break some stacks"


@pytest.mark.parametrize("prefix", ["wl", "ns1", "q0", "tns", "urn"])
def test_any_prefix_in_the_body(soap, erkend, prefix):
    inside = "".join(f"<{prefix}:{name}>{value}</{prefix}:{name}>" for name, value in erkend.items())
    body = f'<{prefix}:{OPERATION}Request xmlns:{prefix}="{SPACE}">{inside}</{prefix}:{OPERATION}Request>'
    assert_answered(soap.send(OPERATION, body))


def test_nil_elements_are_dropped_before_validating(soap, erkend):
    """npm soap sends them for null."""
    nil = '<minimaleRegisterVersie xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'
    body = CONTRACT.to_xml(f"{OPERATION}Request", erkend).replace("</peildatum>", f"</peildatum>{nil}")
    assert_answered(soap.send(OPERATION, body))


# ---- WS-Addressing


def test_must_understand_on_wsa_headers(soap, body):
    addressing = soap.addressing(OPERATION, reply_to=ANONYMOUS, fault_to=ANONYMOUS, must_understand=True)
    assert_answered(soap.send(OPERATION, body, addressing))


@pytest.mark.parametrize("prefix", ["urn:uuid:", "uuid:", "", "http://sis.example/id/", "urn:x:"])
def test_any_message_id_that_ends_in_a_uuid(soap, body, prefix):
    message_id = prefix + new_message_id().removeprefix("urn:uuid:")
    reply = soap.send(OPERATION, body, soap.addressing(OPERATION, message_id=message_id))
    assert_answered(reply)
    assert reply.wsa["RelatesTo"] == message_id


def test_a_uuid_may_be_in_capitals(soap, body):
    assert_answered(soap.send(OPERATION, body, soap.addressing(OPERATION, message_id=new_message_id().upper())))


@pytest.mark.parametrize("key", ["oin", "OIN"])
def test_oin_in_lower_case_or_capitals(soap, body, key):
    addressing = soap.addressing(
        OPERATION, to=f"{soap.demo.endpoint}?{key}={soap.demo.oin}", from_=f"{ANONYMOUS}?{key}={soap.school}"
    )
    assert_answered(soap.send(OPERATION, body, addressing))


def test_to_may_name_the_outside_address(soap, body):
    """Behind a proxy the host differs; what counts is the OIN."""
    to = f"https://stagepoort.example/soap/v1/whitelabel?oin={soap.demo.oin}"
    assert_answered(soap.send(OPERATION, body, soap.addressing(OPERATION, to=to)))


def test_the_endpoint_with_its_oin_in_the_query_works(soap, body):
    """Stacks copy soap:address into both wsa:To and the URL."""
    content = envelope(body, soap.addressing(OPERATION).xml())
    assert_answered(soap.post(content, url=f"{soap.demo.endpoint}?oin={soap.demo.oin}"))


def test_reply_to_anonymous(soap, body):
    assert_answered(soap.send(OPERATION, body, soap.addressing(OPERATION, reply_to=ANONYMOUS)))


def test_white_space_in_wsa_headers(soap, body):
    addressing = soap.addressing(OPERATION, action=f"\n  {ACTION}\n")
    assert_answered(soap.send(OPERATION, body, addressing))


def test_optioneel_what_zeep_sends_by_itself(loose_soap, body):
    addressing = Addressing(
        action=ACTION, message_id=new_message_id(), to=f"{loose_soap.demo.endpoint}?oin={loose_soap.demo.oin}"
    )
    reply = loose_soap.send(OPERATION, body, addressing)
    assert_answered(reply)
    assert reply.wsa["RelatesTo"] == addressing.message_id


# ---- HTTP


def http_headers(content: bytes) -> tuple[str, ...]:
    return ("Content-Type: text/xml;charset=UTF-8", f'SOAPAction: "{ACTION}"', f"Content-Length: {len(content)}")


def test_http_1_0(demo, soap, body):
    content = envelope(body, soap.addressing(OPERATION).xml())
    with Raw(demo, demo.verplicht) as raw:
        raw.head("POST", PATH, *http_headers(content), version="1.0")
        raw.send(content)
        assert_answered(raw.reply())
        assert raw.is_closed()


def test_connection_close(demo, soap, body):
    content = envelope(body, soap.addressing(OPERATION).xml())
    with Raw(demo, demo.verplicht) as raw:
        raw.head("POST", PATH, *http_headers(content), "Connection: close")
        raw.send(content)
        assert_answered(raw.reply())
        assert raw.is_closed()


def test_a_connection_is_kept_for_the_next_request(demo, soap, body):
    with Raw(demo, demo.verplicht) as raw:
        for _ in range(3):
            content = envelope(body, soap.addressing(OPERATION).xml())
            raw.head("POST", PATH, *http_headers(content))
            raw.send(content)
            assert_answered(raw.reply())


def test_two_requests_sent_at_once_are_answered_in_order(demo, soap, body):
    ids = [new_message_id(), new_message_id()]
    with Raw(demo, demo.verplicht) as raw:
        for message_id in ids:
            content = envelope(body, soap.addressing(OPERATION, message_id=message_id).xml())
            raw.head("POST", PATH, *http_headers(content))
            raw.send(content)
        assert [raw.reply().wsa["RelatesTo"] for _ in ids] == ids


def test_expect_100_continue(demo, soap, body):
    content = envelope(body, soap.addressing(OPERATION).xml())
    with Raw(demo, demo.verplicht) as raw:
        raw.head("POST", PATH, *http_headers(content), "Expect: 100-continue")
        begin = raw.socket.recv(1024)
        assert begin.startswith(b"HTTP/1.1 100 "), begin
        raw.send(content)
        assert_answered(raw.reply())


def test_chunked(soap, body):
    content = envelope(body, soap.addressing(OPERATION).xml())
    pieces = (content[start : start + 37] for start in range(0, len(content), 37))
    response = soap.session.post(
        soap.demo.endpoint, data=pieces, headers={"Content-Type": "text/xml;charset=UTF-8"}, timeout=10
    )
    assert response.request.headers["Transfer-Encoding"] == "chunked"
    assert response.status_code == 200 and b"ERKEND" in response.content


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_405(soap, method):
    response = soap.session.request(method, soap.demo.endpoint, timeout=10)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]
