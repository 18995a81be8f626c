//! Subscriptions: aanmelden, opvragen, wijzigen and beëindigen (domain §2).
//!
//! A subscription is its afnemer's. It is for one school or for every school of which the afnemer
//! has a mandate; whether it may be told of a school is looked at when something is told.

pub mod aanmelden;
pub mod beeindigen;
mod instellingen;
pub mod opvragen;
mod overgang;
pub mod wijzigen;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Bevinding, Context, Failure, Kop, Writing, present, pushing::ask};
use crate::{
    domain::{Code, MutatieSoort, Oin, Signaalcode, Tijdstip, redacted_debug},
    metrics,
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Geheim, Kanaal, Laatste, PushStore,
        store::Wijziging,
    },
};
pub use instellingen::Instellingen;

/// The most subscriptions of an afnemer that are not ended: some for each of its schools, and a
/// fan-out that stays quick.
pub const MAX_ABONNEMENTEN: usize = 500;

/// The most mutatieSoorten in a filter.
pub const MAX_SOORTEN: usize = 20;

/// The most codes in a filter.
pub const MAX_CODES: usize = 1_000;

/// How often a change is tried anew because somebody else changed the subscription meanwhile.
const TRIES: usize = 10;

/// A subscription and how it stands, or the finding about why there is none.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AbonnementAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Het abonnement; ontbreekt als het onbekend is (170) of geweigerd werd.
    #[serde(flatten)]
    #[schema(value_type = AbonnementDetail)]
    pub abonnement: Option<AbonnementDetail>,
}

/// A subscription as its subscriber sees it.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Abonnement)]
pub struct AbonnementDetail {
    /// Kenmerk van het abonnement.
    #[schema(value_type = String, format = "uuid", example = "5f0c2a4e-1b7d-8c39-8e21-9a6d3f7b0c58")]
    pub abonnement_id: AbonnementId,
    /// De school; ontbreekt als het voor alle scholen van de afnemer geldt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "00000099000090AA0000")]
    pub school_oin: Option<Oin>,
    /// De afnemer.
    #[schema(value_type = String, example = "00000099000000000101")]
    pub afnemer_oin: Oin,
    /// Hoe de abonnee hoort.
    pub kanaal: Kanaal,
    /// Waar berichten heen gaan; ontbreekt bij POLL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri", example = "https://sis.example/mutaties")]
    pub eindpunt: Option<String>,
    /// Alleen deze soorten; leeg is alle.
    pub mutatie_soorten: Vec<MutatieSoort>,
    /// Alleen deze codes, en wat het leerbedrijf zelf betreft; leeg is alle.
    #[schema(value_type = Vec<String>)]
    pub codes: Vec<Code>,
    /// Hoe het ervoor staat.
    pub status: AbonnementStatus,
    /// Het laatst uitgegeven volgnummer; 0 als er nog geen is.
    #[schema(example = 1041)]
    pub laatste_volgnummer: u64,
    /// Tijdstip van de oudste nog niet bezorgde mutatie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub oudste_onbezorgd_op: Option<Tijdstip>,
    /// Het geheim; eenmalig, in het antwoord waarin het is gemaakt of gewijzigd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geheim: Option<String>,
    /// Hoogstens zoveel mutaties in een bericht.
    #[schema(minimum = 1, maximum = 100)]
    pub per_bericht: u16,
    /// Of berichten ook met de openbaar te controleren sleutel ondertekend worden.
    pub ed25519: bool,
    /// Waarom het deze status heeft, in woorden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<String>,
    /// Wanneer het is aangemeld.
    #[schema(value_type = String, format = "date-time")]
    pub aangemaakt_op: Tijdstip,
    /// Alles tot en met dit nummer is bezorgd, vervallen of (bij POLL) opgehaald.
    #[schema(example = 1041)]
    pub volledig_tot_en_met: u64,
    /// Waar de stroom begint; een meer dan het laatste als zij leeg is.
    #[schema(example = 1)]
    pub oudste_volgnummer: u64,
    /// Einde van de laatste poging tot bezorgen, proefberichten meegerekend.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub laatste_poging_op: Option<Tijdstip>,
    /// Wat daarvan werd, zoals `HTTP 204`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "HTTP 204")]
    pub laatste_poging_uitkomst: Option<String>,
    /// Sinds wanneer het eindpunt niets meer aanneemt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub faalt_sinds: Option<Tijdstip>,
}

redacted_debug!(Response, AbonnementDetail);

