//! The page of the playground: what was received, and the clock.

use actix_web::{HttpResponse, http::header, web};
use serde::Deserialize;
use serde_json::json;

use super::{Ontvangen, Speelveld};
use crate::{cli::demo::klok::Klok, clock::Clock, domain::Tijdstip};

/// What the page tells of the demo.
#[derive(Debug, Clone)]
pub(super) struct Pagina {
    docs: String,
}

/// A wish for another time: a moment, or so many seconds ahead of the machine's clock.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wens {
    tijdstip: Option<String>,
    verzet_seconden: Option<i64>,
}

impl Pagina {
    pub(super) fn new(docs: &str) -> Self {
        let docs = docs.to_owned();
        Self { docs }
    }
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(page))
        .route("/ontvangen", web::get().to(received))
        .route("/klok", web::get().to(time))
        .route("/klok", web::put().to(set))
        .route("/klok", web::post().to(set_by_form));
}

async fn received(speelveld: web::Data<Speelveld>) -> HttpResponse {
    HttpResponse::Ok().json(&*speelveld.all())
}

async fn time(speelveld: web::Data<Speelveld>) -> HttpResponse {
    HttpResponse::Ok().json(shown(&speelveld.klok))
}

async fn set(speelveld: web::Data<Speelveld>, wens: web::Json<Wens>) -> HttpResponse {
    match apply(&speelveld.klok, &wens) {
        Ok(()) => HttpResponse::Ok().json(shown(&speelveld.klok)),
        Err(reden) => HttpResponse::BadRequest().json(json!({ "fout": reden })),
    }
}

async fn set_by_form(speelveld: web::Data<Speelveld>, wens: web::Form<Wens>) -> HttpResponse {
    match apply(&speelveld.klok, &wens) {
        Ok(()) => HttpResponse::SeeOther()
            .insert_header((header::LOCATION, "/"))
            .finish(),
        Err(reden) => HttpResponse::BadRequest()
            .content_type("text/plain; charset=utf-8")
            .body(reden),
    }
}

fn shown(klok: &Klok) -> serde_json::Value {
    json!({ "tijdstip": klok.now(), "verzetSeconden": klok.ahead_s() })
}

fn apply(klok: &Klok, wens: &Wens) -> Result<(), String> {
    let now_ms = klok.now().as_millis() - klok.ahead_s() * 1000;
    let moment = match (&wens.tijdstip, wens.verzet_seconden) {
        (Some(text), None) => Tijdstip::parse(text)
            .map_err(|_| "tijdstip: geef een tijdstip zoals 2026-12-01T08:00:00Z".to_owned())?,
        (None, Some(seconds)) => seconds
            .checked_mul(1000)
            .and_then(|ahead| Tijdstip::from_millis(now_ms.checked_add(ahead)?))
            .ok_or("verzetSeconden: zo ver reikt de kalender niet")?,
        _ => return Err("geef tijdstip of verzetSeconden, een van beide".to_owned()),
    };
    klok.set(moment)
}

async fn page(speelveld: web::Data<Speelveld>, pagina: web::Data<Pagina>) -> HttpResponse {
    let rows: String = speelveld.all().iter().map(row).collect();
    let rows = if rows.is_empty() {
        "<tr><td colspan=7>Nog niets; de eerste mutatie komt binnen twintig seconden.</td></tr>"
            .to_owned()
    } else {
        rows
    };
    let body = PAGE
        .replace("{docs}", &escaped(&pagina.docs))
        .replace("{nu}", &speelveld.klok.now().to_string())
        .replace("{verzet}", &ahead(&speelveld.klok))
        .replace("{rijen}", &rows);
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ))
        .body(body)
}

fn ahead(klok: &Klok) -> String {
    match klok.ahead_s() {
        0 => "gelijk met deze machine".to_owned(),
        seconds => format!("{} uur vooruit", seconds / 3600),
    }
}

fn row(ontvangen: &Ontvangen) -> String {
    let Ontvangen {
        kanaal,
        ontvangen_op,
        volgnummer,
        mutatie_soort,
        leerbedrijf_id,
        naam,
        code,
        ingangsdatum,
        handtekening_klopt,
        ..
    } = ontvangen;
    let signed = match handtekening_klopt {
        Some(true) => "handtekening klopt",
        Some(false) => "handtekening klopt niet",
        None => "",
    };
    let cells = [
        ontvangen_op.as_str(),
        kanaal,
        volgnummer,
        mutatie_soort,
        &format!("{leerbedrijf_id} {naam}"),
        &format!("{code} {ingangsdatum}"),
        signed,
    ];
    let cells: String = cells
        .iter()
        .map(|cell| format!("<td>{}</td>", escaped(cell)))
        .collect();
    format!("<tr>{cells}</tr>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

const PAGE: &str = include_str!("pagina.html");
