//! Which bytes, characters and names XML 1.0 allows. The tokenizer below us checks none of it.

use std::borrow::Cow;

/// Offset of the first character that may not stand in XML 1.0 (production 2), if there is one.
/// What is left to check in valid UTF-8 is control characters and the two non-characters.
pub(super) fn forbidden_char(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut suspicious = false;
    // Without an early exit, so that the compiler can take many bytes at once.
    for byte in bytes {
        suspicious |= (*byte < 0x20) & !matches!(*byte, b'\t' | b'\n' | b'\r') | (*byte == 0xEF);
    }
    if !suspicious {
        return None;
    }
    text.char_indices()
        .find(|(_, c)| !is_xml_char(*c))
        .map(|(offset, _)| offset)
}

/// Production 2 of XML 1.0.
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// White space of XML (production 3), which is less than that of Unicode.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether there is nothing but white space of XML.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// The text without white space of XML around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii() && is_space(c as u8))
}

/// Prefix (empty for none) and local part of a name, when it is a QName of Namespaces in XML.
pub(super) fn split_qname(name: &str) -> Option<(&str, &str)> {
    match name.split_once(':') {
        None => is_ncname(name).then_some(("", name)),
        Some((prefix, local)) => (is_ncname(prefix) && is_ncname(local)).then_some((prefix, local)),
    }
}

fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Production 4 of XML 1.0, fifth edition, without the colon.
fn is_name_start(c: char) -> bool {
    match c {
        'A'..='Z' | 'a'..='z' | '_' => true,
        _ if c.is_ascii() => false,
        _ => matches!(c,
            '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
            | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}'),
    }
}

/// Production 4a, without the colon.
fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}'
            | '\u{203F}'..='\u{2040}')
}

/// The character that a reference between `&` and `;` stands for: one of the five predefined
/// entities, or a character reference to a character that XML allows.
pub(super) fn resolve_reference(reference: &str) -> Option<char> {
    match reference {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => {}
    }
    let number = reference.strip_prefix('#')?;
    let value = match number.strip_prefix('x') {
        Some(hex) => (!hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .then(|| u32::from_str_radix(hex, 16).ok())?,
        None => (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
            .then(|| number.parse().ok())?,
    };
    char::from_u32(value?).filter(|c| is_xml_char(*c))
}

/// Text with every line end as one `\n` (XML 1.0, 2.11).
pub(super) fn normalise_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The value of an attribute as written, without its references and with spaces for other white
/// space (XML 1.0, 3.3.3).
pub(super) fn attribute_value(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('<') {
        return None;
    }
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Some(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        value.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(reference) = rest.strip_prefix('&') {
            let (name, after) = reference.split_once(';')?;
            value.push(resolve_reference(name)?);
            rest = after;
        } else {
            let width = if rest.starts_with("\r\n") { 2 } else { 1 };
            value.push(' ');
            rest = &rest[width..];
        }
    }
    value.push_str(rest);
    Some(Cow::Owned(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_non_characters_are_found_where_they_stand() {
        for (text, offset) in [
            ("a\tb\r\nc", None),
            ("\u{7f}\u{85}é€\u{10FFFF}", None),
            ("\u{FFFD}\u{FF00}", None),
            ("ab\u{0}", Some(2)),
            ("\u{1b}", Some(0)),
            ("é\u{FFFE}", Some(2)),
            ("\u{FFFF}", Some(0)),
        ] {
            assert_eq!(forbidden_char(text), offset, "{text:?}");
        }
    }

    #[test]
    fn references_are_the_five_and_allowed_characters() {
        for (reference, expect) in [
            ("amp", Some('&')),
            ("quot", Some('"')),
            ("#65", Some('A')),
            ("#x20AC", Some('€')),
            ("#0", None),
            ("#x0", None),
            ("#1", None),
            ("#xFFFE", None),
            ("#xD800", None),
            ("#x110000", None),
            ("#X41", None),
            ("#+65", None),
            ("#", None),
            ("#x", None),
            ("#99999999999999999999", None),
            ("nbsp", None),
            ("", None),
        ] {
            assert_eq!(resolve_reference(reference), expect, "{reference}");
        }
    }

    #[test]
    fn qnames_have_one_colon_at_most_and_whole_names_around_it() {
        assert_eq!(split_qname("a"), Some(("", "a")));
        assert_eq!(split_qname("p:été-1.x"), Some(("p", "été-1.x")));
        for wrong in ["", ":", "a:", ":a", "a:b:c", "1a", "-a", "a b", "a/", "a<"] {
            assert_eq!(split_qname(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn attribute_values_are_normalised() {
        assert_eq!(attribute_value("a b").as_deref(), Some("a b"));
        assert_eq!(
            attribute_value("a\r\nb\tc&#10;&amp;").as_deref(),
            Some("a b c\n&")
        );
        for wrong in ["a<b", "a&b", "&nbsp;", "&#0;"] {
            assert_eq!(attribute_value(wrong), None, "{wrong}");
        }
    }
}
