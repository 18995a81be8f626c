//! Reads the Body's child exactly as its XSD type says, field by field, and says what is wrong
//! in terms of that type.
//!
//! An operation names its types as [`Vorm`] and [`Lijst`] constants, which a test compares with
//! the XSD, and takes the fields in their order. Elements with `xsi:nil="true"` and empty list
//! wrappers count as absent wherever they stand (standards §1, "WSDL that every generator eats").

use std::{borrow::Cow, fmt::Write};

use super::{
    chars,
    fault::{Fault, FaultCode},
    ns,
    reader::{Reader, Token},
    tag::Tag,
};

/// The most characters in a request field (`InvoerTekstType`; domain rule 2).
const MAX_CHARS: usize = 200;

/// A complexType that is a sequence of optional elements, as all request types are.
#[derive(Debug)]
pub struct Vorm {
    /// Its name in the XSD.
    pub soort: &'static str,
    /// Its elements, in order.
    pub elementen: &'static [&'static str],
    /// Which of them are list wrappers, and of what.
    pub lijsten: &'static [(&'static str, &'static Lijst)],
}

impl Vorm {
    fn is_list(&self, name: &str) -> bool {
        self.lijsten.iter().any(|(wrapper, _)| *wrapper == name)
    }
}

/// The complexType of a list wrapper.
#[derive(Debug)]
pub struct Lijst {
    /// Its name in the XSD.
    pub soort: &'static str,
    /// Name of an item.
    pub item: &'static str,
    /// Type of an item.
    pub vorm: &'static Vorm,
    /// The most items.
    pub max: usize,
}

/// The type of an item that is a text, for a list of texts.
pub const TEKST: Vorm = Vorm {
    soort: "InvoerTekstType",
    elementen: &[],
    lijsten: &[],
};

/// Why a body could not be read. Boxed, since most bodies can be.
#[derive(Debug)]
pub enum BodyError {
    /// DK0004: not by the XSD. The message may still turn out not to be XML at all.
    Invalid(Box<Fault>),
    /// DK0001 or SP0002: the message cannot be read on.
    Broken(Box<Fault>),
}

impl From<Fault> for BodyError {
    fn from(fault: Fault) -> Self {
        Self::Broken(Box::new(fault))
    }
}

/// One step of the path to where the reader is.
struct Step<'a> {
    name: &'a str,
    /// Which item of a list, from 1; 0 outside of lists.
    index: usize,
}

/// Reads the fields of the element that is open.
pub struct BodyReader<'r, 'a> {
    reader: &'r mut Reader<'a>,
    root: Tag<'a>,
    path: Vec<Step<'a>>,
    vorm: &'static Vorm,
    /// The next child, once it was looked at; inner none at the end of the element that is open.
    next: Option<Option<Tag<'a>>>,
    /// The first child of `next`, when that is a list wrapper.
    first_item: Option<Tag<'a>>,
}

/// No elements at all.
const LEEG: Vorm = Vorm {
    soort: "",
    elementen: &[],
    lijsten: &[],
};

impl<'r, 'a> BodyReader<'r, 'a> {
    pub(super) fn new(reader: &'r mut Reader<'a>, root: Tag<'a>) -> Self {
        Self {
            reader,
            root,
            path: Vec::new(),
            vorm: &LEEG,
            next: None,
            first_item: None,
        }
    }

