//! Importing a table of postcodes: it takes the place of the one before, by one commit that holds
//! only what differs.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::digest;
use uuid::Uuid;

use super::{change::NAMESPACE, report::Tally, stage::Stage};
use crate::{
    clock::Clock,
    domain::RegisterVersie,
    geo::Postcodegebied,
    log::{Inhoud, Line, LogStore, Sleutel, Soort, StoreError},
};

/// Areas looked up at once; the country has some four thousand.
const AREAS_PER_PAGE: u32 = 1_000;

/// Why a table was not imported. Nothing of it is visible then.
#[derive(Debug, thiserror::Error)]
pub enum PostcodesError {
    /// A new value cannot be written.
    #[error("an area of the table cannot be written")]
    Value(#[from] postcard::Error),
    /// The store could not do it.
    #[error("the register could not be read or written")]
    Store(#[from] StoreError),
}

/// What an import of a table came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostcodesReport {
    /// The version that has it; that of the register as it was when nothing differed.
    pub versie: RegisterVersie,
    /// What became of the four-digit areas.
    pub gebieden: Tally,
    /// Six-character postcodes in the table.
    pub postcodes: u64,
}

impl PostcodesReport {
    /// Whether the table was there already.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        let Tally {
            toegevoegd,
            gewijzigd,
            beeindigd,
            ..
        } = self.gebieden;
        toegevoegd + gewijzigd + beeindigd == 0
    }
}

/// Puts a table in place of the one that is there; areas that it lacks are removed. Publishes
/// nothing when nothing differs.
///
/// # Errors
/// [`PostcodesError`]; nothing is published then.
pub async fn import_postcodes(
    store: &Arc<dyn LogStore>,
    table: &[Postcodegebied],
    clock: &dyn Clock,
) -> Result<PostcodesReport, PostcodesError> {
    // Before anything is read, so that no other import comes in between.
    let mut stage = Stage::open(store).await?;
    let staged = stage_differences(store, &mut stage, table).await;
    let (mut report, request_id) = match staged {
        Ok((report, Some(request_id))) => (report, request_id),
        Ok((report, None)) => {
            stage.discard().await?;
            return Ok(report);
        }
        Err(error) => {
            stage.give_up().await;
            return Err(error);
        }
    };
    let commit = stage.publish(request_id, clock.now(), None).await?;
    report.versie.nummer = commit.nummer;
    Ok(report)
}

/// What importing the table would do now. Writes nothing.
///
/// # Errors
/// [`PostcodesError`].
pub async fn compare_postcodes(
    store: &dyn LogStore,
    table: &[Postcodegebied],
) -> Result<PostcodesReport, PostcodesError> {
    Ok(differences(store, table).await?.0)
}

/// Gives the id under which to publish, if there is anything to.
async fn stage_differences(
    store: &Arc<dyn LogStore>,
    stage: &mut Stage,
    table: &[Postcodegebied],
) -> Result<(PostcodesReport, Option<Uuid>), PostcodesError> {
    let (report, lines) = differences(store.as_ref(), table).await?;
    let request_id = (!lines.is_empty()).then(|| request_id(report.versie, &lines));
    stage.add(lines).await?;
    Ok((report, request_id))
}

async fn differences(
    store: &dyn LogStore,
    table: &[Postcodegebied],
) -> Result<(PostcodesReport, Vec<Line>), PostcodesError> {
    let head = store.head().await?;
    let mut before = all_areas(store).await?;
    let mut gebieden = Tally::default();
    let mut lines = Vec::new();
    for gebied in table {
        let sleutel = Sleutel::postcodegebied(gebied.postcode4);
        let content = postcard::to_stdvec(gebied)?;
        match before.remove(&sleutel) {
            Some(old) if old == content => {
                gebieden.ongewijzigd += 1;
                continue;
            }
            Some(_) => gebieden.gewijzigd += 1,
            None => gebieden.toegevoegd += 1,
        }
        lines.push(line(sleutel, Inhoud::Gezet(content)));
    }
    gebieden.beeindigd = before.len() as u64;
    let gone = before.into_keys();
    lines.extend(gone.map(|sleutel| line(sleutel, Inhoud::Verwijderd)));
    let report = PostcodesReport {
        versie: RegisterVersie {
            tijdlijn: head.tijdlijn,
            nummer: head.nummer,
        },
        gebieden,
        postcodes: table
            .iter()
            .map(|gebied| gebied.postcodes.len() as u64)
            .sum(),
    };
    Ok((report, lines))
}

fn line(sleutel: Sleutel, inhoud: Inhoud) -> Line {
    Line {
        soort: Soort::Postcodegebied,
        sleutel,
        inhoud,
    }
}

async fn all_areas(store: &dyn LogStore) -> Result<BTreeMap<Sleutel, Vec<u8>>, StoreError> {
    let mut all = BTreeMap::new();
    loop {
        let after = all
            .last_key_value()
            .map(|(sleutel, _): (&Sleutel, _)| sleutel);
        let page = store
            .scan(Soort::Postcodegebied, after, AREAS_PER_PAGE)
            .await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// These lines on this state: the same wish again is the same id, the same table later is not. Each
/// content goes with its length, so that nothing of it can stand for the line behind it.
fn request_id(versie: RegisterVersie, lines: &[Line]) -> Uuid {
    let mut context = digest::Context::new(&digest::SHA256);
    for line in lines {
        update(&mut context, Some(&line.sleutel.0));
        let content = match &line.inhoud {
            Inhoud::Gezet(content) => Some(content.as_slice()),
            Inhoud::Verwijderd | Inhoud::Vergeten => None,
        };
        update(&mut context, content);
    }
    let digest = hex::encode(context.finish());
    let name = format!("postcodes|{versie}|{digest}");
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

fn update(context: &mut digest::Context, part: Option<&[u8]>) {
    // No part is as long as this.
    let length = part.map_or(u64::MAX, |part| part.len() as u64);
    context.update(&length.to_be_bytes());
    context.update(part.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_are_another_request() {
        let versie = RegisterVersie {
            tijdlijn: 1,
            nummer: 1,
        };
        let set = |postcode4, content: &[u8]| {
            line(
                Sleutel::postcodegebied(postcode4),
                Inhoud::Gezet(content.to_vec()),
            )
        };
        let gone = |postcode4| line(Sleutel::postcodegebied(postcode4), Inhoud::Verwijderd);
        let key = Sleutel::postcodegebied(1012).0;
        let wishes = [
            vec![gone(1011)],
            vec![set(1011, b"")],
            vec![set(1011, b"a")],
            vec![set(1011, b""), gone(1012)],
            vec![set(1011, &key)],
        ];
        let ids: std::collections::BTreeSet<Uuid> = wishes
            .iter()
            .map(|lines| request_id(versie, lines))
            .collect();
        assert_eq!(ids.len(), wishes.len());
        assert_eq!(
            request_id(versie, &wishes[0]),
            request_id(versie, &[gone(1011)])
        );
    }
}
