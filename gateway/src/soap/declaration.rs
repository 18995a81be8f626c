//! The XML declaration: version 1.0, and no encoding but UTF-8 (standards WS006).

use super::tag::RawAttributes;

/// What is wrong with an XML declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeclarationError {
    /// Not a declaration of XML 1.0.
    Form,
    /// It names another encoding than UTF-8.
    Encoding,
}

/// Checks a declaration, from `<?xml` to `?>`.
pub(super) fn check(declaration: &str) -> Result<(), DeclarationError> {
    let content = declaration
        .strip_prefix("<?xml")
        .and_then(|rest| rest.strip_suffix("?>"))
        .ok_or(DeclarationError::Form)?;
    // Each part is optional but the first, and they stand in this order.
    let mut expected = ["version", "encoding", "standalone"].iter();
    let mut version_seen = false;
    for pair in RawAttributes::new(content) {
        let (name, value) = pair.map_err(|_| DeclarationError::Form)?;
        if !expected.any(|part| *part == name) {
            return Err(DeclarationError::Form);
        }
        match name {
            "version" if value == "1.0" => version_seen = true,
            "encoding" if is_utf8(value) => {}
            "encoding" => return Err(DeclarationError::Encoding),
            "standalone" if matches!(value, "yes" | "no") => {}
            _ => return Err(DeclarationError::Form),
        }
    }
    if version_seen {
        Ok(())
    } else {
        Err(DeclarationError::Form)
    }
}

/// Whether a charset or encoding is UTF-8, in any spelling that is in use.
#[must_use]
pub fn is_utf8(name: &str) -> bool {
    name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations() {
        use DeclarationError::{Encoding, Form};
        for (declaration, expect) in [
            ("<?xml version=\"1.0\"?>", Ok(())),
            ("<?xml version='1.0' encoding='utf-8' ?>", Ok(())),
            (
                "<?xml version='1.0' encoding='UTF-8' standalone='no'?>",
                Ok(()),
            ),
            ("<?xml version='1.0' encoding='ISO-8859-1'?>", Err(Encoding)),
            ("<?xml version='1.0' encoding='UTF-16'?>", Err(Encoding)),
            ("<?xml?>", Err(Form)),
            ("<?xml encoding='UTF-8'?>", Err(Form)),
            ("<?xml version='1.1'?>", Err(Form)),
            (
                "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
                Err(Form),
            ),
            ("<?xml version='1.0' standalone='maybe'?>", Err(Form)),
            ("<?xml version='1.0' version='1.0'?>", Err(Form)),
            ("<?xml version='1.0'encoding='UTF-8'?>", Err(Form)),
        ] {
            assert_eq!(check(declaration), expect, "{declaration}");
        }
    }
}
