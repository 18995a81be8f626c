//! Start tags: their attributes and the namespaces that these declare.

use std::borrow::Cow;

use super::{chars, ns};

/// A start tag, resolved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    /// Namespace, empty for none.
    pub(super) ns: &'a str,
    /// Name without prefix.
    pub(super) local: &'a str,
    /// All between the name and the closing `>` or `/>`, as written and already checked.
    pub(super) raw_attributes: &'a str,
    /// Whether there is any attribute besides namespace declarations.
    pub(super) has_attributes: bool,
    /// Where the tag begins in the message.
    pub(super) offset: usize,
}

impl Tag<'_> {
    /// Whether this is the element of that name in that namespace.
    pub(super) fn is(&self, ns: &str, local: &str) -> bool {
        self.local == local && self.ns == ns
    }
}

/// An attribute that is not a namespace declaration.
#[derive(Debug, Clone)]
pub(super) struct Attribute<'a> {
    /// Namespace, empty for none: the default namespace is not for attributes.
    pub(super) ns: &'a str,
    /// Name without prefix.
    pub(super) local: &'a str,
    /// Value, normalised.
    pub(super) value: Cow<'a, str>,
}

/// Attributes as they are written: `(name, raw value)`.
pub(super) struct RawAttributes<'a> {
    rest: &'a str,
}

impl<'a> RawAttributes<'a> {
    pub(super) fn new(raw: &'a str) -> Self {
        Self { rest: raw }
    }

    /// The next one; `Some(None)` when what follows is no attribute.
    fn take(&mut self) -> Option<Option<(&'a str, &'a str)>> {
        let trimmed = self
            .rest
            .trim_start_matches(|c: char| c.is_ascii() && chars::is_space(c as u8));
        if trimmed.is_empty() {
            return None;
        }
        // White space must stand before an attribute, also after the quote of the one before.
        let spaced = trimmed.len() < self.rest.len();
        Some(
            spaced
                .then(|| Self::split(trimmed))
                .flatten()
                .map(|(pair, rest)| {
                    self.rest = rest;
                    pair
                }),
        )
    }

    fn split(text: &'a str) -> Option<((&'a str, &'a str), &'a str)> {
        let (name, rest) = text.split_once('=')?;
        let name = chars::trim(name);
        let rest = rest.trim_start_matches(|c: char| c.is_ascii() && chars::is_space(c as u8));
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, rest) = rest[1..].split_once(quote)?;
        Some(((name, value), rest))
    }
}

impl<'a> Iterator for RawAttributes<'a> {
    type Item = Result<(&'a str, &'a str), TagError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take().map(|pair| {
            pair.ok_or_else(|| {
                self.rest = "";
                TagError::Attribute
            })
        })
    }
}

/// What is wrong with a start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagError {
    /// Its name is no name.
    Name,
    /// Something that should be an attribute is none.
    Attribute,
    /// The same attribute twice.
    Duplicate,
    /// A prefix that is bound to nothing.
    Unbound,
    /// A namespace declaration that Namespaces in XML forbids.
    Declaration,
    /// More attributes than the limit.
    TooManyAttributes,
    /// More namespace declarations in force than the limit.
    TooManyBindings,
}

/// Namespace declarations in force at once. Every name is looked up among them, so that a
/// message of many declarations would cost more than its size.
const MAX_BINDINGS: usize = 256;

/// The namespace declarations in force.
#[derive(Debug, Default)]
pub(super) struct Bindings<'a> {
    /// Prefix, namespace, and at which depth it was declared; the innermost last.
    bound: Vec<(&'a str, &'a str, usize)>,
}

