//! Where a levering is.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use reqwest::Url;

/// An https URL or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plaats {
    /// `https`, without a name or password in it.
    Url(Url),
    /// A path.
    Bestand(PathBuf),
}

impl Plaats {
    /// Reads an https URL, or the path of a file.
    ///
    /// # Errors
    /// A sentence for a URL that is not https, or not right: a levering holds data about people,
    /// and whoever could change it on the way would decide who is erkend.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::Bestand(PathBuf::from(text)));
        }
        let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
        if url.scheme() != "https" {
            return Err(
                "must be an https URL or a file; a levering is not fetched over anything else"
                    .into(),
            );
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("may not have a name or password in it: use a client certificate".into());
        }
        Ok(Self::Url(url))
    }

    /// The same, with a relative path taken from `base`.
    #[must_use]
    pub fn under(self, base: &Path) -> Self {
        match self {
            Self::Url(url) => Self::Url(url),
            Self::Bestand(path) => Self::Bestand(base.join(path)),
        }
    }
}

/// Without what comes behind a question mark, which may be a secret.
impl fmt::Display for Plaats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => {
                let mut shown = url.clone();
                shown.set_query(None);
                shown.set_fragment(None);
                shown.fmt(f)
            }
            Self::Bestand(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_files_are_places() {
        for right in [
            "https://bron.example/a.zst",
            "levering.ndjson",
            "/a/b",
            "a:b",
        ] {
            assert!(Plaats::parse(right).is_ok(), "{right}");
        }
        for wrong in [
            "http://bron.example/",
            "ftp://a/b",
            "https://",
            "https://a:b@c/",
            "file:///a",
        ] {
            assert!(Plaats::parse(wrong).is_err(), "{wrong}");
        }
        let shown = Plaats::parse("https://a.example/b?sleutel=geheim#c").unwrap();
        assert_eq!(shown.to_string(), "https://a.example/b");
        let file = Plaats::parse("b").unwrap().under(Path::new("/a"));
        assert_eq!(file, Plaats::Bestand("/a/b".into()));
    }
}
