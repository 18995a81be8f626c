//! What a school says of its bpvo's, line by line: read by meaning, with all that is wrong with a
//! line at once. A line that is wrong spoils only itself (domain rule 2).

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use crate::{
    domain::{BpvoInhoud, Code, Datum, Keuzedeel, Signaalcode},
    operations::{
        Bevinding,
        natrekken_erkenning::{parse_code, parse_datum, parse_leerbedrijf_id},
        present,
    },
};

use super::{InvoerBpvo, InvoerKeuzedeel};

/// The most characters of a bpvoKenmerk (domain §3).
const MAX_KENMERK: usize = 41;

/// Digits of a BSN and of an onderwijsnummer.
const PERSOONSNUMMER: usize = 9;

/// The most faults of one line that its answer tells.
const MAX_TOLD: usize = 5;

/// One line that was read.
pub(super) enum Regel {
    /// As it can be kept.
    Goed {
        /// The school's key.
        kenmerk: String,
        /// What the school says.
        inhoud: BpvoInhoud,
    },
    /// As it cannot.
    Afgekeurd {
        /// The school's key, when that at least could be read.
        kenmerk: Option<String>,
        /// What is wrong; never empty.
        fouten: Vec<Fout>,
    },
}

/// Something wrong with a field of a line.
pub(super) struct Fout {
    veld: Cow<'static, str>,
    pub(super) signaalcode: Signaalcode,
    uitleg: Cow<'static, str>,
}

impl From<Bevinding> for Fout {
    fn from(bevinding: Bevinding) -> Self {
        Self {
            veld: bevinding.veld.into(),
            signaalcode: bevinding.signaalcode,
            uitleg: bevinding.uitleg,
        }
    }
}

/// All that is wrong with a line, in words: the code's text, the field, what would be right.
pub(super) fn in_words(fouten: &[Fout]) -> String {
    let told: Vec<String> = fouten
        .iter()
        .take(MAX_TOLD)
        .map(|fout| {
            format!(
                "{}: {}: {}",
                fout.signaalcode.tekst(),
                fout.veld,
                fout.uitleg
            )
        })
        .collect();
    let rest = fouten.len().saturating_sub(MAX_TOLD);
    let more = if rest > 0 {
        format!("; en nog {rest}")
    } else {
        String::new()
    };
    told.join("; ") + &more
}

/// Reads all lines. Of a key that stands on several, no line is taken: which is meant is not known.
pub(super) fn lees(bpvos: &[InvoerBpvo]) -> Vec<Regel> {
    let mut regels: Vec<Regel> = bpvos.iter().map(lees_regel).collect();
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut doubled: HashSet<usize> = HashSet::new();
    for (index, regel) in regels.iter().enumerate() {
        let Some(kenmerk) = regel.kenmerk() else {
            continue;
        };
        if let Some(earlier) = first.get(kenmerk) {
            doubled.extend([*earlier, index]);
        } else {
            first.insert(kenmerk.to_owned(), index);
        }
    }
    for index in doubled {
        regels[index].refuse_doubled();
    }
    regels
}

impl Regel {
    /// The school's key, when it could be read.
    pub(super) fn kenmerk(&self) -> Option<&str> {
        match self {
            Self::Goed { kenmerk, .. } => Some(kenmerk),
            Self::Afgekeurd { kenmerk, .. } => kenmerk.as_deref(),
        }
    }

    fn refuse_doubled(&mut self) {
        let fout = afgekeurd(
            "bpvoKenmerk",
            "staat op meer dan een regel van deze vraag; noem elke bpvo een keer",
        );
        match self {
            Self::Goed { kenmerk, .. } => {
                *self = Self::Afgekeurd {
                    kenmerk: Some(std::mem::take(kenmerk)),
                    fouten: vec![fout],
                };
            }
            Self::Afgekeurd { fouten, .. } => fouten.push(fout),
        }
    }
}

fn lees_regel(invoer: &InvoerBpvo) -> Regel {
    let mut fouten = Vec::new();
    let kenmerk = keep(parse_kenmerk(invoer.bpvo_kenmerk.as_deref()), &mut fouten);
    let id = parse_leerbedrijf_id(invoer.leerbedrijf_id.as_deref());
    let id = keep(id.map_err(Fout::from), &mut fouten);
    let code = keep(
        parse_code(invoer.code.as_deref()).map_err(Fout::from),
        &mut fouten,
    );
    let begin = datum("begindatum", invoer.begindatum.as_deref(), &mut fouten);
    let gepland = last_day(
        "einddatumGepland",
        invoer.einddatum_gepland.as_deref(),
        begin,
        &mut fouten,
    );
    let werkelijk = present(invoer.einddatum_werkelijk.as_deref())
        .and_then(|text| last_day("einddatumWerkelijk", Some(text), begin, &mut fouten));
    let keuzedelen: Vec<Keuzedeel> = invoer
        .keuzedelen
        .iter()
        .enumerate()
        .filter_map(|(index, keuzedeel)| lees_keuzedeel(index, keuzedeel, &mut fouten))
        .collect();
    match (kenmerk, id, code, begin, gepland) {
        (Some(kenmerk), Some(leerbedrijf_id), Some(code), Some(begindatum), Some(gepland))
            if fouten.is_empty() =>
        {
            Regel::Goed {
                kenmerk,
                inhoud: BpvoInhoud {
                    leerbedrijf_id,
                    code,
                    begindatum,
                    einddatum_gepland: gepland,
                    einddatum_werkelijk: werkelijk,
                    keuzedelen,
                },
            }
        }
        (kenmerk, ..) => Regel::Afgekeurd { kenmerk, fouten },
    }
}

