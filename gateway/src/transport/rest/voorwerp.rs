//! A JSON object written member by member, for answers whose parts were written before.

use serde::Serialize;

/// An object that is being written; [`Self::end`] closes it.
pub(super) struct Voorwerp<'b> {
    body: &'b mut Vec<u8>,
    /// What stands before the next member.
    before: u8,
}

impl<'b> Voorwerp<'b> {
    pub(super) fn begin(body: &'b mut Vec<u8>) -> Self {
        Self { body, before: b'{' }
    }

    /// A member; its name needs no escapes.
    pub(super) fn lid(
        &mut self,
        naam: &'static str,
        waarde: &(impl Serialize + ?Sized),
    ) -> serde_json::Result<()> {
        self.naam(naam);
        serde_json::to_writer(&mut *self.body, waarde)
    }

    /// A member, if there is one.
    pub(super) fn lid_of_geen(
        &mut self,
        naam: &'static str,
        waarde: Option<&(impl Serialize + ?Sized)>,
    ) -> serde_json::Result<()> {
        waarde.map_or(Ok(()), |waarde| self.lid(naam, waarde))
    }

    /// A member that is a list of objects, each written by `write`.
    pub(super) fn lijst<T>(
        &mut self,
        naam: &'static str,
        items: &[T],
        write: impl Fn(&T, &mut Voorwerp<'_>) -> serde_json::Result<()>,
    ) -> serde_json::Result<()> {
        self.naam(naam);
        self.body.push(b'[');
        for (nth, item) in items.iter().enumerate() {
            if nth > 0 {
                self.body.push(b',');
            }
            let mut object = Voorwerp::begin(self.body);
            write(item, &mut object)?;
            object.end();
        }
        self.body.push(b']');
        Ok(())
    }

    /// The members of another object.
    pub(super) fn leden_van(&mut self, object: &impl Serialize) -> serde_json::Result<()> {
        let start = self.body.len();
        serde_json::to_writer(&mut *self.body, object)?;
        // It has members: its own brace gives way to what stands before the first of them.
        self.body[start] = self.before;
        self.before = b',';
        self.body.pop();
        Ok(())
    }

    /// The members of another object, as they were written without its braces; at least one.
    pub(super) fn leden(&mut self, geschreven: &str) {
        self.body.push(self.before);
        self.before = b',';
        self.body.extend_from_slice(geschreven.as_bytes());
    }

    pub(super) fn end(self) {
        if self.before == b'{' {
            self.body.push(b'{');
        }
        self.body.push(b'}');
    }

    fn naam(&mut self, naam: &'static str) {
        self.body.push(self.before);
        self.before = b',';
        self.body.push(b'"');
        self.body.extend_from_slice(naam.as_bytes());
        self.body.extend_from_slice(b"\":");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_one_another_as_serde_would_write_them() {
        let mut body = Vec::new();
        let mut object = Voorwerp::begin(&mut body);
        object.leden(r#""een":1,"twee":"{}""#);
        object.leden_van(&serde_json::json!({"drie": [3]})).unwrap();
        object.lid_of_geen("vier", None::<&str>).unwrap();
        object.lid_of_geen("vijf", Some("\"")).unwrap();
        let write = |n: &u32, object: &mut Voorwerp<'_>| object.lid("n", n);
        object.lijst("zes", &[1, 2], write).unwrap();
        object.lijst("zeven", &[], write).unwrap();
        object.lijst("acht", &[()], |(), _| Ok(())).unwrap();
        object.end();
        let expected = r#"{"een":1,"twee":"{}","drie":[3],"vijf":"\"","zes":[{"n":1},{"n":2}],"zeven":[],"acht":[{}]}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
