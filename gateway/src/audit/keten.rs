//! The judgement of what was shipped: every hash of every journal that stands in the database.

use super::{
    Hash,
    format::{self, Fout},
    store::{Blokrij, Journaalstand, VerwerkingStore},
};
use crate::log::StoreError;

/// Blocks that are read at a time.
const PARTIJ: u32 = 500;

/// What a shipped journal was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KetenOordeel {
    /// Which one.
    pub stand: Journaalstand,
    /// Blocks that stand in the database.
    pub blokken: u64,
    /// Answers in them.
    pub verwerkingen: u64,
    /// Records in them: one for each person in an answer.
    pub records: u64,
    /// The first block that is not what was written, and what is wrong with it.
    pub breuk: Option<(u64, Fout)>,
}

/// Checks every journal, from its basis to the block that came last.
///
/// # Errors
/// [`StoreError`].
pub async fn verify_shipped(store: &dyn VerwerkingStore) -> Result<Vec<KetenOordeel>, StoreError> {
    let mut all = Vec::new();
    for stand in store.journalen().await? {
        all.push(judge(store, stand).await?);
    }
    Ok(all)
}

async fn judge(
    store: &dyn VerwerkingStore,
    stand: Journaalstand,
) -> Result<KetenOordeel, StoreError> {
    let (mut na, mut hash) = stand.basis;
    let mut oordeel = KetenOordeel {
        stand,
        blokken: 0,
        verwerkingen: 0,
        records: 0,
        breuk: None,
    };
    let tot = oordeel.stand.na;
    while na < tot.blok && oordeel.breuk.is_none() {
        let party = store.blokken(oordeel.stand.nr, na, PARTIJ).await?;
        if party.is_empty() {
            break;
        }
        for blok in party {
            let checked = behind(na, &hash, &blok);
            let read = checked.and_then(|hash| Ok((hash, blok.verwerkingen()?)));
            match read {
                Ok((next, verwerkingen)) => {
                    (na, hash) = (blok.blok, next);
                    oordeel.blokken += 1;
                    oordeel.verwerkingen += verwerkingen.len() as u64;
                    let records = verwerkingen.iter().map(|one| one.betrokkenen.len() as u64);
                    oordeel.records += records.sum::<u64>();
                }
                Err(fout) => {
                    oordeel.breuk = Some((na + 1, fout));
                    break;
                }
            }
        }
    }
    // More may have come while it was read, but never less.
    if oordeel.breuk.is_none() && (na < tot.blok || na == tot.blok && hash != tot.hash) {
        oordeel.breuk = Some((na + 1, Fout::Aansluiting));
    }
    Ok(oordeel)
}

/// The hash of a block that must follow on the one with this number and hash.
fn behind(na: u64, hash: &Hash, blok: &Blokrij) -> Result<Hash, Fout> {
    if blok.blok != na + 1 {
        return Err(Fout::Aansluiting);
    }
    let vorige = match &blok.kop {
        None => *hash,
        Some(bytes) => {
            let (kop, of_header) = format::read_header(bytes)?;
            if kop.vorige != *hash || kop.eerste_blok != blok.blok {
                return Err(Fout::Aansluiting);
            }
            of_header
        }
    };
    let found = format::hash_behind(&vorige, &blok.inhoud)?;
    if found == blok.hash {
        Ok(found)
    } else {
        Err(Fout::Hash)
    }
}
