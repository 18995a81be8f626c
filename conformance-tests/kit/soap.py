"""SOAP 1.1 by hand: envelopes as text, so that a test can write any that a real stack sends, or none should."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape

import requests
from lxml import etree

from kit.contract import CONTRACT, SPACE
from kit.demo import Afnemer, Demo
from kit.recorder import Recorder

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
ANONYMOUS = f"{WSA}/anonymous"
CONTENT_TYPE = "text/xml;charset=UTF-8"
FAULT_ACTION = f"{WSA}/soap/fault"

# Seconds; a debug build answers 10,000 lines well within it.
TIMEOUT_S = 60


def new_message_id() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def action_of(operation: str) -> str:
    return f"{SPACE}/{operation}"


@dataclass(frozen=True)
class Addressing:
    """The wsa headers of one request; None leaves one out. `extra` is XML put behind them as it is."""

    to: str | None = None
    action: str | None = None
    message_id: str | None = None
    from_: str | None = None
    reply_to: str | None = None
    fault_to: str | None = None
    extra: str = ""
    must_understand: bool = False

    def xml(self) -> str:
        flag = ' soap:mustUnderstand="1"' if self.must_understand else ""

        def plain(name: str, value: str | None) -> str:
            return "" if value is None else f"<wsa:{name}{flag}>{escape(value)}</wsa:{name}>"

        def endpoint(name: str, value: str | None) -> str:
            if value is None:
                return ""
            return f"<wsa:{name}{flag}><wsa:Address>{escape(value)}</wsa:Address></wsa:{name}>"

        return "".join(
            (
                plain("To", self.to),
                plain("Action", self.action),
                plain("MessageID", self.message_id),
                endpoint("From", self.from_),
                endpoint("ReplyTo", self.reply_to),
                endpoint("FaultTo", self.fault_to),
                self.extra,
            )
        )


def envelope(body: str, headers: str = "") -> bytes:
    """`headers` and `body` are XML; `soap` and `wsa` are bound."""
    header = f"<soap:Header>{headers}</soap:Header>" if headers else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:wsa="{WSA}">{header}<soap:Body>{body}</soap:Body></soap:Envelope>'
    ).encode()


@dataclass
class Fault:
    """`code` is the part behind the prefix, whose namespace has been checked."""

    code: str
    text: str
    detail: dict | None


@dataclass
class Reply:
    status: int
    headers: requests.structures.CaseInsensitiveDict
    tree: etree._Element
    wsa: dict[str, str] = field(default_factory=dict)

    @property
    def body(self):
        """The one child of the Body."""
        (child,) = self.tree.find(f"{{{SOAP}}}Body")
        return child

    @property
    def fault(self) -> Fault | None:
        if self.body.tag != f"{{{SOAP}}}Fault":
            return None
        return _fault(self.body)

    def answer(self) -> dict:
        """The answer as a dict; fails with the fault's own words when there is none."""
        assert self.fault is None, f"HTTP {self.status}: {self.fault}"
        assert self.status == 200
        return CONTRACT.to_dict(self.body)


def _fault(element) -> Fault:
    """SOAP 1.1 §4.4: faultcode, faultstring, faultactor, detail, in no namespace and in this order."""
    names = [child.tag for child in element]
    assert names == [n for n in ("faultcode", "faultstring", "faultactor", "detail") if n in names], names
    code = element.findtext("faultcode")
    prefix, _, local = code.rpartition(":")
    space = element.find("faultcode").nsmap.get(prefix or None)
    assert space == SOAP, f"faultcode {code} is in namespace {space}"
    detail = element.find("detail")
    content = None
    if detail is not None:
        (child,) = detail
        content = CONTRACT.to_dict(child)
    return Fault(local, element.findtext("faultstring"), content)


