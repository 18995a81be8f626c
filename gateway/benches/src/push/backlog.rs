//! Working off what waits: how fast, beside the same messages without a queue, and in how much
//! memory.

use std::{
    collections::HashMap,
    io,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use stagepoort::push::{AbonnementStatus, Laatste};
use uuid::Uuid;

use super::{Field, LOOK, PATIENCE};
use crate::{
    process::{Measured, measure},
    report::{Section, Spread},
};

/// Deliveries that wait, over all subscriptions.
const WAITING: usize = 20_000;
const WAITING_SMALL: usize = 1_000;

/// How often the node and the bare client take turns.
const ROUNDS: usize = 3;

/// The node hears within a second that subscriptions wait, and until then sends what is new.
const HEARD: Duration = Duration::from_secs(3);

/// Part of the bare rate that is to be reached.
const TARGET: f64 = 0.5;

/// Deliveries of one subscription that wait after a weekend.
const WEEKEND: usize = 200_000;
const WEEKEND_SMALL: usize = 5_000;

/// How much more memory working off a weekend may take than the node has when it begins.
const TARGET_GROWTH: f64 = 1.25;

/// How a backlog was worked off.
struct Worked {
    /// From the word to begin until the last receipt.
    took: Duration,
    /// Between the first receipt and the last.
    rate: f64,
    /// Messages that came more than once.
    again: usize,
    /// Processor time of a delivery in the node, and in the database.
    node: Duration,
    database: Duration,
    memory: Memory,
}

/// Resident memory of the node, in MiB.
#[derive(Clone, Copy)]
struct Memory {
    start: u64,
    max: u64,
    end: u64,
}

impl Memory {
    fn show(self) -> String {
        let Self { start, max, end } = self;
        format!("{start}, {max} and {end}")
    }
}

/// Figures of a backlog of all subscriptions. They are active afterwards.
pub(super) fn sustained(field: &mut Field<'_>, section: &mut Section) -> io::Result<()> {
    let (waiting, rounds) = match field.plan.small {
        true => (WAITING_SMALL, 1),
        false => (WAITING, ROUNDS),
    };
    let schools: Vec<usize> = (0..field.abonnementen.len()).collect();
    let each = waiting / schools.len();
    let (mut rates, mut bare_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut worked = Vec::new();
    for round in 0..rounds {
        if round > 0 {
            field.set_status(AbonnementStatus::Gepauzeerd)?;
            sleep(HEARD);
        }
        let before = field.laatste()?;
        field.receiver.take();
        field.pile_up(&schools, each)?;
        field.receiver.gather(field.together);
        let one = work_off(field, each * schools.len(), |field| {
            field.set_status(AbonnementStatus::Actief)
        })?;
        field.receiver.gather(field.together);
        let bare = bare(field, &before, each * schools.len())?;
        rates.push(one.rate);
        bare_rates.push(bare);
        ratios.push(one.rate / bare);
        worked.push(one);
    }
    let ratios = Spread::of(ratios);
    section.figure(
        format!("deliveries a second, {waiting} waiting"),
        Spread::of(rates).show(0),
    );
    section.figure(
        "the same messages by the same client without a queue, a second",
        Spread::of(bare_rates).show(0),
    );
    section.against(
        "deliveries against messages without a queue",
        ratios.show(2),
        format!("≥ {TARGET}"),
        ratios.median >= TARGET,
    );
    let microseconds = |of: fn(&Worked) -> Duration| {
        Spread::of(
            worked
                .iter()
                .map(|one| of(one).as_secs_f64() * 1e6)
                .collect(),
        )
    };
    section.figure(
        "processor time of a delivery in the node and in PostgreSQL, µs",
        format!(
            "{} and {}",
            microseconds(|one| one.node).show(0),
            microseconds(|one| one.database).show(0)
        ),
    );
    told_again(worked.iter().map(|one| one.again).sum(), section);
    let memory = worked.iter().map(|one| one.memory).max_by_key(|m| m.max);
    let memory = memory.ok_or_else(|| io::Error::other("there was no round"))?;
    section.figure(
        "resident memory of the node meanwhile: start, most and end, MiB",
        memory.show(),
    );
    Ok(())
}

/// Figures of one endpoint that is ill for a weekend.
pub(super) fn weekend(field: &mut Field<'_>, section: &mut Section) -> io::Result<()> {
    let waiting = match field.plan.small {
        true => WEEKEND_SMALL,
        false => WEEKEND,
    };
    field.receiver.set_ill(true);
    let before = field.laatste()?;
    let resident = field.node.server.memory_kib("VmRSS:")? / 1024;
    field.receiver.take();
    field.pile_up(&[0], waiting)?;
    let worked = work_off(field, waiting, |field| {
        field.receiver.set_ill(false);
        retry(field)
    })?;
    let bare = bare(field, &before, waiting)?;
    section.figure(
        format!("a weekend of {waiting} deliveries after the endpoint heals, seconds"),
        format!("{:.1}", worked.took.as_secs_f64()),
    );
    section.against(
        "deliveries a second meanwhile, against messages without a queue",
        format!(
            "{:.0} and {bare:.0}: {:.2}",
            worked.rate,
            worked.rate / bare
        ),
        format!("≥ {TARGET}"),
        worked.rate >= TARGET * bare,
    );
    told_again(worked.again, section);
    #[expect(clippy::cast_precision_loss, reason = "MiB are far below 2^52")]
    let growth = worked.memory.max as f64 / worked.memory.start as f64;
    section.figure(
        "resident memory of the node before so many leerbedrijven changed, MiB",
        resident.to_string(),
    );
    section.against(
        "resident memory of the node with that backlog: start, most and end, MiB; most, against the start",
        format!("{}; {growth:.2} times", worked.memory.show()),
        format!("≤ {TARGET_GROWTH} times"),
        growth <= TARGET_GROWTH,
    );
    Ok(())
}

fn told_again(again: usize, section: &mut Section) {
    if again > 0 {
        section.circumstance(format!("{again} messages came more than once"));
    }
}

/// As an operator tells the node that an endpoint is well again.
fn retry(field: &Field<'_>) -> io::Result<()> {
    let retried = Command::new(&field.plan.folder.stagepoort)
        .args(["push", "retry"])
        .arg(field.abonnementen[0].id.to_string())
        .args(["--reden", "hersteld", "--opslag"])
        .arg(field.database.url(super::NAME))
        .output()?;
    match retried.status.success() {
        true => Ok(()),
        false => Err(io::Error::other("the endpoint was not tried again")),
    }
}

/// Waits for so many messages, and for what is written of them. Those that came before `begin` count, but
/// not for the rate.
fn work_off<'p>(
    field: &mut Field<'p>,
    count: usize,
    begin: impl FnOnce(&mut Field<'p>) -> io::Result<()>,
) -> io::Result<Worked> {
    let resident =
        |field: &Field<'_>| Ok::<_, io::Error>(field.node.server.memory_kib("VmRSS:")? / 1024);
    let start = resident(field)?;
    let cpu = (field.node.server.cpu()?, field.database.cpu()?);
    let begun = Instant::now();
    begin(field)?;
    let mut max = start;
    let mut progress = (0, Instant::now());
    loop {
        max = max.max(resident(field)?);
        let came = field.receiver.count();
        if came >= count {
            break;
        }
        if came > progress.0 {
            progress = (came, Instant::now());
        }
        if progress.1.elapsed() > PATIENCE {
            let why = format!("of {count} messages {came} came, and no more");
            return Err(io::Error::other(why));
        }
        sleep(LOOK);
    }
    field.settle()?;
    let (mut came, again) = field.receiver.take();
    came.retain(|_, at| *at >= begun);
    let (first, last) = ends(&came)?;
    let each = u32::try_from(count).map_err(io::Error::other)?;
    let end = resident(field)?;
    Ok(Worked {
        took: last - begun,
        rate: rate(&came, first, last),
        again,
        node: (field.node.server.cpu()? - cpu.0) / each,
        database: (field.database.cpu()? - cpu.1) / each,
        memory: Memory {
            start,
            max: max.max(end),
            end,
        },
    })
}

/// Messages behind these numbers once more, by a client without a queue: how many a second.
fn bare(field: &Field<'_>, from: &[Laatste], count: usize) -> io::Result<f64> {
    field.receiver.take();
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", "--settings"]).arg(&field.settings);
    for ((abonnement, before), after) in field.abonnementen.iter().zip(from).zip(field.laatste()?) {
        if after.laatste_volgnummer > before.laatste_volgnummer {
            command.arg(format!("{}:{}", abonnement.id, before.laatste_volgnummer));
        }
    }
    measure(&mut command)?;
    let (came, _) = field.receiver.take();
    if came.len() != count {
        let why = format!("of {count} messages without a queue {} came", came.len());
        return Err(io::Error::other(why));
    }
    let (first, last) = ends(&came)?;
    Ok(rate(&came, first, last))
}

/// When the first message came, and the last.
fn ends(came: &HashMap<Uuid, Instant>) -> io::Result<(Instant, Instant)> {
    let first = came.values().min().copied();
    let last = came.values().max().copied();
    first
        .zip(last)
        .ok_or_else(|| io::Error::other("nothing came"))
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn rate(came: &HashMap<Uuid, Instant>, first: Instant, last: Instant) -> f64 {
    (came.len() - 1) as f64 / (last - first).as_secs_f64()
}
