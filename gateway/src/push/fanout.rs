//! Numbers what each subscription must hear (domain §4).
//!
//! One cursor in the database says up to where the log was fanned out. Any node may take the next
//! step: numbers and cursor move in one transaction that counts only if the cursor still stood where
//! the step began. So nothing is told twice or left out, whichever node dies when.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    Abonnement, Inhoud, PushStore,
    feed::{GemeldeStatus, mutatie_id, mutatie_id_of_bpvo},
    relatie::{BekendEinde, Geraakt, Relatie, may_hear},
    store::{Cursor, FanoutStart, NieuweMelding},
};
use crate::{
    access::{Access, Toegang},
    clock::Clock,
    domain::{Code, Mutatie, MutatieSoort, Oin, RegisterVersie, Tijdstip},
    log::{self, CommitInfo, Line, LogStore, Soort, StoreError},
    operations::Rules,
    replica::{Replica, View},
};

/// Lines of the log that one step reads at most.
const MAX_LINES: u64 = 4_000;

/// Commits that one step reads at most.
const MAX_COMMITS: u32 = 256;

/// A step ends behind the line with which it has this many meldingen.
const MAX_NIEUW: usize = 2_000;

/// What a fan-out works with.
#[derive(Clone)]
pub struct FanoutParts {
    /// Where subscriptions and numbers stand.
    pub store: Arc<dyn PushStore>,
    /// The register as this node has it.
    pub replica: Arc<Replica>,
    /// Mandates: a school hears through whom it gave one.
    pub access: Arc<Access>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// By which a loss of erkenning is judged.
    pub rules: Rules,
}

/// Follows the log and numbers.
pub struct Fanout {
    parts: FanoutParts,
    /// As it stood at the last step.
    cursor: Cursor,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stap {
    /// Nothing is left that this node has.
    Bij,
    /// Nobody has a subscription, so nothing is told of what was left.
    Niemand,
    /// So much was numbered, by kind; there may be more.
    Verder(Vec<MutatieSoort>),
    /// Another node took this step, or a subscription changed meanwhile: look again.
    Ingehaald,
    /// This node does not know well enough who may hear: its register or toegang is not loaded, or
    /// toegang is too old.
    Wacht,
}

/// Why a step could not be taken; the next one tries again.
#[derive(Debug, thiserror::Error)]
pub enum FanoutError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A line of the log cannot be read: a bug, never data.
    #[error("a line of commit {nummer} cannot be read")]
    Line {
        /// Which commit.
        nummer: u64,
        /// Why.
        #[source]
        source: postcard::Error,
    },
    /// The judging broke off: a bug.
    #[error("the judging broke off")]
    Judging(#[from] tokio::task::JoinError),
}

impl Fanout {
    /// With these parts.
    #[must_use]
    pub fn new(parts: FanoutParts) -> Self {
        let cursor = Cursor::default();
        Self { parts, cursor }
    }

    /// How many commits that this node has were not fanned out at the last step.
    #[must_use]
    pub fn achterstand(&self) -> u64 {
        let head = self.parts.replica.view().versie().nummer;
        (head + 1).saturating_sub(self.cursor.nummer.max(1))
    }

