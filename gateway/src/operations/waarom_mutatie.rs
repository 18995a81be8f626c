//! Why a school did, or did not, hear of a mutatie by a subscription (domain §4): part of
//! opvragenMutaties. Asked by the id of what was told, or by leerbedrijf and registerVersie of what was
//! not.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Answer, Bevinding, Context, Failure, Kop, Writing, abonnementen::find, natrekken_erkenning,
    ongeldig, present, pushing::ask,
};
use crate::{
    domain::{
        Code, Datum, LeerbedrijfId, Mutatie, MutatieSoort, Oin, RegisterVersie, Signaalcode,
        Tijdstip,
    },
    log::{CommitInfo, Inhoud, LogStore, Soort, StoreError},
    push::{
        Abonnement, Melding, Staat,
        waarom::{Oordeel, Waarom},
    },
    telemetry::chain,
};

/// Lines of a commit that are looked through at most. A levering of a day has some thousands.
const MAX_REGELS: u64 = 200_000;

/// Lines read at a time.
const PER_READ: u32 = 4_000;

/// About what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// By which subscription.
    pub abonnement_id: Option<String>,
    /// What was told; or else the two below.
    pub mutatie_id: Option<String>,
    /// What changed.
    pub leerbedrijf_id: Option<String>,
    /// In which version of the register.
    pub register_versie: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// What became of each mutatie that was asked about, for the caller's school.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = WaaromMutatieAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Per mutatie een; leeg als er geen was.
    pub resultaten: Vec<Resultaat>,
}

/// What became of one mutatie.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WaaromResultaat)]
pub struct Resultaat {
    /// Of zij gemeld is, en zo niet waarom niet. Geoordeeld naar het register en de mandaten van nu.
    pub waarom: Waarom,
    /// Hetzelfde in woorden.
    pub toelichting: &'static str,
    /// Voor welke school.
    #[schema(value_type = String, example = "00000099000090AA0000")]
    pub school_oin: Oin,
    /// Het leerbedrijf.
    #[schema(value_type = String, example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// Wat er veranderde.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutatie_soort: Option<MutatieSoort>,
    /// Bij wijziging van een erkenning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "25180")]
    pub code: Option<Code>,
    /// Datum waarop de wijziging ingaat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub ingangsdatum: Option<Datum>,
    /// Het nummer in dit abonnement, als zij er een heeft.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1042)]
    pub volgnummer: Option<u64>,
    /// Wat er van het bezorgen werd: WACHT, BEZORGD, VERVALLEN of MISLUKT; bij POLL is BEZORGD opgehaald.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "BEZORGD")]
    pub bezorging: Option<&'static str>,
}

/// What is asked, understood.
enum Vraag {
    Gemeld(Uuid),
    Wijziging(LeerbedrijfId, RegisterVersie),
}

/// What the log says changed.
struct Gewijzigd {
    mutaties: Vec<Mutatie>,
    op: Tijdstip,
    nummer: u64,
}

/// Says why.
///
/// # Errors
/// [`Failure::PushUnavailable`], also without the log.
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    let vraag = match Vraag::parse(ctx, &request) {
        Ok(vraag) => vraag,
        Err(bevindingen) => return Ok(refused(ctx, bevindingen)),
    };
    let Some(abonnement) = find(ctx, writing, request.abonnement_id.as_deref()).await? else {
        return Ok(told(ctx, Signaalcode::AbonnementOnbekend, Vec::new()));
    };
    let resultaten = match vraag {
        Vraag::Gemeld(id) => gemeld(writing, &abonnement, id).await?,
        Vraag::Wijziging(leerbedrijf_id, versie) => {
            let Some(gewijzigd) = gewijzigd(writing, leerbedrijf_id, versie).await? else {
                return Ok(told(ctx, Signaalcode::GeenResultaat, Vec::new()));
            };
            redenen(ctx, writing, &abonnement, gewijzigd).await?
        }
    };
    let signaalcode = if resultaten.is_empty() {
        Signaalcode::GeenResultaat
    } else {
        Signaalcode::GeenBijzonderheden
    };
    Ok(told(ctx, signaalcode, resultaten))
}

