//! PostgreSQL's side by itself: its answers against a plain scan, and its figures. No gateway is
//! needed, so that the SQL can be worked on alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use stagepoort::clock::{Clock, SystemClock};

use super::{
    asking::{self, CONNECTIONS, waits},
    load,
    places::Places,
    question::{Klasse, Recorded},
    record,
    register::Register,
    scan,
    sql::Depth,
    theirs::{Bound, Postgres, choose_plans},
};
use crate::{
    database::{Database, Purpose},
    process::{CLIENT_CORE, pin_self},
    report::say,
};

/// Questions of a class that are scanned for.
const SCANNED: usize = 40;

/// How long each class is asked.
const LEAST: Duration = Duration::from_millis(1_000);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The levering, as the section national makes it
    levering: PathBuf,
    /// Where the recorded questions are, or go
    #[arg(long)]
    vragen: PathBuf,
    /// Where the plan of the first question of every class goes
    #[arg(long)]
    plannen: Option<PathBuf>,
}

/// Loads, compares and measures.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    let register = Register::read(&args.levering, SystemClock.now())?;
    let places = Places::of(&register);
    let recorded = record::questions(&args.vragen, &register)?;
    let database = Database::start(Purpose::Questions)?;
    load::load(&mut database.connect()?, &register, &places)?;
    let bound = Arc::new(Bound::of(&recorded, &register, &places, "")?);
    let mut askers = (0..CONNECTIONS)
        .map(|_| Postgres::connect(&database, &bound))
        .collect::<io::Result<Vec<_>>>()?;
    pin_self(&[CLIENT_CORE])?;
    for klasse in Klasse::ALL {
        let questions = of_class(&recorded, klasse);
        let (wrong, hits) = disagreements(&recorded, &questions, &register, &places, &mut askers)?;
        say(&format!(
            "{}: {wrong} of {} totals differ from a scan; {hits} hits in the median",
            klasse.name(),
            questions.len().min(SCANNED),
        ));
        if let Some(folder) = &args.plannen {
            explain(folder, klasse, questions[0], &mut askers[0])?;
        }
        for depth in [Depth::Whole, Depth::Keys] {
            figures(&database, &questions, depth, &mut askers)?;
        }
    }
    Ok(())
}

/// The numbers of the questions of one class.
pub(crate) fn of_class(recorded: &[Recorded], klasse: Klasse) -> Vec<usize> {
    let all = recorded.iter().enumerate();
    all.filter(|(_, one)| one.klasse == klasse)
        .map(|(nth, _)| nth)
        .collect()
}

/// How many totals differ from those of a scan, and the median total.
fn disagreements(
    recorded: &[Recorded],
    questions: &[usize],
    register: &Register,
    places: &Places,
    askers: &mut [Postgres],
) -> io::Result<(usize, usize)> {
    let mut wrong = 0;
    let mut totals = Vec::new();
    for nth in questions.iter().take(SCANNED) {
        let expected = scan::hits(&recorded[*nth].vraag, register, places)?;
        let (totaal, page) = askers[0].page(*nth)?;
        let known = |id: &i32| expected.contains(&id.cast_unsigned());
        if usize::try_from(totaal).ok() != Some(expected.len()) || !page.iter().all(known) {
            wrong += 1;
            say(&format!(
                "  {}: {totaal}, a scan finds {}",
                serde_json::to_string(&recorded[*nth].vraag)?,
                expected.len()
            ));
        }
        totals.push(expected.len());
    }
    totals.sort_unstable();
    Ok((wrong, totals[totals.len() / 2]))
}

fn figures(
    database: &Database,
    questions: &[usize],
    depth: Depth,
    askers: &mut [Postgres],
) -> io::Result<()> {
    for asker in &mut *askers {
        asker.depth = depth;
    }
    let plans = choose_plans(&mut askers[0], &questions[..questions.len().min(20)])?;
    for asker in &mut *askers {
        asker.plan(plans)?;
    }
    asking::pass(askers, questions)?;
    let round = asking::round(database, askers, questions, LEAST)?;
    let waits = waits(&mut askers[0], questions, LEAST)?;
    say(&format!(
        "  {depth:?}, {}: {:.3} ms of processor time a question, waits {}",
        plans.name(),
        round.cpu.as_secs_f64() * 1e3,
        waits.show(),
    ));
    Ok(())
}

fn explain(folder: &Path, klasse: Klasse, nth: usize, asker: &mut Postgres) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    asker.depth = Depth::Whole;
    let plan = asker.explain(nth)?;
    fs::write(folder.join(format!("{}.txt", klasse.name())), plan)
}
