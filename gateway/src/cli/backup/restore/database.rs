//! Into PostgreSQL.

use super::{RestoreArgs, Restored, verified};
use crate::{
    cli::backup::BackupError,
    domain::RegisterVersie,
    log::{Opslag, Placed, PostgresSettings, PostgresStore, StoreError},
};

pub(super) async fn restore(
    args: &RestoreArgs,
    settings: PostgresSettings,
    after: u32,
) -> Result<Restored, BackupError> {
    let manifest = verified(args).await?;
    let placed = PostgresStore::restore(&settings, &args.file, args.vervang, after).await;
    let opslag = Opslag::Postgres(settings);
    match placed.map_err(refused)? {
        Placed::In(tijdlijn) => Ok(Restored {
            versie: RegisterVersie {
                tijdlijn,
                nummer: manifest.register_versie().nummer,
            },
            opslag,
            aside: None,
        }),
        Placed::Occupied => Err(BackupError::Occupied(opslag)),
        Placed::InUse => Err(BackupError::OtherKeys(opslag)),
    }
}

/// What does not hold is the backup: nothing else is read.
fn refused(error: StoreError) -> BackupError {
    match error {
        StoreError::Damaged(_) => BackupError::Damaged(error),
        other => BackupError::Place(other),
    }
}
