//! Writes XML into one buffer, without a tree. Names and namespaces are our own constants;
//! every value is escaped.

use std::{fmt::Display, io::Write};

use super::chars;

/// A message being written.
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: Vec<u8>,
}

impl XmlWriter {
    /// With room for this many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            out: Vec::with_capacity(bytes),
        }
    }

    /// The bytes written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// The text written, for tests.
    #[cfg(test)]
    pub(crate) fn into_string(self) -> String {
        String::from_utf8(self.out).unwrap()
    }

    /// An element around what `content` writes.
    pub fn element(&mut self, name: &'static str, content: impl FnOnce(&mut Self)) {
        self.open(name);
        content(self);
        self.close(name);
    }

    /// An element in a namespace that becomes the default one for what `content` writes.
    pub fn root(&mut self, name: &str, namespace: &'static str, content: impl FnOnce(&mut Self)) {
        self.raw("<");
        self.raw(name);
        self.raw(" xmlns=\"");
        self.raw(namespace);
        self.raw("\">");
        content(self);
        self.close(name);
    }

    /// An element with text.
    pub fn text(&mut self, name: &'static str, text: &str) {
        self.open(name);
        self.escaped(text);
        self.close(name);
    }

    /// An element with text; left out when there is none (domain §3).
    pub fn opt_text(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(name, text);
        }
    }

    /// An element with a value that prints without characters to escape, such as a number, date
    /// or identifier.
    pub fn value(&mut self, name: &'static str, value: impl Display) {
        self.open(name);
        self.display(value);
        self.close(name);
    }

    /// As [`Self::value`]; left out when there is none.
    pub fn opt_value(&mut self, name: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }

    /// A wrapper with an element for each item; left out when there are none (domain §2).
    pub fn list<I: IntoIterator>(
        &mut self,
        wrapper: &'static str,
        name: &'static str,
        items: I,
        mut item: impl FnMut(&mut Self, I::Item),
    ) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return;
        }
        self.open(wrapper);
        for next in items {
            self.open(name);
            item(self, next);
            self.close(name);
        }
        self.close(wrapper);
    }

    /// A value as the content of an element, as in [`Self::value`].
    pub fn display(&mut self, value: impl Display) {
        // Writing into a Vec does not fail.
        let _ = write!(self.out, "{value}");
    }

    /// Text as the content of an element. A character that XML does not allow becomes U+FFFD.
    pub fn escaped(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let escape: &[u8] = match byte {
                b'<' => b"&lt;",
                b'>' => b"&gt;",
                b'&' => b"&amp;",
                // A reader would turn a bare carriage return into a line feed.
                b'\r' => b"&#13;",
                b'\t' | b'\n' => continue,
                0..=0x1F => "\u{FFFD}".as_bytes(),
                0xEF if !chars::is_xml_char(char_at(text, at)) => "\u{FFFD}".as_bytes(),
                _ => continue,
            };
            self.out.extend_from_slice(&bytes[from..at]);
            self.out.extend_from_slice(escape);
            from = at + if *byte == 0xEF { 3 } else { 1 };
        }
        self.out.extend_from_slice(&bytes[from..]);
    }

    /// A comment on a line of its own.
    pub(super) fn comment(&mut self, text: &str) {
        self.raw("<!-- ");
        // Two hyphens would end it.
        self.escaped(&text.replace('-', "\u{2010}"));
        self.raw(" -->\n");
    }

    /// Markup as it is.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.extend_from_slice(markup.as_bytes());
    }

    fn open(&mut self, name: &str) {
        self.out.push(b'<');
        self.raw(name);
        self.out.push(b'>');
    }

    fn close(&mut self, name: &str) {
        self.raw("</");
        self.raw(name);
        self.out.push(b'>');
    }
}

fn char_at(text: &str, at: usize) -> char {
    text.get(at..)
        .and_then(|rest| rest.chars().next())
        .unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_what_xml_forbids_replaced() {
        for (text, expect) in [
            ("", ""),
            ("a'\"b", "a'\"b"),
            ("<a>&b;]]>", "&lt;a&gt;&amp;b;]]&gt;"),
            ("\t\n\r", "\t\n&#13;"),
            ("a\u{0}b\u{1b}", "a\u{FFFD}b\u{FFFD}"),
            (
                "\u{FFFE}a\u{FFFF}\u{FFFD}\u{F900}é",
                "\u{FFFD}a\u{FFFD}\u{FFFD}\u{F900}é",
            ),
        ] {
            let mut w = XmlWriter::default();
            w.escaped(text);
            assert_eq!(w.into_string(), expect, "{text:?}");
        }
    }

    #[test]
    fn a_comment_cannot_end_early() {
        let mut w = XmlWriter::default();
        w.comment("a --> <b> -");
        assert_eq!(
            w.into_string(),
            "<!-- a \u{2010}\u{2010}&gt; &lt;b&gt; \u{2010} -->\n"
        );
    }

    #[test]
    fn nothing_empty_is_written() {
        let mut w = XmlWriter::default();
        w.root("a", "urn:x", |w| {
            w.opt_text("b", None);
            w.opt_text("b", Some(""));
            w.opt_value("c", None::<u8>);
            w.list("ds", "d", std::iter::empty::<u8>(), |_, _| {});
            w.list("es", "e", [1, 2], |w, n| w.value("f", n));
            w.element("g", |w| w.text("h", "i"));
        });
        assert_eq!(
            w.into_string(),
            "<a xmlns=\"urn:x\"><es><e><f>1</f></e><e><f>2</f></e></es><g><h>i</h></g></a>"
        );
    }
}