def parse_reply(status: int, headers, content: bytes) -> Reply:
    """Checks what holds for every SOAP answer: media type, envelope, and headers of one kind."""
    assert headers["Content-Type"].replace(" ", "").lower() == "text/xml;charset=utf-8", headers["Content-Type"]
    tree = etree.fromstring(content)
    assert tree.tag == f"{{{SOAP}}}Envelope", tree.tag
    parts = [child.tag for child in tree]
    assert parts in ([f"{{{SOAP}}}Body"], [f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"]), parts
    wsa = {}
    for header in tree.iterfind(f"{{{SOAP}}}Header/*"):
        name = etree.QName(header)
        # WS007: no header blocks of our own.
        assert name.namespace == WSA, header.tag
        assert name.localname not in wsa, f"wsa:{name.localname} twice"
        address = header.find(f"{{{WSA}}}Address")
        wsa[name.localname] = (header if address is None else address).text
    reply = Reply(status, headers, tree, wsa)
    # BP 1.2 R1126: a fault has status 500. 408 and 413 are HTTP's own, before there is a message to fault on.
    if reply.fault is None:
        assert status == 200, status
    else:
        assert status in (500, 408, 413), status
    return reply


class SoapClient:
    """Calls the gateway as one afnemer for one school, with whole WS-Addressing when it must."""

    def __init__(self, demo: Demo, afnemer: Afnemer, recorder: Recorder, school: str | None = None):
        self.demo, self.afnemer, self.recorder = demo, afnemer, recorder
        self.school = school or afnemer.school.oin
        self.session = demo.session(afnemer)

    def addressing(self, operation: str, **changes) -> Addressing:
        """Right in every header; `changes` make one wrong or leave it out (None)."""
        right = Addressing(
            to=f"{self.demo.endpoint}?oin={self.demo.oin}",
            action=action_of(operation),
            message_id=new_message_id(),
            from_=f"{ANONYMOUS}?oin={self.school}",
        )
        return replace(right, **changes)

    def post(self, content: bytes, headers: dict | None = None, url: str | None = None) -> Reply:
        """Exactly these bytes; a header that is None is not sent."""
        sent = {"Content-Type": CONTENT_TYPE, "SOAPAction": '""'} | (headers or {})
        response = self.session.post(
            url or self.demo.endpoint,
            data=content,
            headers={name: value for name, value in sent.items() if value is not None},
            timeout=TIMEOUT_S,
        )
        reply = parse_reply(response.status_code, response.headers, response.content)
        self._record(content, reply)
        return reply

    def send(
        self, operation: str, body: str, addressing: Addressing | None = None, headers: dict | None = None
    ) -> Reply:
        """This body (XML) in an envelope with right headers, or with those given."""
        addressing = addressing or self.addressing(operation)
        reply = self.post(envelope(body, addressing.xml()), headers)
        _check_mirrored(addressing, operation, reply)
        return reply

    def call(self, operation: str, fields: dict) -> Reply:
        return self.send(operation, CONTRACT.to_xml(f"{operation}Request", fields))

    def _record(self, content: bytes, reply: Reply) -> None:
        if reply.fault is None:
            self.recorder.save("response", reply.body)
            request = etree.fromstring(content).find(f"{{{SOAP}}}Body")
            if not has_dropped_elements(request):
                self.recorder.save("request", next(request.iterchildren(etree.Element)))
        elif reply.fault.detail is not None:
            self.recorder.save("detail", reply.body.find("detail")[0])


def has_dropped_elements(body) -> bool:
    """Whether it holds what the gateway drops before validating: xsi:nil elements and empty wrappers."""
    nil = "{http://www.w3.org/2001/XMLSchema-instance}nil"
    wrappers = {f"{{{SPACE}}}{name}" for name in ("verzoeken", "rijen", "bpvos", "keuzedelen")}
    return any(nil in e.attrib or (e.tag in wrappers and len(e) == 0) for e in body.iter(etree.Element))


def _check_mirrored(sent: Addressing, operation: str, reply: Reply) -> None:
    """WA001 for the answer: what was sent comes back in its place; nothing unasked."""
    if not sent.xml():
        assert reply.wsa == {}, "wsa headers in the answer to a request without any"
        return
    expected = FAULT_ACTION if reply.fault else f"{action_of(operation)}Response"
    if reply.fault is None or reply.wsa:
        assert reply.wsa["Action"] == expected
        assert reply.wsa["MessageID"].startswith("urn:uuid:")
        assert reply.wsa["MessageID"] != sent.message_id
    if reply.fault is None:
        if sent.message_id is not None:
            assert reply.wsa["RelatesTo"] == sent.message_id
        if sent.from_ is not None:
            assert reply.wsa["To"] == sent.from_
        if sent.to is not None:
            assert reply.wsa["From"] == sent.to
