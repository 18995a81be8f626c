//! WS-Addressing 1.0 headers as Digikoppeling and Edukoppeling use them (standards §1, WA001).
//!
//! What a value may not be is remembered while the headers are read, and reported in the order
//! of [`Addressing::check_request`], which says what matters most first.

use std::borrow::Cow;

use uuid::Uuid;

use super::{
    chars,
    fault::{Fault, FaultCode},
    ns,
    reader::{Reader, Token},
    tag::Tag,
};
use crate::domain::Oin;

/// The address of an endpoint that gets its answer on the connection of its request.
pub const fn anonymous() -> &'static str {
    "http://www.w3.org/2005/08/addressing/anonymous"
}

/// SOAP 1.1 §4.2.2: whoever gets the message first. No actor means the last one, which we are.
const ACTOR_NEXT: &str = "http://schemas.xmlsoap.org/soap/actor/next";

/// The wsa headers of a message, trimmed. An empty one is there, and wrong.
#[derive(Debug, Default)]
pub struct Addressing<'a> {
    /// `wsa:To`.
    pub to: Option<Cow<'a, str>>,
    /// `wsa:Action`.
    pub action: Option<Cow<'a, str>>,
    /// `wsa:MessageID`.
    pub message_id: Option<Cow<'a, str>>,
    /// `wsa:RelatesTo`, the first one.
    pub relates_to: Option<Cow<'a, str>>,
    /// Address of `wsa:From`.
    pub from: Option<Cow<'a, str>>,
    /// Address of `wsa:ReplyTo`.
    pub reply_to: Option<Cow<'a, str>>,
    /// Address of `wsa:FaultTo`.
    pub fault_to: Option<Cow<'a, str>>,
    /// Which of the seven were there, by their index in [`NAMES`].
    seen: u8,
    wrong: Option<Cow<'static, str>>,
    not_understood: Option<String>,
}

const NAMES: [&str; 7] = [
    "To",
    "Action",
    "MessageID",
    "RelatesTo",
    "From",
    "ReplyTo",
    "FaultTo",
];

