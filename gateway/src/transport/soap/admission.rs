//! From a peer and its headers to a caller: identification, authentication, authorisation.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;

use crate::{
    access::{
        Addressering, Afnemer, Overschrijding, PeerIdentity, QuotaSoort, Rejection, Toelating,
    },
    domain::{Caller, Oin, Operatie, Tijdstip},
    soap::{Addressing, Fault, FaultCode, ns},
    transport::gateway::{Gateway, TRACEPARENT},
};

/// HTTP header that names the school where wsa:From cannot.
const SCHOOL_HEADER: &str = "Onderwijsinstelling-OIN";

/// What HTTP says besides the message.
pub(super) struct Call {
    /// Who is at the other end of the connection.
    pub(super) peer: Result<Arc<PeerIdentity>, Rejection>,
    /// SOAPAction without its quotes; none when missing or empty.
    pub(super) soap_action: Option<String>,
    /// The school in the HTTP header.
    pub(super) school: Result<Option<Oin>, Fault>,
    /// Whether the size was known before the body was read.
    pub(super) size_announced: bool,
    /// Whose it is, where that is known: its bulk messages take turns with those of others.
    pub(super) afnemer_oin: Option<Oin>,
    /// What it has taken of its afnemer's quota.
    pub(super) toelating: Toelating,
    /// The caller's trace, when it names one.
    pub(super) traceparent: Option<String>,
}

impl Call {
    pub(super) fn new(
        gateway: &Gateway,
        headers: &HeaderMap,
        peer: Result<Arc<PeerIdentity>, Rejection>,
        size_announced: bool,
    ) -> Self {
        let identified = identify_peer(gateway, &peer, gateway.clock.now());
        Self {
            afnemer_oin: identified.as_ref().ok().map(|afnemer| afnemer.oin),
            toelating: gateway.access.toelating(identified.as_deref()),
            peer,
            soap_action: soap_action(headers),
            school: school(headers),
            size_announced,
            traceparent: headers
                .get(TRACEPARENT)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        }
    }
}

fn soap_action(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("SOAPAction")?;
    // What is not text cannot be right, and is not empty either.
    let value = value.to_str().unwrap_or("?").trim();
    let bare = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    (!bare.is_empty()).then(|| bare.to_owned())
}

fn school(headers: &HeaderMap) -> Result<Option<Oin>, Fault> {
    let mut values = headers
        .get_all(SCHOOL_HEADER)
        .map(|value| value.to_str().unwrap_or("?").trim())
        .filter(|value| !value.is_empty());
    let Some(first) = values.next() else {
        return Ok(None);
    };
    let refused = |reason| Err(Fault::new(FaultCode::NietGeautoriseerd).explain(reason));
    if values.any(|other| other != first) {
        return refused("Onderwijsinstelling-OIN noemt meer dan één school");
    }
    match Oin::parse(first) {
        Ok(oin) => Ok(Some(oin)),
        Err(_) => refused("Onderwijsinstelling-OIN bevat geen geldig OIN"),
    }
}

/// The afnemer behind the connection.
///
/// # Errors
/// EK0030 or DK0002.
pub(super) fn identify(
    gateway: &Gateway,
    call: &Call,
    now: Tijdstip,
) -> Result<Arc<Afnemer>, Fault> {
    identify_peer(gateway, &call.peer, now).map_err(|rejection| fault_of(&rejection))
}

fn identify_peer(
    gateway: &Gateway,
    peer: &Result<Arc<PeerIdentity>, Rejection>,
    now: Tijdstip,
) -> Result<Arc<Afnemer>, Rejection> {
    let peer = peer.as_ref().map_err(Clone::clone)?;
    gateway.access.identify(peer, now)
}

/// SP0001.
pub(super) fn over_quota(over: Overschrijding) -> Fault {
    let why = match over.soort {
        QuotaSoort::Bulkregels => format!("{over}; van dit bericht is niets verwerkt"),
        QuotaSoort::Verzoeken | QuotaSoort::Gelijktijdig => over.to_string(),
    };
    Fault::new(FaultCode::TeVeelVerzoeken)
        .detail(why)
        .retry_after(over.retry_after_s)
}

