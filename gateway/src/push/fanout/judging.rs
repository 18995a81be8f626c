//! What each subscription hears of a piece of the log.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    FanoutError,
    piece::{Piece, Placed},
};
use crate::{
    access::Toegang,
    domain::{Code, Mutatie, MutatieSoort, Oin, RegisterVersie, Tijdstip},
    log::{self, CommitInfo, Soort},
    operations::Rules,
    push::{
        Abonnement, Inhoud,
        feed::{GemeldeStatus, mutatie_id, mutatie_id_of_bpvo},
        relatie::{BekendEinde, Geraakt, Relatie, may_hear},
        store::{Cursor, FanoutStart, NieuweMelding},
    },
    replica::View,
};

/// A step ends behind the line with which it has this many meldingen.
const MAX_NIEUW: usize = 2_000;

/// What a piece of the log is judged by.
pub(super) struct Judging {
    pub(super) view: Arc<View>,
    pub(super) rules: Rules,
    pub(super) toegang: Arc<Toegang>,
    pub(super) now: Tijdstip,
    pub(super) start: FanoutStart,
}

pub(super) struct Made {
    pub(super) nieuw: Vec<NieuweMelding>,
    pub(super) to: Cursor,
}

/// A mutatie of the piece, and whom it touches.
struct Told {
    mutatie: Mutatie,
    scholen: BTreeMap<Oin, Geraakt>,
}

/// Ends that bpvo's are told of by a mutatie of the piece, and so not once more by themselves.
type Ends<'t> = HashSet<(Oin, &'t str, Code)>;

impl Judging {
    pub(super) fn judge(&self, piece: &Piece) -> Result<Made, FanoutError> {
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
