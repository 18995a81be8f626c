//! The lines of a levering as JSON. Texts stay texts here, borrowed from the line: their meaning
//! is checked afterwards, so that all that is wrong with a line is found at once.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IgnoredAny, Visitor},
};

use super::Aantallen;

/// A text that borrows from the line where it can. (`Option<Cow<str>>` never borrows in serde.)
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Tekst<'a>(pub Cow<'a, str>);

impl<'a> From<&'a str> for Tekst<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Tekst<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl std::ops::Deref for Tekst<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tekst<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct TekstVisitor;

        impl<'de> Visitor<'de> for TekstVisitor {
            type Value = Tekst<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Tekst(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Tekst(Cow::Owned(text.to_owned())))
            }
        }

        d.deserialize_str(TekstVisitor)
    }
}

/// A line as it is written: the tag `soort` comes first.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "soort", rename_all = "lowercase")]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on its way to a buffer"
)]
pub enum Regel<'a> {
    /// The first line.
    Voorloop(Voorloop<'a>),
    /// A kwalificatie or keuzedeel.
    Opleiding(Opleiding<'a>),
    /// An equivalence.
    Equivalent(Equivalent<'a>),
    /// A school.
    School(School<'a>),
    /// A leerbedrijf and all that is its.
    Leerbedrijf(Leerbedrijf<'a>),
    /// A practice agreement.
    Bpvo(Bpvo<'a>),
    /// Something that is gone.
    Verwijderd(Verwijderd<'a>),
    /// The last line.
    Sluit(Sluit<'a>),
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Voorloop<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// `1`.
    #[serde(borrow)]
    pub formaat_versie: Tekst<'a>,
    /// Names the levering for good.
    pub levering_id: Tekst<'a>,
    /// VOLLEDIG or MUTATIES.
    pub levering_soort: Tekst<'a>,
    /// RFC 3339.
    pub aanmaak_tijdstip: Tekst<'a>,
    /// Who made it.
    pub bron: Tekst<'a>,
    /// Codes that may shrink.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aangekondigde_conversies: Vec<Tekst<'a>>,
}

/// A kwalificatie or keuzedeel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Opleiding<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// Crebo or keuzedeel.
    #[serde(borrow)]
    pub code: Tekst<'a>,
    /// Name.
    pub opleidingsnaam: Tekst<'a>,
    /// 1 to 4; a keuzedeel may have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub niveau: Option<u8>,
    /// BOL, BBL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leerwegen: Vec<Tekst<'a>>,
}

/// An equivalence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Equivalent<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// The code that is asked for.
    #[serde(borrow)]
    pub code: Tekst<'a>,
    /// The code whose erkenning counts as well.
    pub equivalent_met: Tekst<'a>,
    /// First day.
    pub vanaf: Tekst<'a>,
    /// Last day, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tot: Option<Tekst<'a>>,
}

/// A school.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct School<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// Its OIN.
    #[serde(borrow)]
    pub school_oin: Tekst<'a>,
    /// Its BRIN.
    pub brin: Tekst<'a>,
    /// Its name.
    pub naam: Tekst<'a>,
}

/// A leerbedrijf and all that is its.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Leerbedrijf<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// The register's key.
    #[serde(borrow)]
    pub leerbedrijf_id: Tekst<'a>,
    /// Name.
    pub naam: Tekst<'a>,
    /// ACT or HIS.
    pub leerbedrijf_status: Tekst<'a>,
    /// Into whom it was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opvolger: Option<Tekst<'a>>,
    /// From which day on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opgevolgd_per: Option<Tekst<'a>>,
    /// Eight digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kvk_nummer: Option<Tekst<'a>>,
    /// Twelve digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kvk_vestigingsnummer: Option<Tekst<'a>>,
    /// Where it is.
    pub vestigingsadres: Adres<'a>,
    /// Where letters go, if elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correspondentieadres: Option<Adres<'a>>,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<Tekst<'a>>,
    /// At most 254 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<Tekst<'a>>,
    /// At most 320 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<Tekst<'a>>,
    /// When the source last changed it; absent: the source does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bijgewerkt_op: Option<Tekst<'a>>,
    /// All of its periods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erkenningen: Vec<Erkenning<'a>>,
    /// Places on offer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leerplaatsen: Vec<Leerplaats<'a>>,
    /// Whom a school may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contactpersonen: Vec<Contactpersoon<'a>>,
    /// Who trains the students.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub praktijkopleiders: Vec<Praktijkopleider<'a>>,
}

/// A practice agreement. What a levering tells always has herkomst REGISTER.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bpvo<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// Whose it is.
    #[serde(borrow)]
    pub school_oin: Tekst<'a>,
    /// The school's own opaque key.
    pub bpvo_kenmerk: Tekst<'a>,
    /// Where.
    pub leerbedrijf_id: Tekst<'a>,
    /// For which kwalificatie.
    pub code: Tekst<'a>,
    /// First day.
    pub begindatum: Tekst<'a>,
    /// Last day as planned.
    pub einddatum_gepland: Tekst<'a>,
    /// Last day as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub einddatum_werkelijk: Option<Tekst<'a>>,
    /// Keuzedelen within it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keuzedelen: Vec<Keuzedeel<'a>>,
}

/// Something that is gone; which of the keys it has follows from `object_soort`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verwijderd<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// `leerbedrijf`, `opleiding`, `equivalent`, `school` or `bpvo`.
    #[serde(borrow)]
    pub object_soort: Tekst<'a>,
    /// Key of a leerbedrijf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leerbedrijf_id: Option<Tekst<'a>>,
    /// Key of an opleiding; with the next two, of an equivalent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Tekst<'a>>,
    /// See `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equivalent_met: Option<Tekst<'a>>,
    /// See `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vanaf: Option<Tekst<'a>>,
    /// Key of a school; with the next one, of a bpvo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub school_oin: Option<Tekst<'a>>,
    /// See `school_oin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpvo_kenmerk: Option<Tekst<'a>>,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sluit<'a> {
    /// Read before the rest, and written by [`Regel`].
    #[serde(skip_serializing)]
    pub soort: IgnoredAny,
    /// How many lines of each kind.
    pub aantallen: Aantallen,
    /// SHA-256 over all bytes before this line, 64 hexadecimal digits.
    #[serde(borrow)]
    pub sha256: Tekst<'a>,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Adres<'a> {
    /// 1 to 80 characters.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub straat: Option<Tekst<'a>>,
    /// 1 to 99,999.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub huisnummer: Option<u32>,
    /// 1 to 6 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub huisnummertoevoeging: Option<Tekst<'a>>,
    /// For NL `1234AB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<Tekst<'a>>,
    /// 1 to 40 characters.
    pub plaats: Tekst<'a>,
    /// ISO 3166-1 alpha-2.
    pub land: Tekst<'a>,
    /// Where it is, in degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinaten: Option<Coordinaten>,
}

/// A point in WGS 84, in degrees, at most eight decimals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordinaten {
    /// -90 to 90.
    pub lat: f64,
    /// -180 to 180.
    pub lon: f64,
}

/// One period of an erkenning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Erkenning<'a> {
    /// Crebo or keuzedeel.
    #[serde(borrow)]
    pub code: Tekst<'a>,
    /// BOL, BBL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leerwegen: Vec<Tekst<'a>>,
    /// First day.
    pub startdatum: Tekst<'a>,
    /// Last day, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub einddatum: Option<Tekst<'a>>,
    /// Why it ends: INGETROKKEN, VAN_RECHTSWEGE_VERVALLEN or NIET_VERLENGD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<Tekst<'a>>,
    /// Only some of the werkprocessen.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gedeeltelijk: bool,
    /// Which ones can be learned there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub werkprocessen: Vec<Werkproces<'a>>,
    /// When the source last changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bijgewerkt_op: Option<Tekst<'a>>,
}

