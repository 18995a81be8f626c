//! How the search index follows the state: what of commits matters to it, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    search::{Place, Row, SearchIndex},
    state::{State, decode, to_postcode4},
};
use crate::{
    domain::{Leerbedrijf, LeerbedrijfId, Tijdstip},
    log::{Line, Soort},
};

/// What of one commit or of several matters to the search index.
#[derive(Debug, Default)]
pub(super) struct Touched {
    leerbedrijven: BTreeSet<LeerbedrijfId>,
    opleidingen: bool,
    /// Four digits of areas of which another middle may be known.
    gebieden: BTreeSet<u16>,
}

impl Touched {
    pub(super) fn extend(&mut self, other: Self) {
        self.leerbedrijven.extend(other.leerbedrijven);
        self.opleidingen |= other.opleidingen;
        self.gebieden.extend(other.gebieden);
    }

    pub(super) fn note(&mut self, lines: &[Line]) {
        for line in lines {
            match line.soort {
                Soort::Leerbedrijf => self.leerbedrijven.extend(line.sleutel.as_leerbedrijf()),
                Soort::Opleiding => self.opleidingen = true,
                Soort::Postcodegebied => self.gebieden.extend(to_postcode4(&line.sleutel.0).ok()),
                _ => {}
            }
        }
    }
}

impl State {
    /// Builds the search index from the blobs, as at this commit.
    pub(super) fn search_index(&self, nummer: u64) -> Result<SearchIndex, &'static str> {
        let rows = self.leerbedrijven.values();
        let rows: Result<Vec<Row>, _> = rows.map(|blob| self.row(blob, nummer)).collect();
        let mut search = SearchIndex::new(rows?, nummer);
        search.set_opleidingen(self.opleidingen.values());
        Ok(search)
    }

    /// Takes what was touched, up to this commit, into the search index.
    pub(super) fn follow_search(
        &self,
        search: &mut SearchIndex,
        commit: (u64, Tijdstip),
        mut touched: Touched,
    ) -> Result<(), &'static str> {
        let (nummer, tijdstip) = commit;
        if touched.opleidingen {
            search.set_opleidingen(self.opleidingen.values());
        }
        let (mut rows, mut gone) = (BTreeMap::new(), Vec::new());
        for &id in &touched.leerbedrijven {
            let before = search.place_of(id);
            let row = match self.leerbedrijven.get(&id) {
                Some(blob) => Some(self.row(blob, nummer)?),
                None => None,
            };
            let now = row.as_ref().map(Row::place);
            if before != now {
                let areas = before.iter().chain(&now).filter_map(Place::area);
                touched.gebieden.extend(areas);
            }
            match row {
                Some(row) => drop(rows.insert(id, row)),
                None => gone.push(id),
            }
        }
        // Who does not say where it is, is where its postcode is.
        for cijfers in touched.gebieden {
            for (id, before) in search.placed_by(cijfers) {
                if let Some(blob) = self.leerbedrijven.get(&id)
                    && !rows.contains_key(&id)
                {
                    let row = self.row(blob, nummer)?;
                    if row.place() != before {
                        rows.insert(id, row);
                    }
                }
            }
        }
        search.commit(nummer, tijdstip, rows.into_values().collect(), gone);
        Ok(())
    }

    fn row(&self, blob: &[u8], nummer: u64) -> Result<Row, &'static str> {
        let leerbedrijf: Leerbedrijf = decode(blob)?;
        let adres = &leerbedrijf.gegevens.vestigingsadres;
        let ligging = self.gazetteer.ligging(adres);
        Ok(Row::new(&leerbedrijf, nummer, ligging))
    }
}
