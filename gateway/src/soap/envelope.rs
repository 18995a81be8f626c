//! The SOAP 1.1 envelope: read up to the Body's child, and written around an answer.

use uuid::Uuid;

use super::{
    addressing::Addressing,
    body::{BodyError, BodyReader},
    chars,
    fault::{Fault, FaultCode},
    ns,
    reader::{Reader, Token, XmlLimits},
    tag::Tag,
    writer::XmlWriter,
};

/// A message of which the headers are read, standing at the one child of its Body.
pub struct Envelope<'a> {
    /// The wsa headers.
    pub addressing: Addressing<'a>,
    reader: Reader<'a>,
    child: Tag<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads up to the Body's child.
    ///
    /// # Errors
    /// DK0001 for what is no SOAP 1.1 envelope, DK0009 for another encoding, SP0002 above a limit.
    pub fn open(message: &'a [u8], limits: XmlLimits) -> Result<Self, Fault> {
        let mut reader = Reader::new(message, limits)?;
        let addressing = read_headers(&mut reader).map_err(Fault::before_body)?;
        match next_child(&mut reader)? {
            Some(child) => Ok(Self {
                addressing,
                reader,
                child,
            }),
            None => Err(invalid("de Body is leeg; daarin hoort precies één element")),
        }
    }

    /// Namespace and name of the Body's child.
    #[must_use]
    pub fn body_name(&self) -> (&'a str, &'a str) {
        (self.child.ns, self.child.local)
    }

    /// Sets another limit, once the child's name says that this is a bulk request.
    pub fn set_element_limit(&mut self, elements: usize) {
        self.reader.set_element_limit(elements);
    }

    /// Reads the child, and then the message to its end. What the child lacks comes second, so
    /// that the caller can put what it checks itself in between (standards §1, order of checks).
    ///
    /// # Errors
    /// The outer one: DK0001 or SP0002 anywhere in the message. The inner one: DK0004.
    pub fn read_body<T>(
        &mut self,
        read: impl FnOnce(&mut BodyReader<'_, 'a>) -> Result<T, BodyError>,
    ) -> Result<Result<T, Fault>, Fault> {
        let depth = self.reader.depth();
        let outcome = match read(&mut BodyReader::new(&mut self.reader, self.child)) {
            Ok(value) => Ok(value),
            Err(BodyError::Invalid(fault)) => Err(*fault),
            Err(BodyError::Broken(fault)) => return Err(*fault),
        };
        self.reader.skip_to_end_of(depth)?;
        self.end()?;
        Ok(outcome)
    }

    /// Reads the child of an answer, and then the message to its end. `take` gets each element of
    /// the child's own namespace that holds text alone, by its name: what is not known yet is let be.
    ///
    /// # Errors
    /// DK0001 or SP0002 anywhere in the message.
    pub fn read_leaves(&mut self, mut take: impl FnMut(&str, &str)) -> Result<(), Fault> {
        let depth = self.reader.depth();
        let mut leaf: Option<(&str, String)> = None;
        while self.reader.depth() >= depth {
            match self.reader.next()? {
                Token::Start(tag) => {
                    leaf = (tag.ns == self.child.ns).then(|| (tag.local, String::new()));
                }
                Token::Text(text) | Token::CData(text) => {
                    if let Some((_, whole)) = &mut leaf {
                        whole.push_str(&text);
                    }
                }
                Token::End | Token::Eof => {
                    if let Some((local, text)) = leaf.take() {
                        take(local, chars::trim(&text));
                    }
                }
            }
        }
        self.end()
    }

    /// Nothing may follow but white space and comments.
    fn end(&mut self) -> Result<(), Fault> {
        if let Some(second) = next_child(&mut self.reader)? {
            let reason = "de Body bevat meer dan één element";
            return Err(self.reader.malformed(second.offset, reason));
        }
        if let Some(after) = next_child(&mut self.reader)? {
            let reason = "er staat een element na de Body";
            return Err(self.reader.malformed(after.offset, reason));
        }
        // Only white space and comments can follow; the reader refuses anything else.
        self.reader.next()?;
        Ok(())
    }
}

