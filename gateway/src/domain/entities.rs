//! What the register holds, as stored and answered (domain §3).
//!
//! A [`Leerbedrijf`] is kept everywhere (log, snapshot, replica) as one blob. Its [`Kern`] comes
//! first, so that a verification reads only the beginning of it. People are a blob of their own
//! ([`Personen`]), because history holds erkenningen and never people (design invariant 12).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Adres, Brin, Code, Datum, LeerbedrijfId, Oin, Tijdstip, code_list, redacted_debug};

code_list! {
    /// Of een leerbedrijf nu in het register staat (ACT) of historisch is (HIS).
    LeerbedrijfStatus { Actief = "ACT", Historisch = "HIS" }
}
code_list! {
    /// De leerweg: beroepsopleidend of beroepsbegeleidend.
    Leerweg { Bol = "BOL", Bbl = "BBL" }
}
code_list! {
    /// Waarom een erkenning eindigde; zonder reden is zij verlopen.
    Eindreden {
        Ingetrokken = "INGETROKKEN",
        VanRechtswegeVervallen = "VAN_RECHTSWEGE_VERVALLEN",
        NietVerlengd = "NIET_VERLENGD",
    }
}
code_list! {
    /// Een stage (BOL) of een leerbaan (BBL).
    LeerplaatsSoort { Stage = "STAGE", Leerbaan = "LEERBAAN" }
}
code_list! {
    /// Wie een bpvo aanmeldde.
    Herkomst { School = "SCHOOL", Register = "REGISTER", Beide = "BEIDE" }
}
code_list! {
    /// Wat er veranderde (domain §2).
    MutatieSoort {
        ErkenningVerleend = "ERKENNING_VERLEEND",
        ErkenningGewijzigd = "ERKENNING_GEWIJZIGD",
        ErkenningBeeindigd = "ERKENNING_BEEINDIGD",
        ErkenningHersteld = "ERKENNING_HERSTELD",
        LeerbedrijfGewijzigd = "LEERBEDRIJF_GEWIJZIGD",
        LeerbedrijfBeeindigd = "LEERBEDRIJF_BEEINDIGD",
        LeerbedrijfSamengevoegd = "LEERBEDRIJF_SAMENGEVOEGD",
    }
}

/// A set of [`Leerweg`]: none, one or both.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Leerwegen(u8);

impl Leerwegen {
    /// The set with this one added.
    #[must_use]
    pub fn with(self, leerweg: Leerweg) -> Self {
        Self(self.0 | Self::bit(leerweg))
    }

    /// Whether it is in the set.
    #[must_use]
    pub fn contains(self, leerweg: Leerweg) -> bool {
        self.0 & Self::bit(leerweg) != 0
    }

    /// The members, BOL before BBL.
    pub fn iter(self) -> impl Iterator<Item = Leerweg> {
        Leerweg::ALL
            .iter()
            .copied()
            .filter(move |l| self.contains(*l))
    }

    const fn bit(leerweg: Leerweg) -> u8 {
        match leerweg {
            Leerweg::Bol => 1,
            Leerweg::Bbl => 2,
        }
    }
}

impl FromIterator<Leerweg> for Leerwegen {
    fn from_iter<I: IntoIterator<Item = Leerweg>>(iter: I) -> Self {
        iter.into_iter().fold(Self::default(), Self::with)
    }
}

/// All of a leerbedrijf but its people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leerbedrijf {
    /// What a verification needs; first in the blob.
    pub kern: Kern,
    /// Addresses and contact data.
    pub gegevens: Gegevens,
    /// Places on offer.
    pub leerplaatsen: Vec<Leerplaats>,
}

/// Identity and erkenningen of a leerbedrijf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kern {
    /// The register's key.
    pub leerbedrijf_id: LeerbedrijfId,
    /// Name, 1 to 200 characters.
    pub naam: String,
    /// In the register now, or historical.
    pub status: LeerbedrijfStatus,
    /// Into whom it was merged, if it was.
    pub opvolging: Option<Opvolging>,
    /// Periods by code; one code may have several, which do not overlap.
    pub erkenningen: Vec<Erkenning>,
}

/// A merger: who took over, from which day on (domain rule 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opvolging {
    /// The successor.
    pub opvolger: LeerbedrijfId,
    /// First day on which the successor answers.
    pub opgevolgd_per: Datum,
}

/// One period in which a leerbedrijf is erkend for a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erkenning {
    /// Kwalificatie or keuzedeel.
    pub code: Code,
    /// For which leerwegen it holds.
    pub leerwegen: Leerwegen,
    /// First day.
    pub startdatum: Datum,
    /// Last day, inclusive; none by default (domain rule 4).
    pub einddatum: Option<Datum>,
    /// Why it ends, when it was not simply a date that passed.
    pub reden: Option<Eindreden>,
    /// Only some of the werkprocessen can be learned there.
    pub gedeeltelijk: bool,
    /// Which ones can and cannot, for a partial erkenning.
    pub werkprocessen: Vec<Werkproces>,
    /// When the register last changed it.
    pub bijgewerkt_op: Tijdstip,
}

impl Erkenning {
    /// Whether the day falls in the period; the end is inclusive (domain rule 4).
    #[must_use]
    pub fn holds_on(&self, dag: Datum) -> bool {
        self.startdatum <= dag && self.einddatum.is_none_or(|eind| dag <= eind)
    }
}

/// A werkproces of a kwalificatie and whether it can be learned at this leerbedrijf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Werkproces {
    /// Code van het werkproces, zoals `B1-K1-W1`.
    pub code: String,
    /// Naam van het werkproces.
    pub naam: String,
    /// Of het bij dit leerbedrijf geleerd kan worden.
    pub uitvoerbaar: bool,
}

