//! The gateway, as the one who listens sees it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{
    Certificate, Client, Identity, RequestBuilder, Response, StatusCode, Url, header::RETRY_AFTER,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::LuisterArgs;
use crate::{
    domain::{LeerbedrijfId, Oin, Tijdstip},
    push::{AbonnementId, PrivateFileError, message::Afzender, private_file},
    telemetry::chain,
    transport::{rest::SCHOOL_HEADER, soap},
};

/// How long the gateway waits for something new, in seconds.
const WACHT_S: u32 = 30;

/// How long an answer may take beyond that.
const PATIENCE: Duration = Duration::from_secs(30);

/// Mutaties asked for at a time.
const LIMIET: u32 = 200;

/// The way to the gateway.
pub(super) struct Poort {
    client: Client,
    api: Url,
    abonnement: AbonnementId,
    school: Option<Oin>,
}

/// A page of the feed.
#[derive(Deserialize)]
pub(super) struct Blad {
    #[serde(rename = "mutaties")]
    ruw: Vec<Box<RawValue>>,
    /// Ascending by number.
    #[serde(skip)]
    pub(super) mutaties: Vec<Mutatie>,
}

/// What forwarding needs to know of a mutatie; the rest goes through as it came.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mutatie {
    pub(super) mutatie_id: Uuid,
    pub(super) mutatie_soort: String,
    pub(super) leerbedrijf_id: LeerbedrijfId,
    pub(super) geregistreerd_op: Tijdstip,
    pub(super) volgnummer: u64,
    #[serde(skip)]
    pub(super) heel: Box<RawValue>,
}

/// Where a feed begins and ends.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Stroom {
    #[serde(rename = "oudsteVolgnummer")]
    pub(super) oudste: u64,
    #[serde(rename = "laatsteVolgnummer")]
    pub(super) laatste: u64,
}

/// Why there is no answer.
pub(super) enum PoortError {
    /// It may go well later.
    Even {
        reden: String,
        opnieuw_na: Option<Duration>,
    },
    /// It will not.
    Geweigerd(String),
    /// The feed does not have what follows.
    Verlopen(Stroom),
}

/// Why the gateway cannot be called at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetupError {
    #[error("cannot read {path}", path = .path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Key(#[from] PrivateFileError),
    #[error("the certificates cannot be used")]
    Tls(#[source] reqwest::Error),
}

/// A client that trusts these authorities, or those of the system.
pub(super) fn builder(ca: Option<&Path>) -> Result<reqwest::ClientBuilder, SetupError> {
    let builder = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    let Some(ca) = ca else { return Ok(builder) };
    let trusted = Certificate::from_pem_bundle(&read(ca)?).map_err(SetupError::Tls)?;
    Ok(builder.tls_certs_only(trusted))
}

fn read(path: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(path).map_err(|source| SetupError::File {
        path: path.to_owned(),
        source,
    })
}

impl Poort {
    pub(super) fn new(args: &LuisterArgs) -> Result<Self, SetupError> {
        let mut pem = read(&args.certificaat)?;
        pem.push(b'\n');
        pem.extend(private_file::read(&args.sleutel)?);
        let identity = Identity::from_pem(&pem).map_err(SetupError::Tls)?;
        let client = builder(args.ca.as_deref())?
            .https_only(true)
            .identity(identity)
            .timeout(Duration::from_secs(u64::from(WACHT_S)) + PATIENCE)
            .build()
            .map_err(SetupError::Tls)?;
        Ok(Self {
            client,
            api: args.api.clone(),
            abonnement: args.abonnement,
            school: args.school,
        })
    }

    /// Who sends, as its own WSDL says it: so that messages are the same as those to a webhook.
    pub(super) async fn afzender(&self) -> Result<Afzender, PoortError> {
        let request = self.get(&format!("{}?wsdl", soap::PATH));
        let answer = answered(request).await?;
        let wsdl = answer.text().await.map_err(broken)?;
        afzender_of(&wsdl).ok_or_else(|| {
            PoortError::Geweigerd(
                "this is no Stagepoort: its WSDL names no address with an OIN".to_owned(),
            )
        })
    }

    /// What follows this number; waits when there is nothing.
    pub(super) async fn mutaties(&self, na: u64) -> Result<Blad, PoortError> {
        let path = format!(
            "/v1/mutaties?abonnementId={}&na={na}&limiet={LIMIET}&wachtSeconden={WACHT_S}",
            self.abonnement
        );
        let answer = answered(self.get(&path)).await?;
        let body = answer.bytes().await.map_err(broken)?;
        Blad::parse(&body).map_err(|error| PoortError::Even {
            reden: format!("the answer is not understood: {error}"),
            opnieuw_na: None,
        })
    }