impl<'a> Bindings<'a> {
    /// Takes in a start tag, between `<` and `>` or `/>`, that opens this depth.
    pub(super) fn open(
        &mut self,
        content: &'a str,
        offset: usize,
        depth: usize,
        max_attributes: usize,
    ) -> Result<Tag<'a>, TagError> {
        let name_len = content
            .bytes()
            .position(chars::is_space)
            .unwrap_or(content.len());
        let (name, raw_attributes) = content.split_at(name_len);
        let (prefix, local) = chars::split_qname(name).ok_or(TagError::Name)?;
        let has_attributes = !raw_attributes.is_empty()
            && self.check_attributes(raw_attributes, depth, max_attributes)?;
        let ns = self.resolve(prefix).ok_or(TagError::Unbound)?;
        Ok(Tag {
            ns,
            local,
            raw_attributes,
            has_attributes,
            offset,
        })
    }

    /// Forgets what was declared deeper than this.
    pub(super) fn close_to(&mut self, depth: usize) {
        while self.bound.last().is_some_and(|(_, _, at)| *at > depth) {
            self.bound.pop();
        }
    }

    /// The namespace of a prefix; the empty prefix is the default one, and bound to none at first.
    pub(super) fn resolve(&self, prefix: &str) -> Option<&'a str> {
        let found = self.bound.iter().rev().find(|(p, _, _)| *p == prefix);
        match (found, prefix) {
            (Some((_, ns, _)), _) => Some(ns),
            (None, "") => Some(""),
            (None, "xml") => Some(ns::XML),
            (None, _) => None,
        }
    }

    /// The attributes of a tag that was opened here, without declarations.
    pub(super) fn attributes(&self, tag: &Tag<'a>) -> impl Iterator<Item = Attribute<'a>> {
        RawAttributes::new(tag.raw_attributes).filter_map(|pair| {
            let (name, raw) = pair.ok()?;
            let (prefix, local) = chars::split_qname(name)?;
            let declares = prefix == "xmlns" || name == "xmlns";
            Some(Attribute {
                ns: match prefix {
                    _ if declares => return None,
                    "" => "",
                    _ => self.resolve(prefix)?,
                },
                local,
                value: chars::attribute_value(raw)?,
            })
        })
    }

    /// Checks every attribute and takes in the declarations; true when there are others.
    fn check_attributes(
        &mut self,
        raw: &'a str,
        depth: usize,
        max_attributes: usize,
    ) -> Result<bool, TagError> {
        let mut seen = 0;
        let mut others = false;
        for pair in RawAttributes::new(raw) {
            let (name, value) = pair?;
            seen += 1;
            if seen > max_attributes {
                return Err(TagError::TooManyAttributes);
            }
            let (prefix, local) = chars::split_qname(name).ok_or(TagError::Attribute)?;
            match (prefix, local) {
                ("xmlns", _) => self.declare(local, value, depth)?,
                ("", "xmlns") => self.declare("", value, depth)?,
                _ => {
                    others = true;
                    chars::attribute_value(value).ok_or(TagError::Attribute)?;
                }
            }
        }
        if seen > 1 || others {
            self.check_names(raw)?;
        }
        Ok(others)
    }

    /// No attribute twice, neither as written nor by namespace and name, and no prefix unbound.
    fn check_names(&self, raw: &'a str) -> Result<(), TagError> {
        // At most the limit of attributes, so comparing all with all stays small.
        for (index, pair) in RawAttributes::new(raw).enumerate() {
            let (name, _) = pair?;
            let key = self.expanded(name)?;
            for earlier in RawAttributes::new(raw).take(index) {
                let (earlier, _) = earlier?;
                if earlier == name || self.expanded(earlier)? == key {
                    return Err(TagError::Duplicate);
                }
            }
        }
        Ok(())
    }

    fn expanded(&self, name: &'a str) -> Result<(&'a str, &'a str), TagError> {
        let (prefix, local) = chars::split_qname(name).ok_or(TagError::Attribute)?;
        match prefix {
            "" => Ok(("", local)),
            "xmlns" => Ok((ns::XMLNS, local)),
            _ => Ok((self.resolve(prefix).ok_or(TagError::Unbound)?, local)),
        }
    }

    fn declare(&mut self, prefix: &'a str, raw: &'a str, depth: usize) -> Result<(), TagError> {
        let ns = match chars::attribute_value(raw).ok_or(TagError::Attribute)? {
            Cow::Borrowed(ns) => ns,
            Cow::Owned(ns) => known(&ns),
        };
        let allowed = match prefix {
            "xml" => ns == ns::XML,
            "xmlns" => false,
            "" => ns != ns::XML && ns != ns::XMLNS,
            _ => !matches!(ns, "" | ns::XML | ns::XMLNS),
        };
        if !allowed {
            return Err(TagError::Declaration);
        }
        if self.bound.len() >= MAX_BINDINGS {
            return Err(TagError::TooManyBindings);
        }
        self.bound.push((prefix, ns, depth));
        Ok(())
    }
}

