//! Where a revocation list is.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use reqwest::Url;
use serde::{Deserialize, Deserializer, de};

/// A file, or a URL from which it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrlPlaats {
    /// PEM (one or more lists in a file) or DER.
    Bestand(PathBuf),
    /// `http` or `https`; that a list is its issuer's is seen from its signature, and issuers
    /// publish over http.
    Url(Url),
}

impl CrlPlaats {
    /// Reads a URL, or the path of a file.
    ///
    /// # Errors
    /// A sentence for a URL that is neither http nor https, or has a name or password in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::Bestand(PathBuf::from(text)));
        }
        let url = Url::parse(text).map_err(|error| format!("\"{text}\" is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "\"{text}\" must be a file, or a URL with http or https"
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL may not have a name or password in it".to_owned());
        }
        Ok(Self::Url(url))
    }

    /// The same, with a relative path taken from `base`.
    #[must_use]
    pub fn under(self, base: &Path) -> Self {
        match self {
            Self::Bestand(path) => Self::Bestand(base.join(path)),
            url @ Self::Url(_) => url,
        }
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Bestand(path) => Some(path),
            Self::Url(_) => None,
        }
    }

    /// The URL, if it is one.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Bestand(_) => None,
            Self::Url(url) => Some(url),
        }
    }
}

impl From<PathBuf> for CrlPlaats {
    fn from(path: PathBuf) -> Self {
        Self::Bestand(path)
    }
}

impl<'de> Deserialize<'de> for CrlPlaats {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(de::Error::custom)
    }
}

/// Without what comes behind a question mark, which may be a secret.
impl fmt::Display for CrlPlaats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bestand(path) => path.display().fmt(f),
            Self::Url(url) => {
                let mut shown = url.clone();
                shown.set_query(None);
                shown.set_fragment(None);
                shown.fmt(f)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_http_and_https_are_places() {
        for right in [
            "crl.pem",
            "/a/b.crl",
            "http://crl.example/a.crl",
            "https://crl.example/a.crl",
        ] {
            assert!(CrlPlaats::parse(right).is_ok(), "{right}");
        }
        for wrong in [
            "ftp://a/b",
            "ldap://a/b",
            "http://",
            "http://a:b@c/",
            "file:///a",
        ] {
            assert!(CrlPlaats::parse(wrong).is_err(), "{wrong}");
        }
        let shown = CrlPlaats::parse("http://a.example/b?sleutel=geheim#c").unwrap();
        assert_eq!(shown.to_string(), "http://a.example/b");
        let file = CrlPlaats::parse("b").unwrap().under(Path::new("/a"));
        assert_eq!(file, CrlPlaats::Bestand("/a/b".into()));
    }
}