    /// Reads the whole request: `read` takes the fields in order.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn request<T>(
        &mut self,
        vorm: &'static Vorm,
        read: impl FnOnce(&mut Self) -> Result<T, BodyError>,
    ) -> Result<T, BodyError> {
        let root = self.root;
        self.check_attributes(&root, ns::WHITELABEL, vorm.soort)?;
        self.sequence(vorm, read)
    }

    /// DK0004 about the request element itself.
    pub fn refuse(&self, reason: impl Into<Cow<'static, str>>) -> BodyError {
        self.invalid(self.root.offset, self.root.local, reason)
    }

    /// The text of the next field, if it is this one. Empty is not absent here: that is a matter
    /// of meaning.
    ///
    /// # Errors
    /// [`BodyError`], also above 200 characters.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, BodyError> {
        let Some(tag) = self.take(name)? else {
            return Ok(None);
        };
        self.check_attributes(&tag, ns::WHITELABEL, TEKST.soort)?;
        self.limited_text(&tag, tag.local).map(Some)
    }

    /// The xs:boolean in the next field, if it is this one.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, BodyError> {
        let Some(tag) = self.take(name)? else {
            return Ok(None);
        };
        self.check_attributes(&tag, ns::XSD, "boolean")?;
        let text = self.content(tag.local)?;
        boolean(&text).map(Some).ok_or_else(|| {
            let reason = "Is geen xs:boolean: true, false, 1 of 0.";
            self.invalid(tag.offset, tag.local, reason)
        })
    }

    /// The items of the next field, if it is this list: `read` takes the fields of one item.
    ///
    /// # Errors
    /// [`BodyError`], also above the list's maximum.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Self) -> Result<T, BodyError>,
    ) -> Result<Vec<T>, BodyError> {
        self.items(name, |reader, _, vorm| reader.sequence(vorm, &mut read))
    }

    /// The texts of the next field, if it is this list, whose items are [`TEKST`].
    ///
    /// # Errors
    /// As [`Self::list`] and [`Self::text`].
    pub fn texts(&mut self, name: &'static str) -> Result<Vec<String>, BodyError> {
        self.items(name, |reader, tag, _| reader.limited_text(tag, ""))
    }

    /// The items of a list, each read from its start tag on to its end.
    fn items<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Self, &Tag<'a>, &'static Vorm) -> Result<T, BodyError>,
    ) -> Result<Vec<T>, BodyError> {
        let mut items = Vec::new();
        let vorm = self.vorm;
        let Some((_, lijst)) = vorm.lijsten.iter().find(|(wrapper, _)| *wrapper == name) else {
            debug_assert!(false, "{name} is no list in the Vorm");
            return Ok(items);
        };
        let Some(wrapper) = self.take(name)? else {
            return Ok(items);
        };
        self.check_attributes(&wrapper, ns::WHITELABEL, lijst.soort)?;
        // The first item was looked at to see that the wrapper is not empty.
        self.next = self.first_item.take().map(Some);
        let outer = std::mem::replace(&mut self.vorm, &LEEG);
        self.path.push(Step {
            name: wrapper.local,
            index: 0,
        });
        while let Some(tag) = self.peek()? {
            if !tag.is(ns::WHITELABEL, lijst.item) {
                return Err(self.unexpected(&tag, &[lijst.item]));
            }
            if items.len() == lijst.max {
                let reason = format!("Meer dan {} keer {}.", lijst.max, lijst.item);
                return Err(self.invalid(tag.offset, "", reason));
            }
            self.next = None;
            self.path.push(Step {
                name: lijst.item,
                index: items.len() + 1,
            });
            self.check_attributes(&tag, ns::WHITELABEL, lijst.vorm.soort)?;
            items.push(read(self, &tag, lijst.vorm)?);
            self.path.pop();
        }
        self.next = None;
        self.path.pop();
        self.vorm = outer;
        Ok(items)
    }

    /// Reads the fields of the element that is open, and its end.
    fn sequence<T>(
        &mut self,
        vorm: &'static Vorm,
        read: impl FnOnce(&mut Self) -> Result<T, BodyError>,
    ) -> Result<T, BodyError> {
        let outer = std::mem::replace(&mut self.vorm, vorm);
        let value = read(self)?;
        if let Some(tag) = self.peek()? {
            return Err(self.unexpected(&tag, vorm.elementen));
        }
        self.next = None;
        self.vorm = outer;
        Ok(value)
    }

    /// Takes the next child if it has this name.
    fn take(&mut self, name: &'static str) -> Result<Option<Tag<'a>>, BodyError> {
        debug_assert!(
            self.vorm.elementen.contains(&name),
            "{name} is not in the Vorm"
        );
        match self.peek()? {
            Some(tag) if tag.is(ns::WHITELABEL, name) => {
                self.next = None;
                Ok(Some(tag))
            }
            _ => Ok(None),
        }
    }

    /// The next child of the element that is open, without what counts as absent.
    fn peek(&mut self) -> Result<Option<Tag<'a>>, BodyError> {
        if let Some(next) = self.next {
            return Ok(next);
        }
        let next = loop {
            let Some(tag) = self.child()? else { break None };
            let is_list = tag.ns == ns::WHITELABEL && self.vorm.is_list(tag.local);
            if !is_list {
                break Some(tag);
            }
            if let Some(first) = self.child()? {
                self.first_item = Some(first);
                break Some(tag);
            }
        };
        self.next = Some(next);
        Ok(next)
    }

    /// The next child that is not nil; none at the end of the element that is open.
    fn child(&mut self) -> Result<Option<Tag<'a>>, BodyError> {
        loop {
            let offset = self.reader.offset();
            match self.reader.next()? {
                Token::Start(tag) if self.is_nil(&tag) => self.skip_nil(&tag)?,
                Token::Start(tag) => return Ok(Some(tag)),
                Token::Text(text) if chars::is_blank(&text) => {}
                Token::Text(_) | Token::CData(_) => {
                    let reason = "Tekst is hier niet toegestaan, alleen elementen.";
                    return Err(self.invalid(offset, "", reason));
                }
                Token::End | Token::Eof => return Ok(None),
            }
        }
    }

    /// The text of an element of `InvoerTekstType`; `name` is its last step in a path.
    fn limited_text(&mut self, tag: &Tag<'a>, name: &str) -> Result<String, BodyError> {
        let text = self.content(name)?;
        // More bytes than characters is common, fewer impossible.
        if text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS {
            let reason = format!("Is langer dan {MAX_CHARS} tekens.");
            return Err(self.invalid(tag.offset, name, reason));
        }
        Ok(text.into_owned())
    }

    /// The text of an element that holds text only, up to its end.
    fn content(&mut self, name: &str) -> Result<Cow<'a, str>, BodyError> {
        let mut content: Cow<'a, str> = Cow::Borrowed("");
        loop {
            match self.reader.next()? {
                Token::Text(text) | Token::CData(text) if content.is_empty() => content = text,
                Token::Text(text) | Token::CData(text) => content.to_mut().push_str(&text),
                Token::Start(child) if self.is_nil(&child) => self.skip_nil(&child)?,
                Token::Start(child) => {
                    let reason = "Een element is hier niet toegestaan, alleen tekst.";
                    return Err(self.invalid(child.offset, name, reason));
                }
                Token::End | Token::Eof => return Ok(content),
            }
        }
    }

    fn is_nil(&self, tag: &Tag<'a>) -> bool {
        tag.has_attributes
            && self.reader.attributes(tag).any(|attribute| {
                attribute.ns == ns::XSI
                    && attribute.local == "nil"
                    && boolean(&attribute.value) == Some(true)
            })
    }

    /// Skips a nil element, which must be empty: to drop a value would be to guess.
    fn skip_nil(&mut self, tag: &Tag<'a>) -> Result<(), BodyError> {
        loop {
            match self.reader.next()? {
                Token::Text(text) if chars::is_blank(&text) => {}
                Token::End | Token::Eof => return Ok(()),
                Token::Text(_) | Token::CData(_) | Token::Start(_) => {
                    let reason = "Heeft xsi:nil=\"true\" en toch inhoud.";
                    return Err(self.invalid(tag.offset, tag.local, reason));
                }
            }
        }
    }

    /// XML Schema allows three attributes on any element; `xsi:type` must name its own type.
    fn check_attributes(&self, tag: &Tag<'a>, type_ns: &str, soort: &str) -> Result<(), BodyError> {
        if !tag.has_attributes {
            return Ok(());
        }
        let name = if self.path.is_empty() && tag.offset == self.root.offset {
            ""
        } else {
            tag.local
        };
        for attribute in self.reader.attributes(tag) {
            let reason = match (attribute.ns, attribute.local) {
                (ns::XSI, "schemaLocation" | "noNamespaceSchemaLocation") => continue,
                (ns::XSI, "type") if self.names_type(&attribute.value, type_ns, soort) => continue,
                (ns::XSI, "type") => "xsi:type noemt niet het type van dit element.",
                (ns::XSI, "nil") => "xsi:nil is hier niet toegestaan; laat het element weg.",
                _ => "Attributen zijn niet toegestaan.",
            };
            return Err(self.invalid(tag.offset, name, reason));
        }
        Ok(())
    }

    fn names_type(&self, value: &str, type_ns: &str, soort: &str) -> bool {
        chars::split_qname(value).is_some_and(|(prefix, local)| {
            local == soort && self.reader.resolve(prefix) == Some(type_ns)
        })
    }

    fn unexpected(&self, tag: &Tag<'a>, expected: &[&str]) -> BodyError {
        let reason = if tag.ns != ns::WHITELABEL {
            format!("Element staat niet in namespace {}.", ns::WHITELABEL)
        } else if expected.contains(&tag.local) {
            format!(
                "Element komt tweemaal voor of staat niet op zijn plaats; de volgorde is: {}.",
                expected.join(", ")
            )
        } else {
            format!(
                "Element is hier niet toegestaan; verwacht: {}.",
                expected.join(", ")
            )
        };
        self.invalid(tag.offset, tag.local, reason)
    }

    /// DK0004 for this element of the one that is open; an empty name for that one itself.
    fn invalid(
        &self,
        offset: usize,
        name: &str,
        reason: impl Into<Cow<'static, str>>,
    ) -> BodyError {
        let fault = Fault::new(FaultCode::NietConformXsd)
            .detail(reason)
            .field(self.path_to(name))
            .at(self.reader.place(offset));
        BodyError::Invalid(Box::new(fault))
    }

    /// Such as `verzoeken/verzoek[3]/peildatum`.
    fn path_to(&self, name: &str) -> String {
        // A name of any length would make the fault as long as the message.
        const MAX_NAME: usize = 100;
        let mut path = String::new();
        let steps = self.path.iter().map(|step| (step.name, step.index));
        for (name, index) in steps
            .chain([(name, 0)])
            .filter(|(name, _)| !name.is_empty())
        {
            if !path.is_empty() {
                path.push('/');
            }
            path.extend(name.chars().take(MAX_NAME));
            if index > 0 {
                // Writing into a String does not fail.
                let _ = write!(path, "[{index}]");
            }
        }
        path
    }
}