/// Checks all headers, and gives the school that they name.
///
/// # Errors
/// Those of [`Addressing::check_request`], DK0003, DK0011 for an Action that does not fit, and
/// DK0002 for two different schools.
pub(super) fn check_headers(
    gateway: &Gateway,
    call: &Call,
    afnemer: &Afnemer,
    addressing: &Addressing<'_>,
    asked: Asked<'_>,
) -> Result<Option<Oin>, Fault> {
    let required = afnemer.addressering == Addressering::Verplicht;
    let from = addressing.check_request(required, gateway.own_oin)?;
    check_actions(
        call.soap_action.as_deref(),
        addressing.action.as_deref(),
        asked,
    )?;
    let header = call.school.clone()?;
    if from.is_some() && header.is_some() && from != header {
        return Err(Fault::new(FaultCode::NietGeautoriseerd)
            .explain("wsa:From en Onderwijsinstelling-OIN noemen verschillende scholen"));
    }
    Ok(from.or(header))
}

/// The caller, when the afnemer may do this for the school.
///
/// # Errors
/// DK0002, or EK0020 when no school is named.
pub(super) fn authorise(
    gateway: &Gateway,
    afnemer: &Afnemer,
    school: Option<Oin>,
    operatie: Operatie,
    now: Tijdstip,
) -> Result<Caller, Fault> {
    gateway
        .access
        .authorise(afnemer, school, operatie, now)
        .map_err(|rejection| fault_of(&rejection))
}

/// Whether the afnemer may do anything at all for the school that is named.
///
/// # Errors
/// DK0002.
pub(super) fn check_school(
    afnemer: &Afnemer,
    school: Option<Oin>,
    now: Tijdstip,
) -> Result<(), Fault> {
    let may_nothing = |school| !Operatie::ALL.iter().any(|o| afnemer.may(school, *o, now));
    if school.is_some_and(may_nothing) {
        return Err(fault_of(&Rejection::NoMandate));
    }
    Ok(())
}

/// What the Body asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The operation, if it is one of ours.
    pub(super) operatie: Option<Operatie>,
    /// Namespace of the Body's child.
    pub(super) ns: &'a str,
    /// Its name.
    pub(super) local: &'a str,
}

impl Asked<'_> {
    /// Whether an action names this. For an element that is no request of ours, the action of
    /// any operation does: it is the element that is wrong then, and DK0004 says so.
    fn fits(self, action: &str) -> bool {
        let Some((ns, name)) = action.rsplit_once('/') else {
            return false;
        };
        match self.operatie {
            Some(operatie) => ns == ns::WHITELABEL && name == operatie.as_str(),
            None => {
                let known = ns == ns::WHITELABEL && Operatie::parse(name).is_some();
                known || (ns == self.ns && Some(name) == self.local.strip_suffix("Request"))
            }
        }
    }

    fn expected(self) -> String {
        match self.operatie {
            Some(operatie) => format!("verwacht {}/{operatie}", ns::WHITELABEL),
            None => format!("verwacht {}/ en een bewerking", ns::WHITELABEL),
        }
    }
}

/// WS002: SOAPAction is empty or that of wsa:Action, which fits the body.
fn check_actions(
    soap_action: Option<&str>,
    wsa_action: Option<&str>,
    asked: Asked<'_>,
) -> Result<(), Fault> {
    let agrees = |soap_action: &str| match wsa_action {
        Some(wsa_action) => soap_action == wsa_action,
        None => asked.fits(soap_action),
    };
    if !soap_action.is_none_or(agrees) {
        return Err(Fault::new(FaultCode::InvalideSoapaction).explain(asked.expected()));
    }
    if !wsa_action.is_none_or(|action| asked.fits(action)) {
        return Err(Fault::new(FaultCode::OnjuisteWaarde).explain(format!(
            "wsa:Action past niet bij de Body: {}",
            asked.expected()
        )));
    }
    Ok(())
}

