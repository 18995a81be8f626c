//! `stagepoort demo`: all of it on a made-up register, in a folder of its own.

mod bpvos;
mod calls;
mod folder;
mod klok;
mod manifest;
mod postgres;
mod register;
mod speelveld;
mod store;
mod zoekvragen;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};

use super::{fail, runtime, say};
use crate::{
    app::{App, until_told_to_stop},
    clock::Clock,
    config::{Config, LogFormaat},
    telemetry::{self, chain},
};
use folder::{DemoError, Folder};
use klok::Klok;
use speelveld::{Gebeurtenissen, Poorten, Speelveld};
use store::Wanted;

#[derive(Debug, Args)]
#[command(after_help = "\
Throw-away certificates, a made-up register in SQLite or PostgreSQL and all three listeners, in a folder \
that is made anew each time. When all is ready, demo.json in that folder says where everything is, the folder \
zoekvragen in it has ten searches, and calls are printed that work as pasted. Ctrl-C stops it.\n\n\
Two subscribers receive the mutaties of their schools, over a webhook and over SOAP, and every few \
seconds something changes in the register. The page of the playground, whose address is printed and stands \
in demo.json, shows what they received and sets the demo's clock ahead.\n\n\
With --opslag postgres it starts a PostgreSQL 15 or newer of its own in that folder, whose process id \
demo.json has as databasePid, and stops it at the end. It takes the initdb and postgres of the folder \
that the variable STAGEPOORT_PG_BIN names, else those on the path, else the newest in \
/usr/lib/postgresql. As root it runs them as the user postgres.\n\n\
Exit codes: 0 stopped as told; 1 it could not start, and standard error says why; 2 wrong arguments.")]
pub(super) struct DemoArgs {
    /// The folder; one that holds anything else than an earlier demo is refused
    #[arg(long, value_name = "DIR", default_value = "demo-map")]
    map: PathBuf,
    /// How many leerbedrijven to make up
    #[arg(long, value_name = "N", default_value_t = 20_000,
          value_parser = clap::value_parser!(u32).range(20..))]
    leerbedrijven: u32,
    /// Where all chance comes from: the same seed gives the same register
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where the register is kept
    #[arg(long, value_enum, default_value_t = Opslag::Sqlite)]
    opslag: Opslag,
    /// Port of the api listener; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    poort_api: u16,
    /// Port of the docs listener; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8444)]
    poort_docs: u16,
    /// Port of the operators' listener; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 9090)]
    poort_beheer: u16,
    /// Port of the playground's page, http; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    poort_speelveld: u16,
    /// Port of the subscribers of the playground, https; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    poort_ontvanger: u16,
    /// Seconds between mutaties, 1 to 3600
    #[arg(long, value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    tempo: u64,
    /// What to log: a level (error, warn, info, debug) or a tracing filter
    #[arg(long, value_name = "FILTER", default_value = DEMO_LOG)]
    logniveau: String,
    /// No subscribers, and a register in which nothing happens by itself
    #[arg(long)]
    stil: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Opslag {
    /// One file in the folder
    Sqlite,
    /// A PostgreSQL server of its own, in the folder
    Postgres,
}

/// What the server library says at info about its own workers helps nobody here.
const DEMO_LOG: &str = "info,actix_server=warn,actix_http=off";

pub(super) fn run(args: DemoArgs) -> ExitCode {
    if let Err(reason) = telemetry::init(LogFormaat::Tekst, &args.logniveau) {
        return fail(reason);
    }
    runtime(async move {
        match demonstrate(&args).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(chain(&error)),
        }
    })
}

async fn demonstrate(args: &DemoArgs) -> Result<(), DemoError> {
    let klok = Arc::new(Klok::default());
    let clock = &*klok;
    let today = clock.now().datum().map_err(|_| DemoError::Clock)?;
    let ports = Ports::choose(args)?;
    let wanted = Wanted::find(args.opslag)?;
    let folder = Folder::make_anew(&args.map)?;

    say("making certificates …");
    let certificates = folder.certificates(clock.now())?;
    let plan = crate::register::generate::Plan::new(args.leerbedrijven, args.seed, today);
    let afnemers = manifest::afnemers(&certificates)?;
    let store = wanted.start(&folder).await?;
    register::apply_toegang(&folder, &store.opslag, &afnemers, clock).await?;
    say(format_args!(
        "making up and importing {} leerbedrijven …",
        args.leerbedrijven
    ));
    register::import(&folder, &store.opslag, &plan, clock).await?;

    let settings = folder.write_settings(&certificates, &ports, store.section())?;
    let config = Config::load(&settings)?;
    let speelveld = Speelveld::new(Arc::clone(&klok));
    // Before the gateway, which asks its subscribers to prove themselves as soon as it runs.
    let servers = speelveld.serve(ports.speelveld, &ports.docs_url(), &certificates)?;
    let handles = servers.each_ref().map(actix_web::dev::Server::handle);
    let mut beside = tokio::task::JoinSet::new();
    for server in servers {
        beside.spawn(async move { drop(server.await) });
    }
    if !args.stil {
        let port = ports.speelveld.ontvanger;
        speelveld.subscribe(&store.opslag, &afnemers, port).await?;
    }
    let app = App::start(config, Arc::clone(&klok) as Arc<dyn Clock>).await?;
    app.loaded().await;
    let database_pid = store.pid();
    let manifest = manifest::Manifest::new(&ports, &certificates, afnemers, &plan, database_pid);
    let searches = zoekvragen::write(&folder, &manifest, today)?;
    bpvos::write(&folder, &manifest)?;
    let school = manifest.afnemers.first().and_then(|a| a.scholen.first());
    if let Some(school) = school.filter(|_| !args.stil) {
        let happening = Gebeurtenissen::of(&store.opslag, school.oin, klok).await?;
        beside.spawn(happening.go_on(Duration::from_secs(args.tempo)));
    }
    // Who finds demo.json may stop the demo at once.
    let stop = until_told_to_stop();
    folder.write_manifest(&manifest)?;
    say(calls::ready(&folder, &manifest, &settings, &searches));
    let served = app.run(stop).await;
    for handle in handles {
        handle.stop(false).await;
    }
    beside.shutdown().await;
    store.stop().await;
    served.map_err(DemoError::Serve)
}

/// Where the demo listens; on loopback only.
struct Ports {
    api: u16,
    docs: u16,
    beheer: u16,
    speelveld: Poorten,
}

impl Ports {
    /// Base URL of the docs listener.
    fn docs_url(&self) -> String {
        format!("https://localhost:{}", self.docs)
    }

    fn choose(args: &DemoArgs) -> Result<Self, DemoError> {
        Ok(Self {
            api: free("--poort-api", args.poort_api)?,
            docs: free("--poort-docs", args.poort_docs)?,
            beheer: free("--poort-beheer", args.poort_beheer)?,
            speelveld: Poorten {
                speelveld: free("--poort-speelveld", args.poort_speelveld)?,
                ontvanger: free("--poort-ontvanger", args.poort_ontvanger)?,
            },
        })
    }
}

/// The port itself, or a free one for 0; found before anything is made, since the WSDL and
/// demo.json must name it.
fn free(option: &'static str, port: u16) -> Result<u16, DemoError> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    std::net::TcpListener::bind(address)
        .and_then(|socket| socket.local_addr())
        .map(|address| address.port())
        .map_err(|source| DemoError::Port {
            option,
            port,
            source,
        })
}
