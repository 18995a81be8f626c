//! From a line as it was written to an object of the domain, or to all that is wrong with it.

use std::collections::BTreeSet;

use super::{
    LeveringSoort, ObjectKey, ObjectSoort, Voorloop,
    values::{each, optional},
    violation::{Findings, Pad},
    wire::{self, Tekst},
};
use crate::domain::{Bpvo, Datum, Equivalent, Herkomst, Keuzedeel, Opleiding, School, Tijdstip};

/// What a check needs to know besides the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis {
    /// Stands in for a `bijgewerktOp` that the source does not say.
    pub(super) registratie: Tijdstip,
    /// The day on which the source made the levering: what has ended, ended by then.
    pub(super) aanmaakdatum: Datum,
}

/// The first line; its `formaatVersie` was looked at before.
pub(super) fn voorloop(f: &mut Findings, w: wire::Voorloop<'_>) -> Option<Voorloop> {
    let root = Pad::Root;
    let levering_id = {
        let at = root.field("leveringId");
        let right = (1..=64).contains(&w.levering_id.len())
            && w.levering_id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b));
        match right {
            true => Some(w.levering_id.to_string()),
            false => f.add(&at, "moet de vorm [0-9A-Za-z._:-]{1,64} hebben"),
        }
    };
    let levering_soort = f.one_of(
        &root.field("leveringSoort"),
        &w.levering_soort,
        LeveringSoort::parse,
        "VOLLEDIG, MUTATIES",
    );
    let aanmaak_tijdstip = f.tijdstip(&root.field("aanmaakTijdstip"), &w.aanmaak_tijdstip);
    let bron = f.text(&root.field("bron"), &w.bron, 200);
    let codes = each(
        &root.field("aangekondigdeConversies"),
        w.aangekondigde_conversies,
        |at, code| f.code(at, &code),
    );
    Some(Voorloop {
        levering_id: levering_id?,
        levering_soort: levering_soort?,
        aanmaak_tijdstip: aanmaak_tijdstip?,
        bron: bron?,
        aangekondigde_conversies: codes?,
    })
}

pub(super) fn opleiding(f: &mut Findings, w: &wire::Opleiding<'_>) -> Option<Opleiding> {
    let root = Pad::Root;
    let code = f.code(&root.field("code"), &w.code);
    let naam = f.text(&root.field("opleidingsnaam"), &w.opleidingsnaam, 200);
    let at = root.field("niveau");
    let niveau = match (w.niveau, code) {
        (None, Some(code)) if !code.is_keuzedeel() => f.add(&at, "ontbreekt bij een kwalificatie"),
        (niveau, _) => optional(niveau, |n| f.small(&at, n, 1..=4)),
    };
    let leerwegen = f.leerwegen(&root.field("leerwegen"), &w.leerwegen);
    Some(Opleiding {
        code: code?,
        opleidingsnaam: naam?,
        niveau: niveau?,
        leerwegen: leerwegen?,
    })
}

pub(super) fn equivalent(f: &mut Findings, w: &wire::Equivalent<'_>) -> Option<Equivalent> {
    let root = Pad::Root;
    let code = f.code(&root.field("code"), &w.code);
    let met = f.code(&root.field("equivalentMet"), &w.equivalent_met);
    let met = match met {
        Some(same) if Some(same) == code => f.add(
            &root.field("equivalentMet"),
            "mag niet dezelfde code zijn als code",
        ),
        met => met,
    };
    let vanaf = f.datum(&root.field("vanaf"), &w.vanaf);
    let tot = optional(w.tot.as_ref(), |t| f.last_day(&root.field("tot"), t, vanaf));
    Some(Equivalent {
        code: code?,
        equivalent_met: met?,
        vanaf: vanaf?,
        tot: tot?,
    })
}

pub(super) fn school(f: &mut Findings, w: &wire::School<'_>) -> Option<School> {
    let root = Pad::Root;
    let oin = f.oin(&root.field("schoolOin"), &w.school_oin);
    let brin = f.brin(&root.field("brin"), &w.brin);
    let naam = f.text(&root.field("naam"), &w.naam, 200);
    Some(School {
        oin: oin?,
        brin: brin?,
        naam: naam?,
    })
}

