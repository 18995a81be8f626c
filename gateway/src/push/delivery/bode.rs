//! The courier of one endpoint: what is in hand of it waits here to be recorded, many messages at once, then for its
//! turn, and is sent. Each that is under way has a task, so that one endpoint can have all cores; what waits has none.

use std::{collections::VecDeque, panic::AssertUnwindSafe, pin::pin, sync::Arc};

use futures_util::{
    FutureExt,
    future::{Fuse, FusedFuture},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    task::{JoinError, JoinSet},
};

use super::{
    Klaar,
    sending::{Beurt, Gereed, Tools, Uitslag, Verslag, Voorbereid, Zending},
    vastleggen::record,
};
use crate::push::schedule::Fout;

/// So many times as many messages as may be under way to an endpoint are recorded, or are about to be: the next one
/// is ready when a turn comes free. When a quarter of them have left, as many are recorded in one go.
const READY: usize = 16;

/// Brings what comes, until nothing more can come and all of it was told. What may not leave when its turn has come,
/// since its endpoint rests, its loan is about to end, or the node stops, is told as not sent.
///
/// # Errors
/// When a task of its own broke off: what all of them hold goes once more.
pub(super) async fn breng(
    tools: Arc<Tools>,
    beurt: Arc<Beurt>,
    mut komt: UnboundedReceiver<Zending>,
    klaar: UnboundedSender<Klaar>,
) -> Result<(), JoinError> {
    let most = tools.settings.gelijktijdig_per_eindpunt;
    let ready = most * READY;
    let tell = |verslag| drop(klaar.send(Klaar::Zending(verslag)));
    let (mut nieuw, mut open) = (Vec::new(), true);
    let mut wacht: VecDeque<Zending> = VecDeque::new();
    let mut gereed: VecDeque<Gereed> = VecDeque::new();
    let mut recording = pin!(Fuse::terminated());
    let mut onderweg = JoinSet::new();
    loop {
        while onderweg.len() < most
            && let Some(next) = gereed.pop_front()
        {
            onderweg.spawn(send(next, Arc::clone(&beurt), Arc::clone(&tools)));
        }
        let room = ready.saturating_sub(gereed.len());
        if recording.is_terminated() && room * 4 >= ready && !wacht.is_empty() {
            let batch = take(&mut wacht, room);
            let recorded = record(batch, Arc::clone(&beurt), Arc::clone(&tools));
            recording.set(tokio::spawn(recorded).fuse());
        }
        let idle = onderweg.is_empty() && recording.is_terminated();
        if idle && !open {
            return Ok(());
        }
        tokio::select! {
            biased;
            Some(verslag) = onderweg.join_next() => tell(verslag?),
            recorded = &mut recording, if !recording.is_terminated() => {
                for one in recorded? {
                    match one {
                        Voorbereid::Gereed(one) => gereed.push_back(one),
                        Voorbereid::Gebleven(verslag) => tell(verslag),
                    }
                }
            }
            count = komt.recv_many(&mut nieuw, usize::MAX), if open => {
                open = count > 0;
                wacht.extend(nieuw.drain(..));
            }
        }
    }
}

/// The next ones, of so many mutaties, or the first alone when it holds more.
fn take(wacht: &mut VecDeque<Zending>, room: usize) -> Vec<Zending> {
    let (mut batch, mut mutaties) = (Vec::new(), 0);
    while let Some(next) = wacht.pop_front() {
        mutaties += next.len();
        if mutaties > room && !batch.is_empty() {
            wacht.push_front(next);
            break;
        }
        batch.push(next);
    }
    batch
}

/// Waits for a turn of the node and sends it. When its endpoint began to rest since it was recorded, or a mandate
/// ended, it is not sent, and what is sent later is recorded again. A defect of ours counts against the message, so
/// that it holds up nobody else for good.
async fn send(gereed: Gereed, beurt: Arc<Beurt>, tools: Arc<Tools>) -> Verslag {
    let Gereed {
        mut verslag,
        brief,
        traceparent,
    } = gereed;
    let turn = tools.turns.acquire().await;
    let now = tools.clock.now();
    let still = |claim| tools.may_tell(&beurt.abonnement, claim, now);
    if turn.is_err() || !tools.may_send(&beurt, now) || !verslag.claims.iter().all(still) {
        return verslag;
    }
    let delivering = tools.deliver(&beurt.abonnement, brief, &traceparent);
    let (uitslag, poging) = match AssertUnwindSafe(delivering).catch_unwind().await {
        Ok(delivered) => delivered,
        Err(_) => (Uitslag::Mislukt(Fout::Bericht), tools.not_handled()),
    };
    verslag.uitslag = uitslag;
    verslag.poging = Some(poging);
    verslag
}
