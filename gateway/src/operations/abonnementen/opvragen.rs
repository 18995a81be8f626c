//! opvragenAbonnementen: which subscriptions there are, and how they stand (domain §2).

use serde::Serialize;
use utoipa::ToSchema;

use super::{AbonnementDetail, Response as ResponseOfOne, find, laatste, told, unknown};
use crate::{
    domain::Signaalcode,
    operations::{Answer, Context, Failure, Kop, Writing, present, pushing::ask},
    push::{Abonnement, AbonnementId},
};

/// Which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// This one, also when it was ended; absent for all that are not.
    pub abonnement_id: Option<String>,
    /// See [`crate::operations::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The subscriptions of the caller.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OpvragenAbonnementenAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// De abonnementen, de oudste eerst.
    pub abonnementen: Vec<AbonnementDetail>,
}

/// One subscription, or all that are not ended.
///
/// # Errors
/// [`Failure::PushUnavailable`].
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    if present(request.abonnement_id.as_deref()).is_some() {
        let one = run_of_one(ctx, writing, request.abonnement_id.as_deref()).await?;
        return Ok(Answer::clean(Response {
            kop: one.response.kop,
            abonnementen: one.response.abonnement.into_iter().collect(),
        }));
    }
    let afnemer_oin = ctx.caller.afnemer_oin;
    let all = ask(writing, move |store| async move {
        let mut all = store.abonnementen(Some(afnemer_oin)).await?;
        all.retain(Abonnement::is_open);
        all.sort_by_key(|one| (one.aangemaakt_op.as_millis(), one.id));
        let ids: Vec<AbonnementId> = all.iter().map(|one| one.id).collect();
        let laatste = store.laatste(&ids).await?;
        Ok(all.into_iter().zip(laatste).collect::<Vec<_>>())
    })
    .await?;
    let details = all
        .into_iter()
        .map(|(abonnement, laatste)| AbonnementDetail::new(abonnement, laatste, None));
    Ok(Answer::clean(Response {
        kop: Kop::new(&ctx.view, Signaalcode::GeenBijzonderheden),
        abonnementen: details.collect(),
    }))
}

/// One subscription, also when it was ended; without it the signaalcode is 170.
///
/// # Errors
/// [`Failure::PushUnavailable`].
pub async fn run_of_one(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    abonnement_id: Option<&str>,
) -> Result<Answer<ResponseOfOne>, Failure> {
    let Some(abonnement) = find(ctx, writing, abonnement_id).await? else {
        return Ok(unknown(ctx));
    };
    let laatste = laatste(writing, abonnement.id).await?;
    Ok(told(ctx, AbonnementDetail::new(abonnement, laatste, None)))
}
