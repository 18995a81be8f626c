//! Why a connection did not come about: one line for the operator, and a counter.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
    time::{Duration, Instant},
};

use rustls::CertificateError;
use rustls_pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{access::without_leading_zeros, metrics::names};

/// Why a connection was refused; the label of `stagepoort_tls_weigeringen_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reden {
    /// No client certificate was offered.
    GeenCertificaat,
    /// It expired.
    Verlopen,
    /// Its first day is still to come.
    NogNietGeldig,
    /// It stands on a CRL.
    Ingetrokken,
    /// No trusted CA signed it.
    OnbekendeUitgever,
    /// There are CRLs, but none of its issuer.
    StatusOnbekend,
    /// The CRL of its issuer is past nextUpdate and grace.
    CrlVerlopen,
    /// It is not a usable client certificate for another reason.
    OngeldigCertificaat,
    /// No version, cipher or signature in common, or not TLS at all.
    Protocol,
    /// The client refused us, often because it does not trust our CA.
    ClientWeigert,
    /// The handshake took too long.
    TijdOp,
    /// Another handshake took its place: very many were under way, and this one had been the longest.
    Verdrongen,
    /// The other side went away in the middle.
    Afgebroken,
    /// This party, or all together, have as many connections as they may have.
    TeVeelVerbindingen,
    /// Another than a configured proxy sent a certificate in a header.
    VreemdeClientCert,
    /// What a proxy passed on is not one certificate.
    OnleesbareClientCert,
}

impl Reden {
    /// The label in metrics and the field in log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GeenCertificaat => "geen_certificaat",
            Self::Verlopen => "verlopen",
            Self::NogNietGeldig => "nog_niet_geldig",
            Self::Ingetrokken => "ingetrokken",
            Self::OnbekendeUitgever => "onbekende_uitgever",
            Self::StatusOnbekend => "status_onbekend",
            Self::CrlVerlopen => "crl_verlopen",
            Self::OngeldigCertificaat => "ongeldig_certificaat",
            Self::Protocol => "protocol",
            Self::ClientWeigert => "client_weigert",
            Self::TijdOp => "tijd_op",
            Self::Verdrongen => "verdrongen",
            Self::Afgebroken => "afgebroken",
            Self::TeVeelVerbindingen => "te_veel_verbindingen",
            Self::VreemdeClientCert => "vreemde_client_cert",
            Self::OnleesbareClientCert => "onleesbare_client_cert",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::GeenCertificaat => "the client offered no certificate",
            Self::Verlopen => "the client certificate has expired",
            Self::NogNietGeldig => "the client certificate is not valid yet",
            Self::Ingetrokken => "the client certificate has been revoked",
            Self::OnbekendeUitgever => "no trusted CA issued the client certificate",
            Self::StatusOnbekend => "no CRL of the client certificate's issuer is in force",
            Self::CrlVerlopen => "the CRL of the client certificate's issuer is too old",
            Self::OngeldigCertificaat => "the client certificate cannot be used",
            Self::Protocol => "no common TLS version, cipher or signature",
            Self::ClientWeigert => "the client refused the gateway's certificate or parameters",
            Self::TijdOp => "the handshake took too long",
            Self::Verdrongen => {
                "very many handshakes are under way, and this one had been for longest"
            }
            Self::Afgebroken => "the client went away during the handshake",
            Self::TeVeelVerbindingen => "there are too many connections, of this party or in all",
            Self::VreemdeClientCert => {
                "a header Client-Cert came from elsewhere than a configured proxy"
            }
            Self::OnleesbareClientCert => "the proxy's header Client-Cert cannot be read",
        }
    }

    /// What stood in the way of a handshake.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        tls.map_or(Self::Afgebroken, Self::of_tls)
    }

    /// The same, where the TLS library says it.
    pub(crate) fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::NoCertificatesPresented => Self::GeenCertificaat,
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error),
            rustls::Error::AlertReceived(_) => Self::ClientWeigert,
            _ => Self::Protocol,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        use CertificateError as E;
        match error {
            E::Expired | E::ExpiredContext { .. } => Self::Verlopen,
            E::NotValidYet | E::NotValidYetContext { .. } => Self::NogNietGeldig,
            E::Revoked => Self::Ingetrokken,
            E::UnknownIssuer => Self::OnbekendeUitgever,
            E::UnknownRevocationStatus => Self::StatusOnbekend,
            E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => Self::CrlVerlopen,
            _ => Self::OngeldigCertificaat,
        }
    }
}

impl fmt::Display for Reden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an operator needs to find a certificate again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenCertificate {
    subject: String,
    issuer: String,
    serial: String,
}