impl AbonnementDetail {
    /// `geheim` is told this once.
    fn new(abonnement: Abonnement, laatste: Laatste, geheim: Option<&Geheim>) -> Self {
        let (laatste_poging_op, laatste_poging_uitkomst) = laatste
            .laatste_poging
            .map(|poging| (poging.tijdstip, poging.uitkomst))
            .unzip();
        Self {
            abonnement_id: abonnement.id,
            school_oin: abonnement.school_oin,
            afnemer_oin: abonnement.afnemer_oin,
            kanaal: abonnement.kanaal,
            eindpunt: abonnement.eindpunt,
            mutatie_soorten: abonnement.mutatie_soorten,
            codes: abonnement.codes,
            status: abonnement.status,
            laatste_volgnummer: laatste.laatste_volgnummer,
            oudste_onbezorgd_op: laatste.oudste_onbezorgd_op,
            geheim: geheim.map(Geheim::to_text),
            per_bericht: abonnement.per_bericht,
            ed25519: abonnement.ed25519,
            reden: abonnement.reden,
            aangemaakt_op: abonnement.aangemaakt_op,
            volledig_tot_en_met: laatste.volledig_tot_en_met,
            oudste_volgnummer: laatste.oudste_volgnummer,
            laatste_poging_op,
            laatste_poging_uitkomst,
            faalt_sinds: laatste.faalt_sinds,
        }
    }
}

/// The subscription that a field names, of the one who asks; none for an id of nobody, of another
/// afnemer, or that is no id at all.
pub(super) async fn find(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    abonnement_id: Option<&str>,
) -> Result<Option<Abonnement>, Failure> {
    let Some(id) = present(abonnement_id).and_then(AbonnementId::parse) else {
        return Ok(None);
    };
    let found = ask(
        writing,
        move |store| async move { store.abonnement(id).await },
    )
    .await?;
    Ok(found.filter(|abonnement| abonnement.afnemer_oin == ctx.caller.afnemer_oin))
}

/// How far a subscription is.
pub(super) async fn laatste(writing: &Writing<'_>, id: AbonnementId) -> Result<Laatste, Failure> {
    let found = ask(
        writing,
        move |store| async move { store.laatste(&[id]).await },
    )
    .await?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// What a change came to.
enum Gewijzigd {
    /// As it is now.
    Nu(Box<Abonnement>),
    /// There is no such subscription of the caller.
    Onbekend,
    /// It may not be changed so.
    Geweigerd(Bevinding),
}

/// Changes the subscription that a field names, from whatever it is at that moment.
async fn change(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    abonnement_id: Option<&str>,
    mut to: impl FnMut(&Abonnement) -> Result<Wijziging, Bevinding>,
) -> Result<Gewijzigd, Failure> {
    for _ in 0..TRIES {
        let Some(before) = find(ctx, writing, abonnement_id).await? else {
            return Ok(Gewijzigd::Onbekend);
        };
        let after = match to(&before) {
            Ok(after) => after,
            Err(bevinding) => return Ok(Gewijzigd::Geweigerd(bevinding)),
        };
        let nothing = after.abonnement == before && !after.begin_opnieuw && !after.proef;
        let changed = after.abonnement.clone();
        if nothing || ask(writing, apply(before, after)).await? {
            return Ok(Gewijzigd::Nu(Box::new(changed)));
        }
    }
    tracing::error!("a subscription was changed by others all the time");
    Err(Failure::push_unavailable())
}

fn apply(
    before: Abonnement,
    after: Wijziging,
) -> impl FnOnce(std::sync::Arc<dyn PushStore>) -> Applying {
    move |store| Box::pin(async move { store.change(&before, &after).await })
}

type Applying =
    std::pin::Pin<Box<dyn Future<Output = Result<bool, crate::log::StoreError>> + Send>>;

/// An answer about a subscription.
fn told(ctx: &Context<'_>, abonnement: AbonnementDetail) -> Answer<Response> {
    Answer::clean(Response {
        kop: Kop::new(&ctx.view, Signaalcode::GeenBijzonderheden),
        abonnement: Some(abonnement),
    })
}

/// There is no such subscription of the caller.
fn unknown(ctx: &Context<'_>) -> Answer<Response> {
    Answer::clean(Response {
        kop: Kop::new(&ctx.view, Signaalcode::AbonnementOnbekend),
        abonnement: None,
    })
}

/// An answer to what was not understood; the first finding leads.
fn refused(ctx: &Context<'_>, bevindingen: Vec<Bevinding>) -> Answer<Response> {
    let kop = match bevindingen.first() {
        Some(first) => Kop::about(&ctx.view, first),
        None => Kop::new(&ctx.view, Signaalcode::GegevensOngeldig),
    };
    let response = Response {
        kop,
        abonnement: None,
    };
    Answer::with(response, bevindingen)
}

/// Counts what a subscriber did and logs it.
fn note(ctx: &Context<'_>, abonnement: &Abonnement, daad: &'static str) {
    ::metrics::counter!(metrics::names::ABONNEMENTEN_DADEN, "daad" => daad).increment(1);
    tracing::info!(
        afnemer = %ctx.caller.afnemer_naam,
        abonnement = %abonnement.id,
        kanaal = %abonnement.kanaal,
        status = %abonnement.status,
        daad,
        "a subscription was changed by its subscriber"
    );
}
