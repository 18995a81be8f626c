//! Importing a levering: wholly or not at all (domain §5).
//!
//! Lines are read and checked on a thread ([`feed`]), compared with what the register has, party
//! by party ([`compare`]), and only what changed is staged ([`stage`]); the three go on beside each
//! other. When the last line was right, what a VOLLEDIG levering no longer has is ended ([`absent`]),
//! the guards are asked ([`guard`]), and one short commit makes it all visible.

mod absent;
mod again;
mod bpvo;
mod change;
mod compare;
mod equivalenten;
mod feed;
mod guard;
mod leerbedrijf;
mod levering_record;
mod overtaken;
mod perioden;
mod postcodes;
mod report;
mod stage;
#[cfg(test)]
mod tests;

pub use again::{FromStart, import_again};
pub use guard::{Shrink, ShrunkCode};
pub use levering_record::LeveringRecord;
pub use postcodes::{PostcodesError, PostcodesReport, compare_postcodes, import_postcodes};
pub use report::{Applied, Progress, Report, Tallies, Tally};

use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
    sync::Arc,
    time::Duration,
};

use super::{
    levering::{
        Content, LeveringError, LeveringSoort, Line as LeveringLine, MAX_LEVERING_BYTES, Summary,
        Voorloop,
    },
    set_aside::{Share, write_set_aside},
};
use crate::{
    clock::Clock,
    domain::{Bewaartermijn, InvalidDatum, RegisterVersie},
    log::{self, Inhoud, LogStore, Sleutel, Soort, StoreError},
};
use compare::Run;
use feed::Feed;
use perioden::Moment;
use stage::Stage;

/// What an operator may decide.
pub struct Options<'a> {
    /// Share of the lines that may be set aside.
    pub maximaal_afgekeurd: Share,
    /// Lets a levering through that the guards would refuse.
    pub toestaan_krimp: bool,
    /// Most bytes of the levering, once it is unpacked.
    pub maximale_bytes: u64,
    /// A bpvo that is over for longer is not taken up where it does not stand.
    pub bpvo_bewaring: Bewaartermijn,
    /// Gets a line `{regel, veld, reden}` for every violation.
    pub rapport: Option<&'a mut (dyn Write + Send)>,
}

/// What applies where the operator says nothing.
impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            maximaal_afgekeurd: Share::DEFAULT,
            toestaan_krimp: false,
            maximale_bytes: MAX_LEVERING_BYTES,
            bpvo_bewaring: Bewaartermijn::DEFAULT,
            rapport: None,
        }
    }
}

/// Why a levering was not applied. Nothing of it is visible then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The levering is not whole or not right.
    #[error("the levering is refused")]
    Levering(#[from] LeveringError),
    /// More bad lines than may be set aside.
    #[error(
        "the levering is refused: {afgekeurd} of {totaal} lines are bad, at most {most} may be set aside"
    )]
    TooManyBadLines {
        /// Bad lines.
        afgekeurd: u64,
        /// All lines of objects.
        totaal: u64,
        /// How many may be bad.
        most: u64,
    },
    /// It would end too much.
    #[error("the levering is refused: {0}. Use --toestaan-krimp if that is right")]
    Shrink(Shrink),
    /// More equivalences than can be.
    #[error("the levering is refused: it has more than {most} lines of soort equivalent")]
    TooManyEquivalents {
        /// How many there may be.
        most: usize,
    },
    /// A bpvo that this levering was about to change was taken back by its school, or left because it is over for
    /// too long. Importing again helps.
    #[error("a bpvo left the register while it was being imported; import the levering again")]
    Overtaken,
    /// The report of bad lines could not be written.
    #[error("the report of bad lines could not be written")]
    Rapport(#[source] io::Error),
    /// The clock of this machine is far off.
    #[error("the clock of this machine is not right")]
    Clock(#[source] InvalidDatum),
    /// A stored value cannot be read, or a new one not written.
    #[error("a value in the register cannot be read or written")]
    Value(#[from] postcard::Error),
    /// The store could not do it.
    #[error("the register could not be written")]
    Store(#[from] StoreError),
}

impl ImportError {
    /// Whether it is the levering that is not right, and the same one will be refused again. The
    /// rest may go better at another time.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Levering(LeveringError::Read(_)) => false,
            Self::Levering(_)
            | Self::TooManyBadLines { .. }
            | Self::Shrink(_)
            | Self::TooManyEquivalents { .. } => true,
            _ => false,
        }
    }
}

/// Whether the register has this levering.
///
/// # Errors
/// [`StoreError`], when it cannot be asked.
pub async fn is_applied(store: &dyn LogStore, levering_id: &str) -> Result<bool, StoreError> {
    let sleutel = Sleutel::levering(levering_id);
    let found = store.current(Soort::Levering, &[sleutel]).await?;
    Ok(!found.is_empty())
}

/// Reads a levering and publishes it as one commit.
///
/// The moment of registration is the clock's at the start. A source that does not say when it
/// changed an object gets that moment, if the object did change.
///
/// # Errors
/// [`ImportError`]; nothing is published then, and what was staged is thrown away. The same goes
/// for dropping the future.
pub async fn import<R: Read + Send + 'static>(
    store: &Arc<dyn LogStore>,
    input: R,
    mut options: Options<'_>,
    clock: &dyn Clock,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    let begin = clock.now();
    let moment = Moment {
        dag: begin.datum().map_err(ImportError::Clock)?,
        tijdstip: begin,
    };
    let mut feed = Feed::start(input, begin, options.maximale_bytes);
    let voorloop = feed.voorloop().await?;
    if let Some(versie) = applied_as(store, &voorloop.levering_id, clock).await? {
        store.forget_superseded().await?;
        return Ok(Report::AlreadyApplied {
            levering_id: voorloop.levering_id,
            versie,
        });
    }
    let mut stage = Stage::open(store).await?;
    let staged = stage_all(
        store,
        &mut stage,
        feed,
        &voorloop,
        moment,
        &mut options,
        progress,
    )
    .await;
    let (mut run, record) = match staged {
        Ok(staged) => staged,
        Err(error) => {
            stage.give_up().await;
            return Err(error);
        }
    };
    let commit = publish(&mut stage, &mut run, clock).await?;
    let tijdlijn = store.head().await?.tijdlijn;
    store.forget_superseded().await?;
    let duur = clock.now().as_millis().saturating_sub(begin.as_millis());
    Ok(Report::Applied(Box::new(Applied {
        levering: record,
        versie: RegisterVersie {
            tijdlijn,
            nummer: commit.nummer,
        },
        objecten: run.objecten,
        mutaties: run.mutaties,
        niet_beeindigd: run.not_ended,
        bpvos_voorbij: run.bpvos_over,
        duur: Duration::from_millis(u64::try_from(duur).unwrap_or(0)),
    })))
}