impl SeenCertificate {
    pub(crate) fn of(der: &CertificateDer<'_>) -> Self {
        match X509Certificate::from_der(der) {
            Ok((_, certificate)) => Self {
                subject: certificate.subject().to_string(),
                issuer: certificate.issuer().to_string(),
                // As `geblokkeerdeCertificaten` in toegang takes it.
                serial: hex::encode_upper(without_leading_zeros(certificate.raw_serial())),
            },
            Err(_) => Self {
                subject: "unreadable".to_owned(),
                issuer: "unreadable".to_owned(),
                serial: "unreadable".to_owned(),
            },
        }
    }
}

thread_local! {
    /// The certificate that the verifier refused last. Verifier and acceptor share nothing but
    /// the thread: the acceptor looks here after every step of a handshake, so what it finds is
    /// of that handshake.
    static REFUSED: RefCell<Option<SeenCertificate>> = const { RefCell::new(None) };
}

/// Leaves a certificate for the acceptor's log line.
pub(crate) fn remember(der: &CertificateDer<'_>) {
    REFUSED.set(Some(SeenCertificate::of(der)));
}

/// The certificate refused in the step that was just taken, if any.
pub(crate) fn take_remembered() -> Option<SeenCertificate> {
    REFUSED.take()
}

/// Writes refusals to the log: each reason and certificate (or address) once a minute, because
/// a client that is refused tries again, often every second.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    lines: Mutex<HashMap<(Reden, Who), Line>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Serial(String),
    Address(IpAddr),
    Nobody,
}

#[derive(Debug)]
struct Line {
    logged: Instant,
    repeated: u64,
}

impl RefusalLog {
    const INTERVAL: Duration = Duration::from_secs(60);
    /// Bounds the memory that a scan from many addresses can take.
    const MAX_LINES: usize = 1_000;

    /// Counts a refusal and logs it.
    pub(crate) fn record(
        &self,
        reden: Reden,
        listener: &'static str,
        address: Option<SocketAddr>,
        certificate: Option<&SeenCertificate>,
        error: &dyn fmt::Display,
    ) {
        metrics::counter!(names::TLS_WEIGERINGEN, "listener" => listener, "reden" => reden.as_str())
            .increment(1);
        let who = match (certificate, address) {
            (Some(certificate), _) => Who::Serial(certificate.serial.clone()),
            (None, Some(address)) => Who::Address(address.ip()),
            (None, None) => Who::Nobody,
        };
        let Some(repeated) = self.admit((reden, who), Instant::now()) else {
            return;
        };
        let address = address.map(tracing::field::display);
        if reden == Reden::Afgebroken {
            // Port scans and TCP health checks end here: nothing an operator has to act on.
            tracing::debug!(listener, %reden, address, repeated, %error, "refused: {}", reden.explanation());
            return;
        }
        match certificate {
            Some(SeenCertificate {
                subject,
                issuer,
                serial,
            }) => {
                tracing::warn!(listener, %reden, address, %subject, %issuer, %serial, repeated, %error, "refused: {}", reden.explanation());
            }
            None => {
                tracing::warn!(listener, %reden, address, repeated, %error, "refused: {}", reden.explanation());
            }
        }
    }

    /// Whether to write a line now; gives how many were left out since the last one.
    fn admit(&self, key: (Reden, Who), now: Instant) -> Option<u64> {
        let mut lines = self
            .lines
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if lines.len() >= Self::MAX_LINES && !lines.contains_key(&key) {
            lines.retain(|_, line| now.duration_since(line.logged) < Self::INTERVAL);
            if lines.len() >= Self::MAX_LINES {
                return None;
            }
        }
        match lines.get_mut(&key) {
            Some(line) if now.duration_since(line.logged) < Self::INTERVAL => {
                line.repeated += 1;
                None
            }
            Some(line) => {
                line.logged = now;
                Some(std::mem::take(&mut line.repeated))
            }
            None => {
                let line = Line {
                    logged: now,
                    repeated: 0,
                };
                lines.insert(key, line);
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_for_each_reason_and_certificate() {
        let log = RefusalLog::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let key = |serial: &str| (Reden::Verlopen, Who::Serial(serial.to_owned()));
        assert_eq!(log.admit(key("01"), at(0)), Some(0));
        assert_eq!(log.admit(key("01"), at(1)), None);
        assert_eq!(log.admit(key("02"), at(1)), Some(0));
        assert_eq!(log.admit(key("01"), at(59)), None);
        assert_eq!(log.admit(key("01"), at(60)), Some(2));
        assert_eq!(log.admit(key("01"), at(61)), None);
    }

    #[test]
    fn a_scan_cannot_fill_the_memory() {
        let log = RefusalLog::default();
        let start = Instant::now();
        for n in 0..2_000 {
            log.admit((Reden::Protocol, Who::Serial(n.to_string())), start);
        }
        assert_eq!(log.lines.lock().unwrap().len(), RefusalLog::MAX_LINES);
        let later = start + Duration::from_secs(61);
        assert_eq!(
            log.admit((Reden::Protocol, Who::Nobody), later),
            Some(0),
            "old lines make room"
        );
    }
}
