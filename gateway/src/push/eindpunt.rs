//! Where the messages of a subscription go.

use std::{fmt, net::IpAddr};

use reqwest::Url;

use super::Netwerken;

/// Longest address that is taken, in characters.
pub const MAX_EINDPUNT: usize = 2_000;

/// Lowest port that is taken besides 443: below are services of the system, some of which could
/// take a message for one of their own.
const LOWEST_PORT: u16 = 1024;

/// An https address that messages may be sent to, as far as the address itself can tell: what a
/// host name stands for is looked at with every connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eindpunt {
    url: Url,
}

/// Why an address is not taken, in words for the subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OngeldigEindpunt {
    /// No address, or a relative one.
    #[error("eindpunt moet een volledig adres zijn, zoals https://sis.example/mutaties")]
    Vorm,
    /// No https.
    #[error("eindpunt moet met https:// beginnen")]
    GeenHttps,
    /// A name or a password in the address would end up where it does not belong.
    #[error("eindpunt mag geen gebruikersnaam of wachtwoord bevatten")]
    Gebruikersgegevens,
    /// It would not be sent.
    #[error("eindpunt mag geen # bevatten")]
    Fragment,
    /// A port of a service of the system.
    #[error("eindpunt moet poort 443 gebruiken, of een poort vanaf 1024")]
    Poort,
    /// It points at an address that nobody outside should make us call.
    #[error("eindpunt moet een openbaar adres hebben; dit adres is besloten of gereserveerd")]
    NietOpenbaar,
    /// Longer than any address needs.
    #[error("eindpunt mag ten hoogste {MAX_EINDPUNT} tekens hebben")]
    TeLang,
}

impl Eindpunt {
    /// Reads an address: https, without user data and fragment, port 443 or from 1024 on, and not
    /// an IP address outside of what `netwerken` allow.
    ///
    /// # Errors
    /// [`OngeldigEindpunt`].
    pub fn parse(text: &str, netwerken: &Netwerken) -> Result<Self, OngeldigEindpunt> {
        let text = text.trim();
        if text.len() > MAX_EINDPUNT {
            return Err(OngeldigEindpunt::TeLang);
        }
        let url = Url::parse(text).map_err(|_| OngeldigEindpunt::Vorm)?;
        if url.scheme() != "https" {
            return Err(OngeldigEindpunt::GeenHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OngeldigEindpunt::Gebruikersgegevens);
        }
        if url.fragment().is_some() {
            return Err(OngeldigEindpunt::Fragment);
        }
        if url.port().is_some_and(|port| port < LOWEST_PORT) {
            return Err(OngeldigEindpunt::Poort);
        }
        let eindpunt = Self { url };
        match eindpunt.literal() {
            Some(adres) if !netwerken.allow(adres) => Err(OngeldigEindpunt::NietOpenbaar),
            _ => Ok(eindpunt),
        }
    }

    /// The address in its usual form.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The IP address that stands in place of a host name, however it was written: such a one is
    /// never looked up.
    fn literal(&self) -> Option<IpAddr> {
        let host = self.url.host_str()?;
        let bare = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        bare.unwrap_or(host).parse().ok()
    }
}

impl fmt::Display for Eindpunt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_in_its_usual_form() {
        let netwerken = Netwerken::default();
        for (text, usual) in [
            (
                " https://sis.example/mutaties ",
                "https://sis.example/mutaties",
            ),
            ("HTTPS://SIS.example:443", "https://sis.example/"),
            (
                "https://sis.example:8443/a?b=c",
                "https://sis.example:8443/a?b=c",
            ),
            ("https://1.1.1.1/", "https://1.1.1.1/"),
            ("https://[2a00:1450::1]/", "https://[2a00:1450::1]/"),
        ] {
            let eindpunt = Eindpunt::parse(text, &netwerken).unwrap();
            assert_eq!(eindpunt.to_string(), usual);
        }
        let own = Netwerken::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(Eindpunt::parse("https://127.0.0.1:40000/", &own).is_ok());
    }

    #[test]
    fn each_cause_has_its_own_words() {
        let long = format!("https://sis.example/{}", "a".repeat(MAX_EINDPUNT));
        for (text, why) in [
            ("", OngeldigEindpunt::Vorm),
            ("sis.example/mutaties", OngeldigEindpunt::Vorm),
            ("https://", OngeldigEindpunt::Vorm),
            ("http://sis.example/", OngeldigEindpunt::GeenHttps),
            ("file:///etc/passwd", OngeldigEindpunt::GeenHttps),
            (
                "https://a:b@sis.example/",
                OngeldigEindpunt::Gebruikersgegevens,
            ),
            (
                "https://a@sis.example/",
                OngeldigEindpunt::Gebruikersgegevens,
            ),
            ("https://sis.example/#deel", OngeldigEindpunt::Fragment),
            ("https://sis.example:25/", OngeldigEindpunt::Poort),
            ("https://sis.example:0/", OngeldigEindpunt::Poort),
            ("https://10.0.0.1/", OngeldigEindpunt::NietOpenbaar),
            ("https://127.1/", OngeldigEindpunt::NietOpenbaar),
            ("https://0x7f000001/", OngeldigEindpunt::NietOpenbaar),
            ("https://2130706433/", OngeldigEindpunt::NietOpenbaar),
            ("https://0/", OngeldigEindpunt::NietOpenbaar),
            ("https://[::1]/", OngeldigEindpunt::NietOpenbaar),
            ("https://[::ffff:10.0.0.1]/", OngeldigEindpunt::NietOpenbaar),
            (
                "https://169.254.169.254/latest",
                OngeldigEindpunt::NietOpenbaar,
            ),
            (&long, OngeldigEindpunt::TeLang),
        ] {
            assert_eq!(
                Eindpunt::parse(text, &Netwerken::default()),
                Err(why),
                "{text}"
            );
        }
    }
}