impl Vraag {
    fn parse(ctx: &Context<'_>, request: &Request) -> Result<Self, Vec<Bevinding>> {
        if let Some(text) = present(request.mutatie_id.as_deref()) {
            return Uuid::parse_str(text).map(Self::Gemeld).map_err(|_| {
                vec![ongeldig(
                    "mutatieId",
                    "geef de mutatieId van een mutatie, een UUID",
                )]
            });
        }
        let leerbedrijf_id =
            natrekken_erkenning::parse_leerbedrijf_id(request.leerbedrijf_id.as_deref());
        let versie = versie(ctx, request.register_versie.as_deref());
        match (leerbedrijf_id, versie) {
            (Ok(leerbedrijf_id), Ok(versie)) => Ok(Self::Wijziging(leerbedrijf_id, versie)),
            (leerbedrijf_id, versie) => Err(leerbedrijf_id
                .err()
                .into_iter()
                .chain(versie.err())
                .collect()),
        }
    }
}

/// A version that this node has.
fn versie(ctx: &Context<'_>, field: Option<&str>) -> Result<RegisterVersie, Bevinding> {
    let uitleg = "geef mutatieId, of leerbedrijfId met de registerVersie waarin het wijzigde, zoals 1.48210; niet nieuwer dan die van het antwoord";
    RegisterVersie::parse(present(field).unwrap_or_default())
        .ok()
        .filter(|versie| versie.nummer <= ctx.view.versie().nummer)
        .ok_or_else(|| ongeldig("registerVersie", uitleg))
}

async fn gemeld(
    writing: &Writing<'_>,
    abonnement: &Abonnement,
    mutatie_id: Uuid,
) -> Result<Vec<Resultaat>, Failure> {
    let id = abonnement.id;
    let melding = ask(writing, move |store| async move {
        store.melding(id, mutatie_id).await
    })
    .await?;
    let may_tell = |school| writing.pushing.mandaten.may_tell(abonnement, school);
    Ok(melding
        .map(|melding| of_melding(&melding, may_tell(melding.school_oin)))
        .into_iter()
        .collect())
}

/// What has a number; what it was about only to whom may be told.
fn of_melding(melding: &Melding, may_tell: bool) -> Resultaat {
    let inhoud = melding.inhoud.as_ref().filter(|_| may_tell);
    let waarom = if may_tell {
        Waarom::Gemeld
    } else {
        Waarom::GeenMandaat
    };
    Resultaat {
        waarom,
        toelichting: waarom.uitleg(),
        school_oin: melding.school_oin,
        leerbedrijf_id: melding.leerbedrijf_id,
        mutatie_soort: inhoud.map(|inhoud| inhoud.mutatie_soort),
        code: inhoud.and_then(|inhoud| inhoud.code),
        ingangsdatum: inhoud.map(|inhoud| inhoud.ingangsdatum),
        volgnummer: Some(melding.volgnummer),
        bezorging: Some(match melding.staat {
            Staat::Wacht => "WACHT",
            Staat::Bezorgd => "BEZORGD",
            Staat::Vervallen => "VERVALLEN",
            Staat::Dood => "MISLUKT",
        }),
    }
}