pub(super) fn bpvo(f: &mut Findings, w: wire::Bpvo<'_>) -> Option<Bpvo> {
    let root = Pad::Root;
    let school_oin = f.oin(&root.field("schoolOin"), &w.school_oin);
    let kenmerk = f.text(&root.field("bpvoKenmerk"), &w.bpvo_kenmerk, 41);
    let leerbedrijf_id = f.leerbedrijf_id(&root.field("leerbedrijfId"), &w.leerbedrijf_id);
    let code = f.code(&root.field("code"), &w.code);
    let begin = f.datum(&root.field("begindatum"), &w.begindatum);
    let gepland = f.last_day(&root.field("einddatumGepland"), &w.einddatum_gepland, begin);
    let werkelijk = optional(w.einddatum_werkelijk.as_ref(), |eind| {
        f.last_day(&root.field("einddatumWerkelijk"), eind, begin)
    });
    let keuzedelen = each(&root.field("keuzedelen"), w.keuzedelen, |at, k| {
        keuzedeel(f, at, &k)
    });
    Some(Bpvo {
        school_oin: school_oin?,
        bpvo_kenmerk: kenmerk?,
        leerbedrijf_id: leerbedrijf_id?,
        code: code?,
        begindatum: begin?,
        einddatum_gepland: gepland?,
        einddatum_werkelijk: werkelijk?,
        keuzedelen: keuzedelen?,
        herkomst: Herkomst::Register,
        volgens_register: None,
    })
}

fn keuzedeel(f: &mut Findings, at: &Pad<'_>, w: &wire::Keuzedeel<'_>) -> Option<Keuzedeel> {
    let code = match f.code(&at.field("code"), &w.code) {
        Some(code) if !code.is_keuzedeel() => {
            f.add(&at.field("code"), "moet de vorm K[0-9]{4} hebben")
        }
        code => code,
    };
    let begin = f.datum(&at.field("begindatum"), &w.begindatum);
    let eind = f.last_day(&at.field("einddatumGepland"), &w.einddatum_gepland, begin);
    Some(Keuzedeel {
        code: code?,
        begindatum: begin?,
        einddatum_gepland: eind?,
    })
}

/// The key of what is gone: exactly the fields that make it, and no others.
pub(super) fn verwijderd(f: &mut Findings, w: &wire::Verwijderd<'_>) -> Option<ObjectKey> {
    let root = Pad::Root;
    let soort = f.one_of(
        &root.field("objectSoort"),
        &w.object_soort,
        ObjectSoort::parse,
        "leerbedrijf, opleiding, equivalent, school, bpvo",
    )?;
    let needed: &[&str] = match soort {
        ObjectSoort::Leerbedrijf => &["leerbedrijfId"],
        ObjectSoort::Opleiding => &["code"],
        ObjectSoort::Equivalent => &["code", "equivalentMet", "vanaf"],
        ObjectSoort::School => &["schoolOin"],
        ObjectSoort::Bpvo => &["schoolOin", "bpvoKenmerk"],
    };
    let fields: [(&'static str, Option<&Tekst<'_>>); 6] = [
        ("leerbedrijfId", w.leerbedrijf_id.as_ref()),
        ("code", w.code.as_ref()),
        ("equivalentMet", w.equivalent_met.as_ref()),
        ("vanaf", w.vanaf.as_ref()),
        ("schoolOin", w.school_oin.as_ref()),
        ("bpvoKenmerk", w.bpvo_kenmerk.as_ref()),
    ];
    for (name, value) in fields {
        match (needed.contains(&name), value) {
            (true, None) => f.add::<()>(&root.field(name), "ontbreekt"),
            (false, Some(_)) => {
                f.add::<()>(&root.field(name), format!("hoort niet bij een {soort}"))
            }
            _ => None,
        };
    }
    let code = optional(w.code.as_ref(), |c| f.code(&root.field("code"), c));
    let oin = optional(w.school_oin.as_ref(), |o| {
        f.oin(&root.field("schoolOin"), o)
    });
    Some(match soort {
        ObjectSoort::Leerbedrijf => ObjectKey::Leerbedrijf(
            f.leerbedrijf_id(&root.field("leerbedrijfId"), w.leerbedrijf_id.as_ref()?)?,
        ),
        ObjectSoort::Opleiding => ObjectKey::Opleiding(code??),
        ObjectSoort::Equivalent => ObjectKey::Equivalent {
            code: code??,
            equivalent_met: f.code(&root.field("equivalentMet"), w.equivalent_met.as_ref()?)?,
            vanaf: f.datum(&root.field("vanaf"), w.vanaf.as_ref()?)?,
        },
        ObjectSoort::School => ObjectKey::School(oin??),
        ObjectSoort::Bpvo => ObjectKey::Bpvo {
            school_oin: oin??,
            bpvo_kenmerk: f.text(&root.field("bpvoKenmerk"), w.bpvo_kenmerk.as_ref()?, 41)?,
        },
    })
}

/// Notes every key that occurs twice in a list.
pub(super) fn unique<'v>(
    f: &mut Findings,
    at: &Pad<'_>,
    name: &'static str,
    keys: impl Iterator<Item = &'v str>,
) {
    let mut seen = BTreeSet::new();
    for (index, key) in keys.enumerate() {
        if !seen.insert(key) {
            f.add::<()>(&at.item(index).field(name), "staat er tweemaal");
        }
    }
}
