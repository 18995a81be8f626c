//! The queue of one subscription on loan, in memory. Pure: what is read and written is passed in and out.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use roaring::RoaringTreemap;

use super::{Attempt, Claim};
use crate::{
    domain::{LeerbedrijfId, Tijdstip},
    push::{
        Melding, Staat,
        store::{Achter, Geleend, Gelezen, Gevolg, Uitkomst, Voortgang},
    },
};

/// The queue of a subscription: of each leerbedrijf only the first is under way.
#[derive(Debug)]
pub(super) struct Rij {
    /// Until when it is on loan.
    pub(super) geleend_tot: Tijdstip,
    /// There may be more behind what was read.
    pub(super) meer: bool,
    /// A leerbedrijf that is behind may be due.
    pub(super) kijk_achter: bool,
    beurt: u64,
    voortgang: Voortgang,
    /// Numbers of leerbedrijven that are behind: their turn comes when those are due.
    gepasseerd: RoaringTreemap,
    /// Up to where the feed was read.
    gelezen: u64,
    /// The first number at or before which something is not delivered, as far as it is read.
    grens: Option<u64>,
    banen: HashMap<LeerbedrijfId, Baan>,
    /// Whose first may go.
    gereed: VecDeque<LeerbedrijfId>,
    /// Whose first may go later.
    uitgesteld: BTreeSet<(Tijdstip, u64, LeerbedrijfId)>,
    in_geheugen: usize,
}

/// What of a leerbedrijf is in memory.
#[derive(Debug)]
struct Baan {
    eerste: Arc<Melding>,
    /// It has, or may have, a row of its own.
    achter: bool,
    pogingen: u32,
    onderweg: bool,
    /// Those after it.
    wachtend: VecDeque<Arc<Melding>>,
}

impl Baan {
    fn new(melding: Melding) -> Self {
        Self {
            eerste: Arc::new(melding),
            achter: false,
            pogingen: 0,
            onderweg: false,
            wachtend: VecDeque::new(),
        }
    }

    fn count(&self) -> usize {
        1 + self.wachtend.len()
    }
}

impl Rij {
    pub(super) fn new(geleend: Geleend) -> Self {
        Self {
            geleend_tot: geleend.tot,
            meer: true,
            kijk_achter: geleend.achter,
            beurt: geleend.beurt,
            gelezen: geleend.voortgang.klaar(),
            voortgang: geleend.voortgang,
            gepasseerd: RoaringTreemap::new(),
            grens: geleend.grens,
            banen: HashMap::new(),
            gereed: VecDeque::new(),
            uitgesteld: BTreeSet::new(),
            in_geheugen: 0,
        }
    }

    pub(super) fn beurt(&self) -> u64 {
        self.beurt
    }

    pub(super) fn voortgang(&self) -> &Voortgang {
        &self.voortgang
    }

    pub(super) fn gelezen(&self) -> u64 {
        self.gelezen
    }

    pub(super) fn in_geheugen(&self) -> usize {
        self.in_geheugen
    }

    /// It is on loan still, and there may be news. When others changed the queue, only what is under way
    /// is kept, and the rest is read again.
    pub(super) fn look(&mut self, geleend: Geleend) {
        self.geleend_tot = geleend.tot;
        self.grens = geleend.grens;
        self.kijk_achter |= geleend.achter;
        self.meer = true;
        if geleend.beurt == self.beurt {
            return;
        }
        self.beurt = geleend.beurt;
        self.voortgang.join(&geleend.voortgang);
        self.gepasseerd.clear();
        self.gelezen = self.voortgang.klaar();
        self.gereed.clear();
        self.uitgesteld.clear();
        self.banen.retain(|_, baan| baan.onderweg);
        for baan in self.banen.values_mut() {
            baan.achter = true;
            baan.wachtend.clear();
        }
        self.in_geheugen = self.banen.len();
    }

    /// How many may go now.
    pub(super) fn ready(&mut self, now: Tijdstip) -> u32 {
        while let Some((at, _, leerbedrijf)) = self.uitgesteld.first().copied()
            && at <= now
        {
            self.uitgesteld.pop_first();
            self.gereed.push_front(leerbedrijf);
        }
        u32::try_from(self.gereed.len()).unwrap_or(u32::MAX)
    }

    /// How many in memory are behind.
    pub(super) fn behind(&self) -> u32 {
        let behind = self.banen.values().filter(|baan| baan.achter).count();
        u32::try_from(behind).unwrap_or(u32::MAX)
    }

    /// Takes up to so many that may go now.
    pub(super) fn claim(&mut self, most: u32, now: Tijdstip, into: &mut Vec<Claim>) {
        let count = self.ready(now).min(most) as usize;
        let klaar = self.voortgang.klaar();
        let volledig_tot_en_met = self
            .grens
            .map_or(klaar, |grens| klaar.min(grens.saturating_sub(1)));
        for leerbedrijf in self.gereed.drain(..count) {
            if let Some(baan) = self.banen.get_mut(&leerbedrijf) {
                baan.onderweg = true;
                into.push(Claim {
                    melding: Arc::clone(&baan.eerste),
                    pogingen: baan.pogingen,
                    volledig_tot_en_met,
                });
            }
        }
    }

