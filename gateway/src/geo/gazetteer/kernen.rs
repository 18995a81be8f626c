//! Places that share a name, told apart by where they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Gazetteer, Land, NEDERLAND, plaatsen::land_text};
use crate::{
    domain::Coordinaten,
    geo::{
        Gebiedsdeel, Punt, afstand_km,
        naam::{landnaam, plaats_sleutel, provincie_sleutel},
        punt::Som,
    },
};

/// Parts of one place lie nearer than this, namesakes farther: in the whole country the widest
/// place over a border of municipalities spans 2 km, and the nearest namesakes are 10 km apart.
const ONE_PLACE_KM: f64 = 5.0;

/// Province and municipality, as the table writes them.
pub(super) type Streek = (Option<String>, Option<String>);

/// One of the places with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kern {
    pub(super) land: Land,
    /// That with the most areas first; empty when the table does not tell.
    pub(super) streken: Vec<Streek>,
    /// Four digits of the areas and addresses in it.
    pub(super) postcodes: BTreeSet<u16>,
    /// Centres of its areas, or else its addresses.
    pub(super) som: Som,
    /// The table names it: then its areas alone say where it is.
    van_tabel: bool,
    /// How much of it there is.
    gewicht: u64,
}

impl Kern {
    fn new(land: Land) -> Self {
        Self {
            land,
            streken: Vec::new(),
            postcodes: BTreeSet::new(),
            som: Som::default(),
            van_tabel: false,
            gewicht: 0,
        }
    }

    fn centrum(&self) -> Option<Coordinaten> {
        self.som.centrum().map(Coordinaten::from)
    }

    fn join(&mut self, other: Self) {
        self.som.join(&other.som);
        self.streken.extend(other.streken);
        self.postcodes.extend(other.postcodes);
        self.gewicht += other.gewicht;
    }

    pub(super) fn is_in_provincie(&self, sleutel: &str) -> bool {
        let mut provincies = self.streken.iter().filter_map(|(p, _)| p.as_deref());
        provincies.any(|provincie| provincie_sleutel(provincie) == sleutel)
    }

    pub(super) fn is_in_gemeente(&self, text: &str) -> bool {
        let sleutel = plaats_sleutel(text);
        let mut gemeenten = self.streken.iter().filter_map(|(_, g)| g.as_deref());
        let first = self.postcodes.first().map(u16::to_string);
        gemeenten.any(|gemeente| plaats_sleutel(gemeente) == sleutel)
            || first.is_some_and(|first| first == text.trim())
    }

    /// What tells it from the others of its land: the province, or else the municipality, or
    /// else its first postcode; the land, when it is not alone in bearing the name.
    pub(super) fn label(&self, all: &[Self]) -> Option<String> {
        let others: Vec<&Self> = all.iter().filter(|other| *other != self).collect();
        let beside: Vec<&&Self> = others.iter().filter(|o| o.land == self.land).collect();
        if beside.is_empty() {
            let foreign = self.land != NEDERLAND && !others.is_empty();
            return foreign.then(|| landnaam(land_text(&self.land)).to_owned());
        }
        let (provincie, gemeente) = self.streken.first().cloned().unwrap_or_default();
        let alone_in = |provincie: &String| {
            let sleutel = provincie_sleutel(provincie);
            !beside.iter().any(|other| other.is_in_provincie(&sleutel))
        };
        let own = |gemeente: &String| !beside.iter().any(|o| o.is_in_gemeente(gemeente));
        provincie
            .filter(alone_in)
            .or_else(|| gemeente.filter(own))
            .or_else(|| self.postcodes.first().map(u16::to_string))
    }
}

impl Gazetteer {
    /// The places with this key, Dutch ones before foreign ones, the largest first.
    pub(super) fn kernen(&self, sleutel: &str) -> Vec<Kern> {
        let mut kernen = joined(self.named_by_table(sleutel));
        let before = (Arc::from(sleutel), Land::default(), 0);
        let addresses = self.plaatsen.adressen.range(before..);
        for ((_, land, cijfers), som) in addresses.take_while(|((key, ..), _)| **key == *sleutel) {
            if *land == NEDERLAND {
                self.add_dutch(&mut kernen, *cijfers, som);
            } else {
                add_foreign(&mut kernen, *land, som);
            }
        }
        for kern in &mut kernen {
            self.place_by_postcodes(kern);
        }
        kernen.sort_by_key(|k| {
            let rank = (k.land != NEDERLAND, std::cmp::Reverse(k.gewicht));
            (rank, k.land, k.postcodes.first().copied())
        });
        kernen
    }

