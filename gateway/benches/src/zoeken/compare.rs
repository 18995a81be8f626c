//! One class of questions, asked of the gateway and of PostgreSQL in turn.

use std::{fs, io, sync::Arc, time::Duration};

use rustls::ClientConfig;

use super::{
    NAME,
    asking::{self, Asker, Waits},
    ours::{Gateway, ServerTimes},
    question::Klasse,
    sql::Depth,
    stage::Stage,
    theirs::{Postgres, choose_plans},
};
use crate::{
    Plan,
    database::Database,
    node::Node,
    process::Server,
    report::{Section, Spread},
    request::{Round, start_baseline},
};

/// How many times the throughput of PostgreSQL a whole request must have.
const TARGET_WHOLE: f64 = 10.0;
/// The same of the index stage.
const TARGET_STAGE: f64 = 25.0;
/// 99 of 100 requests, by the gateway's own count.
const TARGET_P99_S: f64 = 0.005;

/// Questions by which the way of planning is chosen, and those whose totals are compared.
const SAMPLE: usize = 40;

/// How often and how long is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Rounds of each server that count.
    pub(crate) rounds: usize,
    /// A run in which so many pairs are void measures nothing.
    pub(crate) max_void: usize,
    /// The least time of a round.
    pub(crate) least: Duration,
}

/// Both servers with the connections to them.
pub(crate) struct Sides<'s> {
    pub(crate) plan: &'s Plan,
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) node: &'s Node,
    pub(crate) gateway: Vec<Gateway>,
    pub(crate) stage: Stage,
    pub(crate) database: &'s Database,
    pub(crate) postgres: Vec<Postgres>,
}

/// The figures of one class.
pub(crate) fn class(
    klasse: Klasse,
    questions: &[usize],
    sides: &mut Sides<'_>,
    pace: Pace,
    section: &mut Section,
) -> io::Result<()> {
    agreement(klasse, questions, sides, section)?;
    whole(klasse, questions, sides, pace, section)?;
    waits(klasse, questions, sides, pace, section)?;
    stage(klasse, questions, sides, pace, section)
}

/// Whether both find the same.
fn agreement(
    klasse: Klasse,
    questions: &[usize],
    sides: &mut Sides<'_>,
    section: &mut Section,
) -> io::Result<()> {
    let (mut totals, mut pages) = (0, 0);
    let mut hits = Vec::new();
    let sample = sample(questions);
    sides.gateway[0].wake()?;
    for nth in &sample {
        let ours = sides.gateway[0].page(*nth)?;
        let (totaal, page) = sides.postgres[0].page(*nth)?;
        totals += usize::from(ours.totaal != totaal);
        let ids = ours.hits.iter().map(|hit| hit.leerbedrijf_id.parse().ok());
        pages += usize::from(!ids.eq(page.iter().map(|id| Some(*id))));
        hits.push(totaal);
    }
    hits.sort_unstable();
    let what = format!("{}: totals that differ", klasse.name());
    let found = format!("{totals} of {}", sample.len());
    if klasse.has_text() {
        section.figure(what, found);
    } else {
        section.against(what, found, "0", totals == 0);
    }
    section.circumstance(format!(
        "{}: {} questions, {} hits in the median, {} at most; the order of {pages} of {} first pages \
         differs",
        klasse.name(),
        questions.len(),
        hits[hits.len() / 2],
        hits[hits.len() - 1],
        sample.len(),
    ));
    Ok(())
}

/// Spread over the whole class.
fn sample(questions: &[usize]) -> Vec<usize> {
    let every = (questions.len() / SAMPLE).max(1);
    questions.iter().copied().step_by(every).collect()
}

/// What any search has to beat: a server that gives one answer of middle length to every question, by the same
/// listener.
struct Limit {
    server: Server,
    askers: Vec<Gateway>,
    bytes: usize,
}

impl Limit {
    fn start(questions: &[usize], sides: &mut Sides<'_>) -> io::Result<Self> {
        sides.gateway[0].wake()?;
        let mut bodies = Vec::new();
        for nth in questions {
            bodies.push(sides.gateway[0].body(*nth)?.to_vec());
        }
        bodies.sort_by_key(Vec::len);
        let middle = &bodies[bodies.len() / 2];
        let file = format!("{NAME}.body");
        fs::write(sides.plan.folder.root.join(&file), middle)?;
        let settings = format!("{NAME}.toml");
        let files = [settings.as_str(), &file, &file];
        let (server, port) = start_baseline(sides.plan, files, &sides.config)?;
        Ok(Self {
            server,
            askers: sides.gateway.iter().map(|one| one.at(port)).collect(),
            bytes: middle.len(),
        })
    }
}

