//! Writing a levering: domain objects become lines, counts and checksum are kept on the way.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use serde::de::IgnoredAny;

use super::{
    Aantallen, FORMAAT_VERSIE, ObjectSoort, Voorloop,
    wire::{self, Regel, Tekst},
};
use crate::{domain, register::Object};

/// Why a line could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The destination refused.
    #[error("the levering could not be written")]
    Io(#[from] io::Error),
    /// An object has no form as JSON, such as a coordinate that is not a number.
    #[error("an object has no form as JSON")]
    Json(#[from] serde_json::Error),
}

/// Writes the lines of one levering. The first line is written by [`LeveringWriter::new`], the
/// last by [`LeveringWriter::finish`]; a levering without it is refused by every reader.
///
/// The destination gets one write for each line: give it a buffer.
pub struct LeveringWriter<W> {
    out: W,
    line: Vec<u8>,
    sha256: Context,
    aantallen: Aantallen,
}

impl<W: Write> LeveringWriter<W> {
    /// Begins a levering.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn new(out: W, voorloop: &Voorloop) -> Result<Self, WriteError> {
        let mut writer = Self {
            out,
            line: Vec::with_capacity(4096),
            sha256: Context::new(&SHA256),
            aantallen: Aantallen::default(),
        };
        writer.write_line(&Regel::Voorloop(wire::Voorloop {
            soort: IgnoredAny,
            formaat_versie: FORMAAT_VERSIE.into(),
            levering_id: voorloop.levering_id.as_str().into(),
            levering_soort: voorloop.levering_soort.as_str().into(),
            aanmaak_tijdstip: shown(voorloop.aanmaak_tijdstip),
            bron: voorloop.bron.as_str().into(),
            aangekondigde_conversies: voorloop
                .aangekondigde_conversies
                .iter()
                .map(shown)
                .collect(),
        }))?;
        Ok(writer)
    }

    /// Writes one object. The herkomst of a bpvo is not written: a levering only tells what the
    /// register knows.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn write(&mut self, object: &Object) -> Result<(), WriteError> {
        let (soort, regel) = match object {
            Object::Opleiding(o) => (ObjectSoort::Opleiding, Regel::Opleiding(o.into())),
            Object::Equivalent(e) => (ObjectSoort::Equivalent, Regel::Equivalent(e.into())),
            Object::School(s) => (ObjectSoort::School, Regel::School(s.into())),
            Object::Leerbedrijf(leerbedrijf, personen) => (
                ObjectSoort::Leerbedrijf,
                Regel::Leerbedrijf(wire::Leerbedrijf::of(leerbedrijf, personen)),
            ),
            Object::Bpvo(b) => (ObjectSoort::Bpvo, Regel::Bpvo(b.into())),
        };
        self.write_line(&regel)?;
        self.aantallen.add(soort);
        Ok(())
    }

    /// Writes the last line and gives the destination back, flushed.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<(W, Aantallen), WriteError> {
        let sha256 = hex::encode(self.sha256.clone().finish());
        self.write_line(&Regel::Sluit(wire::Sluit {
            soort: IgnoredAny,
            aantallen: self.aantallen,
            sha256: sha256.into(),
        }))?;
        self.out.flush()?;
        Ok((self.out, self.aantallen))
    }

    fn write_line(&mut self, regel: &Regel<'_>) -> Result<(), WriteError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, regel)?;
        self.line.push(b'\n');
        self.sha256.update(&self.line);
        self.out.write_all(&self.line)?;
        Ok(())
    }
}

/// A value as the text by which the contract knows it.
fn shown<'a>(value: impl std::fmt::Display) -> Tekst<'a> {
    Tekst::from(value.to_string())
}

fn shown_option<'a>(value: Option<impl std::fmt::Display>) -> Option<Tekst<'a>> {
    value.map(shown)
}

fn text(value: Option<&String>) -> Option<Tekst<'_>> {
    value.map(|text| text.as_str().into())
}

fn leerwegen<'a>(leerwegen: domain::Leerwegen) -> Vec<Tekst<'a>> {
    leerwegen.iter().map(|l| l.as_str().into()).collect()
}

impl<'a> From<&'a domain::Opleiding> for wire::Opleiding<'a> {
    fn from(o: &'a domain::Opleiding) -> Self {
        Self {
            soort: IgnoredAny,
            code: shown(o.code),
            opleidingsnaam: o.opleidingsnaam.as_str().into(),
            niveau: o.niveau,
            leerwegen: leerwegen(o.leerwegen),
        }
    }
}

impl From<&domain::Equivalent> for wire::Equivalent<'_> {
    fn from(e: &domain::Equivalent) -> Self {
        Self {
            soort: IgnoredAny,
            code: shown(e.code),
            equivalent_met: shown(e.equivalent_met),
            vanaf: shown(e.vanaf),
            tot: shown_option(e.tot),
        }
    }
}

impl<'a> From<&'a domain::School> for wire::School<'a> {
    fn from(s: &'a domain::School) -> Self {
        Self {
            soort: IgnoredAny,
            school_oin: s.oin.as_str().into(),
            brin: shown(s.brin),
            naam: s.naam.as_str().into(),
        }
    }
}

