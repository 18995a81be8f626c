//! A JSON object written member by member, for answers whose parts were written before.

use serde::Serialize;

/// An object that is being written; [`Self::end`] closes it.
pub(super) struct JsonWriter<'b> {
    body: &'b mut Vec<u8>,
    /// What stands before the next member.
    before: u8,
}

impl<'b> JsonWriter<'b> {
    pub(super) fn begin(body: &'b mut Vec<u8>) -> Self {
        Self { body, before: b'{' }
    }

    /// A member; its name needs no escapes.
    pub(super) fn value(
        &mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
    ) -> serde_json::Result<()> {
        self.name(name);
        serde_json::to_writer(&mut *self.body, value)
    }

    /// A member, if there is one.
    pub(super) fn opt_value(
        &mut self,
        name: &'static str,
        value: Option<&(impl Serialize + ?Sized)>,
    ) -> serde_json::Result<()> {
        value.map_or(Ok(()), |value| self.value(name, value))
    }

    /// A member that is a list of objects, each written by `write`.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        items: &[T],
        write: impl Fn(&T, &mut JsonWriter<'_>) -> serde_json::Result<()>,
    ) -> serde_json::Result<()> {
        self.name(name);
        self.body.push(b'[');
        for (nth, item) in items.iter().enumerate() {
            if nth > 0 {
                self.body.push(b',');
            }
            let mut object = JsonWriter::begin(self.body);
            write(item, &mut object)?;
            object.end();
        }
        self.body.push(b']');
        Ok(())
    }

    /// The members of another object.
    pub(super) fn members_of(&mut self, object: &impl Serialize) -> serde_json::Result<()> {
        let start = self.body.len();
        serde_json::to_writer(&mut *self.body, object)?;
        // It has members: its own brace gives way to what stands before the first of them.
        self.body[start] = self.before;
        self.before = b',';
        self.body.pop();
        Ok(())
    }

    /// The members of another object, as they were written without its braces; at least one.
    pub(super) fn members(&mut self, written: &str) {
        self.body.push(self.before);
        self.before = b',';
        self.body.extend_from_slice(written.as_bytes());
    }

    pub(super) fn end(self) {
        if self.before == b'{' {
            self.body.push(b'{');
        }
        self.body.push(b'}');
    }

    fn name(&mut self, name: &'static str) {
        self.body.push(self.before);
        self.before = b',';
        self.body.push(b'"');
        self.body.extend_from_slice(name.as_bytes());
        self.body.extend_from_slice(b"\":");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_one_another_as_serde_would_write_them() {
        let mut body = Vec::new();
        let mut object = JsonWriter::begin(&mut body);
        object.members(r#""een":1,"twee":"{}""#);
        object
            .members_of(&serde_json::json!({"drie": [3]}))
            .unwrap();
        object.opt_value("vier", None::<&str>).unwrap();
        object.opt_value("vijf", Some("\"")).unwrap();
        let write = |n: &u32, object: &mut JsonWriter<'_>| object.value("n", n);
        object.list("zes", &[1, 2], write).unwrap();
        object.list("zeven", &[], write).unwrap();
        object.list("acht", &[()], |(), _| Ok(())).unwrap();
        object.end();
        let expected = r#"{"een":1,"twee":"{}","drie":[3],"vijf":"\"","zes":[{"n":1},{"n":2}],"zeven":[],"acht":[{}]}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