    /// What was read of the feed, when so many were asked.
    pub(super) fn take_feed(&mut self, rows: Vec<Gelezen>, asked: u32) {
        self.meer = rows.len() == asked as usize;
        for Gelezen { melding, achter } in rows {
            let volgnummer = melding.volgnummer;
            self.gelezen = volgnummer;
            if self.voortgang.holds(volgnummer) {
                continue;
            }
            if melding.staat != Staat::Wacht {
                self.voortgang.add(volgnummer);
            } else if achter {
                self.gepasseerd.insert(volgnummer);
            } else {
                self.queue(melding);
            }
        }
        self.voortgang.go_on(&mut self.gepasseerd);
    }

    fn queue(&mut self, melding: Melding) {
        let leerbedrijf = melding.leerbedrijf_id;
        match self.banen.get_mut(&leerbedrijf) {
            // It is under way since before the feed was read again.
            Some(baan) if baan.eerste.volgnummer == melding.volgnummer => return,
            Some(baan) => baan.wachtend.push_back(Arc::new(melding)),
            None => {
                self.banen.insert(leerbedrijf, Baan::new(melding));
                self.gereed.push_back(leerbedrijf);
            }
        }
        self.in_geheugen += 1;
    }

    /// What is due of those that are behind, when so many were asked.
    pub(super) fn take_behind(&mut self, rows: Vec<Achter>, asked: u32) {
        self.kijk_achter = rows.len() == asked as usize;
        for Achter { melding, pogingen } in rows {
            let leerbedrijf = melding.leerbedrijf_id;
            if self.banen.contains_key(&leerbedrijf) {
                continue;
            }
            let baan = Baan {
                achter: true,
                pogingen,
                ..Baan::new(melding)
            };
            self.banen.insert(leerbedrijf, baan);
            self.gereed.push_back(leerbedrijf);
            self.in_geheugen += 1;
        }
    }

    /// What an attempt means, ready to be written; none when it is not under way here. Asked again it says
    /// the same.
    pub(super) fn ended(&mut self, attempt: &Attempt) -> Option<Uitkomst> {
        let baan = self.banen.get(&attempt.leerbedrijf_id)?;
        if !baan.onderweg || baan.eerste.volgnummer != attempt.volgnummer {
            return None;
        }
        let mut pogingen = baan.pogingen;
        match attempt.gevolg {
            Gevolg::Bezorgd | Gevolg::Vervallen => self.voortgang.add(attempt.volgnummer),
            Gevolg::Dood => {
                self.voortgang.add(attempt.volgnummer);
                self.not_before(attempt.volgnummer);
            }
            Gevolg::Opnieuw(_) => {
                pogingen = pogingen.saturating_add(1);
                if !baan.achter {
                    self.gepasseerd.insert(attempt.volgnummer);
                    self.gepasseerd
                        .extend(baan.wachtend.iter().map(|one| one.volgnummer));
                    self.not_before(attempt.volgnummer);
                }
            }
            Gevolg::Terug(_) => {}
        }
        let achter = self.banen[&attempt.leerbedrijf_id].achter;
        self.voortgang.go_on(&mut self.gepasseerd);
        Some(Uitkomst {
            leerbedrijf_id: attempt.leerbedrijf_id,
            volgnummer: attempt.volgnummer,
            achter,
            pogingen,
            gevolg: attempt.gevolg,
            poging: attempt.poging.clone(),
        })
    }

    /// Not everything up to this number is delivered.
    fn not_before(&mut self, volgnummer: u64) {
        self.grens = Some(self.grens.map_or(volgnummer, |grens| grens.min(volgnummer)));
    }

    /// What [`Self::ended`] said is written: the next one of the leerbedrijf may go.
    pub(super) fn written(&mut self, attempt: &Attempt) {
        let leerbedrijf = attempt.leerbedrijf_id;
        let Some(baan) = self.banen.get_mut(&leerbedrijf) else {
            return;
        };
        if !baan.onderweg || baan.eerste.volgnummer != attempt.volgnummer {
            return;
        }
        if let Gevolg::Terug(at) = attempt.gevolg
            && !baan.achter
        {
            baan.onderweg = false;
            self.uitgesteld
                .insert((at, attempt.volgnummer, leerbedrijf));
            return;
        }
        // Of one that is behind the store tells the next.
        self.kijk_achter |= baan.achter && attempt.gevolg.is_einde();
        let next = match attempt.gevolg.is_einde() {
            true => baan.wachtend.pop_front(),
            false => None,
        };
        if let Some(next) = next {
            *baan = Baan {
                eerste: next,
                achter: false,
                pogingen: 0,
                onderweg: false,
                wachtend: std::mem::take(&mut baan.wachtend),
            };
            self.in_geheugen -= 1;
            self.gereed.push_back(leerbedrijf);
        } else if let Some(baan) = self.banen.remove(&leerbedrijf) {
            self.in_geheugen -= baan.count();
        }
    }
}