impl<'a> wire::Leerbedrijf<'a> {
    fn of(leerbedrijf: &'a domain::Leerbedrijf, personen: &'a domain::Personen) -> Self {
        let (kern, gegevens) = (&leerbedrijf.kern, &leerbedrijf.gegevens);
        Self {
            soort: IgnoredAny,
            leerbedrijf_id: shown(kern.leerbedrijf_id),
            naam: kern.naam.as_str().into(),
            leerbedrijf_status: kern.status.as_str().into(),
            opvolger: kern.opvolging.map(|o| shown(o.opvolger)),
            opgevolgd_per: kern.opvolging.map(|o| shown(o.opgevolgd_per)),
            kvk_nummer: text(gegevens.kvk_nummer.as_ref()),
            kvk_vestigingsnummer: text(gegevens.kvk_vestigingsnummer.as_ref()),
            vestigingsadres: (&gegevens.vestigingsadres).into(),
            correspondentieadres: gegevens.correspondentieadres.as_ref().map(Into::into),
            telefoonnummer: text(gegevens.telefoonnummer.as_ref()),
            emailadres: text(gegevens.emailadres.as_ref()),
            website: text(gegevens.website.as_ref()),
            bijgewerkt_op: Some(shown(gegevens.bijgewerkt_op)),
            erkenningen: kern.erkenningen.iter().map(Into::into).collect(),
            leerplaatsen: leerbedrijf.leerplaatsen.iter().map(Into::into).collect(),
            contactpersonen: personen.contactpersonen.iter().map(Into::into).collect(),
            praktijkopleiders: personen.praktijkopleiders.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a domain::Adres> for wire::Adres<'a> {
    fn from(a: &'a domain::Adres) -> Self {
        Self {
            straat: text(a.straat.as_ref()),
            huisnummer: a.huisnummer,
            huisnummertoevoeging: text(a.huisnummertoevoeging.as_ref()),
            postcode: text(a.postcode.as_ref()),
            plaats: a.plaats.as_str().into(),
            land: a.land.as_str().into(),
            coordinaten: a.coordinaten.map(|c| wire::Coordinaten {
                lat: c.lat,
                lon: c.lon,
            }),
        }
    }
}

impl<'a> From<&'a domain::Erkenning> for wire::Erkenning<'a> {
    fn from(e: &'a domain::Erkenning) -> Self {
        Self {
            code: shown(e.code),
            leerwegen: leerwegen(e.leerwegen),
            startdatum: shown(e.startdatum),
            einddatum: shown_option(e.einddatum),
            reden: e.reden.map(|r| r.as_str().into()),
            gedeeltelijk: e.gedeeltelijk,
            werkprocessen: e
                .werkprocessen
                .iter()
                .map(|w| wire::Werkproces {
                    code: w.code.as_str().into(),
                    naam: w.naam.as_str().into(),
                    uitvoerbaar: w.uitvoerbaar,
                })
                .collect(),
            bijgewerkt_op: Some(shown(e.bijgewerkt_op)),
        }
    }
}

impl<'a> From<&'a domain::Leerplaats> for wire::Leerplaats<'a> {
    fn from(l: &'a domain::Leerplaats) -> Self {
        Self {
            leerplaats_id: l.leerplaats_id.as_str().into(),
            code: shown(l.code),
            leerplaats_soort: l.leerplaats_soort.as_str().into(),
            leerweg: l.leerweg.as_str().into(),
            titel: l.titel.as_str().into(),
            omschrijving: text(l.omschrijving.as_ref()),
            aantal_leerplaatsen: l.aantal_leerplaatsen,
            beschikbaar_vanaf: shown_option(l.beschikbaar_vanaf),
            beschikbaar_tot: shown_option(l.beschikbaar_tot),
            dagen_per_week: l.dagen_per_week,
            vergoeding: l.vergoeding.as_ref().map(|v| wire::Vergoeding {
                soort: v.soort.as_str().into(),
                bedrag_van: v.bedrag_van,
                bedrag_tot: v.bedrag_tot,
            }),
        }
    }
}

impl<'a> From<&'a domain::Contactpersoon> for wire::Contactpersoon<'a> {
    fn from(p: &'a domain::Contactpersoon) -> Self {
        Self {
            persoon_id: p.persoon_id.as_str().into(),
            naam: p.naam.as_str().into(),
            functie: text(p.functie.as_ref()),
            emailadres: text(p.emailadres.as_ref()),
            telefoonnummer: text(p.telefoonnummer.as_ref()),
            bijgewerkt_op: Some(shown(p.bijgewerkt_op)),
        }
    }
}

impl<'a> From<&'a domain::Praktijkopleider> for wire::Praktijkopleider<'a> {
    fn from(p: &'a domain::Praktijkopleider) -> Self {
        Self {
            persoon_id: p.persoon_id.as_str().into(),
            naam: p.naam.as_str().into(),
            emailadres: text(p.emailadres.as_ref()),
            telefoonnummer: text(p.telefoonnummer.as_ref()),
            codes: p.codes.iter().map(shown).collect(),
            bijgewerkt_op: Some(shown(p.bijgewerkt_op)),
        }
    }
}

impl<'a> From<&'a domain::Bpvo> for wire::Bpvo<'a> {
    fn from(b: &'a domain::Bpvo) -> Self {
        Self {
            soort: IgnoredAny,
            school_oin: b.school_oin.as_str().into(),
            bpvo_kenmerk: b.bpvo_kenmerk.as_str().into(),
            leerbedrijf_id: shown(b.leerbedrijf_id),
            code: shown(b.code),
            begindatum: shown(b.begindatum),
            einddatum_gepland: shown(b.einddatum_gepland),
            einddatum_werkelijk: shown_option(b.einddatum_werkelijk),
            keuzedelen: b
                .keuzedelen
                .iter()
                .map(|k| wire::Keuzedeel {
                    code: shown(k.code),
                    begindatum: shown(k.begindatum),
                    einddatum_gepland: shown(k.einddatum_gepland),
                })
                .collect(),
        }
    }
}