/// The one place where a rejection becomes a fault.
pub(super) fn fault_of(rejection: &Rejection) -> Fault {
    /// Toegang is followed in a loop that recovers within about this time, in seconds.
    const ACCESS_RETRY_S: u32 = 60;
    let code = match rejection {
        Rejection::NoCertificate | Rejection::InvalidCertificateOin => {
            FaultCode::CertificaatZonderOin
        }
        Rejection::ForeignClientCert
        | Rejection::UntrustedCertificate
        | Rejection::CertificateNoLongerValid
        | Rejection::RevocationUnknown
        | Rejection::UnknownOrganisation
        | Rejection::NoMandate => FaultCode::NietGeautoriseerd,
        Rejection::NoSchoolNamed => FaultCode::FromOntbreekt,
        Rejection::AccessTooOld => {
            return Fault::new(FaultCode::NietBeschikbaar)
                .detail(rejection.to_string())
                .retry_after(ACCESS_RETRY_S);
        }
    };
    Fault::new(code).explain(rejection.to_string())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const ACTION: &str = "urn:stagepoort:whitelabel:v1/natrekkenErkenning";
    const OTHER: &str = "urn:stagepoort:whitelabel:v1/opvragenDetailgegevens";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    fn check(soap: Option<&str>, wsa: Option<&str>, local: &str) -> Result<(), &'static str> {
        let name = local.strip_suffix("Request").unwrap_or(local);
        let asked = Asked {
            operatie: Operatie::parse(name),
            ns: ns::WHITELABEL,
            local,
        };
        check_actions(soap, wsa, asked).map_err(|fault| fault.code.short())
    }

    #[test]
    fn soapaction_may_be_missing_empty_quoted_or_not() {
        for (value, expect) in [
            (None, None),
            (Some(""), None),
            (Some("\"\""), None),
            (Some(" \"\" "), None),
            (Some("\"urn:x\""), Some("urn:x")),
            (Some("urn:x"), Some("urn:x")),
        ] {
            let pairs: Vec<_> = value.map(|v| ("soapaction", v)).into_iter().collect();
            assert_eq!(
                soap_action(&headers(&pairs)).as_deref(),
                expect,
                "{value:?}"
            );
        }
    }

    #[test]
    fn dk0003_soapaction_says_something_else() {
        let request = "natrekkenErkenningRequest";
        for (soap, wsa, expect) in [
            (None, None, Ok(())),
            (Some(ACTION), Some(ACTION), Ok(())),
            (Some(ACTION), None, Ok(())),
            (None, Some(ACTION), Ok(())),
            (Some(OTHER), Some(ACTION), Err("DK0003")),
            (Some(OTHER), None, Err("DK0003")),
            (Some("natrekkenErkenning"), None, Err("DK0003")),
            (Some(ACTION), Some(OTHER), Err("DK0003")),
        ] {
            assert_eq!(check(soap, wsa, request), expect, "{soap:?} {wsa:?}");
        }
    }

    #[test]
    fn dk0011_action_that_does_not_fit_the_body() {
        let response = format!("{ACTION}Response");
        for (wsa, local, expect) in [
            (OTHER, "natrekkenErkenningRequest", Err("DK0011")),
            (&response, "natrekkenErkenningRequest", Err("DK0011")),
            ("", "natrekkenErkenningRequest", Err("DK0011")),
            ("urn:x", "x", Err("DK0011")),
            // The element is what is wrong here: DK0004 comes later.
            (ACTION, "natrekkenErkenning", Ok(())),
            ("urn:stagepoort:whitelabel:v1/x", "xRequest", Ok(())),
        ] {
            assert_eq!(check(None, Some(wsa), local), expect, "{wsa} {local}");
        }
    }

    #[test]
    fn dk0002_a_school_header_that_cannot_be_right() {
        const OIN: &str = "0000009999XA00000000";
        let name = "onderwijsinstelling-oin";
        let read = |pairs: &[_]| school(&headers(pairs)).map_err(|fault| fault.code.short());
        let oin = Ok(Some(Oin::parse(OIN).unwrap()));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[(name, "")]), Ok(None));
        assert_eq!(read(&[(name, OIN)]), oin);
        assert_eq!(read(&[(name, OIN), (name, OIN)]), oin);
        assert_eq!(read(&[(name, "123")]), Err("DK0002"));
        assert_eq!(
            read(&[(name, OIN), (name, "0000009999XB00000000")]),
            Err("DK0002")
        );
    }

    #[test]
    fn every_rejection_has_its_fault() {
        for (rejection, expect) in [
            (Rejection::NoCertificate, "EK0030"),
            (Rejection::InvalidCertificateOin, "EK0030"),
            (Rejection::ForeignClientCert, "DK0002"),
            (Rejection::UntrustedCertificate, "DK0002"),
            (Rejection::CertificateNoLongerValid, "DK0002"),
            (Rejection::RevocationUnknown, "DK0002"),
            (Rejection::UnknownOrganisation, "DK0002"),
            (Rejection::NoMandate, "DK0002"),
            (Rejection::NoSchoolNamed, "EK0020"),
            (Rejection::AccessTooOld, "DK0051"),
        ] {
            assert_eq!(fault_of(&rejection).code.short(), expect, "{rejection:?}");
        }
    }
}
