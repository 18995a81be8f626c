//! Parts of answers that many answers have in common.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use serde::{Serialize, Serializer};

/// An object that many answers have in common: neither it nor its JSON is made for each of them.
#[derive(Debug)]
pub struct Gedeeld<T>(Arc<Inhoud<T>>);

/// What most ask for stands first, beside the counts of the [`Arc`].
#[derive(Debug)]
#[repr(C)]
struct Inhoud<T> {
    /// The members of its JSON object, without braces, once they were asked for.
    leden: OnceLock<Box<str>>,
    waarde: T,
}

impl<T> Gedeeld<T> {
    /// Nothing is written yet.
    #[must_use]
    pub fn new(waarde: T) -> Self {
        Self(Arc::new(Inhoud {
            waarde,
            leden: OnceLock::new(),
        }))
    }

    /// For [`fetch`]: of its JSON, if that was written.
    #[must_use]
    pub fn beginning(&self) -> Option<u8> {
        let leden = self.0.leden.get()?;
        leden.as_bytes().first().copied()
    }
}

impl<T: Serialize> Gedeeld<T> {
    /// The members of its JSON object, without braces, as serde writes them.
    ///
    /// # Errors
    /// As [`serde_json::to_string`].
    pub fn leden(&self) -> serde_json::Result<&str> {
        let Inhoud { waarde, leden } = &*self.0;
        if let Some(written) = leden.get() {
            return Ok(written);
        }
        let object = serde_json::to_string(waarde)?;
        let inner = object.strip_prefix('{').and_then(|o| o.strip_suffix('}'));
        Ok(leden.get_or_init(|| inner.unwrap_or_default().into()))
    }
}

/// The same one, of whatever kind.
impl<T> Clone for Gedeeld<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Gedeeld<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.waarde
    }
}

impl<T: PartialEq> PartialEq for Gedeeld<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Serialize> Serialize for Gedeeld<T> {
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
    struct Deel {
        naam: &'static str,
        aantal: u8,
    }

    #[test]
    fn the_members_are_those_that_serde_writes() {
        let deel = Gedeeld::new(Deel {
            naam: "De {Haven}",
            aantal: 3,
        });
        assert_eq!(deel.leden().unwrap(), r#""naam":"De {Haven}","aantal":3"#);
        let again = deel.clone();
        assert!(std::ptr::eq(deel.leden().unwrap(), again.leden().unwrap()));
        let whole = serde_json::to_string(&deel).unwrap();
        assert_eq!(whole, format!("{{{}}}", deel.leden().unwrap()));
    }
}