/// A namespace that was written with references, if it is one that matters here. All others
/// become one unknown namespace, since no message of ours has a place for any of them.
fn known(ns: &str) -> &'static str {
    [
        ns::SOAP11,
        ns::SOAP12,
        ns::WSA,
        ns::XSI,
        ns::XSD,
        ns::XML,
        ns::XMLNS,
        ns::WHITELABEL,
    ]
    .into_iter()
    .find(|known| *known == ns)
    .unwrap_or("urn:stagepoort:onbekend")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(content: &str) -> Result<(&str, &str, bool), TagError> {
        let mut bindings = Bindings::default();
        bindings.bound.push(("p", "urn:p", 0));
        let tag = bindings.open(content, 0, 1, 4)?;
        Ok((tag.ns, tag.local, tag.has_attributes))
    }

    #[test]
    fn tags_resolve_their_names() {
        for (content, expect) in [
            ("a", ("", "a", false)),
            ("a ", ("", "a", false)),
            ("p:a", ("urn:p", "a", false)),
            ("a xmlns='urn:x'", ("urn:x", "a", false)),
            (
                "a\n\txmlns = \"urn:&#120;\"",
                ("urn:stagepoort:onbekend", "a", false),
            ),
            (
                "a xmlns='urn:stagepoort&#58;whitelabel:v1'",
                (ns::WHITELABEL, "a", false),
            ),
            ("a xmlns=''", ("", "a", false)),
            ("a b='1' p:b=\"'2>\"", ("", "a", true)),
            ("a xml:lang='nl'", ("", "a", true)),
        ] {
            assert_eq!(open(content), Ok(expect), "{content}");
        }
    }

    #[test]
    fn wrong_tags_are_told_apart() {
        for (content, expect) in [
            ("", TagError::Name),
            ("1", TagError::Name),
            ("a/", TagError::Name),
            ("a b", TagError::Attribute),
            ("a b=", TagError::Attribute),
            ("a b=1", TagError::Attribute),
            ("a b='1", TagError::Attribute),
            ("a b='1'c='2'", TagError::Attribute),
            ("a b='<'", TagError::Attribute),
            ("a b='&x;'", TagError::Attribute),
            ("a / b='1'", TagError::Attribute),
            ("a b='1' b='2'", TagError::Duplicate),
            ("a xmlns='urn:x' xmlns='urn:y'", TagError::Duplicate),
            ("a xmlns:q='urn:p' p:b='1' q:b='2'", TagError::Duplicate),
            ("q:a", TagError::Unbound),
            ("a q:b='1'", TagError::Unbound),
            ("a xmlns:q=''", TagError::Declaration),
            ("a xmlns:xml='urn:x'", TagError::Declaration),
            ("a xmlns:xmlns='urn:x'", TagError::Declaration),
            (
                "a a='1' b='2' c='3' d='4' e='5'",
                TagError::TooManyAttributes,
            ),
        ] {
            assert_eq!(open(content), Err(expect), "{content}");
        }
    }

    #[test]
    fn declarations_end_with_their_element_and_have_a_limit() {
        let mut bindings = Bindings::default();
        assert_eq!(
            bindings.open("a xmlns='urn:x'", 0, 1, 4).unwrap().ns,
            "urn:x"
        );
        assert_eq!(
            bindings.open("b xmlns='urn:y'", 0, 2, 4).unwrap().ns,
            "urn:y"
        );
        bindings.close_to(1);
        assert_eq!(bindings.open("c", 0, 2, 4).unwrap().ns, "urn:x");
        let last = (0..=MAX_BINDINGS)
            .map(|depth| bindings.open("d xmlns='urn:x'", 0, depth, 4))
            .last();
        assert!(matches!(last, Some(Err(TagError::TooManyBindings))));
    }
}