/// Reads up to and with the start of the Body.
fn read_headers<'a>(reader: &mut Reader<'a>) -> Result<Addressing<'a>, Fault> {
    let Some(root) = next_child(reader)? else {
        return Err(invalid("het bericht is leeg"));
    };
    match (root.ns, root.local) {
        (ns::SOAP11, "Envelope") => {}
        (ns::SOAP12, "Envelope") => {
            return Err(invalid("dit is SOAP 1.2; alleen SOAP 1.1 wordt aangeboden"));
        }
        _ => {
            return Err(invalid(
                "het buitenste element is geen Envelope van SOAP 1.1",
            ));
        }
    }
    let mut addressing = Addressing::default();
    let mut child = next_child(reader)?;
    if child.is_some_and(|tag| tag.is(ns::SOAP11, "Header")) {
        while let Some(header) = next_child(reader)? {
            addressing.take(reader, header)?;
        }
        child = next_child(reader)?;
    }
    match child {
        Some(tag) if tag.is(ns::SOAP11, "Body") => {}
        Some(tag) => {
            return Err(reader.malformed(tag.offset, "hier hoort de Body van SOAP 1.1"));
        }
        None => return Err(invalid("er is geen Body")),
    }
    Ok(addressing)
}

fn invalid(reason: &'static str) -> Fault {
    Fault::new(FaultCode::InvalideEnvelope).explain(reason)
}

/// The next element within the one that is open; none at its end. Envelope, Header and Body hold
/// elements only.
fn next_child<'a>(reader: &mut Reader<'a>) -> Result<Option<Tag<'a>>, Fault> {
    loop {
        let offset = reader.offset();
        match reader.next()? {
            Token::Start(tag) => return Ok(Some(tag)),
            Token::Text(text) if chars::is_blank(&text) => {}
            Token::Text(_) | Token::CData(_) => {
                return Err(reader.malformed(offset, "tekst waar alleen elementen horen"));
            }
            Token::End | Token::Eof => return Ok(None),
        }
    }
}

/// The wsa headers of an answer.
#[derive(Debug)]
pub struct Reply<'m, 'a> {
    /// Those of the request.
    pub request: &'m Addressing<'a>,
    /// `wsa:Action` of the answer.
    pub action: &'m str,
    /// `wsa:MessageID` of the answer.
    pub message_id: Uuid,
    /// For the person who reads the answer, not for its parser.
    pub comment: Option<&'m str>,
}

