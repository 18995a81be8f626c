//! Which codes a question is about (rules 5 and 6).

use std::collections::{BTreeMap, BTreeSet};

use stagepoort::domain::{Code, Datum};

use super::text;
use crate::{vraag::Vraag, wereld::Wereld};

/// Codes that count, and for which asked code when they are not asked themselves.
pub(super) type Wanted = BTreeMap<Code, Option<Code>>;

/// `None` when the question names no code; an error is the signaalcodes that may be given.
pub(super) fn wanted(
    wereld: &Wereld,
    vraag: &Vraag,
    van: Datum,
) -> Result<Option<Wanted>, Vec<u16>> {
    let code = super::field(&vraag.code).map(|text| own_code(wereld, text));
    let named = super::field(&vraag.opleidingsnaam).map(|text| by_name(wereld, text));
    let asked = match (code, named) {
        (None, None) => return Ok(None),
        (Some(Err(wrong)), _) => return Err(vec![wrong]),
        (_, Some(named)) if named.is_empty() => return Err(vec![130]),
        (Some(Ok(code)), Some(named)) if !named.contains(&code) => return Err(vec![151]),
        (Some(Ok(code)), _) => BTreeSet::from([code]),
        (None, Some(named)) => named,
    };
    let mut wanted: Wanted = asked.iter().map(|code| (*code, None)).collect();
    // The smallest asked code comes first and stays.
    for code in &asked {
        for equivalent in wereld.equivalenten.get(code).into_iter().flatten() {
            let holds = equivalent.vanaf <= van && equivalent.tot.is_none_or(|tot| van <= tot);
            if holds {
                let of = wanted.entry(equivalent.equivalent_met);
                of.or_insert(Some(*code));
            }
        }
    }
    Ok(Some(wanted))
}

pub(super) fn niveau(wereld: &Wereld, code: Code) -> Option<u8> {
    wereld.opleidingen.get(&code).and_then(|o| o.niveau)
}

fn own_code(wereld: &Wereld, text: &str) -> Result<Code, u16> {
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let kwalificatie = digits(text, 5);
    let keuzedeel = text.strip_prefix(['K', 'k']).is_some_and(|t| digits(t, 4));
    if kwalificatie && (text.starts_with("23") || text.starts_with("79")) {
        return Err(112);
    }
    if !kwalificatie && !keuzedeel {
        return Err(111);
    }
    let text = text.to_uppercase();
    let known = wereld.opleidingen.keys();
    let mut same = known.filter(|code| code.to_string() == text);
    same.next().copied().ok_or(110)
}

fn by_name(wereld: &Wereld, asked: &str) -> BTreeSet<Code> {
    let asked = text::words(asked);
    let fits =
        |naam: &str| !asked.is_empty() && text::compare(&asked, &text::words(naam)).is_some();
    let all = wereld.opleidingen.values();
    let named = all.filter(|o| fits(&o.opleidingsnaam));
    named.map(|o| o.code).collect()
}
