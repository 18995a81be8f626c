//! aanmeldenAbonnement: to hear of the mutaties of a school, or of all (domain §2).

use serde::Serialize;

use super::{AbonnementDetail, Instellingen, MAX_ABONNEMENTEN, Response, note, refused, told};
use crate::{
    domain::{Caller, Oin, redacted_debug},
    operations::{
        Answer, Context, Failure, Herkenning, Writing, check_school, hash, ongeldig, present,
        pushing::ask,
    },
    push::{Abonnement, AbonnementId, AbonnementStatus, Geheim, Kanaal, Laatste},
};

/// The subscription as it is asked for.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The same school as the caller's; absent for every school of the afnemer.
    pub school_oin: Option<String>,
    /// The rest.
    pub instellingen: Instellingen,
    /// See [`crate::operations::view_for`].
    pub minimale_register_versie: Option<String>,
}

redacted_debug!(Request);

/// Keeps a new subscription, or gives the first answer again (domain rule 15).
///
/// # Errors
/// [`Failure::OtherSchool`], [`Failure::KeyReused`], [`Failure::PushUnavailable`].
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    check_school(ctx, request.school_oin.as_deref())?;
    let pushing = &writing.pushing;
    let wens = match request.instellingen.parse(pushing.voorwaarden) {
        Ok(wens) => wens,
        Err(bevindingen) => return Ok(refused(ctx, bevindingen)),
    };
    let needs_one = wens.kanaal == Kanaal::Webhook;
    let geheim = wens
        .geheim
        .or_else(|| needs_one.then(|| Geheim::of_random((pushing.random)())));
    let asked = Abonnement {
        id: id_of(ctx.caller, &writing.herkenning, &request),
        afnemer_oin: ctx.caller.afnemer_oin,
        school_oin: present(request.school_oin.as_deref()).map(|_| ctx.caller.school_oin),
        kanaal: wens.kanaal,
        eindpunt: wens.eindpunt,
        mutatie_soorten: wens.mutatie_soorten,
        codes: wens.codes,
        per_bericht: wens.per_bericht,
        ed25519: wens.ed25519,
        geheimen: geheim.into_iter().collect(),
        status: if wens.kanaal == Kanaal::Poll {
            AbonnementStatus::Actief
        } else {
            AbonnementStatus::WachtOpBewijs
        },
        reden: None,
        aangemaakt_op: ctx.now,
    };
    match kept(writing, asked).await? {
        Kept::New(abonnement) => {
            note(ctx, &abonnement, "aangemeld");
            Ok(told(ctx, first(*abonnement)))
        }
        Kept::Before(abonnement) => Ok(told(ctx, first(*abonnement))),
        Kept::KeyReused => Err(Failure::KeyReused),
        Kept::TooMany => {
            let uitleg = format!(
                "er zijn al {MAX_ABONNEMENTEN} abonnementen van deze afnemer; beëindig er eerst een"
            );
            Ok(refused(ctx, vec![ongeldig("kanaal", uitleg)]))
        }
    }
}

enum Kept {
    New(Box<Abonnement>),
    /// It was asked before: as it was then.
    Before(Box<Abonnement>),
    KeyReused,
    TooMany,
}

async fn kept(writing: &Writing<'_>, asked: Abonnement) -> Result<Kept, Failure> {
    ask(writing, move |store| async move {
        let all = store.abonnementen(Some(asked.afnemer_oin)).await?;
        if let Some(there) = all.iter().find(|one| is_of_one_key(one.id, asked.id)) {
            return Ok(if there.id == asked.id {
                Kept::Before(Box::new(as_it_was(asked, there)))
            } else {
                Kept::KeyReused
            });
        }
        if all.iter().filter(|one| one.is_open()).count() >= MAX_ABONNEMENTEN {
            return Ok(Kept::TooMany);
        }
        store.insert(&asked).await?;
        // Two that came at once are one, with the secret of whoever was first.
        let there = store.abonnement(asked.id).await?;
        Ok(match there {
            Some(there) if there != asked => Kept::Before(Box::new(as_it_was(asked, &there))),
            _ => Kept::New(Box::new(asked)),
        })
    })
    .await
}

/// The first answer again: all of it follows from the same request, but for the secret that was
/// drawn and the moment.
fn as_it_was(asked: Abonnement, there: &Abonnement) -> Abonnement {
    let newest = there.geheimen.first();
    Abonnement {
        geheimen: newest.cloned().into_iter().collect(),
        aangemaakt_op: there.aangemaakt_op,
        ..asked
    }
}

/// A new subscription, in which nothing was numbered yet.
fn first(abonnement: Abonnement) -> AbonnementDetail {
    let geheim = abonnement.geheimen.first().cloned();
    let nothing = Laatste {
        oudste_volgnummer: 1,
        ..Laatste::default()
    };
    AbonnementDetail::new(abonnement, nothing, geheim.as_ref())
}

/// The first half is of the key by which the request is known again, the second of what it asks: so
/// a repeat is found again, and so is a key that is used for something else.
fn id_of(caller: &Caller, herkenning: &Herkenning, request: &Request) -> AbonnementId {
    let sleutel = match herkenning {
        Herkenning::Sleutel(sleutel) => sleutel.clone(),
        Herkenning::Eenmalig(id) => id.to_string(),
    };
    let of = |oin: Oin| oin.to_string();
    let key = hash(&(
        "abonnement",
        of(caller.afnemer_oin),
        of(caller.school_oin),
        sleutel,
    ));
    let content = hash(&(&request.school_oin, &request.instellingen));
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key[..8]);
    bytes[8..].copy_from_slice(&content[..8]);
    AbonnementId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn is_of_one_key(one: AbonnementId, other: AbonnementId) -> bool {
    one.0.as_u64_pair().0 == other.0.as_u64_pair().0
}
