//! zoekenLeerplaatsen: search erkenningen or leerplaatsen, grouped by leerbedrijf (domain §2).

mod antwoord;
mod codes;
mod cursor;
mod opleiders;
mod plek;
mod profiel;
mod toelichting;
mod tonen;
mod vraag;

pub use antwoord::{
    AfstandKm, GevondenBedrijf, GevondenErkenning, GevondenLeerbedrijf, GevondenLeerplaats,
    Response, Studentenband, Telling, Vergoeding,
};
pub use profiel::Profielen;

pub(super) use cursor::Cursor;
use cursor::{Page, Refused};
use opleiders::name_opleiders;
use tonen::show;
use vraag::{Vraag, about};

use super::{Answer, Bevinding, Context, Kop, present};
use crate::{
    audit::Betrokkene,
    domain::{Datum, Leerweg, RegisterVersie, Signaalcode},
    replica::{
        View,
        search::{Counts, Query},
    },
};

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
    /// Names of praktijkopleiders of the leerbedrijven on the page.
    pub met_praktijkopleiders: Option<bool>,
    /// Counts over the whole list.
    pub met_tellingen: Option<bool>,
    /// Why each hit matched.
    pub met_toelichting: Option<bool>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// Answers from the view of the context. A later page has the order of the first one, and shows
/// what is there now.
#[must_use]
pub fn run(ctx: &Context<'_>, request: Request) -> Answer<Response> {
    match search(ctx, &request) {
        Ok((response, over)) => Answer::about(response, over),
        Err(bevindingen) => not_searched(ctx, bevindingen),
    }
}

/// The question as the index is asked it, on a first page of this day.
///
/// # Errors
/// All that is wrong with it.
pub fn understand(view: &View, request: &Request, vandaag: Datum) -> Result<Query, Vec<Bevinding>> {
    Vraag::parse(view, request, vandaag).map(|vraag| vraag.query)
}

/// The answer, and whom it names.
fn search(
    ctx: &Context<'_>,
    request: &Request,
) -> Result<(Response, Vec<Betrokkene>), Vec<Bevinding>> {
    let view = &ctx.view;
    let page = Page {
        request,
        caller: ctx.caller,
        rules: &ctx.rules,
    };
    let cursor = present(request.cursor.as_deref())
        .map(|text| page.read(text, view.versie(), ctx.now))
        .transpose();
    let vandaag = match &cursor {
        Ok(Some(cursor)) => cursor.vandaag,
        Ok(None) | Err(_) => ctx.now.datum().map_err(|_| Vec::new())?,
    };
    // What is wrong with the fields is told before what is wrong with the cursor beside them.
    let mut vraag = Vraag::parse(view, request, vandaag)?;
    let cursor = cursor.map_err(|refused| vec![about_cursor(refused)])?;
    let expired = || vec![about_cursor(Refused::Expired)];
    if let Some(cursor) = &cursor {
        if !cursor.has_codes_of(&vraag) {
            return Err(expired());
        }
        vraag.query.punt = cursor.punt();
    }
    let behind = cursor.as_ref().map(|c| (c.versie.nummer, c.last()));
    let found = view
        .search(&vraag.query, behind, vraag.pagina)
        .map_err(|_| expired())?;
    let (nummer, begonnen_op, totaal) = match &cursor {
        Some(cursor) => (cursor.versie.nummer, cursor.begonnen_op, cursor.totaal),
        None => (view.versie().nummer, ctx.now, found.totaal),
    };
    let last = found.hits.last().filter(|_| found.more);
    let volgende_cursor = last.map(|last| {
        let versie = RegisterVersie {
            nummer,
            ..view.versie()
        };
        page.cursor(&vraag, (versie, begonnen_op), totaal, *last)
    });
    let fitting = found.hits.iter().filter(|hit| hit.fits);
    let profielen = ctx.profielen.of(view, fitting);
    let mut leerbedrijven = Vec::with_capacity(profielen.len());
    let shown = profielen.iter();
    leerbedrijven.extend(shown.filter_map(|profiel| show(ctx, &vraag, profiel)));
    let over = if vraag.opleiders {
        name_opleiders(view, &mut leerbedrijven)
    } else {
        Vec::new()
    };
    let response = Response {
        kop: Kop::new(
            view,
            match totaal {
                0 => Signaalcode::GeenResultaat,
                _ => Signaalcode::GeenBijzonderheden,
            },
        ),
        leerbedrijven,
        totaal,
        volgende_cursor,
        tellingen: if vraag.query.tellen {
            tellingen(&found.counts)
        } else {
            Vec::new()
        },
    };
    Ok((response, over))
}

/// Invalid input goes first: it is what REST refuses, and SOAP is to answer the same.
fn not_searched(ctx: &Context<'_>, mut bevindingen: Vec<Bevinding>) -> Answer<Response> {
    bevindingen.sort_by_key(|bevinding| !bevinding.signaalcode.is_invalid_input());
    let kop = match bevindingen.first() {
        Some(first) => Kop::about(&ctx.view, first),
        None => Kop::new(&ctx.view, Signaalcode::TeWeinigZoekgegevens),
    };
    let response = Response {
        kop,
        leerbedrijven: Vec::new(),
        totaal: 0,
        volgende_cursor: None,
        tellingen: Vec::new(),
    };
    Answer::with(response, bevindingen)
}

fn about_cursor(refused: Refused) -> Bevinding {
    match refused {
        Refused::Invalid => about(
            "cursor",
            Signaalcode::CursorOngeldig,
            "geef volgendeCursor van het vorige antwoord ongewijzigd mee, met dezelfde vraag van dezelfde school",
        ),
        Refused::Expired => about(
            "cursor",
            Signaalcode::CursorVerlopen,
            "een cursor geldt tot 15 minuten na de eerste pagina; begin daar opnieuw",
        ),
    }
}

fn tellingen(counts: &Counts) -> Vec<Telling> {
    let telling = |veld, waarde: String, aantal| Telling {
        veld,
        waarde,
        aantal,
    };
    let leerwegen = Leerweg::ALL.iter().zip(counts.leerwegen);
    let niveaus = (1..).zip(counts.niveaus);
    let codes = counts.codes.iter();
    leerwegen
        .map(|(leerweg, aantal)| telling("leerweg", leerweg.to_string(), aantal))
        .chain(
            niveaus
                .map(|(niveau, aantal): (u8, u32)| telling("niveau", niveau.to_string(), aantal)),
        )
        .chain(codes.map(|(code, aantal)| telling("code", code.to_string(), *aantal)))
        .filter(|telling| telling.aantal > 0)
        .collect()
}
