//! `stagepoort push …`: what subscriptions hear and how their endpoints do, and what an operator can
//! do about it. Everything that changes something is written down with who and why.

mod act;
mod show;

use std::{process::ExitCode, str::FromStr, sync::Arc};

use clap::{Args, Subcommand};

use super::{abonnement_id, fail, oin, opslag::OpslagArgs, runtime};
use crate::{
    domain::{Oin, Tijdstip},
    push::{Abonnement, AbonnementId, PushStore, open_push, store::Keuze},
    telemetry::chain,
};

#[derive(Debug, Subcommand)]
pub(super) enum PushCommand {
    /// List subscriptions: how far each is, what waits, since when an endpoint fails
    List(ListArgs),
    /// Show one subscription, its last attempts, and what operators did
    Show(ShowArgs),
    /// Try everything that waits at once, as if it never failed
    ///
    /// For an endpoint that was mended: it need not wait for the next attempt. A push that was
    /// stopped is taken up by `push resume`.
    Retry(OneArgs),
    /// Deliver again what was delivered, or what is a dead letter
    ///
    /// Each keeps its number and mutatieId, so that a receiver can tell that it knows it. What was
    /// dropped stays dropped.
    Replay(ReplayArgs),
    /// Hold the push: mutaties are numbered and wait
    ///
    /// The subscriber sees that it is paused and why, and can resume it as well.
    Pause(OneArgs),
    /// Take up a push that was paused or stopped, from where it was
    ///
    /// One that was stopped first proves its endpoint again.
    Resume(OneArgs),
    /// Give up on what waits or is a dead letter: a marker takes the place of each
    ///
    /// The subscriber still gets the number, as a mutatie of soort VERVALLEN without contents. This
    /// cannot be undone.
    Drop(DropArgs),
}

/// Ends of every --help here.
const CODES: &str = "Exit codes: 0 done; 1 it could not be done, and standard error says why; 2 wrong \
                     arguments; 3 not confirmed, and nothing was done.";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct ListArgs {
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Only those of this afnemer
    #[arg(long, value_name = "OIN", value_parser = oin)]
    afnemer: Option<Oin>,
    /// Also those that were ended
    #[arg(long)]
    alle: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct ShowArgs {
    /// The abonnementId
    #[arg(value_parser = abonnement_id)]
    abonnement: AbonnementId,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Attempts for this number alone
    #[arg(long)]
    volgnummer: Option<u64>,
    /// How many attempts, the newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pogingen: u32,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct OneArgs {
    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct DropArgs {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    which: Which,
    /// Everything that waits
    #[arg(long, group = "keuze")]
    wacht: bool,
    /// Do not ask; needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

/// Which subscription, and who does it why.
#[derive(Debug, Args)]
struct Who {
    /// The abonnementId
    #[arg(value_parser = abonnement_id)]
    abonnement: AbonnementId,
    #[command(flatten)]
    opslag: OpslagArgs,
    /// Why, for those who look later; the subscriber of a paused push sees it too
    #[arg(long, value_name = "TEXT", value_parser = reden)]
    reden: String,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

/// Which numbers.
#[derive(Debug, Args)]
#[group(id = "keuze", required = true, multiple = false)]
struct Which {
    /// These: one, or from-to, both inclusive
    #[arg(long, value_name = "N|N-N", value_parser = nummers)]
    nummers: Option<Keuze>,
    /// Registered between two moments, both inclusive, such as
    /// 2026-11-20T00:00:00Z/2026-11-22T06:00:00Z
    #[arg(long, value_name = "FROM/TO", value_parser = periode)]
    periode: Option<Keuze>,
    /// Every dead letter
    #[arg(long)]
    dood: bool,
}

impl Which {
    /// What was chosen; what waits when nothing else was.
    fn keuze(&self) -> Keuze {
        let rest = if self.dood { Keuze::Dood } else { Keuze::Wacht };
        self.nummers.or(self.periode).unwrap_or(rest)
    }
}

pub(super) fn run(command: PushCommand) -> ExitCode {
    runtime(async {
        let done = match command {
            PushCommand::List(args) => show::list(&args).await,
            PushCommand::Show(args) => show::one(&args).await,
            PushCommand::Retry(args) => act::retry(&args.who).await,
            PushCommand::Replay(args) => act::replay(&args.who, args.which.keuze()).await,
            PushCommand::Pause(args) => act::pause(&args.who).await,
            PushCommand::Resume(args) => act::resume(&args.who).await,
            PushCommand::Drop(args) => act::give_up(&args).await,
        };
        done.unwrap_or_else(fail)
    })
}

/// The queue, in a database that is there.
async fn open(args: &OpslagArgs) -> Result<Arc<dyn PushStore>, String> {
    let opslag = args.opslag()?;
    if !opslag.is_there() {
        return Err(format!("there is no database {opslag}"));
    }
    open_push(&opslag).await.map_err(|error| chain(&error))
}

/// The subscription, which must be there.
async fn known(store: &dyn PushStore, id: AbonnementId) -> Result<Abonnement, String> {
    let found = store.abonnement(id).await.map_err(|error| chain(&error))?;
    found.ok_or_else(|| {
        format!("there is no subscription {id}: see `stagepoort push list` for those there are")
    })
}

fn reden(text: &str) -> Result<String, String> {
    /// Longer texts do not show in a list.
    const MAX: usize = 200;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX || text.chars().any(char::is_control) {
        return Err(format!("give 1 to {MAX} characters on one line"));
    }
    Ok(text.to_owned())
}

fn nummers(text: &str) -> Result<Keuze, String> {
    let (van, tot) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| u64::from_str(text.trim()).ok().filter(|number| *number > 0);
    match (number(van), number(tot)) {
        (Some(van), Some(tot)) if van <= tot => Ok(Keuze::Nummers(van, tot)),
        _ => Err("give a number from 1, or two with a hyphen, the lower one first".to_owned()),
    }
}

fn periode(text: &str) -> Result<Keuze, String> {
    let moments = text.split_once('/').and_then(|(van, tot)| {
        let moment = |text: &str| Tijdstip::parse(text.trim()).ok();
        Some((moment(van)?, moment(tot)?))
    });
    match moments {
        Some((van, tot)) if van <= tot => Ok(Keuze::Tijd(van, tot)),
        _ => Err(
            "give two moments with a slash, the earlier one first: 2026-11-20T00:00:00Z/2026-11-22T06:00:00Z"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_periods_are_read_and_refused() {
        assert_eq!(nummers("7"), Ok(Keuze::Nummers(7, 7)));
        assert_eq!(nummers("7-12"), Ok(Keuze::Nummers(7, 12)));
        for wrong in ["", "0", "x", "12-7", "-7", "7-"] {
            assert!(nummers(wrong).is_err(), "{wrong}");
        }
        let moment = |text| Tijdstip::parse(text).unwrap();
        assert_eq!(
            periode("2026-11-20T00:00:00Z/2026-11-20T02:00:00+01:00"),
            Ok(Keuze::Tijd(
                moment("2026-11-20T00:00:00Z"),
                moment("2026-11-20T01:00:00Z")
            ))
        );
        for wrong in [
            "",
            "2026-11-20",
            "2026-11-20T00:00:00Z",
            "2026-11-20T02:00:00Z/2026-11-20T01:00:00Z",
        ] {
            assert!(periode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reason_is_one_line_of_some_characters() {
        assert_eq!(reden(" endpoint moved "), Ok("endpoint moved".to_owned()));
        for wrong in ["", "  ", "two\nlines", &"x".repeat(201)] {
            assert!(reden(wrong).is_err());
        }
    }
}