/// A werkproces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Werkproces<'a> {
    /// Such as `B1-K1-W1`.
    #[serde(borrow)]
    pub code: Tekst<'a>,
    /// Name.
    pub naam: Tekst<'a>,
    /// Whether it can be learned there.
    pub uitvoerbaar: bool,
}

/// A place on offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Leerplaats<'a> {
    /// The register's key.
    #[serde(borrow)]
    pub leerplaats_id: Tekst<'a>,
    /// For which kwalificatie.
    pub code: Tekst<'a>,
    /// STAGE or LEERBAAN.
    pub leerplaats_soort: Tekst<'a>,
    /// BOL or BBL.
    pub leerweg: Tekst<'a>,
    /// Short title.
    pub titel: Tekst<'a>,
    /// At most 2,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omschrijving: Option<Tekst<'a>>,
    /// How many.
    pub aantal_leerplaatsen: u32,
    /// First day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beschikbaar_vanaf: Option<Tekst<'a>>,
    /// Last day, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beschikbaar_tot: Option<Tekst<'a>>,
    /// 1 to 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dagen_per_week: Option<u8>,
    /// What the student gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vergoeding: Option<Vergoeding<'a>>,
}

/// An allowance in whole euros.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Vergoeding<'a> {
    /// Such as `PER_MAAND`.
    #[serde(borrow)]
    pub soort: Tekst<'a>,
    /// From.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrag_van: Option<u32>,
    /// To.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrag_tot: Option<u32>,
}

/// A contact at a leerbedrijf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contactpersoon<'a> {
    /// Stable over leveringen.
    #[serde(borrow)]
    pub persoon_id: Tekst<'a>,
    /// Name.
    pub naam: Tekst<'a>,
    /// Role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functie: Option<Tekst<'a>>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<Tekst<'a>>,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<Tekst<'a>>,
    /// When the source last changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bijgewerkt_op: Option<Tekst<'a>>,
}

/// A trainer at a leerbedrijf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Praktijkopleider<'a> {
    /// Stable over leveringen.
    #[serde(borrow)]
    pub persoon_id: Tekst<'a>,
    /// Name.
    pub naam: Tekst<'a>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<Tekst<'a>>,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<Tekst<'a>>,
    /// For which codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Tekst<'a>>,
    /// When the source last changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bijgewerkt_op: Option<Tekst<'a>>,
}

/// A keuzedeel within a bpvo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keuzedeel<'a> {
    /// `K[0-9]{4}`.
    #[serde(borrow)]
    pub code: Tekst<'a>,
    /// First day.
    pub begindatum: Tekst<'a>,
    /// Last day as planned.
    pub einddatum_gepland: Tekst<'a>,
}

fn is_false(value: &bool) -> bool {
    !*value
}