/// An xs:boolean, with white space around it.
fn boolean(text: &str) -> Option<bool> {
    match chars::trim(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soap::{Envelope, XmlLimits};

    const REGEL: Vorm = Vorm {
        soort: "RegelType",
        elementen: &["a", "b"],
        lijsten: &[],
    };
    const REGELS: Lijst = Lijst {
        soort: "RegelsType",
        item: "regel",
        vorm: &REGEL,
        max: 3,
    };
    const TEKSTEN: Lijst = Lijst {
        soort: "TekstenType",
        item: "t",
        vorm: &TEKST,
        max: 2,
    };
    const VRAAG: Vorm = Vorm {
        soort: "VraagType",
        elementen: &["a", "regels", "b", "c", "teksten"],
        lijsten: &[("regels", &REGELS), ("teksten", &TEKSTEN)],
    };

    type Vraag = (
        Option<String>,
        Vec<(Option<String>, Option<String>)>,
        Option<bool>,
        Option<String>,
        Vec<String>,
    );

    fn read(attributes: &str, content: &str) -> Result<Vraag, Fault> {
        let limits = XmlLimits {
            depth: 32,
            elements: 100,
            attributes: 8,
        };
        let message = format!(
            "<e:Envelope xmlns:e='{}' xmlns:xsi='{}' xmlns:xs='{}'><e:Body>\n\
             <vraag xmlns='{}' {attributes}>{content}</vraag></e:Body></e:Envelope>",
            ns::SOAP11,
            ns::XSI,
            ns::XSD,
            ns::WHITELABEL,
        );
        let mut envelope = Envelope::open(message.as_bytes(), limits)?;
        envelope.read_body(|body| {
            body.request(&VRAAG, |vraag| {
                Ok((
                    vraag.text("a")?,
                    vraag.list("regels", |r| Ok((r.text("a")?, r.text("b")?)))?,
                    vraag.boolean("b")?,
                    vraag.text("c")?,
                    vraag.texts("teksten")?,
                ))
            })
        })?
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn fields_are_read_in_order_and_may_be_missing() {
        assert_eq!(read("", "").unwrap(), (None, vec![], None, None, vec![]));
        assert_eq!(
            read(
                "",
                " <a>1<!-- -->2</a><regels><regel><b/></regel><regel/></regels><b> 1 </b>"
            )
            .unwrap(),
            (
                some("12"),
                vec![(None, some("")), (None, None)],
                Some(true),
                None,
                vec![]
            )
        );
        assert_eq!(
            read("", "<teksten><t>1</t><t/></teksten>").unwrap().4,
            ["1", ""]
        );
        assert_eq!(
            read("", "<c><![CDATA[<]]>&amp;\r\n</c>").unwrap().3,
            some("<&\n")
        );
    }

    #[test]
    fn nil_elements_and_empty_wrappers_count_as_absent() {
        let nil = "xsi:nil='true'";
        for content in [
            format!("<a {nil}/>"),
            format!("<a {nil}> </a><x {nil}/>"),
            "<regels/>".to_owned(),
            "<regels> <!-- --> </regels><regels/>".to_owned(),
            format!("<regels><regel {nil}/></regels>"),
            "<regels x='1'/>".to_owned(),
            format!("<teksten><t {nil}/></teksten>"),
        ] {
            assert_eq!(
                read("", &content),
                Ok((None, vec![], None, None, vec![])),
                "{content}"
            );
        }
        assert_eq!(
            read("", &format!("<a {nil}/><a>1</a>")).unwrap().0,
            some("1")
        );
    }

    #[test]
    fn dk0004_names_the_field_and_the_reason() {
        let long = "é".repeat(201);
        for (content, veld, reden) in [
            (
                "<x/>",
                "x",
                "niet toegestaan; verwacht: a, regels, b, c, teksten",
            ),
            ("<b>1</b><a/>", "a", "volgorde is: a, regels, b, c"),
            ("<a/><a/>", "a", "komt tweemaal voor"),
            ("<a xmlns=''/>", "a", "niet in namespace"),
            ("tekst", "", "Tekst is hier niet"),
            ("<![CDATA[]]>", "", "Tekst is hier niet"),
            ("<a><b/></a>", "a", "alleen tekst"),
            ("<a x='1'/>", "a", "Attributen"),
            ("<b/>", "b", "xs:boolean"),
            ("<b>TRUE</b>", "b", "xs:boolean"),
            ("<a xsi:nil='false'>1</a>", "a", "xsi:nil"),
            ("<a xsi:nil='true'>1</a>", "a", "toch inhoud"),
            ("<a xsi:type='xs:string'>1</a>", "a", "xsi:type"),
            ("<regel/>", "regel", "verwacht"),
            ("<regels>x</regels>", "", "Tekst"),
            ("<regels><x/></regels>", "regels/x", "verwacht: regel"),
            (
                "<regels><regel/></regels><regels><regel/></regels>",
                "regels",
                "tweemaal",
            ),
            ("<regels x='1'><regel/></regels>", "regels", "Attributen"),
            (
                "<regels><regel/><regel>x</regel></regels>",
                "regels/regel[2]",
                "Tekst",
            ),
            (
                "<regels><regel/><regel><a/><c/></regel></regels>",
                "regels/regel[2]/c",
                "a, b",
            ),
            (
                "<regels><regel/><regel/><regel/><regel/></regels>",
                "regels",
                "Meer dan 3 keer regel",
            ),
            (&format!("<a>{long}</a>"), "a", "langer dan 200"),
            (
                &format!("<teksten><t/><t>{long}</t></teksten>"),
                "teksten/t[2]",
                "langer dan 200",
            ),
            (
                "<teksten><t><x/></t></teksten>",
                "teksten/t[1]",
                "alleen tekst",
            ),
            ("<teksten><x/></teksten>", "teksten/x", "verwacht: t"),
            (
                "<teksten><t/><t/><t/></teksten>",
                "teksten",
                "Meer dan 2 keer t",
            ),
        ] {
            let fault = read("", content).unwrap_err();
            assert_eq!(fault.code, FaultCode::NietConformXsd, "{content}");
            assert_eq!(fault.veld.as_deref().unwrap_or(""), veld, "{content}");
            assert!(fault.reden.as_deref().unwrap().contains(reden), "{fault:?}");
            assert_eq!(fault.plaats.unwrap().0, 2, "{content}");
        }
        assert!(read("x='1'", "").is_err());
        assert!(read("", &format!("<a>{}</a>", "é".repeat(200))).is_ok());
    }

    #[test]
    fn attributes_of_xml_schema_are_those_that_it_allows() {
        for attributes in [
            "xsi:type='VraagType'",
            "xsi:schemaLocation='urn:x x.xsd'",
            "xsi:noNamespaceSchemaLocation='x.xsd'",
        ] {
            assert!(read(attributes, "").is_ok(), "{attributes}");
        }
        for attributes in [
            "xsi:type='RegelType'",
            "xsi:type='xs:VraagType'",
            "xsi:nil='true'",
            "xsi:x='1'",
            "xml:lang='nl'",
        ] {
            assert_eq!(
                read(attributes, "").unwrap_err().code.short(),
                "DK0004",
                "{attributes}"
            );
        }
        assert!(
            read(
                "",
                "<a xsi:type='InvoerTekstType'/><b xsi:type='xs:boolean'>1</b>"
            )
            .is_ok()
        );
    }

    #[test]
    fn dk0001_goes_before_dk0004() {
        assert_eq!(read("", "<x/><y></z>").unwrap_err().code.short(), "DK0001");
    }
}