impl<'a> Addressing<'a> {
    /// Whether the message had any wsa header, so that its answer gets them too.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.seen != 0
    }

    /// The UUID that wsa:MessageID ends in, by which a repeat of the message is known.
    #[must_use]
    pub fn message_uuid(&self) -> Option<Uuid> {
        self.message_id.as_deref().and_then(uuid_at_the_end)
    }

    /// Takes in one header block, up to its end.
    pub(super) fn take(&mut self, reader: &mut Reader<'a>, tag: Tag<'a>) -> Result<(), Fault> {
        let name = NAMES.iter().position(|name| tag.is(ns::WSA, name));
        let (for_us, must_understand) = targeting(reader, &tag);
        let depth = reader.depth();
        match name {
            Some(index) if for_us => self.take_known(reader, index)?,
            _ if for_us && must_understand && self.not_understood.is_none() => {
                // A name of any length would make the fault as long as the message.
                let name: String = format!("{{{}}}{}", tag.ns, tag.local);
                self.not_understood = Some(name.chars().take(200).collect());
            }
            _ => {}
        }
        reader.skip_to_end_of(depth)
    }

    fn take_known(&mut self, reader: &mut Reader<'a>, index: usize) -> Result<(), Fault> {
        let name = NAMES[index];
        let repeated = self.seen & (1 << index) != 0;
        self.seen |= 1 << index;
        let value = match name {
            "From" | "ReplyTo" | "FaultTo" => self.endpoint(reader, name)?,
            _ => Some(self.simple(reader, name)?),
        };
        if repeated {
            // A message may relate to several others; all else stands once.
            if name != "RelatesTo" {
                self.reproach(format!("wsa:{name} komt meer dan eens voor"));
            }
            return Ok(());
        }
        let slot = match name {
            "To" => &mut self.to,
            "Action" => &mut self.action,
            "MessageID" => &mut self.message_id,
            "RelatesTo" => &mut self.relates_to,
            "From" => &mut self.from,
            "ReplyTo" => &mut self.reply_to,
            _ => &mut self.fault_to,
        };
        *slot = value;
        Ok(())
    }

    /// The text of the element that is open, up to its end.
    fn simple(
        &mut self,
        reader: &mut Reader<'a>,
        name: &'static str,
    ) -> Result<Cow<'a, str>, Fault> {
        let mut value: Cow<'a, str> = Cow::Borrowed("");
        loop {
            match reader.next()? {
                Token::Text(text) | Token::CData(text) if value.is_empty() => value = text,
                Token::Text(text) | Token::CData(text) => value.to_mut().push_str(&text),
                Token::Start(_) => {
                    self.reproach(format!("wsa:{name} bevat een element in plaats van tekst"));
                    reader.skip_to_end_of(reader.depth())?;
                }
                Token::End | Token::Eof => return Ok(trimmed(value)),
            }
        }
    }

    /// The address of the endpoint reference that is open, which may hold nothing else (WA001).
    fn endpoint(
        &mut self,
        reader: &mut Reader<'a>,
        name: &'static str,
    ) -> Result<Option<Cow<'a, str>>, Fault> {
        let mut address = None;
        loop {
            match reader.next()? {
                Token::Start(tag) if tag.is(ns::WSA, "Address") && address.is_none() => {
                    address = Some(self.simple(reader, name)?);
                }
                Token::Start(_) => {
                    self.reproach(format!("wsa:{name} mag alleen één wsa:Address bevatten"));
                    reader.skip_to_end_of(reader.depth())?;
                }
                Token::Text(text) | Token::CData(text) => {
                    if !chars::is_blank(&text) {
                        self.reproach(format!("wsa:{name} mag alleen één wsa:Address bevatten"));
                    }
                }
                Token::End | Token::Eof => break,
            }
        }
        if address.is_none() {
            self.reproach(format!("wsa:{name} bevat geen wsa:Address"));
        }
        Ok(address)
    }

    fn reproach(&mut self, what: String) {
        self.wrong.get_or_insert(Cow::Owned(what));
    }

    /// Checks the headers of a request and gives the OIN in wsa:From. With `required`, those of
    /// WA001 must be there; without, only what is there is checked.
    ///
    /// # Errors
    /// DK0010; DK0005, DK0006, DK0007, EK0020; EK0021, EK0022, EK0023; DK0011: in that order.
    pub fn check_request(&self, required: bool, own_oin: Oin) -> Result<Option<Oin>, Fault> {
        if let Some(name) = &self.not_understood {
            return Err(Fault::new(FaultCode::AndereHeaders).explain(format!(
                "{name} heeft mustUnderstand=\"1\" en wordt hier niet begrepen"
            )));
        }
        if required {
            self.check_present()?;
        }
        let school = self.check_form(required, own_oin)?;
        self.check_values()?;
        Ok(school)
    }

    fn check_present(&self) -> Result<(), Fault> {
        for (name, code) in [
            ("To", FaultCode::ToOntbreekt),
            ("Action", FaultCode::ActionOntbreekt),
            ("MessageID", FaultCode::MessageIdOntbreekt),
            ("From", FaultCode::FromOntbreekt),
        ] {
            if !self.was_seen(name) {
                return Err(Fault::new(code));
            }
        }
        Ok(())
    }

    fn check_form(&self, required: bool, own_oin: Oin) -> Result<Option<Oin>, Fault> {
        let school = match self.from.as_deref() {
            None => None,
            // What a stack puts there by itself when addressing is switched on.
            Some(from) if from == anonymous() && !required => None,
            Some(from) => Some(oin_of(from).ok_or_else(|| {
                Fault::new(FaultCode::FromZonderOin).explain(format!(
                    "verwacht {}?oin= en het OIN van de school",
                    anonymous()
                ))
            })?),
        };
        // The OIN of another party is as little one of ours as a malformed one.
        if self
            .to
            .as_deref()
            .is_some_and(|to| oin_of(to) != Some(own_oin))
        {
            return Err(Fault::new(FaultCode::ToZonderOin).explain(format!(
                "verwacht het adres uit de WSDL, met ?oin={own_oin}"
            )));
        }
        if self
            .message_id
            .as_deref()
            .is_some_and(|id| !ends_in_uuid(id))
        {
            return Err(Fault::new(FaultCode::MessageIdZonderUuid)
                .explain("verwacht bijvoorbeeld urn:uuid: en een UUID"));
        }
        Ok(school)
    }

    fn check_values(&self) -> Result<(), Fault> {
        let wrong = |what: Cow<'static, str>| Fault::new(FaultCode::OnjuisteWaarde).explain(what);
        if let Some(what) = &self.wrong {
            return Err(wrong(what.clone()));
        }
        for (name, address) in [("ReplyTo", &self.reply_to), ("FaultTo", &self.fault_to)] {
            if self.was_seen(name) && address.as_deref() != Some(anonymous()) {
                let what = format!("wsa:{name} moet {} zijn, of ontbreken", anonymous());
                return Err(wrong(what.into()));
            }
        }
        Ok(())
    }

    fn was_seen(&self, name: &str) -> bool {
        NAMES
            .iter()
            .position(|known| *known == name)
            .is_some_and(|index| self.seen & (1 << index) != 0)
    }
}

