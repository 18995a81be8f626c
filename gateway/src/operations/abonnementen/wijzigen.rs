//! wijzigenAbonnement: filters, endpoint, secret and status of a subscription; a test message
//! (domain §2).

use serde::Serialize;

use super::{
    AbonnementDetail, Gewijzigd, Instellingen, Response, change, laatste, note,
    overgang::{Gevraagd, overgang},
    refused, told, unknown,
};
use crate::{
    domain::redacted_debug,
    operations::{Answer, Bevinding, Context, Failure, Writing, ongeldig, present},
    push::Geheim,
};

/// What it is to be. What the settings leave out goes back to what a new subscription has.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Which one.
    pub abonnement_id: Option<String>,
    /// The settings; without a geheim it stays as it is.
    pub instellingen: Instellingen,
    /// ACTIEF or GEPAUZEERD; absent leaves it as it is.
    pub status: Option<String>,
    /// Send a test message now.
    pub proef: bool,
    /// See [`crate::operations::view_for`].
    pub minimale_register_versie: Option<String>,
}

redacted_debug!(Request);

/// Changes a subscription. A repeat finds it as it asks for, and changes nothing; only a test
/// message is sent anew.
///
/// # Errors
/// [`Failure::PushUnavailable`].
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    let pushing = &writing.pushing;
    let wens = request.instellingen.parse(pushing.voorwaarden);
    let status = status(request.status.as_deref());
    let (wens, gevraagd) = match (wens, status) {
        (Ok(wens), Ok(gevraagd)) => (wens, gevraagd),
        (wens, status) => {
            let wrong = wens.err().into_iter().flatten().chain(status.err());
            return Ok(refused(ctx, wrong.collect()));
        }
    };
    let mut told_geheim = None;
    let changed = change(ctx, writing, request.abonnement_id.as_deref(), |before| {
        told_geheim.clone_from(&wens.geheim);
        let fresh = || {
            let drawn = Geheim::of_random((pushing.random)());
            told_geheim = Some(drawn.clone());
            drawn
        };
        overgang(
            before,
            wens.clone(),
            gevraagd,
            request.proef,
            ctx.now,
            fresh,
        )
    });
    match changed.await? {
        Gewijzigd::Onbekend => Ok(unknown(ctx)),
        Gewijzigd::Geweigerd(bevinding) => Ok(refused(ctx, vec![bevinding])),
        Gewijzigd::Nu(abonnement) => {
            note(ctx, &abonnement, "gewijzigd");
            let laatste = laatste(writing, abonnement.id).await?;
            let detail = AbonnementDetail::new(*abonnement, laatste, told_geheim.as_ref());
            Ok(told(ctx, detail))
        }
    }
}

fn status(field: Option<&str>) -> Result<Option<Gevraagd>, Bevinding> {
    match present(field) {
        None => Ok(None),
        Some("ACTIEF") => Ok(Some(Gevraagd::Actief)),
        Some("GEPAUZEERD") => Ok(Some(Gevraagd::Gepauzeerd)),
        Some(_) => Err(ongeldig(
            "status",
            "geef ACTIEF of GEPAUZEERD, of laat weg; beëindigen gaat met beeindigenAbonnement",
        )),
    }
}
