//! Parts of answers that many answers have in common.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use serde::{Serialize, Serializer, ser::Error as _};

/// An object that many answers have in common: neither it nor its JSON is made for each of them.
#[derive(Debug)]
pub struct Shared<T>(Arc<Content<T>>);

/// What most ask for stands first, beside the counts of the [`Arc`].
#[derive(Debug)]
#[repr(C)]
struct Content<T> {
    /// The members of its JSON object, without braces, once they were asked for.
    members: OnceLock<Box<str>>,
    value: T,
}

impl<T> Shared<T> {
    /// Nothing is written yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(Content {
            value,
            members: OnceLock::new(),
        }))
    }

    /// For [`fetch`]: of its JSON, if that was written.
    #[must_use]
    pub fn beginning(&self) -> Option<u8> {
        let members = self.0.members.get()?;
        members.as_bytes().first().copied()
    }
}

impl<T: Serialize> Shared<T> {
    /// The members of its JSON object, without braces, as serde writes them.
    ///
    /// # Errors
    /// As [`serde_json::to_string`], and for what is no object with members.
    pub fn members(&self) -> serde_json::Result<&str> {
        let Content { value, members } = &*self.0;
        if let Some(written) = members.get() {
            return Ok(written);
        }
        let object = serde_json::to_string(value)?;
        let inner = object.strip_prefix('{').and_then(|o| o.strip_suffix('}'));
        let inner = inner.filter(|inner| !inner.is_empty());
        let inner =
            inner.ok_or_else(|| serde_json::Error::custom("it is no object with members"))?;
        Ok(members.get_or_init(|| inner.into()))
    }
}

/// The same one, of whatever kind.
impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::serialize(self, serializer)
    }
}

/// Reads something of each of many things that lie far apart in memory, before they are gone through one by one:
/// so the waits for them overlap, which are most of what they cost.
pub fn fetch<T>(beginnings: impl Iterator<Item = T>) {
    for beginning in beginnings {
        std::hint::black_box(beginning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Part {
        naam: &'static str,
        aantal: u8,
    }

    #[test]
    fn the_members_are_those_that_serde_writes() {
        let part = Shared::new(Part {
            naam: "De {Haven}",
            aantal: 3,
        });
        assert_eq!(part.members().unwrap(), r#""naam":"De {Haven}","aantal":3"#);
        let again = part.clone();
        assert!(std::ptr::eq(
            part.members().unwrap(),
            again.members().unwrap()
        ));
        let whole = serde_json::to_string(&part).unwrap();
        assert_eq!(whole, format!("{{{}}}", part.members().unwrap()));
        assert!(Shared::new("no object").members().is_err());
        assert!(
            Shared::new(std::collections::BTreeMap::<u8, u8>::new())
                .members()
                .is_err()
        );
    }
}
