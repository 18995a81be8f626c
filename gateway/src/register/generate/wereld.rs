//! What all objects of one plan share, and the few facts about each leerbedrijf that others need
//! to know without making it whole.

use std::collections::HashSet;

use super::{
    EERSTE_ID, FIXTURES, Plan, PostcodeRow,
    dice::{Bron, Dice, Doel},
    sectoren::{OVERAL, SECTOREN, sector_of},
    tables,
};
use crate::domain::{Code, Datum, Equivalent, LeerbedrijfId, Opleiding, School, Tijdstip};

const DAG_MS: i64 = 86_400_000;

/// The plan, worked out.
#[derive(Debug)]
pub(super) struct Wereld {
    pub(super) aantal: u32,
    pub(super) zaad: u64,
    pub(super) peildatum: Datum,
    /// Midnight of the peildatum, in milliseconds.
    middernacht_ms: i64,
    /// Days from the peildatum back to the last 1 September.
    pub(super) schooljaar: i32,
    pub(super) postcodes: Vec<PostcodeRow>,
    pub(super) opleidingen: Vec<Opleiding>,
    pub(super) equivalenten: Vec<Equivalent>,
    pub(super) scholen: Vec<School>,
    /// Places in `opleidingen` of the kwalificaties of each sector.
    pub(super) per_sector: Vec<Vec<usize>>,
    /// The same of all kwalificaties, and of all keuzedelen.
    pub(super) kwalificaties: Vec<usize>,
    pub(super) keuzedelen: Vec<usize>,
    sectoren: Vec<(usize, u32)>,
    bron: Bron,
    rondes: Vec<Bron>,
}

/// The outline of a leerbedrijf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profiel {
    pub(super) sector: usize,
    /// Place in the postcode table, or in that of foreign places.
    pub(super) plaats: usize,
    pub(super) buitenland: bool,
    pub(super) stand: Stand,
}

/// Whether a leerbedrijf is there, and if not, since which day (relative to the peildatum).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    Actief,
    Historisch { sinds: i32 },
    Opgevolgd { sinds: i32, opvolger: u32 },
}

impl Wereld {
    pub(super) fn new(plan: &Plan) -> Self {
        let opleidingen = opleidingen(plan);
        let of = |keuzedeel: bool| {
            let is = |&i: &usize| opleidingen[i].code.is_keuzedeel() == keuzedeel;
            (0..opleidingen.len()).filter(is).collect::<Vec<_>>()
        };
        let (kwalificaties, keuzedelen) = (of(false), of(true));
        let mut per_sector = vec![Vec::new(); SECTOREN.len()];
        for &i in &kwalificaties {
            per_sector[sector_of(&opleidingen[i].opleidingsnaam)].push(i);
        }
        let sectoren = (0..SECTOREN.len())
            .filter(|&s| !per_sector[s].is_empty())
            .map(|s| (s, SECTOREN[s].aandeel))
            .collect();
        let known: HashSet<Code> = opleidingen.iter().map(|o| o.code).collect();
        let equivalenten = plan
            .equivalenten
            .iter()
            .filter(|e| known.contains(&e.code) && known.contains(&e.equivalent_met))
            .copied()
            .collect();
        let postcodes = if plan.postcodes.is_empty() {
            tables::postcodes()
        } else {
            plan.postcodes.clone()
        };
        Self {
            aantal: plan.leerbedrijven.min(super::MAX_LEERBEDRIJVEN),
            zaad: plan.seed,
            peildatum: plan.peildatum,
            middernacht_ms: midnight_ms(plan.peildatum),
            schooljaar: days_since_september(plan.peildatum),
            postcodes,
            per_sector,
            kwalificaties,
            keuzedelen,
            sectoren,
            equivalenten,
            scholen: super::scholen(plan.scholen.max(1)),
            opleidingen,
            bron: Bron::new(plan.seed),
            rondes: (1..=plan.ronde.min(super::MAX_RONDE))
                .map(|r| Bron::new(plan.seed ^ super::dice::scramble(u64::from(r))))
                .collect(),
        }
    }

    /// The kwalificatie or keuzedeel with this code.
    pub(super) fn opleiding(&self, code: Code) -> Option<&Opleiding> {
        let place = self.opleidingen.binary_search_by_key(&code, |o| o.code);
        place.ok().map(|i| &self.opleidingen[i])
    }

    /// The day so many days after the peildatum.
    pub(super) fn dag(&self, na: i32) -> Datum {
        self.peildatum.plus_days(na)
    }