/// A whole request on each side, by processor time of the server.
fn whole(
    klasse: Klasse,
    questions: &[usize],
    sides: &mut Sides<'_>,
    pace: Pace,
    section: &mut Section,
) -> io::Result<()> {
    let plans = prepare(questions, Depth::Whole, sides)?;
    let mut limit = Limit::start(questions, sides)?;
    // Only warms up.
    sides.gateway.iter_mut().try_for_each(Asker::wake)?;
    limit.askers.iter_mut().try_for_each(Asker::wake)?;
    asking::pass(&mut limit.askers, questions)?;
    asking::pass(&mut sides.gateway, questions)?;
    asking::pass(&mut sides.postgres, questions)?;
    let mut void = 0;
    let mut pairs = Vec::new();
    while pairs.len() < pace.rounds {
        let server = &sides.node.server;
        let pair = [
            asking::round(server, &mut sides.gateway, questions, pace.least)?,
            asking::round(sides.database, &mut sides.postgres, questions, pace.least)?,
            asking::round(&limit.server, &mut limit.askers, questions, pace.least)?,
        ];
        // At the limit who asks may be the slower one, which the server's time does not tell.
        if pair[..2].iter().any(Round::is_void) {
            void += 1;
        } else {
            pairs.push(pair);
        }
        if void > pace.max_void {
            return Err(io::Error::other("the machine is too busy to measure on"));
        }
    }
    let cpu = |side: usize| {
        let of = pairs.iter().map(|pair| [pair[side].cpu, pair[1].cpu]);
        of.collect::<Vec<_>>()
    };
    let what = format!("{}: whole request", klasse.name());
    faster(what, &cpu(0), TARGET_WHOLE, section);
    section.figure(
        format!(
            "{}: the limit, one answer of {} bytes to every question, against PostgreSQL",
            klasse.name(),
            limit.bytes
        ),
        format!("{} times", times(&cpu(2)).show(1)),
    );
    let wall = |side: usize| Spread::of(pairs.iter().map(|p| p[side].per_second).collect());
    section.circumstance(format!(
        "{}: on the wall {} requests a second, PostgreSQL {} ({plans}); {void} pairs void",
        klasse.name(),
        wall(0).show(0),
        wall(1).show(0),
    ));
    Ok(())
}

/// Chooses how PostgreSQL plans these questions; gives its name.
fn prepare(questions: &[usize], depth: Depth, sides: &mut Sides<'_>) -> io::Result<&'static str> {
    for postgres in &mut sides.postgres {
        postgres.depth = depth;
    }
    let plans = choose_plans(&mut sides.postgres[0], &sample(questions))?;
    for postgres in &mut sides.postgres {
        postgres.plan(plans)?;
    }
    Ok(plans.name())
}

/// How long one asker waits, on each side and by the gateway's own count.
fn waits(
    klasse: Klasse,
    questions: &[usize],
    sides: &mut Sides<'_>,
    pace: Pace,
    section: &mut Section,
) -> io::Result<()> {
    let name = klasse.name();
    let before = ServerTimes::now(sides.node.ports.beheer)?;
    let ours = one_asker(&mut sides.gateway, questions, pace)?;
    let after = ServerTimes::now(sides.node.ports.beheer)?;
    let theirs = one_asker(&mut sides.postgres, questions, pace)?;
    section.figure(
        format!("{name}: one asker waits, p50 and p99, against PostgreSQL"),
        format!("{}, {}", ours.show(), theirs.show()),
    );
    let p99 = after.p99_since(&before).unwrap_or("unknown");
    let what = format!("{name}: p99 of the server's own time, below");
    let found = format!("{p99} s");
    if klasse == Klasse::Tellingen {
        section.figure(what, found);
    } else {
        let met = p99.parse().is_ok_and(|p99: f64| p99 <= TARGET_P99_S);
        section.against(what, found, format!("{TARGET_P99_S} s"), met);
    }
    Ok(())
}

fn one_asker(askers: &mut [impl Asker], questions: &[usize], pace: Pace) -> io::Result<Waits> {
    asking::waits(&mut askers[0], questions, pace.least)
}

/// The index stage alone: in a process of ours, against ids and total of PostgreSQL.
fn stage(
    klasse: Klasse,
    questions: &[usize],
    sides: &mut Sides<'_>,
    pace: Pace,
    section: &mut Section,
) -> io::Result<()> {
    prepare(questions, Depth::Keys, sides)?;
    asking::pass(&mut sides.postgres, questions)?;
    let mut cpu = Vec::new();
    for _ in 0..pace.rounds {
        let ours = sides.stage.round(questions, pace.least)?;
        let theirs = asking::round(sides.database, &mut sides.postgres, questions, pace.least)?;
        cpu.push([ours, theirs.cpu]);
    }
    let what = format!("{}: index stage alone", klasse.name());
    faster(what, &cpu, TARGET_STAGE, section);
    Ok(())
}

/// How many times as fast the first is as the second.
fn times(cpu: &[[Duration; 2]]) -> Spread {
    let ratio = |[ours, theirs]: &[Duration; 2]| theirs.as_secs_f64() / ours.as_secs_f64();
    Spread::of(cpu.iter().map(ratio).collect())
}

/// How many times as many questions ours answers in a second of processor time.
fn faster(what: String, cpu: &[[Duration; 2]], target: f64, section: &mut Section) {
    let ratios = times(cpu);
    let per_second = |side: usize| {
        let rates = cpu.iter().map(|pair| 1.0 / pair[side].as_secs_f64());
        Spread::of(rates.collect()).median
    };
    section.against(
        format!("{what}, against PostgreSQL"),
        format!(
            "{} times; {:.0} and {:.0} a second of processor time",
            ratios.show(1),
            per_second(0),
            per_second(1)
        ),
        format!("≥ {target}"),
        ratios.median >= target,
    );
}