    fn get(&self, path: &str) -> RequestBuilder {
        let base = self.api.as_str().trim_end_matches('/');
        let request = self.client.get(format!("{base}{path}"));
        match self.school {
            Some(oin) => request.header(SCHOOL_HEADER, oin.to_string()),
            None => request,
        }
    }
}

impl Blad {
    fn parse(body: &[u8]) -> serde_json::Result<Self> {
        let mut blad: Self = serde_json::from_slice(body)?;
        for heel in std::mem::take(&mut blad.ruw) {
            let mut mutatie: Mutatie = serde_json::from_str(heel.get())?;
            mutatie.heel = heel;
            blad.mutaties.push(mutatie);
        }
        Ok(blad)
    }
}

fn broken(error: reqwest::Error) -> PoortError {
    PoortError::Even {
        reden: format!("the gateway could not be asked: {}", chain(&error)),
        opnieuw_na: None,
    }
}

/// The answer, when it is one.
async fn answered(request: RequestBuilder) -> Result<Response, PoortError> {
    let answer = request.send().await.map_err(broken)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let opnieuw_na = retry_after(&answer);
    let body = answer.bytes().await.unwrap_or_default();
    Err(refused(status, opnieuw_na, &body))
}

fn refused(status: StatusCode, opnieuw_na: Option<Duration>, body: &[u8]) -> PoortError {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or_default();
    let reden = format!("the gateway answers HTTP {}: {detail}", status.as_u16());
    let stroom: Option<Stroom> = serde_json::from_value(problem.clone()).ok();
    match (status, stroom) {
        (StatusCode::GONE, Some(stroom)) => PoortError::Verlopen(stroom),
        (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS, _) => {
            PoortError::Even { reden, opnieuw_na }
        }
        _ if status.is_server_error() => PoortError::Even { reden, opnieuw_na },
        _ => PoortError::Geweigerd(reden),
    }
}

/// In seconds; a moment is left alone.
pub(super) fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// The address in a WSDL is the public one, with the OIN of the gateway.
fn afzender_of(wsdl: &str) -> Option<Afzender> {
    let (_, address) = wsdl.split_once("<soap:address location=\"")?;
    let (address, _) = address.split_once('"')?;
    let (publieke_url, rest) = address.split_once(soap::PATH)?;
    let oin = Oin::parse(rest.strip_prefix("?oin=")?).ok()?;
    Some(Afzender {
        oin,
        publieke_url: publieke_url.replace("&amp;", "&"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wsdl_says_who_sends() {
        let wsdl = "…<soap:address location=\"https://x.example:8443/soap/v1/whitelabel?oin=00000099000000001000\"/>…";
        let afzender = afzender_of(wsdl).unwrap();
        assert_eq!(afzender.publieke_url, "https://x.example:8443");
        assert_eq!(afzender.oin.to_string(), "00000099000000001000");
        assert!(afzender_of("<html/>").is_none());
    }

    #[test]
    fn a_mutatie_goes_through_as_it_came() {
        let one = include_str!("../../transport/rest/voorbeelden/opvragen-mutaties-antwoord.json");
        let blad = Blad::parse(one.as_bytes()).unwrap();
        let numbers: Vec<u64> = blad.mutaties.iter().map(|m| m.volgnummer).collect();
        assert_eq!(numbers, [1042, 1043]);
        assert_eq!(blad.mutaties[1].mutatie_soort, "VERVALLEN");
        assert!(one.contains(blad.mutaties[0].heel.get()));
        // What is new to this program is no trouble.
        let newer = r#"{"mutaties":[{"mutatieId":"00000000-0000-0000-0000-000000000001","volgnummer":1,
            "mutatieSoort":"IETS_NIEUWS","leerbedrijfId":"100000001","geregistreerdOp":"2026-11-22T09:00:00Z",
            "nieuw":true}],"meer":false}"#;
        let blad = Blad::parse(newer.as_bytes()).unwrap();
        assert!(blad.mutaties[0].heel.get().contains("\"nieuw\":true"));
    }

    #[test]
    fn what_may_go_well_later_is_told_from_what_will_not() {
        let kind = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            match refused(status, None, body.as_bytes()) {
                PoortError::Even { .. } => "even".to_owned(),
                PoortError::Geweigerd(reden) => reden,
                PoortError::Verlopen(stroom) => format!("{}-{}", stroom.oudste, stroom.laatste),
            }
        };
        for status in [408, 429, 500, 503] {
            assert_eq!(kind(status, ""), "even");
        }
        assert_eq!(
            kind(410, r#"{"oudsteVolgnummer":4,"laatsteVolgnummer":9}"#),
            "4-9"
        );
        assert!(kind(404, r#"{"detail":"geen abonnement"}"#).contains("geen abonnement"));
        assert!(kind(403, "<html>").contains("403"));
    }
}