    /// A moment within office hours of that day.
    pub(super) fn moment(&self, na: i32, dice: &mut Dice) -> Tijdstip {
        let in_de_dag = i64::from(dice.between(7 * 3_600, 17 * 3_600)) * 1_000;
        let ms = self.middernacht_ms + i64::from(na) * DAG_MS + in_de_dag;
        Tijdstip::from_millis(ms).unwrap_or(Tijdstip::EPOCH)
    }

    pub(super) fn dice(&self, index: u32, doel: Doel) -> Dice {
        self.bron.dice(index, doel)
    }

    /// For every ronde after the base: its number and its chance for this leerbedrijf.
    pub(super) fn rondes(&self, index: u32) -> impl Iterator<Item = (i32, Dice)> {
        (1..).zip(self.rondes.iter().map(move |b| b.dice(index, Doel::Ronde)))
    }

    /// The id of the leerbedrijf with this number. They ascend; behind the fixtures with gaps, as
    /// ids of a real register do.
    pub(super) fn id(&self, index: u32) -> Option<LeerbedrijfId> {
        if index < FIXTURES {
            return LeerbedrijfId::from_u32(EERSTE_ID + index);
        }
        let gap = self.dice(index, Doel::Profiel).below(37);
        LeerbedrijfId::from_u32(EERSTE_ID + 100 + (index - FIXTURES) * 37 + gap)
    }

    pub(super) fn profiel(&self, index: u32) -> Profiel {
        let mut dice = self.dice(index, Doel::Profiel);
        // The first draw is the gap of `id`.
        dice.below(37);
        let sector = dice.weighted(&self.sectoren);
        let buitenland = dice.promille(40);
        let plaats = if buitenland {
            dice.index(super::adressen::BUITENLAND.len())
        } else {
            dice.index(self.postcodes.len())
        };
        let sinds = -dice.between(30, 2_200);
        let stand = match dice.below(1000) {
            0..20 => self
                .opvolger(index)
                .map_or(Stand::Historisch { sinds }, |opvolger| Stand::Opgevolgd {
                    sinds,
                    opvolger,
                }),
            20..55 => Stand::Historisch { sinds },
            _ => Stand::Actief,
        };
        // Who merges is in the same trade and place.
        let like = match stand {
            Stand::Opgevolgd { opvolger, .. } => self.profiel(opvolger),
            _ => Profiel {
                sector,
                plaats,
                buitenland,
                stand,
            },
        };
        Profiel { stand, ..like }
    }

    /// The nearest active leerbedrijf before this one that is no fixture.
    fn opvolger(&self, index: u32) -> Option<u32> {
        (FIXTURES..index)
            .rev()
            .take(8)
            .find(|&i| self.profiel(i).stand == Stand::Actief)
    }

    /// A kwalificatie that a company of this sector trains for and that is not in `have`.
    pub(super) fn kwalificatie(
        &self,
        sector: usize,
        have: &[usize],
        dice: &mut Dice,
    ) -> Option<usize> {
        // What a company trains for first is its own trade.
        let pool = if have.is_empty() || dice.promille(900) {
            &self.per_sector[sector]
        } else {
            &self.per_sector[OVERAL[dice.index(OVERAL.len())]]
        };
        first_free(pool, have, dice).or_else(|| first_free(&self.kwalificaties, have, dice))
    }
}

/// One of the pool that is not in `have`, from a random place on.
pub(super) fn first_free(pool: &[usize], have: &[usize], dice: &mut Dice) -> Option<usize> {
    let from = dice.index(pool.len());
    let (before, after) = pool.split_at(from);
    after
        .iter()
        .chain(before)
        .copied()
        .find(|i| !have.contains(i))
}

/// The table of the plan, and what the fixtures need, by code.
fn opleidingen(plan: &Plan) -> Vec<Opleiding> {
    let mut seen = HashSet::new();
    let mut all: Vec<_> = plan
        .opleidingen
        .iter()
        .cloned()
        .chain(tables::always())
        .filter(|o| seen.insert(o.code))
        .collect();
    all.sort_by_key(|o| o.code);
    all
}

fn midnight_ms(dag: Datum) -> i64 {
    Tijdstip::parse(&format!("{dag}T00:00:00Z")).map_or(0, Tijdstip::as_millis)
}

fn days_since_september(dag: Datum) -> i32 {
    let year = dag.as_date().year();
    [year, year - 1]
        .iter()
        .filter_map(|y| Datum::parse(&format!("{y:04}-09-01")).ok())
        .find(|september| *september <= dag)
        .map_or(0, |september| dag.days_after(september))
}
