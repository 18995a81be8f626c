//! Tokens of a well-formed message, within limits. Stands on quick-xml's tokenizer, which leaves
//! characters, names, attributes, references and namespaces unchecked: that is done here.

use std::borrow::Cow;

use quick_xml::{Reader as Tokenizer, events::Event};

use super::{
    chars,
    declaration::{self, DeclarationError},
    fault::{Fault, FaultCode},
    tag::{Attribute, Bindings, Tag, TagError},
};

/// How large a message may be, besides its bytes (standards §1).
#[derive(Debug, Clone, Copy)]
pub struct XmlLimits {
    /// Depth of elements, the Envelope included.
    pub depth: usize,
    /// Elements in the whole message.
    pub elements: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
}

/// One token. An empty element is a start and an end, and comments are left out.
#[derive(Debug)]
pub(super) enum Token<'a> {
    Start(Tag<'a>),
    End,
    /// Text, or the character that a reference stands for. Line ends are normalised.
    Text(Cow<'a, str>),
    CData(Cow<'a, str>),
    Eof,
}

/// Reads a message from beginning to end.
pub(super) struct Reader<'a> {
    input: &'a str,
    tokenizer: Tokenizer<&'a [u8]>,
    bindings: Bindings<'a>,
    limits: XmlLimits,
    /// How many elements are open.
    depth: usize,
    elements: usize,
    /// The element that was just opened is an empty one.
    close_next: bool,
    root_closed: bool,
}

impl<'a> Reader<'a> {
    /// Begins a message. A byte order mark before it is skipped.
    pub(super) fn new(message: &'a [u8], limits: XmlLimits) -> Result<Self, Fault> {
        let input = utf8(message)?;
        let input = input.strip_prefix('\u{FEFF}').unwrap_or(input);
        if let Some(offset) = chars::forbidden_char(input) {
            return Err(malformed(input, offset, "teken dat XML niet toestaat"));
        }
        if input.starts_with('\u{FEFF}') {
            return Err(malformed(input, 0, "meer dan één byte order mark"));
        }
        let mut tokenizer = Tokenizer::from_str(input);
        tokenizer.config_mut().enable_all_checks(true);
        Ok(Self {
            input,
            tokenizer,
            bindings: Bindings::default(),
            limits,
            depth: 0,
            elements: 0,
            close_next: false,
            root_closed: false,
        })
    }

    /// Sets another limit, for a message that turns out to be a bulk request.
    pub(super) fn set_element_limit(&mut self, elements: usize) {
        self.limits.elements = elements;
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Where the next token begins, as an offset.
    pub(super) fn offset(&self) -> usize {
        usize::try_from(self.tokenizer.buffer_position()).unwrap_or(usize::MAX)
    }

    /// Line and column of an offset, both from 1; a column counts characters.
    pub(super) fn place(&self, offset: usize) -> (u32, u32) {
        place(self.input, offset)
    }

    /// What is not well-formed, with its place.
    pub(super) fn malformed(&self, offset: usize, reason: &str) -> Fault {
        malformed(self.input, offset, reason)
    }

    /// The attributes of a tag that is open, without namespace declarations.
    pub(super) fn attributes(&self, tag: &Tag<'a>) -> impl Iterator<Item = Attribute<'a>> {
        self.bindings.attributes(tag)
    }

    /// The namespace of a prefix in force.
    pub(super) fn resolve(&self, prefix: &str) -> Option<&'a str> {
        self.bindings.resolve(prefix)
    }

    /// The next token.
    ///
    /// # Errors
    /// DK0001 for what is not well-formed, DK0009 for another encoding, SP0002 above a limit.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Fault> {
        if self.close_next {
            self.close_next = false;
            self.close();
            return Ok(Token::End);
        }
        loop {
            let from = self.offset();
            let event = self.tokenizer.read_event();
            let raw = self.input.get(from..self.offset()).unwrap_or_default();
            let token = match event {
                Ok(Event::Start(_)) => self.start(raw, from, false)?,
                Ok(Event::Empty(_)) => self.start(raw, from, true)?,
                Ok(Event::End(_)) => {
                    self.close();
                    Token::End
                }
                Ok(Event::Text(_)) => match self.text(raw, from)? {
                    Some(text) => Token::Text(text),
                    None => continue,
                },
                Ok(Event::GeneralRef(_)) => Token::Text(self.reference(raw, from)?),
                Ok(Event::CData(_)) if self.depth > 0 => {
                    let content = raw.strip_prefix("<![CDATA[").unwrap_or_default();
                    let content = content.strip_suffix("]]>").unwrap_or_default();
                    Token::CData(chars::normalise_line_ends(content))
                }
                Ok(Event::Comment(_)) => continue,
                Ok(Event::Decl(_)) => {
                    self.declaration(raw, from)?;
                    continue;
                }
                Ok(Event::Eof) => self.end_of_input(from)?,
                Ok(other) => return Err(self.forbidden(&other, from)),
                Err(error) => return Err(self.broken(&error)),
            };
            return Ok(token);
        }
    }

    /// Reads on until the element that was opened at this depth is closed.
    pub(super) fn skip_to_end_of(&mut self, depth: usize) -> Result<(), Fault> {
        while self.depth >= depth {
            self.next()?;
        }
        Ok(())
    }

    fn start(&mut self, raw: &'a str, from: usize, empty: bool) -> Result<Token<'a>, Fault> {
        if self.root_closed {
            return Err(self.malformed(from, "element na het einde van het bericht"));
        }
        let ending = if empty { "/>" } else { ">" };
        let content = raw
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix(ending))
            .unwrap_or_default();
        if self.depth >= self.limits.depth {
            return Err(self.too_much("dieper dan", self.limits.depth, "elementen", from));
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(self.too_much("meer dan", self.limits.elements, "elementen", from));
        }
        self.depth += 1;
        self.close_next = empty;
        self.bindings
            .open(content, from, self.depth, self.limits.attributes)
            .map(Token::Start)
            .map_err(|error| self.wrong_tag(error, from))
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.root_closed = self.depth == 0;
        self.bindings.close_to(self.depth);
    }

    /// The text; none for white space around the root element.
    fn text(&self, raw: &'a str, from: usize) -> Result<Option<Cow<'a, str>>, Fault> {
        if self.depth == 0 {
            return if chars::is_blank(raw) {
                Ok(None)
            } else {
                Err(self.malformed(from, "tekst buiten het bericht"))
            };
        }
        if let Some(at) = raw.find("]]>") {
            return Err(self.malformed(from + at, "]]> in tekst"));
        }
        Ok(Some(chars::normalise_line_ends(raw)))
    }

    fn reference(&self, raw: &str, from: usize) -> Result<Cow<'a, str>, Fault> {
        let name = raw
            .strip_prefix('&')
            .and_then(|rest| rest.strip_suffix(';'))
            .unwrap_or_default();
        if self.depth == 0 {
            return Err(self.malformed(from, "verwijzing buiten het bericht"));
        }
        match chars::resolve_reference(name) {
            Some(c) => Ok(Cow::Owned(c.to_string())),
            None => Err(self.malformed(from, "onbekende entiteit of verboden teken")),
        }
    }

    fn declaration(&self, raw: &str, from: usize) -> Result<(), Fault> {
        if from != 0 {
            return Err(self.malformed(from, "XML-declaratie die niet vooraan staat"));
        }
        declaration::check(raw).map_err(|error| match error {
            DeclarationError::Form => self.malformed(from, "XML-declaratie is niet die van 1.0"),
            DeclarationError::Encoding => Fault::new(FaultCode::NietConformUtf8)
                .explain("de XML-declaratie noemt een andere codering dan UTF-8"),
        })
    }

    fn end_of_input(&self, from: usize) -> Result<Token<'a>, Fault> {
        if self.root_closed {
            Ok(Token::Eof)
        } else {
            Err(self.malformed(from, "het bericht houdt op voor zijn einde"))
        }
    }

    /// SOAP 1.1 §3: no DTD and no processing instruction.
    fn forbidden(&self, event: &Event<'_>, from: usize) -> Fault {
        let reason = match event {
            Event::DocType(_) => "DOCTYPE is niet toegestaan",
            Event::PI(_) => "processing instruction is niet toegestaan",
            _ => "CDATA buiten het bericht",
        };
        self.malformed(from, reason)
    }

    fn broken(&self, error: &quick_xml::Error) -> Fault {
        let offset = usize::try_from(self.tokenizer.error_position()).unwrap_or(usize::MAX);
        let reason = match error {
            quick_xml::Error::IllFormed(quick_xml::errors::IllFormedError::MismatchedEndTag {
                ..
            }) => "de eindtag past niet bij de begintag",
            quick_xml::Error::IllFormed(quick_xml::errors::IllFormedError::UnmatchedEndTag(_)) => {
                "eindtag zonder begintag"
            }
            _ => "geen welgevormde XML",
        };
        self.malformed(offset, reason)
    }

    fn wrong_tag(&self, error: TagError, from: usize) -> Fault {
        match error {
            TagError::Name => self.malformed(from, "ongeldige elementnaam"),
            TagError::Attribute => self.malformed(from, "ongeldig attribuut"),
            TagError::Duplicate => self.malformed(from, "attribuut komt tweemaal voor"),
            TagError::Unbound => self.malformed(from, "prefix zonder namespace"),
            TagError::Declaration => self.malformed(from, "ongeldige namespace-declaratie"),
            TagError::TooManyAttributes => {
                self.too_much("meer dan", self.limits.attributes, "attributen", from)
            }
            TagError::TooManyBindings => Fault::new(FaultCode::BerichtTeGroot)
                .detail("te veel namespace-declaraties tegelijk")
                .at(self.place(from)),
        }
    }

    fn too_much(&self, how: &str, limit: usize, what: &str, from: usize) -> Fault {
        Fault::new(FaultCode::BerichtTeGroot)
            .detail(format!("{how} {limit} {what}"))
            .at(self.place(from))
    }
}

