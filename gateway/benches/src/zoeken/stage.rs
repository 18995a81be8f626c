//! The index stage of the gateway by itself, in a process of its own on the server's core.
//!
//! The section starts it, sends a line with numbers of questions and a time, and gets a line back
//! with what that took.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use stagepoort::{
    clock::{Clock, SystemClock},
    domain::{Datum, LeerbedrijfId},
    operations::zoeken_leerplaatsen::{Request, STANDAARD_PAGINA, understand},
    replica::{View, snapshot},
};

use super::{question::Vraag, record};
use crate::process::{SERVER_CORE, cpu_time, on_core};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The snapshot of a node
    #[arg(long)]
    momentopname: PathBuf,
    /// The recorded questions
    #[arg(long)]
    vragen: PathBuf,
}

/// Which questions, and for how long at least.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    questions: Vec<usize>,
    least_ms: u64,
}

/// What they took.
#[derive(Debug, Serialize, Deserialize)]
struct Took {
    asked: usize,
    cpu_ms: u64,
}

/// Who asks.
struct Harness {
    view: View,
    vandaag: Datum,
}

impl Harness {
    /// Ids of the first page, and how many hits there are: what is asked is understood, its place
    /// and codes are looked up, and the index is searched. No leerbedrijf is read.
    fn ids_and_total(&self, request: &Request) -> (Vec<LeerbedrijfId>, u32) {
        let Ok(query) = understand(&self.view, request, self.vandaag) else {
            return (Vec::new(), 0);
        };
        let Ok(found) = self.view.search(&query, None, STANDAARD_PAGINA) else {
            return (Vec::new(), 0);
        };
        let ids = found.hits.iter().map(|hit| hit.leerbedrijf_id);
        (ids.collect(), found.totaal)
    }
}

/// Serves orders until there are no more.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    let loaded = snapshot::load(&args.momentopname)
        .map_err(io::Error::other)?
        .ok_or_else(|| io::Error::other("there is no such snapshot"))?;
    let now = SystemClock.now();
    let harness = Harness {
        view: loaded.view,
        vandaag: now.datum().map_err(io::Error::other)?,
    };
    let recorded = record::kept(&args.vragen)?;
    let requests: Vec<_> = recorded.iter().map(|r| request(&r.vraag)).collect();
    for line in io::stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line?)?;
        let took = serde_json::to_string(&obey(&harness, &requests, &order)?)?;
        writeln!(io::stdout().lock(), "{took}")?;
    }
    Ok(())
}

fn obey(harness: &Harness, requests: &[Request], order: &Order) -> io::Result<Took> {
    let own = std::process::id();
    let least = Duration::from_millis(order.least_ms);
    let (begin, before) = (Instant::now(), cpu_time(own)?);
    let mut took = Took {
        asked: 0,
        cpu_ms: 0,
    };
    while took.asked == 0 || begin.elapsed() < least {
        for nth in &order.questions {
            std::hint::black_box(harness.ids_and_total(&requests[*nth]));
        }
        took.asked += order.questions.len();
    }
    let cpu = cpu_time(own)? - before;
    took.cpu_ms = cpu.as_millis().try_into().map_err(io::Error::other)?;
    Ok(took)
}

/// The question as the transport makes it of the body.
fn request(vraag: &Vraag) -> Request {
    let vraag = vraag.clone();
    Request {
        soort: Some(vraag.soort),
        naam: vraag.naam,
        postcode: vraag.postcode,
        plaats: vraag.plaats,
        straal_km: vraag.straal_km,
        code: vraag.code,
        leerweg: vraag.leerweg,
        niveau: vraag.niveau,
        met_vergoeding: vraag.met_vergoeding,
        beschikbaar_vanaf: vraag.beschikbaar_vanaf,
        minimum_plaatsen: vraag.minimum_plaatsen,
        met_tellingen: vraag.met_tellingen,
        ..Request::default()
    }
}

/// The process, as the section sees it.
pub(crate) struct Stage {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Stage {
    pub(crate) fn start(momentopname: &Path, vragen: &Path) -> io::Result<Self> {
        let mut command = on_core(SERVER_CORE, &std::env::current_exe()?);
        command.arg("index").arg("--momentopname").arg(momentopname);
        command.arg("--vragen").arg(vragen);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let answers = process
            .stdout
            .take()
            .ok_or_else(|| io::Error::other("no output"))?;
        Ok(Self {
            process,
            answers: BufReader::new(answers),
        })
    }

    /// Processor time of one question.
    pub(crate) fn round(&mut self, questions: &[usize], least: Duration) -> io::Result<Duration> {
        let order = Order {
            questions: questions.to_vec(),
            least_ms: least.as_millis().try_into().map_err(io::Error::other)?,
        };
        let input = self.process.stdin.as_mut();
        let input = input.ok_or_else(|| io::Error::other("no input"))?;
        writeln!(input, "{}", serde_json::to_string(&order)?)?;
        input.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let took: Took = serde_json::from_str(&line)?;
        let asked = u32::try_from(took.asked).map_err(io::Error::other)?;
        Ok(Duration::from_millis(took.cpu_ms) / asked)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}
