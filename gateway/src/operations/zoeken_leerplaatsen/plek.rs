//! Where a question is about: a postcode, a place, or an address (domain rule 9).

use super::{Request, vraag::about};
use crate::{
    domain::{Coordinaten, Signaalcode},
    geo::{self, Gazetteer, Plaats, PlaatsOnbekend, PostcodeVraag},
    operations::{Bevinding, present},
    replica::{
        View,
        search::{Plaatssleutel, Postcodes, Waar},
    },
};

/// How far from an address, when the question does not say.
const OF_AN_ADDRESS_M: f64 = 5_000.0;
/// A place and a postcode farther apart than this cannot both be meant.
const MAX_APART_KM: f64 = 25.0;

/// A place that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plek {
    /// As it is called in an explanation.
    pub(super) naam: String,
    /// From where distances are measured.
    pub(super) punt: Option<Coordinaten>,
    pub(super) waar: Waar,
}

/// None when the question names no place. Of several, the most exact one is measured from: the
/// address, then the postcode, then the place.
///
/// # Errors
/// What is not known, with near spellings, or contradicts the rest.
pub(super) fn resolve(
    view: &View,
    request: &Request,
    straal_km: Option<f64>,
) -> Result<Option<Plek>, Bevinding> {
    let gazetteer = view.gazetteer();
    let plaats = present(request.plaats.as_deref());
    let plaats = plaats.map(|text| of_plaats(gazetteer, text)).transpose()?;
    let postcode = present(request.postcode.as_deref());
    let postcode = postcode
        .map(|text| of_postcode(gazetteer, text))
        .transpose()?;
    let adres = present(request.adres.as_deref());
    let adres = adres.map(|text| of_adres(gazetteer, text)).transpose()?;
    let fields = [("plaats", plaats), ("postcode", postcode), ("adres", adres)];
    let mut given = fields
        .into_iter()
        .filter_map(|(veld, plek)| Some((veld, plek?)));
    let Some((_, mut plek)) = given.next() else {
        return Ok(None);
    };
    for (veld, finer) in given {
        if let Some((a, b)) = plek.punt.zip(finer.punt)
            && geo::afstand_km(a, b) > MAX_APART_KM
        {
            let uitleg = format!("ligt meer dan {MAX_APART_KM} km van de andere plaats");
            return Err(about(veld, Signaalcode::ZoekgegevensStrijdig, uitleg));
        }
        plek = finer;
    }
    if let Some(km) = straal_km {
        if plek.punt.is_none() {
            let uitleg = format!("van '{}' is niet bekend waar het ligt", plek.naam);
            return Err(about("straalKm", Signaalcode::PlaatsOnbekend, uitleg));
        }
        plek.waar = Waar::Binnen(km * 1000.0);
    }
    Ok(Some(plek))
}

fn of_plaats(gazetteer: &Gazetteer, text: &str) -> Result<Plek, Bevinding> {
    let plaats: Plaats = gazetteer
        .plaats(text)
        .map_err(|onbekend| unknown("plaats", &onbekend))?;
    Ok(Plek {
        waar: Waar::Plaats(
            Plaatssleutel::of(&plaats.sleutel),
            plaats.postcodes().map(<[u16]>::to_vec),
        ),
        punt: plaats.centrum,
        naam: plaats.naam,
    })
}

fn of_postcode(gazetteer: &Gazetteer, text: &str) -> Result<Plek, Bevinding> {
    let vraag = PostcodeVraag::parse(text).map_err(|_| {
        let uitleg = "geef vier cijfers, of vier cijfers en twee letters, zoals 3511 of 3511AB";
        about("postcode", Signaalcode::PostcodeOngeldig, uitleg)
    })?;
    let Some(punt) = gazetteer.postcode(&vraag) else {
        let uitleg = format!("postcode {} is niet bekend", text.trim());
        return Err(about("postcode", Signaalcode::PlaatsOnbekend, uitleg));
    };
    let (naam, postcodes) = match vraag {
        PostcodeVraag::Vier(cijfers) => (cijfers.to_string(), Postcodes::with_digits(cijfers)),
        PostcodeVraag::Zes(postcode) => (postcode.to_string(), Postcodes::only(&postcode)),
    };
    Ok(Plek {
        naam,
        punt: Some(punt),
        waar: Waar::Postcodes(postcodes),
    })
}

fn of_adres(gazetteer: &Gazetteer, text: &str) -> Result<Plek, Bevinding> {
    let punt = gazetteer
        .adres(text)
        .map_err(|onbekend| unknown("adres", &onbekend))?;
    Ok(Plek {
        naam: text.to_owned(),
        punt: Some(punt),
        waar: Waar::Binnen(OF_AN_ADDRESS_M),
    })
}

fn unknown(veld: &'static str, onbekend: &PlaatsOnbekend) -> Bevinding {
    let vraag = &onbekend.vraag;
    let uitleg = match onbekend.suggesties.as_slice() {
        [] => format!("'{vraag}' is niet bekend"),
        near => format!("'{vraag}' is niet bekend; bedoelt u {}?", near.join(", ")),
    };
    about(veld, Signaalcode::PlaatsOnbekend, uitleg)
}
