//! Figures of Stagepoort: the national set, and one request against a fixed body.
//!
//! README.md beside this says what is measured, how, and against what.

mod baseline;
mod bulk;
mod client;
mod database;
mod eerlijk;
mod folder;
mod national;
mod node;
mod opslag;
mod process;
mod push;
mod questions;
mod report;
mod request;
mod zoeken;

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use stagepoort::clock::{Clock, SystemClock};

use folder::Folder;
use report::{Section, say};

/// As the product's own binary has it, since the baseline runs here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In this order; each needs what the ones before it left in the folder.
const SECTIONS: [&str; 8] = [
    "national", "node", "request", "bulk", EERLIJK, ZOEKEN, OPSLAG, PUSH,
];

/// Only when asked for; it makes by itself what it needs of the others.
const EERLIJK: &str = "eerlijk";

/// Only when asked for: they need PostgreSQL, and make by themselves what they need of the others.
const ZOEKEN: &str = "zoeken";
const OPSLAG: &str = "opslag";
const PUSH: &str = "push";

/// Leerbedrijven of the national register.
const NATION: u32 = 250_000;

/// Leerbedrijven and rounds of a run that only shows that the benchmark itself works.
const SMALL: u32 = 20_000;

#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    inner: Option<Inner>,
    /// How many leerbedrijven [default: 250000, or 20000 with STAGEPOORT_BENCH_KLEIN]
    leerbedrijven: Option<u32>,
    /// Only these sections, separated by commas: national, node, request, bulk, eerlijk, zoeken,
    /// opslag, push [default: all but the last four]
    #[arg(long, value_delimiter = ',', value_parser = SECTIONS)]
    only: Vec<String>,
    /// Where data and figures go
    #[arg(long, default_value = "target/bench")]
    map: PathBuf,
}

#[derive(Subcommand)]
enum Inner {
    /// Serve fixed bodies; started by the sections that compare with it
    Baseline(baseline::Args),
    /// Send messages without a queue; started by the section push
    Bare(push::bare::Args),
    /// PostgreSQL's side of the section zoeken by itself, against a plain scan
    Controle(zoeken::control::Args),
    /// The index stage by itself; started by the section zoeken
    Index(zoeken::stage::Args),
    /// Take messages and do nothing with them; started by the section eerlijk
    Sink(eerlijk::sink::Args),
}

/// What all sections are told.
struct Plan {
    leerbedrijven: u32,
    cores: usize,
    /// Fewer and shorter rounds.
    small: bool,
    folder: Folder,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.inner {
        Some(Inner::Baseline(args)) => baseline::run(args),
        Some(Inner::Bare(args)) => push::bare::run(args),
        Some(Inner::Controle(args)) => zoeken::control::run(args),
        Some(Inner::Index(args)) => zoeken::stage::run(args),
        Some(Inner::Sink(args)) => eerlijk::sink::run(args),
        None => run(&cli),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("the benchmark failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> io::Result<()> {
    let small = std::env::var_os("STAGEPOORT_BENCH_KLEIN").is_some();
    let plan = Plan {
        leerbedrijven: cli
            .leerbedrijven
            .unwrap_or(if small { SMALL } else { NATION }),
        // Asked before this program is kept to one of them.
        cores: std::thread::available_parallelism()?.get(),
        small,
        folder: Folder::open(&cli.map)?,
    };
    for name in SECTIONS {
        let wanted = match cli.only.is_empty() {
            true => !by_itself(name),
            false => cli.only.iter().any(|wanted| wanted == name),
        };
        if !wanted {
            continue;
        }
        say(&format!("\n{name}"));
        if name != "national" && !by_itself(name) {
            plan.folder.require_levering()?;
        }
        let mut section = Section::new(name, SystemClock.now().to_string());
        circumstances(&plan, &mut section);
        match name {
            "national" => national::run(&plan, &mut section)?,
            "node" => node::run(&plan, &mut section)?,
            "request" => request::run(&plan, &mut section)?,
            "bulk" => bulk::run(&plan, &mut section)?,
            EERLIJK => eerlijk::run(&plan, &mut section)?,
            ZOEKEN => zoeken::run(&plan, &mut section)?,
            PUSH => push::run(&plan, &mut section)?,
            _ => opslag::run(&plan, &mut section)?,
        }
        section.save(&plan.folder.root)?;
    }
    let figures = plan.folder.root.join("figures.md");
    say(&format!("\n{} has all of them", figures.display()));
    Ok(())
}

fn by_itself(name: &str) -> bool {
    matches!(name, EERLIJK | ZOEKEN | OPSLAG | PUSH)
}

fn circumstances(plan: &Plan, section: &mut Section) {
    let cores = plan.cores;
    section.circumstance(format!(
        "{} leerbedrijven; {cores} cores, perhaps shared",
        plan.leerbedrijven
    ));
    if plan.small {
        section.circumstance("a short run: it shows that the benchmark works, and no more");
    }
}
