//! beeindigenAbonnement: nothing is numbered for it any more, for good (domain §2).

use super::{
    AbonnementDetail, Gewijzigd, Response, change, laatste, note, overgang::einde, refused,
};
use super::{told, unknown};
use crate::operations::{Answer, Context, Failure, Writing};

/// Which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Which one.
    pub abonnement_id: Option<String>,
    /// See [`crate::operations::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// Ends a subscription. One that was ended before stays so, and is answered the same.
///
/// # Errors
/// [`Failure::PushUnavailable`].
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    let id = request.abonnement_id.as_deref();
    match change(ctx, writing, id, |before| Ok(einde(before))).await? {
        Gewijzigd::Onbekend => Ok(unknown(ctx)),
        Gewijzigd::Geweigerd(bevinding) => Ok(refused(ctx, vec![bevinding])),
        Gewijzigd::Nu(abonnement) => {
            note(ctx, &abonnement, "beeindigd");
            let laatste = laatste(writing, abonnement.id).await?;
            Ok(told(ctx, AbonnementDetail::new(*abonnement, laatste, None)))
        }
    }
}
