//! opvragenDetailgegevens: address, contact data, people and erkenningen of one leerbedrijf (domain
//! §2). The answer names who is recorded before it leaves (design invariant 11).

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Context, Kop, natrekken_erkenning::parse_leerbedrijf_id};
use crate::{
    audit::Betrokkene,
    domain::{
        Adres, Code, Contactpersoon, Datum, Eindreden, Erkenning, Kern, Leerbedrijf, LeerbedrijfId,
        LeerbedrijfStatus, Leerweg, Personen, Praktijkopleider, Signaalcode, Tijdstip, Werkproces,
        redacted_debug,
    },
    replica::View,
};

/// The question as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The register's key of the leerbedrijf.
    pub leerbedrijf_id: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OpvragenDetailgegevensAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Ontbreekt als het leerbedrijf onbekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// All that is known of a leerbedrijf.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// Sleutel van het leerbedrijf in het register.
    #[schema(value_type = String, pattern = "^[1-9][0-9]{8}$", example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// Naam.
    pub naam: String,
    /// KvK-nummer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{8}$")]
    pub kvk_nummer: Option<String>,
    /// Vestigingsnummer bij de KvK.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{12}$")]
    pub kvk_vestigingsnummer: Option<String>,
    /// ACT: staat in het register; HIS: historisch.
    pub leerbedrijf_status: LeerbedrijfStatus,
    /// Bij een fusie: het leerbedrijf dat dit opvolgt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub opvolger: Option<LeerbedrijfId>,
    /// Eerste dag van de opvolging.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub opgevolgd_per: Option<Datum>,
    /// Waar het gevestigd is.
    pub vestigingsadres: Adres,
    /// Waar post heen gaat, als dat elders is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correspondentieadres: Option<Adres>,
    /// Telefoonnummer, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<String>,
    /// E-mailadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<String>,
    /// Website.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Wanneer het register deze gegevens voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
    /// Contactpersonen. Wie ze opvraagt, wordt vastgelegd.
    pub contactpersonen: Vec<ContactpersoonDetail>,
    /// Praktijkopleiders, met de codes waarvoor zij opleiden. Wie ze opvraagt, wordt vastgelegd.
    pub praktijkopleiders: Vec<PraktijkopleiderDetail>,
    /// Alle erkenningen, ook beëindigde, per code en startdatum.
    pub erkenningen: Vec<ErkenningDetail>,
}

/// A contact as answered: without the register's persoonId.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactpersoonDetail {
    /// Naam.
    pub naam: String,
    /// Functie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functie: Option<String>,
    /// E-mailadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<String>,
    /// Telefoonnummer, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<String>,
    /// Wanneer het register dit voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
}

/// A trainer as answered: without the register's persoonId.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PraktijkopleiderDetail {
    /// Naam.
    pub naam: String,
    /// E-mailadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emailadres: Option<String>,
    /// Telefoonnummer, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telefoonnummer: Option<String>,
    /// Voor welke codes.
    #[schema(value_type = Vec<String>)]
    pub codes: Vec<Code>,
    /// Wanneer het register dit voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
}

redacted_debug!(ContactpersoonDetail, PraktijkopleiderDetail);

impl ContactpersoonDetail {
    fn new(persoon: Contactpersoon) -> Self {
        Self {
            naam: persoon.naam,
            functie: persoon.functie,
            emailadres: persoon.emailadres,
            telefoonnummer: persoon.telefoonnummer,
            bijgewerkt_op: persoon.bijgewerkt_op,
        }
    }
}

impl PraktijkopleiderDetail {
    pub(in crate::operations) fn new(persoon: Praktijkopleider) -> Self {
        Self {
            naam: persoon.naam,
            emailadres: persoon.emailadres,
            telefoonnummer: persoon.telefoonnummer,
            codes: persoon.codes,
            bijgewerkt_op: persoon.bijgewerkt_op,
        }
    }
}

/// One period of an erkenning as answered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErkenningDetail {
    /// Crebo of keuzedeel.
    #[schema(value_type = String, example = "25180")]
    pub code: Code,
    /// Naam van de opleiding, als de code bekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opleidingsnaam: Option<String>,
    /// Niveau, 1 tot 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4)]
    pub niveau: Option<u8>,
    /// Leerwegen waarvoor zij geldt.
    pub leerwegen: Vec<Leerweg>,
    /// Eerste dag.
    #[schema(value_type = String, format = "date")]
    pub startdatum: Datum,
    /// Laatste dag, inclusief; ontbreekt als er geen einde bekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub einddatum: Option<Datum>,
    /// Reden van het einde, als het geen verstreken datum was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<Eindreden>,
    /// Of slechts een deel van de werkprocessen er geleerd kan worden.
    pub gedeeltelijk: bool,
    /// Welke werkprocessen wel en niet, bij een gedeeltelijke erkenning.
    pub werkprocessen: Vec<Werkproces>,
    /// Wanneer het register deze erkenning voor het laatst wijzigde, UTC.
    #[schema(value_type = String, format = "date-time")]
    pub bijgewerkt_op: Tijdstip,
}