/// Whether a header block is for us, and whether it must be understood (SOAP 1.1 §4.2).
fn targeting<'a>(reader: &Reader<'a>, tag: &Tag<'a>) -> (bool, bool) {
    let (mut for_us, mut must_understand) = (true, false);
    if tag.has_attributes {
        for attribute in reader.attributes(tag).filter(|a| a.ns == ns::SOAP11) {
            match attribute.local {
                "mustUnderstand" => {
                    must_understand = matches!(chars::trim(&attribute.value), "1" | "true");
                }
                "actor" => {
                    for_us = matches!(chars::trim(&attribute.value), "" | ACTOR_NEXT);
                }
                _ => {}
            }
        }
    }
    (for_us, must_understand)
}

fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(chars::trim(text)),
        Cow::Owned(text) => Cow::Owned(chars::trim(&text).to_owned()),
    }
}

/// The OIN in the query of an address, `…?oin=` or `…?OIN=`; none when it is absent, malformed,
/// or named twice and differently.
#[must_use]
pub fn oin_of(address: &str) -> Option<Oin> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next()?;
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.eq_ignore_ascii_case("oin").then_some(value)
    });
    let first = values.next()?;
    if values.all(|other| other == first) {
        Oin::parse(first).ok()
    } else {
        None
    }
}

/// Whether an identifier ends in a UUID, as JAX-WS (`uuid:…`) and others (`urn:uuid:…`) send it.
fn ends_in_uuid(id: &str) -> bool {
    uuid_at_the_end(id).is_some()
}

