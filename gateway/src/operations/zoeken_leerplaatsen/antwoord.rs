//! The answer of zoekenLeerplaatsen, as SOAP and REST render it (domain §2, "Messages").

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::{
    domain::{
        Adres, Code, Datum, LeerbedrijfId, LeerplaatsSoort, Leerweg,
        Vergoeding as RegisterVergoeding,
    },
    operations::{
        Kop, Shared,
        opvragen_detailgegevens::{ErkenningDetail, PraktijkopleiderDetail},
    },
};

/// The answer, grouped by leerbedrijf, in the order asked for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ZoekenLeerplaatsenAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// De gevonden leerbedrijven van deze pagina, in de gevraagde volgorde.
    pub leerbedrijven: Vec<GevondenLeerbedrijf>,
    /// Hoeveel leerbedrijven er in totaal zijn gevonden, over alle pagina's.
    pub totaal: u32,
    /// Bladwijzer van de volgende pagina; ontbreekt op de laatste.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub volgende_cursor: Option<String>,
    /// Aantallen leerbedrijven per leerweg, niveau en code over de hele lijst, als `metTellingen`
    /// gevraagd is; anders leeg.
    pub tellingen: Vec<Telling>,
}

/// One leerbedrijf that was found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GevondenLeerbedrijf {
    /// Welk leerbedrijf het is.
    #[serde(flatten)]
    #[schema(value_type = GevondenBedrijf)]
    pub bedrijf: Shared<GevondenBedrijf>,
    /// Afstand in kilometers, hemelsbreed, tot het midden van de gevraagde postcode, plaats of
    /// het gevraagde adres. Ontbreekt zonder zo'n vraag, en als de ligging onbekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, example = 4.2)]
    pub afstand_km: Option<AfstandKm>,
    /// Lopende bpvo's van de vragende school, exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aantal_studenten_eigen: Option<u32>,
    /// Lopende bpvo's van alle andere scholen, als band.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1-4")]
    pub aantal_studenten_overig: Option<Studentenband>,
    /// De erkenningen die bij de vraag passen; bij LEERPLAATS die van de gevonden leerplaatsen.
    pub erkenningen: Vec<GevondenErkenning>,
    /// De leerplaatsen die bij de vraag passen; leeg bij ERKENNING.
    pub leerplaatsen: Vec<GevondenLeerplaats>,
    /// De praktijkopleiders voor de getoonde erkenningen, alleen als `metPraktijkopleiders` gevraagd is;
    /// wie ze opvraagt, wordt vastgelegd. Hun aantal per code staat altijd bij de erkenningen.
    pub praktijkopleiders: Vec<PraktijkopleiderDetail>,
    /// Waarom dit leerbedrijf hier staat, in woorden, als `metToelichting` gevraagd is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toelichting: Option<String>,
}

/// Who a leerbedrijf is, and how it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GevondenBedrijf {
    /// Sleutel van het leerbedrijf in het register.
    #[schema(value_type = String, pattern = "^[1-9][0-9]{8}$", example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// Naam.
    pub naam: String,
    /// Waar het gevestigd is.
    pub vestigingsadres: Adres,
    /// Telefoonnummer, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<String>,
    /// E-mailadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<String>,
    /// Website.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// An erkenning that fits, and how many people train for it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GevondenErkenning {
    /// De erkenning zelf.
    #[serde(flatten)]
    #[schema(value_type = ErkenningDetail)]
    pub erkenning: Shared<ErkenningDetail>,
    /// Hoeveel praktijkopleiders er voor deze code zijn.
    pub aantal_praktijkopleiders: u32,
    /// De gevraagde code waarvoor deze erkenning meetelt omdat haar code gelijkwaardig is;
    /// ontbreekt als het de gevraagde code zelf is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "25656")]
    pub equivalent_voor: Option<Code>,
}

/// A place on offer that fits.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GevondenLeerplaats {
    /// Sleutel van de leerplaats in het register.
    pub leerplaats_id: String,
    /// Kwalificatie waarvoor de plaats is.
    #[schema(value_type = String, example = "25180")]
    pub code: Code,
    /// STAGE of LEERBAAN.
    pub leerplaats_soort: LeerplaatsSoort,
    /// BOL of BBL.
    pub leerweg: Leerweg,
    /// Titel.
    pub titel: String,
    /// Omschrijving, hoogstens 2.000 tekens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omschrijving: Option<String>,
    /// Hoeveel plaatsen er zijn.
    pub aantal_leerplaatsen: u32,
    /// Eerste dag waarop de plaats beschikbaar is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub beschikbaar_vanaf: Option<Datum>,
    /// Laatste dag, inclusief.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub beschikbaar_tot: Option<Datum>,
    /// Dagen per week, 1 tot 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 7)]
    pub dagen_per_week: Option<u8>,
    /// Vergoeding voor de student.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vergoeding: Option<Vergoeding>,
    /// De gevraagde code waarvoor deze plaats meetelt omdat haar code gelijkwaardig is; ontbreekt
    /// als het de gevraagde code zelf is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "25656")]
    pub equivalent_voor: Option<Code>,
}

/// What the student gets, in whole euros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vergoeding {
    /// Soort, zoals PER_MAAND, PER_DAG, REISKOSTEN of GEEN; de lijst kan groeien.
    #[schema(example = "PER_MAAND")]
    pub soort: String,
    /// Vanaf dit bedrag, in euro's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrag_van: Option<u32>,
    /// Tot dit bedrag, in euro's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrag_tot: Option<u32>,
}

impl From<RegisterVergoeding> for Vergoeding {
    fn from(vergoeding: RegisterVergoeding) -> Self {
        let RegisterVergoeding {
            soort,
            bedrag_van,
            bedrag_tot,
        } = vergoeding;
        Self {
            soort,
            bedrag_van,
            bedrag_tot,
        }
    }
}

/// How many leerbedrijven of the whole list have this value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Telling {
    /// leerweg, niveau of code.
    #[schema(value_type = String, example = "leerweg")]
    pub veld: &'static str,
    /// De waarde.
    #[schema(example = "BBL")]
    pub waarde: String,
    /// Hoeveel gevonden leerbedrijven er iets met deze waarde hebben dat bij de vraag past.
    pub aantal: u32,
}

/// A distance over the earth with one decimal (domain rule 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AfstandKm {
    tienden: u32,
}

impl AfstandKm {
    /// Rounds to a tenth; a distance is never negative.
    #[must_use]
    pub fn new(km: f64) -> Self {
        Self {
            tienden: (km * 10.0).round().max(0.0) as u32,
        }
    }
}

impl fmt::Display for AfstandKm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tienden / 10, self.tienden % 10)
    }
}

impl Serialize for AfstandKm {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(f64::from(self.tienden) / 10.0)
    }
}

/// A number of students told as a band (domain rule 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Studentenband(&'static str);

impl Studentenband {
    /// The band that holds this number.
    #[must_use]
    pub fn of(aantal: u32) -> Self {
        Self(match aantal {
            0 => "0",
            1..=4 => "1-4",
            5..=9 => "5-9",
            10..=24 => "10-24",
            25.. => "25+",
        })
    }

    /// The text in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl Serialize for Studentenband {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0)
    }
}