    /// Takes the next lines of the log, which must be that of the same database.
    ///
    /// # Errors
    /// [`FanoutError`]; nothing was done then.
    pub async fn step(&mut self, log: &dyn LogStore) -> Result<Stap, FanoutError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let view = parts.replica.view();
        let start = parts.store.fanout_start().await?;
        self.cursor = start.cursor;
        let head = view.versie();
        if start.cursor.nummer > head.nummer {
            return Ok(Stap::Bij);
        }
        if !view.is_loaded() || parts.access.is_too_old(now) {
            return Ok(Stap::Wacht);
        }
        if start.abonnementen.is_empty() {
            let to = behind(head.nummer);
            let moved = parts.store.fan_out(&start, to, &[]).await?;
            return Ok(self.moved(moved, to, Stap::Niemand));
        }
        let piece = read(log, start.cursor, head).await?;
        if piece.to == start.cursor {
            return Ok(Stap::Bij);
        }
        let judging = Judging {
            view,
            rules: parts.rules,
            toegang: parts.access.current(),
            now,
            start,
        };
        let (start, made) = tokio::task::spawn_blocking(move || {
            let made = judging.judge(&piece);
            (judging.start, made)
        })
        .await?;
        let Made { nieuw, to } = made?;
        let moved = parts.store.fan_out(&start, to, &nieuw).await?;
        let soorten = nieuw.iter().map(|melding| melding.inhoud.mutatie_soort);
        Ok(self.moved(moved, to, Stap::Verder(soorten.collect())))
    }

    fn moved(&mut self, moved: bool, to: Cursor, stap: Stap) -> Stap {
        if !moved {
            return Stap::Ingehaald;
        }
        self.cursor = to;
        stap
    }
}

/// Lines of the log that belong together: whole commits, or a part of one.
struct Piece {
    lines: Vec<Placed>,
    /// Where the next piece begins.
    to: Cursor,
}

/// A line that matters, and its place.
struct Placed {
    at: Cursor,
    commit: CommitInfo,
    line: Line,
}

fn behind(nummer: u64) -> Cursor {
    Cursor {
        nummer: nummer + 1,
        regel: 0,
    }
}

/// Reads on from the cursor, no further than this version. Commits of another tijdlijn wait until
/// the follower has taken it up: until then they are not what this node judges by.
async fn read(log: &dyn LogStore, from: Cursor, head: RegisterVersie) -> Result<Piece, StoreError> {
    let after = from.nummer.saturating_sub(1);
    let mut commits = log.commits_after(after, MAX_COMMITS).await?;
    commits.retain(|commit| commit.nummer <= head.nummer && commit.tijdlijn <= head.tijdlijn);
    let Some(first) = commits.first() else {
        return Ok(Piece {
            lines: Vec::new(),
            to: from,
        });
    };
    if first.regels > MAX_LINES {
        let lines = log.lines(first, from.regel, MAX_LINES as u32).await?;
        let end = from.regel + lines.len() as u64;
        let to = if end >= first.regels || lines.is_empty() {
            behind(first.nummer)
        } else {
            Cursor {
                nummer: first.nummer,
                regel: end,
            }
        };
        let lines = placed(first, from.regel, lines).collect();
        return Ok(Piece { lines, to });
    }
    let mut total = 0;
    let many = commits.iter().take_while(|commit| {
        total += commit.regels;
        total <= MAX_LINES
    });
    let many = many.count();
    commits.truncate(many);
    let to = commits.last().map_or(from, |last| behind(last.nummer));
    let found = log.lines_of(&commits).await?;
    let all = commits.iter().zip(found);
    let lines = all
        .flat_map(|(commit, lines)| placed(commit, 0, lines))
        .filter(|placed| placed.at >= from)
        .collect();
    Ok(Piece { lines, to })
}

/// The lines that may have to be told of.
fn placed(
    commit: &CommitInfo,
    first: u64,
    lines: Vec<Line>,
) -> impl Iterator<Item = Placed> + use<> {
    let commit = commit.clone();
    (first..).zip(lines).filter_map(move |(regel, line)| {
        matches!(line.soort, Soort::Mutatie | Soort::Bpvo).then(|| Placed {
            at: Cursor {
                nummer: commit.nummer,
                regel,
            },
            commit: commit.clone(),
            line,
        })
    })
}

/// What a piece of the log is judged by.
struct Judging {
    view: Arc<View>,
    rules: Rules,
    toegang: Arc<Toegang>,
    now: Tijdstip,
    start: FanoutStart,
}

struct Made {
    nieuw: Vec<NieuweMelding>,
    to: Cursor,
}