fn uuid_at_the_end(id: &str) -> Option<Uuid> {
    let tail = id.get(id.len().checked_sub(36)?..)?;
    Uuid::try_parse(tail).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soap::{Envelope, XmlLimits};

    const LIMITS: XmlLimits = XmlLimits {
        depth: 32,
        elements: 100,
        attributes: 8,
    };
    const TO: &str = "<a:To>https://x/?oin=00000099000000000000</a:To>";
    const ACTION: &str = "<a:Action>urn:x/y</a:Action>";
    const ID: &str = "<a:MessageID>urn:uuid:6b1a7c52-3d0e-4f7b-8a64-2c9d51e0f3a1</a:MessageID>";
    const FROM: &str = "<a:From><a:Address>http://www.w3.org/2005/08/addressing/anonymous\
                        ?oin=0000009999XA00000000</a:Address></a:From>";

    fn check(required: bool, headers: &str) -> Result<Option<String>, String> {
        let message = format!(
            "<e:Envelope xmlns:e='{}' xmlns:a='{}'><e:Header>{headers}</e:Header>\
             <e:Body><x/></e:Body></e:Envelope>",
            ns::SOAP11,
            ns::WSA
        );
        let envelope = Envelope::open(message.as_bytes(), LIMITS)
            .map_err(|fault| fault.faultstring().into_owned())?;
        envelope
            .addressing
            .check_request(required, Oin::parse("00000099000000000000").unwrap())
            .map(|school| school.map(|oin| oin.to_string()))
            .map_err(|fault| format!("{} {}", fault.code.short(), fault.faultstring()))
    }

    #[track_caller]
    fn refuses(required: bool, headers: &str, expect: &str) {
        let refused = check(required, headers).unwrap_err();
        assert!(refused.contains(expect), "{refused}");
    }

    #[test]
    fn wa001_whole_headers_pass_with_any_dressing() {
        let school = Ok(Some("0000009999XA00000000".to_owned()));
        assert_eq!(check(true, &format!("{TO}{ACTION}{ID}{FROM}")), school);
        let upper = FROM.replace("?oin", "?OIN");
        assert_eq!(check(true, &format!("{upper}{ID}{ACTION}{TO}")), school);
        let understood = TO.replace("<a:To", "<a:To e:mustUnderstand='1'");
        assert_eq!(
            check(true, &format!("{understood}{ACTION}{ID}{FROM}")),
            school
        );
        let jaxws = ID.replace("urn:uuid", "uuid");
        assert_eq!(check(true, &format!("{TO}{ACTION}{jaxws}{FROM}")), school);
        let anonymous = format!(
            "<a:ReplyTo><a:Address> {0} </a:Address></a:ReplyTo>\
             <a:FaultTo><a:Address>{0}</a:Address></a:FaultTo><a:RelatesTo>x</a:RelatesTo>",
            anonymous()
        );
        assert_eq!(
            check(true, &format!("{TO}{ACTION}{ID}{FROM}{anonymous}")),
            school
        );
    }

    #[test]
    fn optioneel_tolerates_what_is_missing_and_checks_what_is_there() {
        for (headers, expect) in [
            (String::new(), Ok(None)),
            (format!("{ACTION}{ID}{TO}"), Ok(None)),
            (FROM.to_owned(), Ok(Some("0000009999XA00000000".to_owned()))),
            (
                format!("<a:From><a:Address>{}</a:Address></a:From>", anonymous()),
                Ok(None),
            ),
        ] {
            assert_eq!(check(false, &headers), expect, "{headers}");
        }
        refuses(false, "<a:To>https://x/</a:To>", "EK0022");
    }

    #[test]
    fn dk0005_to_missing() {
        refuses(
            true,
            &format!("{ACTION}{ID}{FROM}"),
            "DK0005 wsa:To ontbreekt",
        );
    }

    #[test]
    fn dk0006_action_missing() {
        refuses(
            true,
            &format!("{TO}{ID}{FROM}"),
            "DK0006 wsa:Action ontbreekt",
        );
    }

    #[test]
    fn dk0007_message_id_missing() {
        refuses(
            true,
            &format!("{TO}{ACTION}{FROM}"),
            "DK0007 wsa:MessageID ontbreekt",
        );
    }

    #[test]
    fn ek0020_from_missing() {
        refuses(
            true,
            &format!("{TO}{ACTION}{ID}"),
            "EK0020 wsa:From ontbreekt",
        );
    }

    #[test]
    fn ek0021_from_without_oin() {
        for from in [
            FROM.replace("?oin=0000009999XA00000000", ""),
            FROM.replace("0000009999XA00000000", "123"),
            FROM.replace("?oin=", "?oin=0000009999XB00000000&amp;oin="),
            "<a:From><a:Address/></a:From>".to_owned(),
        ] {
            refuses(true, &format!("{TO}{ACTION}{ID}{from}"), "EK0021");
            if from.contains("oin=") {
                refuses(false, &from, "EK0021");
            }
        }
    }

    #[test]
    fn ek0022_to_without_oin() {
        for to in [
            "https://x/",
            "https://x/?oin=",
            "https://x/?oin=0000009999xa00000000",
            "https://x/?oin=00000099000000000001",
            "",
        ] {
            refuses(
                true,
                &format!("<a:To>{to}</a:To>{ACTION}{ID}{FROM}"),
                "EK0022",
            );
        }
    }

    #[test]
    fn ek0023_message_id_without_uuid() {
        for id in [
            "",
            "1",
            "urn:uuid:6b1a7c52-3d0e-4f7b-8a64-2c9d51e0f3ag",
            "é-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            refuses(
                true,
                &format!("{TO}{ACTION}<a:MessageID>{id}</a:MessageID>{FROM}"),
                "EK0023",
            );
        }
    }

    #[test]
    fn dk0010_a_header_that_must_be_understood_is_named() {
        let security = "<w:Security xmlns:w='urn:w' e:mustUnderstand='1'><w:x>y</w:x></w:Security>";
        refuses(true, security, "DK0010 Andere headers: {urn:w}Security");
        let lenient = security.replace(" e:mustUnderstand='1'", "");
        assert!(check(false, &lenient).is_ok());
        let elsewhere = security.replace("e:must", "e:actor='urn:other' e:must");
        assert!(check(false, &elsewhere).is_ok());
    }

    #[test]
    fn dk0011_values_that_may_not_be() {
        let all = format!("{TO}{ACTION}{ID}{FROM}");
        for (extra, expect) in [
            (TO, "wsa:To komt meer dan eens voor"),
            (ID, "wsa:MessageID komt meer dan eens voor"),
            (
                "<a:ReplyTo><a:Address>https://x/</a:Address></a:ReplyTo>",
                "wsa:ReplyTo moet",
            ),
            ("<a:FaultTo/>", "wsa:FaultTo bevat geen wsa:Address"),
            (
                "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address>\
                 <a:ReferenceParameters/></a:ReplyTo>",
                "wsa:ReplyTo mag alleen",
            ),
        ] {
            refuses(true, &format!("{all}{extra}"), "DK0011");
            refuses(true, &format!("{all}{extra}"), expect);
        }
        refuses(true, &format!("{TO}{ACTION}{ID}<a:From/>"), "DK0011");
        let nested = ACTION.replace("urn:x/y", "urn:x<b/>");
        refuses(true, &format!("{TO}{nested}{ID}{FROM}"), "DK0011");
    }
}
