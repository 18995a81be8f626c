//! A leerbedrijf and its people before and after a levering.

use super::{
    change::Change,
    perioden::{self, Moment},
};
use crate::domain::{
    Gegevens, Kern, Leerbedrijf, LeerbedrijfStatus, MutatieSoort, Personen, Tijdstip,
};

/// What the register has to hold from now on, and what changed.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) leerbedrijf: Leerbedrijf,
    pub(super) changes: Vec<Change>,
}

/// Puts what a levering says of a leerbedrijf in the place of what is there.
pub(super) fn merge(old: Option<&Leerbedrijf>, mut new: Leerbedrijf, moment: Moment) -> Merged {
    let before = old.map_or(&[][..], |old| &old.kern.erkenningen);
    let said = std::mem::take(&mut new.kern.erkenningen);
    let (erkenningen, of_periods) = perioden::merge(before, said, moment);
    new.kern.erkenningen = erkenningen;
    let mut changes = Vec::new();
    if let Some(old) = old {
        keep_moment(old, &mut new, moment.tijdstip);
        changes.extend(identity(old, &new, moment));
    }
    changes.extend(of_periods);
    Merged {
        leerbedrijf: new,
        changes,
    }
}

/// A leerbedrijf that is no longer in the register: historical, its erkenningen ended, no places
/// on offer. Its name, address and history stay (domain rule 7).
pub(super) fn end(old: &Leerbedrijf, moment: Moment) -> Merged {
    let new = Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: old.kern.leerbedrijf_id,
            naam: old.kern.naam.clone(),
            status: LeerbedrijfStatus::Historisch,
            opvolging: old.kern.opvolging,
            erkenningen: Vec::new(),
        },
        gegevens: Gegevens {
            bijgewerkt_op: moment.tijdstip,
            ..old.gegevens.clone()
        },
        leerplaatsen: Vec::new(),
    };
    merge(Some(old), new, moment)
}

/// At most one change of identity: a merger says more than an end, an end more than a new name.
fn identity(old: &Leerbedrijf, new: &Leerbedrijf, moment: Moment) -> Option<Change> {
    let (was, is) = (&old.kern, &new.kern);
    if let Some(opvolging) = is.opvolging
        && was.opvolging != is.opvolging
    {
        return Some(Change {
            opvolger: Some(opvolging.opvolger),
            ..Change::identity(
                MutatieSoort::LeerbedrijfSamengevoegd,
                opvolging.opgevolgd_per,
            )
        });
    }
    let historical = LeerbedrijfStatus::Historisch;
    if was.status != historical && is.status == historical {
        // Announced already when it was merged earlier than its status says so.
        return is
            .opvolging
            .is_none()
            .then(|| Change::identity(MutatieSoort::LeerbedrijfBeeindigd, moment.dag));
    }
    let (from, to) = (&old.gegevens.vestigingsadres, &new.gegevens.vestigingsadres);
    let moved = !from.is_same_but_for_coordinaten(to);
    let changed =
        was.naam != is.naam || moved || was.status != is.status || was.opvolging != is.opvolging;
    changed.then(|| Change::identity(MutatieSoort::LeerbedrijfGewijzigd, moment.dag))
}

/// When the source does not say when it changed the leerbedrijf and nothing of it did change,
/// the old moment stays.
fn keep_moment(old: &Leerbedrijf, new: &mut Leerbedrijf, registratie: Tijdstip) {
    if new.gegevens.bijgewerkt_op != registratie {
        return;
    }
    let same = same_kern(&old.kern, &new.kern) && same_gegevens(&old.gegevens, &new.gegevens);
    if same {
        new.gegevens.bijgewerkt_op = old.gegevens.bijgewerkt_op;
    }
}

fn same_kern(a: &Kern, b: &Kern) -> bool {
    a.naam == b.naam && a.status == b.status && a.opvolging == b.opvolging
}

fn same_gegevens(a: &Gegevens, b: &Gegevens) -> bool {
    let Gegevens {
        kvk_nummer,
        kvk_vestigingsnummer,
        vestigingsadres,
        correspondentieadres,
        telefoonnummer,
        emailadres,
        website,
        bijgewerkt_op: _,
    } = a;
    (kvk_nummer, kvk_vestigingsnummer) == (&b.kvk_nummer, &b.kvk_vestigingsnummer)
        && (vestigingsadres, correspondentieadres) == (&b.vestigingsadres, &b.correspondentieadres)
        && (telefoonnummer, emailadres, website) == (&b.telefoonnummer, &b.emailadres, &b.website)
}

/// People of whom the source does not say when it changed them keep their moment when nothing
/// of them changed.
pub(super) fn keep_moments(old: &Personen, new: &mut Personen, registratie: Tijdstip) {
    for person in &mut new.contactpersonen {
        let before = old
            .contactpersonen
            .iter()
            .find(|p| p.persoon_id == person.persoon_id);
        if let Some(before) = before.filter(|_| person.bijgewerkt_op == registratie) {
            person.bijgewerkt_op = before.bijgewerkt_op;
            if person != before {
                person.bijgewerkt_op = registratie;
            }
        }
    }
    for person in &mut new.praktijkopleiders {
        let before = old
            .praktijkopleiders
            .iter()
            .find(|p| p.persoon_id == person.persoon_id);
        if let Some(before) = before.filter(|_| person.bijgewerkt_op == registratie) {
            person.bijgewerkt_op = before.bijgewerkt_op;
            if person != before {
                person.bijgewerkt_op = registratie;
            }
        }
    }
}