/// The message as text, with DK0009 when it is none.
fn utf8(message: &[u8]) -> Result<&str, Fault> {
    // UTF-16 without a mark is valid UTF-8 with a zero in every second byte.
    let utf16 = message.iter().take(4).any(|byte| *byte == 0);
    match std::str::from_utf8(message) {
        Ok(text) if !utf16 => Ok(text),
        Ok(_) => Err(Fault::new(FaultCode::NietConformUtf8)),
        Err(error) => Err(Fault::new(FaultCode::NietConformUtf8)
            .explain(format!("byte {} is ongeldig", error.valid_up_to() + 1))),
    }
}

fn malformed(input: &str, offset: usize, reason: &str) -> Fault {
    let (line, column) = place(input, offset);
    Fault::new(FaultCode::InvalideEnvelope)
        .explain(format!("regel {line}, kolom {column}: {reason}"))
}

fn place(input: &str, offset: usize) -> (u32, u32) {
    let mut offset = offset.min(input.len());
    while !input.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &input[..offset];
    let line = before.bytes().filter(|b| *b == b'\n').count();
    let column = before.rsplit('\n').next().unwrap_or("").chars().count();
    let from_one = |n: usize| u32::try_from(n).map_or(u32::MAX, |n| n.saturating_add(1));
    (from_one(line), from_one(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: XmlLimits = XmlLimits {
        depth: 4,
        elements: 6,
        attributes: 3,
    };

    /// All tokens in short, or the fault's code.
    fn read(message: &[u8]) -> Result<String, &'static str> {
        let mut reader = Reader::new(message, LIMITS).map_err(|f| f.code.short())?;
        let mut seen = String::new();
        loop {
            match reader.next().map_err(|f| f.code.short())? {
                Token::Start(tag) => seen.push_str(&format!("<{}", tag.local)),
                Token::End => seen.push('>'),
                Token::Text(text) => seen.push_str(&text),
                Token::CData(text) => seen.push_str(&format!("[{text}]")),
                Token::Eof => return Ok(seen),
            }
        }
    }

    #[test]
    fn tokens_of_well_formed_messages() {
        for (message, expect) in [
            ("<a/>", "<a>"),
            (
                "\u{FEFF}<?xml version='1.0'?>\n<!-- - -->\n<a>b</a>\n<!--c-->",
                "<ab>",
            ),
            ("<a>b&amp;&#99;\r\nd<!-- e -->f</a >", "<ab&c\ndf>"),
            ("<a><![CDATA[<&]]]]></a>", "<a[<&]]]>"),
            ("<a><b><c/></b></a>", "<a<b<c>>>"),
            ("<a b='>'>c</a>", "<ac>"),
        ] {
            assert_eq!(read(message.as_bytes()).as_deref(), Ok(expect), "{message}");
        }
    }

    #[test]
    fn dk0001_malformed_messages() {
        for message in [
            "",
            " ",
            "a",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a/>b",
            "a<a/>",
            "<a/>&amp;",
            "<a/><![CDATA[b]]>",
            " <?xml version='1.0'?><a/>",
            "<a><?xml version='1.0'?></a>",
            "<?xml version='1.1'?><a/>",
            "<?foo?><a/>",
            "<a><?foo bar?></a>",
            "<!DOCTYPE a><a/>",
            "<!doctype a><a/>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<a>&nbsp;</a>",
            "<a>&#0;</a>",
            "<a>& b</a>",
            "<a>\u{1}</a>",
            "<a>\u{FFFF}</a>",
            "<a>]]></a>",
            "<a><!-- -- --></a>",
            "<a><!-- ---></a>",
            "<a><![CDATA[b]></a>",
            "<p:a/>",
            "<a b='1' b='2'/>",
            "<a b='1'",
            "\u{FEFF}\u{FEFF}<a/>",
        ] {
            assert_eq!(read(message.as_bytes()), Err("DK0001"), "{message:?}");
        }
    }

    #[test]
    fn dk0009_another_encoding() {
        for message in [
            b"<a>\xe9</a>".as_slice(),
            b"\xff\xfe<\0a\0/\0>\0",
            b"<\0a\0/\0>\0",
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        ] {
            assert_eq!(read(message), Err("DK0009"), "{message:?}");
        }
    }

    #[test]
    fn sp0002_too_deep_or_too_many() {
        let deep = "<a><b><c><d>";
        assert_eq!(
            read(format!("{deep}</d></c></b></a>").as_bytes()).as_deref(),
            Ok("<a<b<c<d>>>>")
        );
        for message in [
            "<a><b><c><d><e/></d></c></b></a>",
            "<a><b/><b/><b/><b/><b/><b/></a>",
            "<a b='1' c='2' d='3' e='4'/>",
        ] {
            assert_eq!(read(message.as_bytes()), Err("SP0002"), "{message}");
        }
    }

    #[test]
    fn dk0001_says_where() {
        let fault = Reader::new("<a>\n é\u{1}</a>".as_bytes(), LIMITS)
            .err()
            .unwrap();
        let expect = "regel 2, kolom 3: teken dat XML niet toestaat";
        assert_eq!(fault.comment(), Some(expect));
    }
}