fn lees_keuzedeel(
    index: usize,
    invoer: &InvoerKeuzedeel,
    fouten: &mut Vec<Fout>,
) -> Option<Keuzedeel> {
    let from = fouten.len();
    let code = keep(
        parse_code(invoer.code.as_deref())
            .map_err(Fout::from)
            .and_then(only_keuzedeel),
        fouten,
    );
    let begin = datum("begindatum", invoer.begindatum.as_deref(), fouten);
    let eind = last_day(
        "einddatumGepland",
        invoer.einddatum_gepland.as_deref(),
        begin,
        fouten,
    );
    for fout in &mut fouten[from..] {
        fout.veld = format!("keuzedelen[{}].{}", index + 1, fout.veld).into();
    }
    Some(Keuzedeel {
        code: code?,
        begindatum: begin?,
        einddatum_gepland: eind?,
    })
}

fn only_keuzedeel(code: Code) -> Result<Code, Fout> {
    if code.is_keuzedeel() {
        return Ok(code);
    }
    Err(Fout {
        veld: "code".into(),
        signaalcode: Signaalcode::CodeOngeldig,
        uitleg: "geef de code van een keuzedeel, zoals K0072".into(),
    })
}

/// The school's own key, trimmed. What looks like the number of a person is refused (domain rule
/// 13): all keys of nine digits, so that a vendor meets it with the first one and not with every
/// eleventh.
pub(super) fn parse_kenmerk(field: Option<&str>) -> Result<String, Fout> {
    let refuse = |uitleg: &'static str| Err(afgekeurd("bpvoKenmerk", uitleg));
    let Some(kenmerk) = present(field) else {
        return refuse("ontbreekt; geef het eigen kenmerk van de school, 1 tot en met 41 tekens");
    };
    if kenmerk.chars().count() > MAX_KENMERK {
        return refuse("is te lang; geef hoogstens 41 tekens");
    }
    if kenmerk.chars().any(char::is_control) {
        return refuse("bevat een regeleinde, tab of ander stuurteken; geef alleen gewone tekens");
    }
    if kenmerk.len() == PERSOONSNUMMER && kenmerk.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse(
            "negen cijfers is de vorm van een BSN of onderwijsnummer, dat hier nooit mag staan; geef een \
             eigen kenmerk, of zet er een letter voor",
        );
    }
    Ok(kenmerk.to_owned())
}

fn datum(veld: &'static str, field: Option<&str>, fouten: &mut Vec<Fout>) -> Option<Datum> {
    keep(parse_datum(veld, field).map_err(Fout::from), fouten)
}

/// A last day, which does not lie before the first.
fn last_day(
    veld: &'static str,
    field: Option<&str>,
    begin: Option<Datum>,
    fouten: &mut Vec<Fout>,
) -> Option<Datum> {
    let eind = datum(veld, field, fouten)?;
    if begin.is_some_and(|begin| eind < begin) {
        let fout = afgekeurd(veld, "ligt voor begindatum; geef die dag of een latere");
        fouten.push(fout);
        return None;
    }
    Some(eind)
}

fn afgekeurd(veld: &'static str, uitleg: &'static str) -> Fout {
    Fout {
        veld: veld.into(),
        signaalcode: Signaalcode::BpvoAfgekeurd,
        uitleg: uitleg.into(),
    }
}