/// A mutatie of the piece, and whom it touches.
struct Told {
    mutatie: Mutatie,
    scholen: BTreeMap<Oin, Geraakt>,
}

/// Ends that bpvo's are told of by a mutatie of the piece, and so not once more by themselves.
type Ends<'t> = HashSet<(Oin, &'t str, Code)>;

impl Judging {
    fn judge(&self, piece: &Piece) -> Result<Made, FanoutError> {
        let mutaties = self.mutaties(piece)?;
        let ends = ends(mutaties.iter().flatten());
        let mut nieuw = Vec::new();
        for (placed, told) in piece.lines.iter().zip(&mutaties) {
            if nieuw.len() >= MAX_NIEUW {
                let to = placed.at;
                return Ok(Made { nieuw, to });
            }
            match told {
                Some(told) => self.tell_mutatie(&placed.commit, told, &mut nieuw),
                None => self.tell_known_ends(placed, &ends, &mut nieuw),
            }
        }
        let to = piece.to;
        Ok(Made { nieuw, to })
    }

    fn relatie(&self) -> Relatie<'_> {
        Relatie {
            view: &self.view,
            rules: self.rules,
        }
    }

    /// In the place of each line that is a mutatie, whom it touches.
    fn mutaties(&self, piece: &Piece) -> Result<Vec<Option<Told>>, FanoutError> {
        let of = |placed: &Placed| {
            let (Soort::Mutatie, log::Inhoud::Gezet(content)) =
                (placed.line.soort, &placed.line.inhoud)
            else {
                return Ok(None);
            };
            let mutatie: Mutatie = postcard::from_bytes(content).map_err(|source| {
                let nummer = placed.commit.nummer;
                FanoutError::Line { nummer, source }
            })?;
            let scholen = self.relatie().of_mutatie(&mutatie);
            Ok(Some(Told { mutatie, scholen }))
        };
        piece.lines.iter().map(of).collect()
    }

    fn tell_mutatie(&self, commit: &CommitInfo, told: &Told, nieuw: &mut Vec<NieuweMelding>) {
        let Told { mutatie, scholen } = told;
        for (school, geraakt) in scholen {
            let codes: Vec<Code> = geraakt.codes.iter().copied().chain(mutatie.code).collect();
            let melding = |abonnement: &Abonnement| NieuweMelding {
                abonnement: abonnement.id,
                mutatie_id: mutatie_id(mutatie.mutatie_id, *school),
                leerbedrijf_id: mutatie.leerbedrijf_id,
                school_oin: *school,
                inhoud: inhoud_of_mutatie(commit, mutatie, geraakt.bpvo_kenmerken.clone()),
            };
            let hearing = self.hearing(*school, mutatie.mutatie_soort, &codes);
            nieuw.extend(hearing.map(melding));
        }
    }

    /// Of a bpvo that is new, or was changed: it hears at once of an end that is known already.
    fn tell_known_ends(&self, placed: &Placed, ends: &Ends<'_>, nieuw: &mut Vec<NieuweMelding>) {
        let Placed { commit, line, .. } = placed;
        let written = matches!(line.inhoud, log::Inhoud::Gezet(_));
        let sleutel = (*line.sleutel.0).try_into().ok().filter(|_| written);
        let bpvo = sleutel.and_then(|sleutel| self.view.bpvo(&sleutel));
        let (Some(bpvo), Ok(dag)) = (bpvo, commit.tijdstip.datum()) else {
            return;
        };
        let (school, kenmerk) = (bpvo.school_oin, bpvo.bpvo_kenmerk.as_str());
        for einde in self.relatie().of_bpvo(&bpvo, dag) {
            if ends.contains(&(school, kenmerk, einde.code)) {
                continue;
            }
            let melding = |abonnement: &Abonnement| NieuweMelding {
                abonnement: abonnement.id,
                mutatie_id: id_of_end(&einde, school, kenmerk),
                leerbedrijf_id: einde.leerbedrijf_id,
                school_oin: school,
                inhoud: inhoud_of_end(commit, &einde, kenmerk.to_owned()),
            };
            let soort = MutatieSoort::ErkenningBeeindigd;
            nieuw.extend(self.hearing(school, soort, &[einde.code]).map(melding));
        }
    }

    /// The subscriptions that hear of something at this school.
    fn hearing<'s>(
        &'s self,
        school: Oin,
        soort: MutatieSoort,
        codes: &[Code],
    ) -> impl Iterator<Item = &'s Abonnement> {
        self.start.abonnementen.iter().filter(move |abonnement| {
            abonnement.wants(soort, codes) && may_hear(&self.toegang, abonnement, school, self.now)
        })
    }
}