async fn redenen(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    abonnement: &Abonnement,
    gewijzigd: Gewijzigd,
) -> Result<Vec<Resultaat>, Failure> {
    let Gewijzigd {
        mutaties,
        op,
        nummer,
    } = gewijzigd;
    let oordeel = Oordeel {
        view: &ctx.view,
        rules: ctx.rules,
        mandaten: writing.pushing.mandaten,
        abonnement,
        school_oin: ctx.caller.school_oin,
    };
    let id = abonnement.id;
    let ids: Vec<Uuid> = mutaties.iter().map(|one| oordeel.mutatie_id(one)).collect();
    let (verdeeld, meldingen) = ask(writing, move |store| async move {
        let verdeeld = store.fanout_start().await?.cursor.nummer > nummer;
        let mut meldingen = Vec::with_capacity(ids.len());
        for mutatie_id in ids {
            meldingen.push(store.melding(id, mutatie_id).await?);
        }
        Ok((verdeeld, meldingen))
    })
    .await?;
    let one = |(mutatie, melding): (&Mutatie, Option<Melding>)| {
        if let Some(melding) = melding {
            let may_tell = oordeel.mandaten.may_tell(abonnement, melding.school_oin);
            return of_melding(&melding, may_tell);
        }
        let waarom = oordeel.waarom_niet(mutatie, op, verdeeld);
        Resultaat {
            waarom,
            toelichting: waarom.uitleg(),
            school_oin: oordeel.school_oin,
            leerbedrijf_id: mutatie.leerbedrijf_id,
            mutatie_soort: Some(mutatie.mutatie_soort),
            code: mutatie.code,
            ingangsdatum: Some(mutatie.ingangsdatum),
            volgnummer: None,
            bezorging: None,
        }
    };
    Ok(mutaties.iter().zip(meldingen).map(one).collect())
}

/// The mutaties of a leerbedrijf in a commit; none when there is no such commit.
async fn gewijzigd(
    writing: &Writing<'_>,
    leerbedrijf_id: LeerbedrijfId,
    versie: RegisterVersie,
) -> Result<Option<Gewijzigd>, Failure> {
    let Some(log) = writing.log.open() else {
        return Err(Failure::push_unavailable());
    };
    let store = Arc::clone(log.store());
    let reading = log
        .runtime()
        .spawn(async move { read(&*store, leerbedrijf_id, versie).await });
    let reason = match tokio::time::timeout(writing.write_wait, reading).await {
        Ok(Ok(Ok(found))) => return Ok(found),
        Ok(Ok(Err(error))) => chain(&error),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the log took too long".to_owned(),
    };
    tracing::error!(reason, "a commit could not be looked through");
    Err(Failure::push_unavailable())
}

async fn read(
    store: &dyn LogStore,
    leerbedrijf_id: LeerbedrijfId,
    versie: RegisterVersie,
) -> Result<Option<Gewijzigd>, StoreError> {
    let before = versie.nummer.saturating_sub(1);
    let commits = store.commits_after(before, 1).await?;
    let is_it =
        |commit: &CommitInfo| (commit.tijdlijn, commit.nummer) == (versie.tijdlijn, versie.nummer);
    let Some(commit) = commits.into_iter().find(is_it) else {
        return Ok(None);
    };
    let mut mutaties = Vec::new();
    let mut from = 0;
    while from < commit.regels.min(MAX_REGELS) {
        let lines = store.lines(&commit, from, PER_READ).await?;
        if lines.is_empty() {
            break;
        }
        from += lines.len() as u64;
        mutaties.extend(lines.into_iter().filter_map(|line| {
            match line.inhoud {
                // One that cannot be read stops the fan-out, which tells it.
                Inhoud::Gezet(blob) if line.soort == Soort::Mutatie => postcard::from_bytes(&blob)
                    .ok()
                    .filter(|mutatie: &Mutatie| mutatie.leerbedrijf_id == leerbedrijf_id),
                _ => None,
            }
        }));
    }
    Ok(Some(Gewijzigd {
        mutaties,
        op: commit.tijdstip,
        nummer: commit.nummer,
    }))
}

fn told(
    ctx: &Context<'_>,
    signaalcode: Signaalcode,
    resultaten: Vec<Resultaat>,
) -> Answer<Response> {
    Answer::clean(Response {
        kop: Kop::new(&ctx.view, signaalcode),
        resultaten,
    })
}

fn refused(ctx: &Context<'_>, bevindingen: Vec<Bevinding>) -> Answer<Response> {
    let mut answer = told(ctx, Signaalcode::GegevensOngeldig, Vec::new());
    if let Some(first) = bevindingen.first() {
        answer.response.kop = Kop::about(&ctx.view, first);
    }
    Answer {
        bevindingen,
        ..answer
    }
}
