//! A message that the gateway sends by itself, to a service of somebody else (WUS push).

use uuid::Uuid;

use super::{anonymous, ns, writer::XmlWriter};

/// The wsa headers of a request (WA001).
#[derive(Debug)]
pub struct Verzoekadressen<'a> {
    /// `wsa:To`, with the OIN of whose service it is.
    pub to: &'a str,
    /// `wsa:Action`.
    pub action: &'a str,
    /// `wsa:MessageID`.
    pub message_id: Uuid,
    /// Address of `wsa:From`, with our OIN.
    pub from: &'a str,
}

/// Writes an envelope around what `body` writes.
pub fn write_request(
    w: &mut XmlWriter,
    adressen: &Verzoekadressen<'_>,
    body: impl FnOnce(&mut XmlWriter),
) {
    w.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"");
    w.raw(ns::SOAP11);
    w.raw("\"><SOAP-ENV:Header xmlns:wsa=\"");
    w.raw(ns::WSA);
    w.raw("\">");
    w.text("wsa:To", adressen.to);
    w.text("wsa:Action", adressen.action);
    w.value("wsa:MessageID", adressen.message_id.urn());
    w.element("wsa:From", |w| w.text("wsa:Address", adressen.from));
    w.element("wsa:ReplyTo", |w| w.text("wsa:Address", anonymous()));
    w.raw("</SOAP-ENV:Header><SOAP-ENV:Body>");
    body(w);
    w.raw("</SOAP-ENV:Body></SOAP-ENV:Envelope>");
}
