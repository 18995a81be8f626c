//! opvragenMutaties: the feed of a subscription by number, the same as the push (domain §2). Who
//! asks for what is not there yet may wait for it.

use std::time::Duration;

use serde::Serialize;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};
use utoipa::ToSchema;

use super::{
    Answer, Bevinding, Context, Failure, Kop, MAX_VOLGNUMMER, Writing,
    abonnementen::{find, laatste},
    number, ongeldig, present,
    pushing::ask,
};
use crate::{
    domain::{Oin, Signaalcode, redacted_debug},
    push::{AbonnementId, Kanaal, Laatste, Melding, MutatieBericht},
};

/// The most mutaties in an answer (domain §2).
pub const MAX_LIMIET: u64 = 1_000;
/// How many come without `limiet`.
pub const STANDAARD_LIMIET: u64 = 100;
/// The longest wait for something new, in seconds (domain §2).
pub const MAX_WACHT_S: u64 = 30;

/// How often a call that waits looks by itself: a notification may get lost.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// The least time between two looks of a call that waits, however often it is woken: numbers are
/// given out for all subscriptions together.
const LOOK_APART: Duration = Duration::from_millis(100);

/// When a call that found no place to wait tries again, in seconds.
const RETRY_AFTER_S: u32 = 10;

/// From where on, and how long to wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Of which subscription.
    pub abonnement_id: Option<String>,
    /// The last number that was taken in; 0 for none. For a subscription that polls, it confirms
    /// everything up to it.
    pub na: Option<String>,
    /// 1 to [`MAX_LIMIET`].
    pub limiet: Option<String>,
    /// 0 to [`MAX_WACHT_S`].
    pub wacht_seconden: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// Whether a request with these `wachtSeconden` may wait, so that it is no request at once; what is
/// no number is refused at once.
#[must_use]
pub fn may_wait(wacht_seconden: &str) -> bool {
    !wacht_seconden.trim().trim_start_matches('0').is_empty()
}

/// A page of the feed.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OpvragenMutatiesAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Oplopend op volgnummer.
    pub mutaties: Vec<MutatieBericht>,
    /// Het laatst uitgegeven volgnummer; 0 als er nog geen is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1041)]
    pub laatste_volgnummer: Option<u64>,
    /// Waar de stroom begint; een meer dan het laatste als zij leeg is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    pub oudste_volgnummer: Option<u64>,
    /// Of er meer is dan hier staat.
    pub meer: bool,
}

redacted_debug!(Response);

/// The fields, understood.
struct Vraag {
    na: u64,
    limiet: u64,
    wacht: Duration,
}

/// A page behind a number; the mandate of each mutatie's school is looked at now, and where it is
/// gone a marker stands in its place.
///
/// # Errors
/// [`Failure::PushUnavailable`], [`Failure::TooManyWaiting`].
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    let vraag = match Vraag::parse(&request) {
        Ok(vraag) => vraag,
        Err(bevindingen) => return Ok(refused(ctx, bevindingen)),
    };
    let Some(abonnement) = find(ctx, writing, request.abonnement_id.as_deref()).await? else {
        return Ok(without(ctx, Signaalcode::AbonnementOnbekend, None));
    };
    let id = abonnement.id;
    let before = laatste(writing, id).await?;
    if !has(&before, vraag.na) {
        return Ok(without(ctx, Signaalcode::VolgnummerVerlopen, Some(&before)));
    }
    if abonnement.kanaal == Kanaal::Poll && vraag.na > before.volledig_tot_en_met {
        let na = vraag.na;
        ask(
            writing,
            move |store| async move { store.confirm(id, na).await },
        )
        .await?;
    }
    // Nothing comes any more of one that was ended.
    let wacht = if abonnement.is_open() {
        vraag.wacht
    } else {
        Duration::ZERO
    };
    let meldingen = wait(ctx, writing, id, &vraag, wacht).await?;
    // Only now: what was numbered in between then counts as more to come.
    let stand = laatste(writing, id).await?;
    if !has(&stand, vraag.na) {
        return Ok(without(ctx, Signaalcode::VolgnummerVerlopen, Some(&stand)));
    }
    let mandaten = &writing.pushing.mandaten;
    let may_tell = |school_oin| mandaten.may_tell(&abonnement, school_oin);
    let response = page(ctx, &vraag, &stand, &meldingen, may_tell);
    let over = response
        .mutaties
        .iter()
        .flat_map(MutatieBericht::over)
        .collect();
    Ok(Answer::about(response, over))
}

impl Vraag {
    fn parse(request: &Request) -> Result<Self, Vec<Bevinding>> {
        let mut wrong = Vec::new();
        let mut read = |veld, field: &Option<String>, min, max, absent| {
            number(veld, field.as_deref(), min, max)
                .unwrap_or_else(|bevinding| {
                    wrong.push(bevinding);
                    None
                })
                .unwrap_or(absent)
        };
        let vraag = Self {
            na: read("na", &request.na, 0, MAX_VOLGNUMMER, 0),
            limiet: read("limiet", &request.limiet, 1, MAX_LIMIET, STANDAARD_LIMIET),
            wacht: Duration::from_secs(read(
                "wachtSeconden",
                &request.wacht_seconden,
                0,
                MAX_WACHT_S,
                0,
            )),
        };
        if present(request.na.as_deref()).is_none() {
            wrong.push(ongeldig(
                "na",
                "geef het laatst verwerkte volgnummer, of 0 om bij het begin te beginnen",
            ));
        }
        if wrong.is_empty() {
            Ok(vraag)
        } else {
            Err(wrong)
        }
    }
}

