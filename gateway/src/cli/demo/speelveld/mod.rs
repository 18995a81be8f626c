//! The demo's playground: two subscribers that show what they receive, a plausible mutatie every few
//! seconds, and a clock that can be set.

mod abonnees;
mod gebeurtenissen;
mod ontvanger;
mod pagina;

use std::{
    collections::VecDeque,
    io,
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{App, HttpServer, dev::Server, web};
use serde::Serialize;

use super::{folder::DemoError, klok::Klok, manifest::DemoAfnemer};
use crate::{clock::Clock, log::Opslag, push::Geheim};

pub(super) use gebeurtenissen::Gebeurtenissen;

/// What receivers remember.
const MAX_ONTVANGEN: usize = 200;

/// Ports of the playground, both on loopback.
#[derive(Debug, Clone, Copy)]
pub(super) struct Poorten {
    /// The page, and the clock: http.
    pub(super) speelveld: u16,
    /// The receivers: https.
    pub(super) ontvanger: u16,
}

/// What the receivers and the page share.
pub(super) struct Speelveld {
    klok: Arc<Klok>,
    /// With which the webhook checks signatures.
    geheim: Geheim,
    ontvangen: Mutex<VecDeque<Ontvangen>>,
}

/// A mutatie that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ontvangen {
    kanaal: &'static str,
    ontvangen_op: String,
    mutatie_id: String,
    volgnummer: String,
    mutatie_soort: String,
    leerbedrijf_id: String,
    naam: String,
    code: String,
    ingangsdatum: String,
    /// Whether the signature is right; none where there is none (SOAP).
    #[serde(skip_serializing_if = "Option::is_none")]
    handtekening_klopt: Option<bool>,
}

impl Speelveld {
    pub(super) fn new(klok: Arc<Klok>) -> Arc<Self> {
        Arc::new(Self {
            klok,
            geheim: abonnees::new_geheim(),
            ontvangen: Mutex::default(),
        })
    }

    /// The subscriptions of the two receivers: a webhook of the first afnemer, a SOAP service of the
    /// last.
    pub(super) async fn subscribe(
        &self,
        opslag: &Opslag,
        afnemers: &[DemoAfnemer],
        port: u16,
    ) -> Result<(), DemoError> {
        let now = self.klok.now();
        abonnees::subscribe(opslag, afnemers, &self.geheim, port, now).await
    }

    /// Binds and serves both ports.
    pub(super) fn serve(
        self: &Arc<Self>,
        ports: Poorten,
        docs: &str,
        certificates: &certs_dev::Manifest,
    ) -> Result<[Server; 2], DemoError> {
        let page = pagina::Pagina::new(docs);
        let shared = web::Data::from(Arc::clone(self));
        let of_page = shared.clone();
        let page = HttpServer::new(move || {
            App::new()
                .app_data(of_page.clone())
                .app_data(web::Data::new(page.clone()))
                .configure(pagina::routes)
        })
        .workers(1)
        .disable_signals()
        .listen(bind(ports.speelveld)?)
        .map_err(DemoError::Serve)?;
        let receivers = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .configure(ontvanger::routes)
        })
        .workers(1)
        .disable_signals()
        .listen_rustls_0_23(
            bind(ports.ontvanger)?,
            ontvanger::tls(&certificates.ca, &certificates.server.certificaat)?,
        )
        .map_err(DemoError::Serve)?;
        Ok([page.run(), receivers.run()])
    }

    fn keep(&self, ontvangen: Ontvangen) {
        tracing::info!(
            kanaal = ontvangen.kanaal,
            volgnummer = ontvangen.volgnummer,
            soort = ontvangen.mutatie_soort,
            leerbedrijf = ontvangen.leerbedrijf_id,
            "the demo's subscriber received a mutatie"
        );
        let mut all = self.all();
        all.push_front(ontvangen);
        all.truncate(MAX_ONTVANGEN);
    }

    fn all(&self) -> std::sync::MutexGuard<'_, VecDeque<Ontvangen>> {
        self.ontvangen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn bind(port: u16) -> Result<TcpListener, DemoError> {
    let listener = TcpListener::bind(("127.0.0.1", port));
    let nonblocking = |listener: TcpListener| -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listener.and_then(nonblocking).map_err(DemoError::Serve)
}
