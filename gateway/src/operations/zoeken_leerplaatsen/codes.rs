//! Which codes a question means: its code, or those of an opleidingsnaam, and their equivalents
//! (domain rule 5).

use std::collections::BTreeMap;

use super::vraag::about;
use crate::{
    domain::{Code, Datum, FoldedNaam, Signaalcode},
    operations::Bevinding,
    replica::View,
};

/// Codes that fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Codekeuze {
    /// Asked for, ascending.
    pub(super) eigen: Vec<Code>,
    /// What counts for one of those, and for which: the first of several.
    pub(super) equivalent: BTreeMap<Code, Code>,
}

impl Codekeuze {
    /// Whether the code fits; and the code asked for that it is an equivalent of, if it is one.
    pub(super) fn fits(&self, code: Code) -> Option<Option<Code>> {
        if self.eigen.binary_search(&code).is_ok() {
            return Some(None);
        }
        self.equivalent.get(&code).map(|asked| Some(*asked))
    }
}

/// None when the question says nothing of codes.
///
/// A niveau beside a code or a name is that of what is asked for: an equivalent of it counts,
/// whatever its own niveau.
///
/// # Errors
/// What is not known, or contradicts the rest.
pub(super) fn choose(
    view: &View,
    code: Option<Code>,
    opleidingsnaam: Option<&str>,
    niveau: Option<u8>,
    dag: Datum,
) -> Result<Option<Codekeuze>, Bevinding> {
    code.map(|code| known(view, code)).transpose()?;
    let named = opleidingsnaam.map(|naam| named(view, naam)).transpose()?;
    let of_niveau =
        |code: &Code| view.opleiding(*code).and_then(|o| o.niveau) == niveau || niveau.is_none();
    let eigen = match (code, named) {
        (None, None) if niveau.is_none() => return Ok(None),
        // Every code of the niveau, and no equivalents: none of them was asked for.
        (None, None) => {
            return Ok(Some(Codekeuze {
                eigen: view.codes().filter(of_niveau).collect(),
                equivalent: BTreeMap::new(),
            }));
        }
        (None, Some(named)) => named.into_iter().filter(of_niveau).collect(),
        (Some(code), named) => {
            if named.is_some_and(|named| !named.contains(&code)) {
                let uitleg = "de code hoort bij een opleiding met een andere naam";
                return Err(strijdig("opleidingsnaam", uitleg));
            }
            let own = view.opleiding(code).and_then(|o| o.niveau);
            if own.is_some() && !of_niveau(&code) {
                return Err(strijdig(
                    "niveau",
                    "de opleiding met deze code heeft een ander niveau",
                ));
            }
            vec![code]
        }
    };
    let equivalent = equivalent(view, &eigen, dag);
    Ok(Some(Codekeuze { eigen, equivalent }))
}

fn equivalent(view: &View, eigen: &[Code], dag: Datum) -> BTreeMap<Code, Code> {
    let mut found = BTreeMap::new();
    for asked in eigen {
        let valid = view.equivalenten(*asked).iter();
        for equivalent in valid.filter(|equivalent| equivalent.holds_on(dag)) {
            let other = equivalent.equivalent_met;
            if eigen.binary_search(&other).is_err() {
                found.entry(other).or_insert(*asked);
            }
        }
    }
    found
}

fn named(view: &View, naam: &str) -> Result<Vec<Code>, Bevinding> {
    let codes = view.codes_by_naam(&FoldedNaam::new(naam));
    if codes.is_empty() {
        let uitleg = format!("geen opleiding heet '{naam}'; geef een deel van de naam, of de code");
        return Err(about("opleidingsnaam", Signaalcode::GeenResultaat, uitleg));
    }
    Ok(codes)
}

fn known(view: &View, code: Code) -> Result<(), Bevinding> {
    if view.opleiding(code).is_some() {
        return Ok(());
    }
    let uitleg = format!("{code} is geen kwalificatie of keuzedeel in het register");
    Err(about("code", Signaalcode::CodeOnbekend, uitleg))
}

fn strijdig(veld: &'static str, uitleg: &'static str) -> Bevinding {
    about(veld, Signaalcode::ZoekgegevensStrijdig, uitleg)
}
