//! zoekenLeerplaatsen: search erkenningen or leerplaatsen, grouped by leerbedrijf (domain §2).

mod antwoord;

pub use antwoord::{
    AfstandKm, GevondenErkenning, GevondenLeerbedrijf, GevondenLeerplaats, Response, Studentenband,
    Telling, Vergoeding,
};

use super::{Answer, Context, Kop};
use crate::domain::Signaalcode;

/// The most leerbedrijven on a page (domain rule 12).
pub const MAX_PAGINA: usize = 100;
/// Leerbedrijven on a page when the question does not say (domain rule 12).
pub const STANDAARD_PAGINA: usize = 25;

/// The question as it came. `soort` and at least one filter are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// ERKENNING or LEERPLAATS; required.
    pub soort: Option<String>,
    /// Words of the company's name.
    pub naam: Option<String>,
    /// Four or six characters.
    pub postcode: Option<String>,
    /// Place name.
    pub plaats: Option<String>,
    /// Street, number and place.
    pub adres: Option<String>,
    /// Greatest distance in km from the postcode, plaats or adres.
    pub straal_km: Option<String>,
    /// Crebo or keuzedeel.
    pub code: Option<String>,
    /// Words of the name of a kwalificatie.
    pub opleidingsnaam: Option<String>,
    /// BOL or BBL.
    pub leerweg: Option<String>,
    /// 1 to 4.
    pub niveau: Option<String>,
    /// STAGE or LEERBAAN; for LEERPLAATS only.
    pub leerplaats_soort: Option<String>,
    /// Only with (true) or only without (false) an allowance; for LEERPLAATS only.
    pub met_vergoeding: Option<bool>,
    /// First day of the period that must fit; today when absent.
    pub beschikbaar_vanaf: Option<String>,
    /// Last day of the period that must fit, inclusive.
    pub beschikbaar_tot: Option<String>,
    /// The fewest places; for LEERPLAATS only.
    pub minimum_plaatsen: Option<String>,
    /// RELEVANTIE (default), AFSTAND or NAAM.
    pub sortering: Option<String>,
    /// 1 to 100; 25 when absent.
    pub pagina_grootte: Option<String>,
    /// `volgendeCursor` of the page before.
    pub cursor: Option<String>,
    /// Names of praktijkopleiders, once their record of processing exists.
    pub met_praktijkopleiders: Option<bool>,
    /// Counts over the whole list.
    pub met_tellingen: Option<bool>,
    /// Why each hit matched.
    pub met_toelichting: Option<bool>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// Answers from the view of the context.
#[must_use]
pub fn run(ctx: &Context<'_>, request: Request) -> Answer<Response> {
    drop(request);
    Answer::clean(Response {
        kop: Kop::new(&ctx.view, Signaalcode::GeenResultaat),
        leerbedrijven: Vec::new(),
        totaal: 0,
        volgende_cursor: None,
        tellingen: Vec::new(),
    })
}