fn keep<T>(read: Result<T, Fout>, fouten: &mut Vec<Fout>) -> Option<T> {
    read.map_err(|fout| fouten.push(fout)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn invoer(kenmerk: &str) -> InvoerBpvo {
        InvoerBpvo {
            bpvo_kenmerk: text(kenmerk),
            leerbedrijf_id: text("100000001"),
            code: text("25180"),
            begindatum: text("2026-09-01"),
            einddatum_gepland: text("2027-01-31"),
            ..InvoerBpvo::default()
        }
    }

    /// What is told of a line; empty for a good one.
    fn told(change: impl FnOnce(&mut InvoerBpvo)) -> String {
        let mut line = invoer("K1");
        change(&mut line);
        match lees_regel(&line) {
            Regel::Goed { .. } => String::new(),
            Regel::Afgekeurd { fouten, .. } => in_words(&fouten),
        }
    }

    #[test]
    fn every_field_says_what_is_wrong_and_what_would_be_right() {
        let keuzedeel = |code: &str, eind: &str| InvoerKeuzedeel {
            code: text(code),
            begindatum: text("2026-10-01"),
            einddatum_gepland: text(eind),
        };
        type Change = Box<dyn Fn(&mut InvoerBpvo)>;
        let cases: Vec<(Change, &str)> = vec![
            (Box::new(|_| {}), ""),
            (Box::new(|b| b.bpvo_kenmerk = text(&"é".repeat(41))), ""),
            (
                Box::new(|b| b.bpvo_kenmerk = None),
                "bpvo afgekeurd: bpvoKenmerk: ontbreekt",
            ),
            (
                Box::new(|b| b.bpvo_kenmerk = text(" ")),
                "bpvo afgekeurd: bpvoKenmerk: ontbreekt",
            ),
            (
                Box::new(|b| b.bpvo_kenmerk = text(&"é".repeat(42))),
                "bpvo afgekeurd: bpvoKenmerk: is te lang",
            ),
            (
                Box::new(|b| b.bpvo_kenmerk = text("a\tb")),
                "bpvo afgekeurd: bpvoKenmerk: bevat een regeleinde",
            ),
            (
                Box::new(|b| b.bpvo_kenmerk = text("123456782")),
                "bpvo afgekeurd: bpvoKenmerk: negen cijfers",
            ),
            (Box::new(|b| b.bpvo_kenmerk = text("1234567890")), ""),
            (
                Box::new(|b| b.leerbedrijf_id = text("99ZZ9999JJ0001602")),
                "leerbedrijfId ongeldig: leerbedrijfId: geef negen",
            ),
            (
                Box::new(|b| b.code = text("23180")),
                "code is geen kwalificatie of keuzedeel: code: 23xxx",
            ),
            (
                Box::new(|b| b.begindatum = text("2026-02-30")),
                "datum ongeldig: begindatum: geef een bestaande dag",
            ),
            (
                Box::new(|b| b.einddatum_gepland = text("2026-08-31")),
                "bpvo afgekeurd: einddatumGepland: ligt voor begindatum",
            ),
            (Box::new(|b| b.einddatum_gepland = text("2026-09-01")), ""),
            (Box::new(|b| b.einddatum_werkelijk = text("")), ""),
            (
                Box::new(|b| b.einddatum_werkelijk = text("2026-08-31")),
                "bpvo afgekeurd: einddatumWerkelijk: ligt voor",
            ),
            (
                Box::new(move |b| b.keuzedelen = vec![keuzedeel("K0072", "2026-12-01")]),
                "",
            ),
            (
                Box::new(move |b| {
                    b.keuzedelen = vec![
                        keuzedeel("K0072", "2026-12-01"),
                        keuzedeel("25180", "2026-12-01"),
                    ]
                }),
                "code ongeldig: keuzedelen[2].code: geef de code van een keuzedeel",
            ),
            (
                Box::new(move |b| b.keuzedelen = vec![keuzedeel("K0072", "2026-09-30")]),
                "bpvo afgekeurd: keuzedelen[1].einddatumGepland: ligt voor begindatum",
            ),
            (
                Box::new(|b| *b = InvoerBpvo::default()),
                "bpvo afgekeurd: bpvoKenmerk: ontbreekt",
            ),
        ];
        for (change, expect) in cases {
            let told = told(change);
            assert!(
                told.starts_with(expect) && told.is_empty() == expect.is_empty(),
                "{told} / {expect}"
            );
        }
        let all = told(|b| *b = InvoerBpvo::default());
        for veld in [
            "bpvoKenmerk",
            "leerbedrijfId",
            "code",
            "begindatum",
            "einddatumGepland",
        ] {
            assert!(all.contains(&format!(": {veld}: ")), "{all}");
        }
    }

    #[test]
    fn a_key_on_two_lines_is_taken_from_neither() {
        let mut wrong = invoer(" K2");
        wrong.code = None;
        let regels = lees(&[
            invoer("K1"),
            invoer("K2"),
            wrong,
            invoer("k1"),
            invoer("K3"),
        ]);
        let good: Vec<&str> = regels
            .iter()
            .filter(|regel| matches!(regel, Regel::Goed { .. }))
            .filter_map(Regel::kenmerk)
            .collect();
        assert_eq!(good, ["K1", "k1", "K3"]);
        let Regel::Afgekeurd { fouten, .. } = &regels[2] else {
            panic!("taken")
        };
        assert_eq!(fouten.len(), 2);
    }
}
