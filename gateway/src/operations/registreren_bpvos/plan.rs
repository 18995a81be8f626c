//! What a wish of a school changes: a function of what is there, with no I/O.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{Bpvo, BpvoInhoud, Datum, Oin},
    log::{Inhoud, Line, Sleutel, Soort},
};

/// What a school wants its list to be.
#[derive(Clone)]
pub(super) struct Wens {
    /// Whose list.
    pub(super) school_oin: Oin,
    /// What must be in it, by key.
    pub(super) zet: Vec<(String, BpvoInhoud)>,
    /// What must not.
    pub(super) weg: Weg,
    /// What was over before this day is not taken up where it does not stand.
    pub(super) grens: Option<Datum>,
}

/// What a school no longer wants in its list.
#[derive(Clone)]
pub(super) enum Weg {
    /// Nothing.
    Niets,
    /// This one.
    Kenmerk(String),
    /// All that is not set, but for these: what a refused line names stays as it is.
    Rest(HashSet<String>),
}

/// How much of a school's list changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = BpvoTelling)]
pub struct Telling {
    /// Hoeveel bpvo's er bij kwamen.
    pub toegevoegd: u32,
    /// Hoeveel er veranderden.
    pub gewijzigd: u32,
    /// Hoeveel de school er niet meer heeft.
    pub verwijderd: u32,
    /// Hoeveel er al net zo stonden.
    pub ongewijzigd: u32,
}

/// The lines that do it.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) lines: Vec<Line>,
    pub(super) telling: Telling,
}

impl Wens {
    /// The keys of what it names.
    pub(super) fn sleutels(&self, key_of: &impl Fn(&str) -> Sleutel) -> Vec<Sleutel> {
        let named = self.zet.iter().map(|(kenmerk, _)| key_of(kenmerk));
        let gone = match &self.weg {
            Weg::Kenmerk(kenmerk) => Some(key_of(kenmerk)),
            Weg::Niets | Weg::Rest(_) => None,
        };
        named.chain(gone).collect()
    }

    /// Whether all of the school's bpvo's have to be looked at.
    pub(super) fn is_about_all(&self) -> bool {
        matches!(self.weg, Weg::Rest(_))
    }

    /// The difference with what is there: of all that it names, and of all of the school where it
    /// is about all. What the register says stays (domain §5).
    ///
    /// # Errors
    /// Only when memory fails.
    pub(super) fn plan(
        &self,
        there: &HashMap<Sleutel, Bpvo>,
        key_of: &impl Fn(&str) -> Sleutel,
    ) -> Result<Plan, postcard::Error> {
        let mut plan = Plan::default();
        let mut set = HashSet::with_capacity(self.zet.len());
        for (kenmerk, inhoud) in &self.zet {
            let sleutel = key_of(kenmerk);
            let old = there.get(&sleutel);
            if old.is_none() && is_over(inhoud, self.grens) {
                plan.telling.ongewijzigd += 1;
            } else {
                plan.set(self.school_oin, kenmerk, &sleutel, inhoud, old)?;
            }
            set.insert(sleutel);
        }
        match &self.weg {
            Weg::Niets => {}
            Weg::Kenmerk(kenmerk) => {
                let sleutel = key_of(kenmerk);
                if let Some(bpvo) = there.get(&sleutel) {
                    plan.withdraw(&sleutel, bpvo)?;
                }
            }
            Weg::Rest(behoud) => {
                let mut rest: Vec<_> = there
                    .iter()
                    .filter(|(sleutel, bpvo)| {
                        !set.contains(sleutel) && !behoud.contains(&bpvo.bpvo_kenmerk)
                    })
                    .collect();
                // The same wish gives the same lines.
                rest.sort_unstable_by_key(|(sleutel, _)| *sleutel);
                for (sleutel, bpvo) in rest {
                    plan.withdraw(sleutel, bpvo)?;
                }
            }
        }
        Ok(plan)
    }
}

/// Whether a bpvo is over for longer than it is kept.
pub(super) fn is_over(inhoud: &BpvoInhoud, grens: Option<Datum>) -> bool {
    grens.is_some_and(|grens| inhoud.einddatum() < grens)
}

impl Plan {
    fn set(
        &mut self,
        school_oin: Oin,
        kenmerk: &str,
        sleutel: &Sleutel,
        inhoud: &BpvoInhoud,
        old: Option<&Bpvo>,
    ) -> Result<(), postcard::Error> {
        match old.and_then(Bpvo::van_school) {
            Some(said) if said.verschillen(inhoud).is_empty() => {
                self.telling.ongewijzigd += 1;
                return Ok(());
            }
            Some(_) => self.telling.gewijzigd += 1,
            None => self.telling.toegevoegd += 1,
        }
        let van_register = old.and_then(Bpvo::van_register);
        let new = Bpvo::of(
            school_oin,
            kenmerk.to_owned(),
            Some(inhoud.clone()),
            van_register,
        );
        self.write(sleutel, new.as_ref())
    }

    /// The school no longer has it; the register may.
    fn withdraw(&mut self, sleutel: &Sleutel, old: &Bpvo) -> Result<(), postcard::Error> {
        if old.van_school().is_none() {
            return Ok(());
        }
        self.telling.verwijderd += 1;
        let kenmerk = old.bpvo_kenmerk.clone();
        let left = Bpvo::of(old.school_oin, kenmerk, None, old.van_register());
        self.write(sleutel, left.as_ref())
    }

    fn write(&mut self, sleutel: &Sleutel, bpvo: Option<&Bpvo>) -> Result<(), postcard::Error> {
        let inhoud = match bpvo {
            Some(bpvo) => Inhoud::Gezet(postcard::to_stdvec(bpvo)?),
            None => Inhoud::Verwijderd,
        };
        self.lines.push(Line {
            soort: Soort::Bpvo,
            sleutel: sleutel.clone(),
            inhoud,
        });
        Ok(())
    }
}