fn ends<'t>(told: impl Iterator<Item = &'t Told>) -> Ends<'t> {
    let ending = told.filter(|told| told.mutatie.mutatie_soort == MutatieSoort::ErkenningBeeindigd);
    let scholen = ending.flat_map(|told| &told.scholen);
    scholen
        .flat_map(|(school, geraakt)| {
            geraakt.bpvo_kenmerken.iter().flat_map(|kenmerk| {
                let codes = geraakt.codes.iter();
                codes.map(|code| (*school, kenmerk.as_str(), *code))
            })
        })
        .collect()
}

fn id_of_end(einde: &BekendEinde, school: Oin, bpvo_kenmerk: &str) -> Uuid {
    let BekendEinde {
        leerbedrijf_id,
        code,
        einddatum,
        ..
    } = einde;
    let name = format!("einde|{leerbedrijf_id}|{code}|{einddatum}");
    mutatie_id_of_bpvo(&name, school, bpvo_kenmerk)
}

fn register_versie(commit: &CommitInfo) -> RegisterVersie {
    RegisterVersie {
        tijdlijn: commit.tijdlijn,
        nummer: commit.nummer,
    }
}

fn inhoud_of_mutatie(
    commit: &CommitInfo,
    mutatie: &Mutatie,
    bpvo_kenmerken: Vec<String>,
) -> Inhoud {
    Inhoud {
        mutatie_soort: mutatie.mutatie_soort,
        naam: mutatie.naam.clone(),
        opvolger: mutatie.opvolger,
        code: mutatie.code,
        erkenning_status: mutatie.code.map(|_| status_of(mutatie)),
        reden: mutatie.reden,
        startdatum: mutatie.startdatum,
        einddatum: mutatie.einddatum,
        ingangsdatum: mutatie.ingangsdatum,
        geregistreerd_op: mutatie.geregistreerd_op,
        register_versie: register_versie(commit),
        bpvo_kenmerken,
    }
}

/// Of the period that changed, from the ingangsdatum on.
fn status_of(mutatie: &Mutatie) -> GemeldeStatus {
    let dag = mutatie.ingangsdatum;
    let holds = mutatie.startdatum.is_none_or(|start| start <= dag)
        && mutatie.einddatum.is_none_or(|eind| dag <= eind);
    if holds && mutatie.mutatie_soort != MutatieSoort::ErkenningBeeindigd {
        GemeldeStatus::Erkend
    } else {
        GemeldeStatus::NietErkend
    }
}

fn inhoud_of_end(commit: &CommitInfo, einde: &BekendEinde, bpvo_kenmerk: String) -> Inhoud {
    Inhoud {
        mutatie_soort: MutatieSoort::ErkenningBeeindigd,
        naam: einde.naam.clone(),
        opvolger: None,
        code: Some(einde.code),
        erkenning_status: Some(GemeldeStatus::NietErkend),
        reden: einde.reden,
        startdatum: einde.startdatum,
        einddatum: Some(einde.einddatum),
        ingangsdatum: einde.einddatum.plus_days(1),
        geregistreerd_op: commit.tijdstip,
        register_versie: register_versie(commit),
        bpvo_kenmerken: vec![bpvo_kenmerk],
    }
}
