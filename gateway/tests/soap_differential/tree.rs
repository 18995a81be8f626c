//! A message as a tree that can be spoilt in any way and written as text.

use super::shapes::{NAMESPACE, WRAPPERS};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// In which namespace an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    Ours,
    None,
    Other,
    /// A prefix that is bound to nothing.
    Unbound,
}

/// What an element holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Element(Node),
    /// Markup as it is written, and whether a reader of values sees nothing or white space in it.
    Raw(String, bool),
}

/// An element.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) space: Space,
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) content: Vec<Content>,
}

impl Node {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            space: Space::Ours,
            name: name.to_owned(),
            attributes: Vec::new(),
            content: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, child: Self) {
        self.content.push(Content::Element(child));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.content
            .push(Content::Raw(text.to_owned(), text.trim().is_empty()));
    }

    /// How many elements there are, this one included.
    pub(crate) fn count(&self) -> usize {
        let below = self.content.iter().map(|content| match content {
            Content::Element(child) => child.count(),
            Content::Raw(..) => 0,
        });
        1 + below.sum::<usize>()
    }

    /// The element at this place in document order; 0 is this one.
    pub(crate) fn at(&mut self, place: usize) -> Option<&mut Self> {
        if place == 0 {
            return Some(self);
        }
        let mut left = place - 1;
        for content in &mut self.content {
            if let Content::Element(child) = content {
                let count = child.count();
                if left < count {
                    return child.at(left);
                }
                left -= count;
            }
        }
        None
    }

    /// The message as the gateway drops nil elements and empty wrappers from it.
    pub(crate) fn normalised(&self) -> Self {
        let mut root = self.without_nil();
        let wrappers = |name: &str| {
            let is_ours = root.space == Space::Ours;
            let mut known = WRAPPERS
                .iter()
                .filter(|(request, ..)| *request == root.name);
            is_ours && known.any(|(_, wrapper, _)| *wrapper == name)
        };
        let dropped: Vec<bool> = root
            .content
            .iter()
            .map(|content| match content {
                Content::Element(child) => {
                    child.space == Space::Ours && wrappers(&child.name) && child.is_droppable()
                }
                Content::Raw(..) => false,
            })
            .collect();
        let mut dropped = dropped.into_iter();
        root.content.retain(|_| !dropped.next().unwrap_or(false));
        root
    }

    fn without_nil(&self) -> Self {
        let content = self.content.iter().filter_map(|content| match content {
            // What is nil and holds something is left for the schema to refuse.
            Content::Element(child) if child.is_nil() && child.is_droppable() => None,
            Content::Element(child) if child.is_nil() => Some(Content::Element(child.clone())),
            Content::Element(child) => Some(Content::Element(child.without_nil())),
            raw @ Content::Raw(..) => Some(raw.clone()),
        });
        Self {
            content: content.collect(),
            ..self.clone()
        }
    }

    fn is_nil(&self) -> bool {
        let is_true = |value: &str| matches!(value.trim(), "true" | "1");
        self.attributes
            .iter()
            .any(|(name, value)| name == "xsi:nil" && is_true(value))
    }

    /// Whether it can go unseen: it is empty, and well-formed itself.
    fn is_droppable(&self) -> bool {
        const UNSOUND: [&str; 3] = ["los:", "1a", "a:b:c"];
        let sound = |(name, value): &(String, String)| {
            let once = self
                .attributes
                .iter()
                .filter(|(other, _)| other == name)
                .count()
                == 1;
            let known = !UNSOUND.iter().any(|wrong| name.starts_with(wrong));
            once && known && !value.contains('<') && !value.contains("&onbekend;")
        };
        let begins_well = self
            .name
            .starts_with(|c: char| c.is_alphabetic() || c == '_');
        self.content
            .iter()
            .all(|content| matches!(content, Content::Raw(_, true)))
            && begins_well
            && self.space != Space::Unbound
            && self.attributes.iter().all(sound)
    }

    /// The message as text; `prefix` is that of our namespace, empty for the default one.
    pub(crate) fn write(&self, prefix: &str) -> String {
        let mut out = String::new();
        self.write_to(&mut out, prefix, true);
        out
    }

    fn write_to(&self, out: &mut String, prefix: &str, root: bool) {
        let (name, declaration) = match self.space {
            Space::Ours if prefix.is_empty() => (self.name.clone(), String::new()),
            Space::Ours => (format!("{prefix}:{}", self.name), String::new()),
            Space::None if prefix.is_empty() => (self.name.clone(), " xmlns=\"\"".to_owned()),
            Space::None => (self.name.clone(), String::new()),
            Space::Other => (format!("ander:{}", self.name), String::new()),
            Space::Unbound => (format!("los:{}", self.name), String::new()),
        };
        out.push_str(&format!("<{name}{declaration}"));
        if root {
            let colon = if prefix.is_empty() { "" } else { ":" };
            // A root without namespace says so itself.
            if self.space != Space::None || !prefix.is_empty() {
                out.push_str(&format!(" xmlns{colon}{prefix}=\"{NAMESPACE}\""));
            }
            out.push_str(&format!(
                " xmlns:xsi=\"{XSI}\" xmlns:wl=\"{NAMESPACE}\" xmlns:ander=\"urn:ander\" \
                 xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
            ));
        }
        for (attribute, value) in &self.attributes {
            out.push_str(&format!(" {attribute}=\"{value}\""));
        }
        if self.content.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for content in &self.content {
            match content {
                Content::Raw(raw, _) => out.push_str(raw),
                // Below an element without namespace ours has to be bound again.
                Content::Element(child) => child.write_to(out, prefix, false),
            }
        }
        out.push_str(&format!("</{name}>"));
    }
}