/// Addresses and contact data of a leerbedrijf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gegevens {
    /// KvK number, `[0-9]{8}`.
    pub kvk_nummer: Option<String>,
    /// KvK number of the establishment, `[0-9]{12}`.
    pub kvk_vestigingsnummer: Option<String>,
    /// Where it is.
    pub vestigingsadres: Adres,
    /// Where letters go, if elsewhere.
    pub correspondentieadres: Option<Adres>,
    /// E.164.
    pub telefoonnummer: Option<String>,
    /// At most 254 characters.
    pub emailadres: Option<String>,
    /// At most 320 characters.
    pub website: Option<String>,
    /// When the register last changed it.
    pub bijgewerkt_op: Tijdstip,
}

/// A place on offer for a student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leerplaats {
    /// The register's key.
    pub leerplaats_id: String,
    /// For which kwalificatie.
    pub code: Code,
    /// Stage or leerbaan.
    pub leerplaats_soort: LeerplaatsSoort,
    /// BOL or BBL.
    pub leerweg: Leerweg,
    /// Short title.
    pub titel: String,
    /// At most 2,000 characters.
    pub omschrijving: Option<String>,
    /// How many places, 0 or more.
    pub aantal_leerplaatsen: u32,
    /// First day.
    pub beschikbaar_vanaf: Option<Datum>,
    /// Last day, inclusive.
    pub beschikbaar_tot: Option<Datum>,
    /// Days a week, 1 to 7.
    pub dagen_per_week: Option<u8>,
    /// What the student gets.
    pub vergoeding: Option<Vergoeding>,
}

impl Leerplaats {
    /// Whether the student gets anything.
    #[must_use]
    pub fn has_vergoeding(&self) -> bool {
        self.vergoeding
            .as_ref()
            .is_some_and(|vergoeding| vergoeding.soort != "GEEN")
    }
}

/// An allowance, in whole euros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vergoeding {
    /// Such as `PER_MAAND`; the list may grow.
    pub soort: String,
    /// From, in euros.
    pub bedrag_van: Option<u32>,
    /// To, in euros.
    pub bedrag_tot: Option<u32>,
}

/// The people of one leerbedrijf (privacy class 2): never in history, only in a side table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Personen {
    /// Whom a school may call.
    pub contactpersonen: Vec<Contactpersoon>,
    /// Who trains the students.
    pub praktijkopleiders: Vec<Praktijkopleider>,
}

/// A contact at a leerbedrijf.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contactpersoon {
    /// Stable over leveringen, never answered.
    pub persoon_id: String,
    /// Name.
    pub naam: String,
    /// Role in the company.
    pub functie: Option<String>,
    /// Mail address.
    pub emailadres: Option<String>,
    /// E.164.
    pub telefoonnummer: Option<String>,
    /// When the register last changed it.
    pub bijgewerkt_op: Tijdstip,
}

/// A trainer at a leerbedrijf, and for which codes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Praktijkopleider {
    /// Stable over leveringen, never answered.
    pub persoon_id: String,
    /// Name.
    pub naam: String,
    /// Mail address.
    pub emailadres: Option<String>,
    /// E.164.
    pub telefoonnummer: Option<String>,
    /// For which codes.
    pub codes: Vec<Code>,
    /// When the register last changed it.
    pub bijgewerkt_op: Tijdstip,
}

redacted_debug!(Contactpersoon, Praktijkopleider);

/// A kwalificatie or keuzedeel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opleiding {
    /// Crebo or keuzedeel.
    pub code: Code,
    /// Name, 1 to 200 characters.
    pub opleidingsnaam: String,
    /// 1 to 4; a keuzedeel may have none.
    pub niveau: Option<u8>,
    /// BOL, BBL or both.
    pub leerwegen: Leerwegen,
}

/// An erkenning for `equivalent_met` counts for `code` too, between the two days (domain rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Equivalent {
    /// The code that is asked for.
    pub code: Code,
    /// The code whose erkenning counts as well.
    pub equivalent_met: Code,
    /// First day.
    pub vanaf: Datum,
    /// Last day, inclusive.
    pub tot: Option<Datum>,
}

impl Equivalent {
    /// Whether the equivalence is valid on that day; the end is inclusive.
    #[must_use]
    pub fn holds_on(&self, dag: Datum) -> bool {
        self.vanaf <= dag && self.tot.is_none_or(|tot| dag <= tot)
    }
}

/// A school for vocational education.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    /// Its OIN, the key.
    pub oin: Oin,
    /// Its BRIN.
    pub brin: Brin,
    /// Its name.
    pub naam: String,
}

/// A change of the register that schools may have to hear of (domain §4), without any person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutatie {
    /// The same over every attempt to deliver it.
    pub mutatie_id: uuid::Uuid,
    /// What happened.
    pub mutatie_soort: MutatieSoort,
    /// To whom.
    pub leerbedrijf_id: LeerbedrijfId,
    /// Name after the change.
    pub naam: String,
    /// The successor, for a merger.
    pub opvolger: Option<LeerbedrijfId>,
    /// For changes of an erkenning.
    pub code: Option<Code>,
    /// Why it ends, for an end.
    pub reden: Option<Eindreden>,
    /// Start of the period.
    pub startdatum: Option<Datum>,
    /// End of the period, inclusive.
    pub einddatum: Option<Datum>,
    /// From which day on it has effect.
    pub ingangsdatum: Datum,
    /// When the register took it in.
    pub geregistreerd_op: Tijdstip,
}
