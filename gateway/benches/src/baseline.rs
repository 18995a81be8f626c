//! What an answer costs before there is anything to answer: the product's listener, TLS and
//! middleware, and handlers that read the whole request and give a fixed body.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::{
    App, HttpRequest, HttpResponse,
    http::header::{CONTENT_TYPE, HeaderValue},
    middleware::from_fn,
    web::{self, Bytes, Data},
};
use stagepoort::{
    clock::{Clock, SystemClock},
    config::Config,
    metrics, telemetry,
    transport::{
        listener::{self, Listener, ListenerLimits},
        observe::observe,
        rest::Headers,
        tls::Tls,
    },
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway's settings, for its TLS
    #[arg(long)]
    settings: PathBuf,
    #[arg(long)]
    port: u16,
    /// Body in JSON
    #[arg(long)]
    rest: PathBuf,
    /// Body in XML
    #[arg(long)]
    soap: PathBuf,
}

/// The fixed bodies.
struct Bodies {
    rest: Bytes,
    soap: Bytes,
}

/// Serves until it is killed.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| io::Error::other("another crypto provider is installed already"))?;
    let config = Config::load(&args.settings).map_err(io::Error::other)?;
    telemetry::init(config.logboek.formaat, &config.logboek.niveau).map_err(io::Error::other)?;
    // Counting is part of the middleware.
    metrics::start().map_err(io::Error::other)?;
    let bodies = Data::new(Bodies {
        rest: read(&args.rest)?,
        soap: read(&args.soap)?,
    });
    let tls = load_tls(&config)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(&tls, args.port, bodies))
}

async fn serve(tls: &Tls, port: u16, bodies: Data<Bodies>) -> io::Result<()> {
    let listener = Listener {
        name: "api",
        socket: TcpListener::bind((Ipv4Addr::LOCALHOST, port))?,
        tls: tls.api_config().map_err(io::Error::other)?,
        connections: tls.connections(),
        limits: ListenerLimits {
            workers: 1,
            max_requests: u32::MAX,
            ..ListenerLimits::default()
        },
    };
    listener::serve(listener, move || {
        App::new()
            .app_data(Data::clone(&bodies))
            .wrap(from_fn(observe))
            .wrap(Headers)
            .route("/soap/v1/whitelabel", web::post().to(soap))
            .route(
                "/v1/leerbedrijven/{id}/erkenningen/{code}",
                web::get().to(rest),
            )
            .route("/v1/leerplaatsen/_zoek", web::post().to(search))
    })?
    .await
}

async fn rest(request: HttpRequest, bodies: Data<Bodies>) -> HttpResponse {
    // A query is read and thrown away as well.
    std::hint::black_box(request.query_string());
    fixed(&bodies.rest, "application/json")
}

async fn search(body: Bytes, bodies: Data<Bodies>) -> HttpResponse {
    std::hint::black_box(body);
    fixed(&bodies.rest, "application/json")
}

async fn soap(body: Bytes, bodies: Data<Bodies>) -> HttpResponse {
    std::hint::black_box(body);
    fixed(&bodies.soap, "text/xml; charset=utf-8")
}

fn fixed(body: &Bytes, media_type: &'static str) -> HttpResponse {
    let mut response = HttpResponse::Ok().body(Bytes::clone(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn read(path: &Path) -> io::Result<Bytes> {
    fs::read(path).map(Bytes::from)
}

fn load_tls(config: &Config) -> io::Result<Arc<Tls>> {
    let (tls, _) = Tls::load(config.tls_paths(), config.tls.crl_grace, SystemClock.now())
        .map_err(io::Error::other)?;
    Ok(Arc::new(tls))
}