/// Publishes what was staged. Where schools wrote meanwhile, what they touched is looked at once more,
/// so that what was acknowledged to them is never written over.
async fn publish(
    stage: &mut Stage,
    run: &mut Run<'_>,
    clock: &dyn Clock,
) -> Result<log::CommitInfo, ImportError> {
    /// Looking takes milliseconds, and writes of schools come less often.
    const TRIES: usize = 1_000;
    let request_id = change::request_id(&run.voorloop.levering_id);
    for _ in 0..TRIES {
        let seen = run.overtaken().await?;
        stage.add(run.take_lines()).await?;
        match stage.publish(request_id, clock.now(), Some(seen)).await {
            Err(StoreError::Overtaken { .. }) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(ImportError::Overtaken)
}

async fn stage_all<'a>(
    store: &'a Arc<dyn LogStore>,
    stage: &mut Stage,
    mut feed: Feed,
    voorloop: &'a Voorloop,
    moment: Moment,
    options: &mut Options<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Run<'a>, LeveringRecord), ImportError> {
    let grens = options.bpvo_bewaring.grens(moment.dag);
    let mut run = Run::begin(store.as_ref(), voorloop, moment, grens).await?;
    let mut done = Progress::default();
    while let Some(lines) = feed.next().await? {
        for line in &lines {
            note_progress(&mut done, line);
            if let (Content::SetAside(aside), Some(rapport)) =
                (&line.content, options.rapport.as_mut())
            {
                write_set_aside(rapport, line.nummer, aside).map_err(ImportError::Rapport)?;
            }
        }
        run.party(lines).await?;
        stage.add(run.take_lines()).await?;
        progress(done);
    }
    if let Some(rapport) = options.rapport.as_mut() {
        rapport.flush().map_err(ImportError::Rapport)?;
    }
    let summary = feed.summary()?;
    check_share(&summary, options.maximaal_afgekeurd)?;
    run.equivalenten(&summary.seen).await?;
    if voorloop.levering_soort == LeveringSoort::Volledig {
        run.absent(stage, &summary).await?;
        let announced: BTreeSet<_> = voorloop.aangekondigde_conversies.iter().copied().collect();
        if !options.toestaan_krimp {
            run.guard.check(&announced).map_err(ImportError::Shrink)?;
        }
    }
    let record = record(voorloop, moment, &summary);
    run.lines.push(log::Line {
        soort: Soort::Levering,
        sleutel: Sleutel::levering(&record.levering_id),
        inhoud: Inhoud::Gezet(postcard::to_stdvec(&record)?),
    });
    stage.add(run.take_lines()).await?;
    Ok((run, record))
}

fn note_progress(done: &mut Progress, line: &LeveringLine) {
    done.regels = line.nummer;
    match &line.content {
        Content::Object(super::Object::Leerbedrijf(..)) => done.leerbedrijven += 1,
        Content::SetAside(_) => done.afgekeurd += 1,
        Content::Object(_) | Content::Gone(_) => {}
    }
}

fn check_share(summary: &Summary, share: Share) -> Result<(), ImportError> {
    let totaal = summary.aantallen.totaal();
    let most = share.of(totaal);
    if summary.afgekeurd > most {
        return Err(ImportError::TooManyBadLines {
            afgekeurd: summary.afgekeurd,
            totaal,
            most,
        });
    }
    Ok(())
}

fn record(voorloop: &Voorloop, moment: Moment, summary: &Summary) -> LeveringRecord {
    LeveringRecord {
        levering_id: voorloop.levering_id.clone(),
        levering_soort: voorloop.levering_soort,
        aanmaak_tijdstip: voorloop.aanmaak_tijdstip,
        bron: voorloop.bron.clone(),
        geregistreerd_op: moment.tijdstip,
        sha256: summary.sha256,
        aantallen: summary.aantallen,
        afgekeurd: summary.afgekeurd,
    }
}

/// The version under which this levering was applied before, if it was.
async fn applied_as(
    store: &Arc<dyn LogStore>,
    levering_id: &str,
    clock: &dyn Clock,
) -> Result<Option<RegisterVersie>, StoreError> {
    if !is_applied(store.as_ref(), levering_id).await? {
        return Ok(None);
    }
    // The same request again: the store answers with the commit that it made then.
    let request_id = change::request_id(levering_id);
    let commit = store.append(request_id, clock.now(), Vec::new()).await?;
    Ok(Some(RegisterVersie {
        tijdlijn: store.head().await?.tijdlijn,
        nummer: commit.nummer,
    }))
}