/// Writes an envelope around what `body` writes. Headers only where the request had some, since
/// unasked ones break some stacks.
pub fn write_envelope(w: &mut XmlWriter, reply: &Reply<'_, '_>, body: impl FnOnce(&mut XmlWriter)) {
    w.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if let Some(comment) = reply.comment {
        w.comment(comment);
    }
    w.raw("<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"");
    w.raw(ns::SOAP11);
    w.raw("\">");
    if reply.request.is_used() {
        write_header(w, reply);
    }
    w.raw("<SOAP-ENV:Body>");
    body(w);
    w.raw("</SOAP-ENV:Body></SOAP-ENV:Envelope>");
}

/// To and From are those of the request, mirrored (WA001).
fn write_header(w: &mut XmlWriter, reply: &Reply<'_, '_>) {
    w.raw("<SOAP-ENV:Header xmlns:wsa=\"");
    w.raw(ns::WSA);
    w.raw("\">");
    w.opt_text("wsa:To", reply.request.from.as_deref());
    w.text("wsa:Action", reply.action);
    w.value("wsa:MessageID", reply.message_id.urn());
    w.opt_text("wsa:RelatesTo", reply.request.message_id.as_deref());
    if let Some(to) = reply.request.to.as_deref() {
        w.element("wsa:From", |w| w.text("wsa:Address", to));
    }
    w.raw("</SOAP-ENV:Header>");
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: XmlLimits = XmlLimits {
        depth: 32,
        elements: 100,
        attributes: 8,
    };

    fn read(message: &str) -> Result<String, String> {
        let said = |fault: Fault| {
            assert_eq!(fault.code, FaultCode::InvalideEnvelope);
            fault.comment().unwrap_or_default().to_owned()
        };
        let mut envelope = Envelope::open(message.as_bytes(), LIMITS).map_err(said)?;
        let (ns, local) = envelope.body_name();
        let name = format!("{{{ns}}}{local}");
        envelope
            .read_body(|_| Ok(name))
            .map_err(said)?
            .map_err(said)
    }

    #[test]
    fn ww003_envelopes_of_any_dressing_are_read() {
        for message in [
            "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Body>\
             <x xmlns='urn:x'>y</x></Body></Envelope>",
            "\u{FEFF}<?xml version='1.0' encoding='utf-8'?>\n<!-- c -->\
             <a:Envelope xmlns:a='http://schemas.xmlsoap.org/soap/envelope/' \
             xmlns:b='http://schemas.xmlsoap.org/soap/envelope/' id='1'>\n <b:Header/>\n \
             <b:Body a:encodingStyle='x'><!-- c --> <p:x xmlns:p='urn:x'/> </b:Body>\n\
             </a:Envelope>\n<!-- c -->\n",
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>\
             <h xmlns='urn:h'><i>j</i></h> <k/></e:Header><e:Body><x xmlns='urn:x'/></e:Body>\
             </e:Envelope>",
        ] {
            assert_eq!(read(message).as_deref(), Ok("{urn:x}x"), "{message}");
        }
    }

    #[test]
    fn dk0001_what_is_no_soap_1_1_envelope() {
        let ns = ns::SOAP11;
        for (message, expect) in [
            (String::new(), "houdt op"),
            ("<x/>".to_owned(), "geen Envelope"),
            (format!("<Envelope xmlns='{}'/>", ns::SOAP12), "SOAP 1.2"),
            (
                "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope'/>".to_owned(),
                "geen",
            ),
            (format!("<Envelope xmlns='{ns}'/>"), "geen Body"),
            (
                format!("<Envelope xmlns='{ns}'><Header/></Envelope>"),
                "geen Body",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Header/><Header/></Envelope>"),
                "hoort de Body",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Body/></Envelope>"),
                "Body is leeg",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Body>x</Body></Envelope>"),
                "tekst",
            ),
            (
                format!("<Envelope xmlns='{ns}'>x<Body><y/></Body></Envelope>"),
                "tekst",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Body><x/><y/></Body></Envelope>"),
                "meer dan één",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Body><x/>y</Body></Envelope>"),
                "tekst",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Body><x/></Body><y/></Envelope>"),
                "na de Body",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Body><x/></Body></Envelope>y"),
                "buiten",
            ),
            (
                format!("<Envelope xmlns='{ns}'><Body><x></Body></Envelope>"),
                "eindtag",
            ),
        ] {
            let refused = read(&message).unwrap_err();
            assert!(refused.contains(expect), "{refused}");
        }
    }

    #[test]
    fn leaves_of_an_answer_are_those_of_its_own_namespace() {
        let read = |child: &str| {
            let message = format!(
                "<Envelope xmlns='{}'><Body>{child}</Body></Envelope>",
                ns::SOAP11
            );
            let mut envelope = Envelope::open(message.as_bytes(), LIMITS).unwrap();
            let mut leaves = Vec::new();
            envelope
                .read_leaves(|local, text| leaves.push(format!("{local}={text}")))
                .map(|()| leaves)
                .map_err(|fault| fault.code)
        };
        let child = "<x xmlns='urn:x'> <a> 1<!-- -->2 </a><b><c><![CDATA[<]]></c>&#65;<d/></b>\
                     <e xmlns='urn:y'>5</e>6</x>";
        assert_eq!(read(child).unwrap(), ["a=12", "c=<", "d="]);
        assert!(read("<x xmlns='urn:x'/>").unwrap().is_empty());
        for broken in ["<x><y></x>", "<x/><x/>", "<x>&y;</x>"] {
            assert_eq!(read(broken), Err(FaultCode::InvalideEnvelope), "{broken}");
        }
    }

    #[test]
    fn wa001_an_answer_has_headers_only_when_the_request_had_some() {
        let answer = |headers: &str| {
            let message = format!(
                "<Envelope xmlns='{}' xmlns:a='{}'><Header>{headers}</Header><Body><x/></Body>\
                 </Envelope>",
                ns::SOAP11,
                ns::WSA
            );
            let envelope = Envelope::open(message.as_bytes(), LIMITS).unwrap();
            let mut w = XmlWriter::default();
            let reply = Reply {
                request: &envelope.addressing,
                action: "urn:x/yResponse",
                message_id: Uuid::nil(),
                comment: None,
            };
            write_envelope(&mut w, &reply, |w| w.text("y", "z"));
            w.into_string()
        };
        insta::assert_snapshot!(answer(""), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><y>z</y></SOAP-ENV:Body></SOAP-ENV:Envelope>
        "#);
        insta::assert_snapshot!(answer("<a:To>t&amp;</a:To><a:MessageID>m</a:MessageID>\
            <a:From><a:Address>f</a:Address></a:From>"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header xmlns:wsa="http://www.w3.org/2005/08/addressing"><wsa:To>f</wsa:To><wsa:Action>urn:x/yResponse</wsa:Action><wsa:MessageID>urn:uuid:00000000-0000-0000-0000-000000000000</wsa:MessageID><wsa:RelatesTo>m</wsa:RelatesTo><wsa:From><wsa:Address>t&amp;</wsa:Address></wsa:From></SOAP-ENV:Header><SOAP-ENV:Body><y>z</y></SOAP-ENV:Body></SOAP-ENV:Envelope>
        "#);
    }
}