/// Answers from the view of the context.
#[must_use]
pub fn run(ctx: &Context<'_>, request: Request) -> Answer<Response> {
    let head = |signaalcode| Kop::new(&ctx.view, signaalcode);
    let id = match parse_leerbedrijf_id(request.leerbedrijf_id.as_deref()) {
        Ok(id) => id,
        Err(bevinding) => {
            let response = Response {
                kop: Kop::about(&ctx.view, &bevinding),
                detail: None,
            };
            return Answer::with(response, vec![bevinding]);
        }
    };
    let Some(leerbedrijf) = ctx.view.leerbedrijf(id) else {
        return Answer::clean(Response {
            kop: head(Signaalcode::LeerbedrijfOnbekend),
            detail: None,
        });
    };
    let personen = ctx.view.personen(id).unwrap_or_default();
    let over = over(id, &personen);
    let response = Response {
        kop: head(signaalcode_of(&leerbedrijf.kern)),
        detail: Some(detail(&ctx.view, leerbedrijf, personen)),
    };
    Answer::about(response, over)
}

/// Who stands in the answer. One who is both contact and trainer is one person.
fn over(leerbedrijf_id: LeerbedrijfId, personen: &Personen) -> Vec<Betrokkene> {
    let contacten = personen.contactpersonen.iter().map(|p| &p.persoon_id);
    let opleiders = personen.praktijkopleiders.iter().map(|p| &p.persoon_id);
    contacten
        .chain(opleiders)
        .map(|persoon_id| Betrokkene::Persoon {
            persoon_id: persoon_id.clone(),
            leerbedrijf_id,
        })
        .collect()
}

/// Historical or merged leerbedrijven say so (domain rule 7).
pub(super) fn signaalcode_of(kern: &Kern) -> Signaalcode {
    match kern.status {
        LeerbedrijfStatus::Historisch => Signaalcode::LeerbedrijfHistorisch,
        LeerbedrijfStatus::Actief => Signaalcode::GeenBijzonderheden,
    }
}

fn detail(view: &View, leerbedrijf: Leerbedrijf, personen: Personen) -> Detail {
    let Leerbedrijf { kern, gegevens, .. } = leerbedrijf;
    let mut erkenningen = kern.erkenningen;
    erkenningen.sort_by_key(|e| (e.code, e.startdatum));
    Detail {
        leerbedrijf_id: kern.leerbedrijf_id,
        naam: kern.naam,
        kvk_nummer: gegevens.kvk_nummer,
        kvk_vestigingsnummer: gegevens.kvk_vestigingsnummer,
        leerbedrijf_status: kern.status,
        opvolger: kern.opvolging.map(|o| o.opvolger),
        opgevolgd_per: kern.opvolging.map(|o| o.opgevolgd_per),
        vestigingsadres: gegevens.vestigingsadres,
        correspondentieadres: gegevens.correspondentieadres,
        telefoonnummer: gegevens.telefoonnummer,
        emailadres: gegevens.emailadres,
        website: gegevens.website,
        bijgewerkt_op: gegevens.bijgewerkt_op,
        contactpersonen: personen
            .contactpersonen
            .into_iter()
            .map(ContactpersoonDetail::new)
            .collect(),
        praktijkopleiders: personen
            .praktijkopleiders
            .into_iter()
            .map(PraktijkopleiderDetail::new)
            .collect(),
        erkenningen: erkenningen
            .into_iter()
            .map(|e| erkenning_detail(view, e))
            .collect(),
    }
}

pub(super) fn erkenning_detail(view: &View, erkenning: Erkenning) -> ErkenningDetail {
    let opleiding = view.opleiding(erkenning.code);
    ErkenningDetail {
        code: erkenning.code,
        opleidingsnaam: opleiding.map(|o| o.opleidingsnaam.clone()),
        niveau: opleiding.and_then(|o| o.niveau),
        leerwegen: erkenning.leerwegen.iter().collect(),
        startdatum: erkenning.startdatum,
        einddatum: erkenning.einddatum,
        reden: erkenning.reden,
        gedeeltelijk: erkenning.gedeeltelijk,
        werkprocessen: erkenning.werkprocessen,
        bijgewerkt_op: erkenning.bijgewerkt_op,
    }
}
