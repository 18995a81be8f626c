//! The demo's two receivers: a webhook and a SOAP service, as a subscriber could have them.

use std::{path::Path, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web};
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Ontvangen, Speelveld};
use crate::{
    cli::demo::folder::DemoError,
    clock::Clock,
    push::{signature::Ondertekend, soap_message},
    soap::{Envelope, Reply, XmlLimits, XmlWriter, ns, write_envelope},
};

/// 100 mutaties and their kenmerken.
const MAX_BODY: usize = 1 << 20;

const LIMITS: XmlLimits = XmlLimits {
    depth: 32,
    elements: 20_000,
    attributes: 64,
};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY))
        .route("/webhook", web::post().to(webhook))
        .route("/soap", web::post().to(soap));
}

/// Only the gateway may call: it shows its certificate.
pub(super) fn tls(ca: &Path, own: &certs_dev::Certificaat) -> Result<ServerConfig, DemoError> {
    let pem = |error: rustls_pki_types::pem::Error| DemoError::Ontvanger(error.to_string());
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(ca).map_err(pem)?;
    let wrong = |error: rustls::Error| DemoError::Ontvanger(error.to_string());
    roots.add(authority).map_err(wrong)?;
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
        .build()
        .map_err(|error| DemoError::Ontvanger(error.to_string()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&own.cert)
        .map_err(pem)?
        .collect();
    let key = PrivateKeyDer::from_pem_file(&own.key).map_err(pem)?;
    ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.map_err(pem)?, key)
        .map_err(wrong)
}

/// Checks the signature, keeps the mutatie, and gives a challenge back.
async fn webhook(
    request: HttpRequest,
    body: web::Bytes,
    speelveld: web::Data<Speelveld>,
) -> HttpResponse {
    let right = is_signed(&request, &body, &speelveld);
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    if !right {
        tracing::warn!("the demo's webhook refuses a message whose signature is not right");
        return HttpResponse::Unauthorized().finish();
    }
    let data = &event["data"];
    if let Some(uitdaging) = data.get("uitdaging") {
        return HttpResponse::Ok().json(json!({ "uitdaging": uitdaging }));
    }
    if data.get("mutatieId").is_some() {
        let text = |name: &str| match &data[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        speelveld.keep(Ontvangen {
            kanaal: "WEBHOOK",
            ontvangen_op: speelveld.klok.now().to_string(),
            mutatie_id: text("mutatieId"),
            volgnummer: text("volgnummer"),
            mutatie_soort: text("mutatieSoort"),
            leerbedrijf_id: text("leerbedrijfId"),
            naam: text("naam"),
            code: text("code"),
            ingangsdatum: text("ingangsdatum"),
            handtekening_klopt: Some(right),
        });
    }
    HttpResponse::NoContent().finish()
}

/// Whether it was signed with the secret of the subscription. A receiver of your own takes a library
/// of Standard Webhooks for this, which also looks at the age of the timestamp.
fn is_signed(request: &HttpRequest, body: &[u8], speelveld: &Speelveld) -> bool {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok()
    };
    let (Some(id), Some(seconds), Some(given)) = (
        header("webhook-id"),
        header("webhook-timestamp").and_then(|text| text.parse::<i64>().ok()),
        header("webhook-signature"),
    ) else {
        return false;
    };
    let moment = crate::domain::Tijdstip::from_millis(seconds.saturating_mul(1000));
    let Some(tijdstip) = moment else { return false };
    let geheimen = std::slice::from_ref(&speelveld.geheim);
    let made = Ondertekend { id, tijdstip, body }.signature(geheimen, None);
    given.split(' ').any(|one| one == made)
}

/// Keeps the mutaties and answers meldenMutatiesResponse.
async fn soap(body: web::Bytes, speelveld: web::Data<Speelveld>) -> HttpResponse {
    let Ok(mut envelope) = Envelope::open(&body, LIMITS) else {
        return HttpResponse::BadRequest().finish();
    };
    if envelope.body_name() != (ns::MUTATIEONTVANGER, "meldenMutatiesRequest") {
        return HttpResponse::BadRequest().finish();
    }
    let mut mutaties: Vec<Ontvangen> = Vec::new();
    let now = speelveld.klok.now().to_string();
    let read = envelope.read_leaves(|name, text| {
        if name == "mutatieId" {
            mutaties.push(empty(&now));
        }
        let Some(mutatie) = mutaties.last_mut() else {
            return;
        };
        let field = match name {
            "mutatieId" => &mut mutatie.mutatie_id,
            "volgnummer" => &mut mutatie.volgnummer,
            "mutatieSoort" => &mut mutatie.mutatie_soort,
            "leerbedrijfId" => &mut mutatie.leerbedrijf_id,
            "naam" => &mut mutatie.naam,
            "code" => &mut mutatie.code,
            "ingangsdatum" => &mut mutatie.ingangsdatum,
            _ => return,
        };
        text.clone_into(field);
    });
    if read.is_err() {
        return HttpResponse::BadRequest().finish();
    }
    for mutatie in mutaties {
        speelveld.keep(mutatie);
    }
    let reply = Reply {
        request: &envelope.addressing,
        action: "urn:stagepoort:mutatieontvanger:v1/meldenMutatiesResponse",
        message_id: answer_id(&envelope),
        comment: None,
    };
    let mut w = XmlWriter::with_capacity(1_024);
    write_envelope(&mut w, &reply, |w| {
        w.root("meldenMutatiesResponse", ns::MUTATIEONTVANGER, |w| {
            w.value("ontvangen", true);
        });
    });
    HttpResponse::Ok()
        .content_type(soap_message::CONTENT_TYPE)
        .body(w.into_bytes())
}

/// Follows from that of the question: a repeat gets the same answer.
fn answer_id(envelope: &Envelope<'_>) -> Uuid {
    let asked = envelope
        .addressing
        .message_id
        .as_deref()
        .unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_URL, asked.as_bytes())
}

fn empty(now: &str) -> Ontvangen {
    Ontvangen {
        kanaal: "SOAP",
        ontvangen_op: now.to_owned(),
        mutatie_id: String::new(),
        volgnummer: String::new(),
        mutatie_soort: String::new(),
        leerbedrijf_id: String::new(),
        naam: String::new(),
        code: String::new(),
        ingangsdatum: String::new(),
        handtekening_klopt: None,
    }
}