/// Whether the feed goes on behind this number without a gap.
fn has(laatste: &Laatste, na: u64) -> bool {
    na <= laatste.laatste_volgnummer && na + 1 >= laatste.oudste_volgnummer
}

async fn look(
    writing: &Writing<'_>,
    id: AbonnementId,
    vraag: &Vraag,
) -> Result<Vec<Melding>, Failure> {
    let na = vraag.na;
    // One more tells whether there is more.
    let limit = u32::try_from(vraag.limiet + 1).unwrap_or(u32::MAX);
    ask(writing, move |store| async move {
        store.meldingen(id, na, limit).await
    })
    .await
}

/// Looks until there is something, the time is over, or the node stops. Between looks nothing of the
/// database is held.
async fn wait(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    id: AbonnementId,
    vraag: &Vraag,
    wacht: Duration,
) -> Result<Vec<Melding>, Failure> {
    let desk = writing.pushing.desk;
    let mut news = desk.news();
    let mut meldingen = look(writing, id, vraag).await?;
    if wacht.is_zero() || !meldingen.is_empty() {
        return Ok(meldingen);
    }
    let kamer = desk.wachtkamer();
    let grens = writing.pushing.wachtgrens;
    let Some(_plaats) = kamer.enter(ctx.caller.afnemer_oin, grens) else {
        return Err(Failure::TooManyWaiting {
            retry_after_s: RETRY_AFTER_S,
        });
    };
    let end = Instant::now() + wacht;
    let mut closed = std::pin::pin!(kamer.closed());
    while meldingen.is_empty() && Instant::now() < end {
        tokio::select! {
            () = &mut closed => return Ok(meldingen),
            () = woken(&mut news, end) => {}
        }
        meldingen = look(writing, id, vraag).await?;
    }
    Ok(meldingen)
}

/// Resolves when it is worth another look.
async fn woken(news: &mut watch::Receiver<u64>, end: Instant) {
    let now = Instant::now();
    sleep_until(end.min(now + LOOK_APART)).await;
    // Time is over, or something came: either is looked at. The sender lives as long as the node.
    drop(timeout_at(end.min(now + LOOK_EVERY), news.changed()).await);
}

fn page(
    ctx: &Context<'_>,
    vraag: &Vraag,
    stand: &Laatste,
    meldingen: &[Melding],
    may_tell: impl Fn(Oin) -> bool,
) -> Response {
    let limiet = usize::try_from(vraag.limiet).unwrap_or(usize::MAX);
    let volledig = stand.volledig_tot_en_met;
    let mutaties = meldingen
        .iter()
        .take(limiet)
        .filter_map(|melding| melding.bericht(volledig, may_tell(melding.school_oin)));
    Response {
        kop: Kop::new(&ctx.view, Signaalcode::GeenBijzonderheden),
        mutaties: mutaties.collect(),
        laatste_volgnummer: Some(stand.laatste_volgnummer),
        oudste_volgnummer: Some(stand.oudste_volgnummer),
        meer: meldingen.len() > limiet,
    }
}

/// An answer without mutaties; it says where the feed begins and ends, if there is one.
fn without(
    ctx: &Context<'_>,
    signaalcode: Signaalcode,
    laatste: Option<&Laatste>,
) -> Answer<Response> {
    Answer::clean(Response {
        kop: Kop::new(&ctx.view, signaalcode),
        mutaties: Vec::new(),
        laatste_volgnummer: laatste.map(|laatste| laatste.laatste_volgnummer),
        oudste_volgnummer: laatste.map(|laatste| laatste.oudste_volgnummer),
        meer: false,
    })
}

fn refused(ctx: &Context<'_>, bevindingen: Vec<Bevinding>) -> Answer<Response> {
    let mut answer = without(ctx, Signaalcode::GegevensOngeldig, None);
    if let Some(first) = bevindingen.first() {
        answer.response.kop = Kop::about(&ctx.view, first);
    }
    Answer {
        bevindingen,
        ..answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_goes_on_only_where_it_has_what_follows() {
        let feed = |oudste, laatste| Laatste {
            laatste_volgnummer: laatste,
            oudste_volgnummer: oudste,
            ..Laatste::default()
        };
        for (oudste, laatste, na, expect) in [
            (1, 0, 0, true),
            (1, 0, 1, false),
            (1, 5, 0, true),
            (1, 5, 5, true),
            (1, 5, 6, false),
            (4, 5, 3, true),
            (4, 5, 2, false),
            (6, 5, 5, true),
            (6, 5, 4, false),
        ] {
            assert_eq!(
                has(&feed(oudste, laatste), na),
                expect,
                "{oudste} {laatste} {na}"
            );
        }
    }
}