    /// One for each municipality in which areas bear the name.
    fn named_by_table(&self, sleutel: &str) -> Vec<Kern> {
        let mut found: BTreeMap<Streek, Kern> = BTreeMap::new();
        let parts = self.plaatsen.delen.range((sleutel.to_owned(), 0, 0)..);
        for (_, postcode4, at) in parts.take_while(|(key, ..)| key == sleutel) {
            let gebied = self.gebieden.get(postcode4);
            let Some(deel) = gebied.and_then(|gebied| gebied.delen.get(*at)) else {
                continue;
            };
            let Gebiedsdeel {
                gemeente,
                provincie,
                centrum,
                ..
            } = deel;
            let streek = (provincie.clone(), gemeente.clone());
            let kern = found.entry(streek).or_insert_with(|| Kern::new(NEDERLAND));
            kern.van_tabel = true;
            kern.som.add(Some(*centrum));
            kern.postcodes.insert(*postcode4);
            kern.gewicht += 1;
        }
        let told = |(provincie, gemeente): &Streek| provincie.is_some() || gemeente.is_some();
        found
            .into_iter()
            .map(|(streek, kern)| Kern {
                streken: Some(streek).filter(told).into_iter().collect(),
                ..kern
            })
            .collect()
    }

    /// Addresses of the register go to the nearest place with their name. They make none of
    /// their own beside those of the table: one wrong postcode would tear a town in two.
    fn add_dutch(&self, kernen: &mut Vec<Kern>, cijfers: u16, som: &Som) {
        let dutch = kernen.iter().filter(|k| k.land == NEDERLAND).count();
        let own = kernen
            .iter()
            .position(|k| k.land == NEDERLAND && k.postcodes.contains(&cijfers));
        let at = match (own, dutch) {
            (Some(own), _) => own,
            (None, 0) => {
                kernen.push(Kern::new(NEDERLAND));
                kernen.len() - 1
            }
            (None, 1) => kernen.iter().position(|k| k.land == NEDERLAND).unwrap_or(0),
            // Without a postcode they may be in several; each is judged by its own point.
            (None, _) if cijfers == 0 => return,
            (None, _) => match nearest(kernen, som.centrum().or_else(|| self.vier(cijfers))) {
                Some(at) => at,
                None => return,
            },
        };
        let kern = &mut kernen[at];
        kern.gewicht += u64::from(som.all());
        if cijfers > 0 {
            kern.postcodes.insert(cijfers);
        }
        if !kern.van_tabel {
            kern.som.join(som);
        }
    }

    /// When no address says where it is, its postcodes may.
    fn place_by_postcodes(&self, kern: &mut Kern) {
        if kern.som.centrum().is_none() {
            let known = kern
                .postcodes
                .iter()
                .filter_map(|cijfers| self.vier(*cijfers));
            kern.som = known.collect();
        }
    }
}

fn add_foreign(kernen: &mut Vec<Kern>, land: Land, som: &Som) {
    let at = kernen.iter().position(|k| k.land == land);
    let at = at.unwrap_or_else(|| {
        kernen.push(Kern::new(land));
        kernen.len() - 1
    });
    kernen[at].som.join(som);
    kernen[at].gewicht += u64::from(som.all());
}

/// The Dutch one nearest to a point.
fn nearest(kernen: &[Kern], punt: Option<Punt>) -> Option<usize> {
    let here = Coordinaten::from(punt?);
    let distance = |kern: &Kern| Some(afstand_km(here, kern.centrum()?));
    let dutch = kernen
        .iter()
        .enumerate()
        .filter(|(_, k)| k.land == NEDERLAND);
    dutch
        .filter_map(|(at, kern)| Some((at, distance(kern)?)))
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(at, _)| at)
}

/// Parts that lie together are one place, its largest part first.
fn joined(mut parts: Vec<Kern>) -> Vec<Kern> {
    parts.sort_by_key(|part| std::cmp::Reverse(part.gewicht));
    let mut places: Vec<Kern> = Vec::new();
    for part in parts {
        let near = |place: &Kern| match (place.centrum(), part.centrum()) {
            (Some(a), Some(b)) => afstand_km(a, b) < ONE_PLACE_KM,
            _ => true,
        };
        match places.iter().position(near) {
            Some(at) => places[at].join(part),
            None => places.push(part),
        }
    }
    places
}
