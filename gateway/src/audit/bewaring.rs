//! How long the record of processing is kept: on the node's own disk until it was shipped and then for
//! some time, in the database for years. Of what is removed the hash of its last block stays, so the
//! chain of what is left can still be checked.

use super::store::{Blokrij, VerwerkingStore};
use crate::{domain::Tijdstip, log::StoreError};

/// Blocks that are removed at a time: a transaction of some tens of milliseconds.
const PARTIJ: u32 = 500;

/// Removes blocks whose answers are all older than this moment; gives how many.
///
/// # Errors
/// [`StoreError`]; what was removed before stays so.
pub async fn remove_before(
    store: &dyn VerwerkingStore,
    moment: Tijdstip,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    for mut stand in store.journalen().await? {
        loop {
            let mut oldest = store.blokken(stand.nr, stand.basis.0, PARTIJ).await?;
            let old = oldest.iter().take_while(|blok| blok.tijdstip < moment);
            let old = old.count();
            oldest.truncate(old);
            let Some(last) = oldest.last().map(|blok: &Blokrij| (blok.blok, blok.hash)) else {
                break;
            };
            // Else another node removes them.
            if !store.verwijder(&stand, &oldest).await? {
                break;
            }
            removed += old as u64;
            stand.basis = last;
            if old < PARTIJ as usize {
                break;
            }
        }
    }
    Ok(removed)
}
