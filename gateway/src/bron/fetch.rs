//! One round: is there another levering, and if so, import it.

use std::{
    fs::File,
    io::{self, Seek},
    os::unix::fs::MetadataExt,
    path::Path,
    sync::Arc,
};

use super::{
    FetchError, Fetched, Mark, Memory, Plaats, Settings,
    http::{self, of_file},
    memory::Applied,
};
use crate::{
    clock::Clock,
    log::{LogStore, StoreError},
    register::{
        import::{FromStart, ImportError, Options, Progress, Report, import_again, is_applied},
        levering::LeveringReader,
    },
    telemetry::chain,
};

/// What a round came to.
#[derive(Debug)]
pub enum Outcome {
    /// The levering that is there was applied before.
    Unchanged,
    /// There was one, and this became of it.
    Imported(Report),
}

/// Why a levering was not applied. Nothing of it is visible then.
#[derive(Debug, thiserror::Error)]
pub enum BronError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The register could not be asked what it has.
    #[error("the register could not be read")]
    Store(#[from] StoreError),
    /// It was fetched, and not applied.
    #[error("the levering was fetched and not applied")]
    Import {
        /// Which levering, by its mark.
        mark: Box<Mark>,
        /// And by its own name, when that could be read.
        levering_id: Option<String>,
        /// Why.
        source: ImportError,
    },
}

/// Fetches the levering unless the register has it, and imports it. `passed_over` is one that was
/// refused before: as long as it is still that one, there is nothing to do either.
///
/// # Errors
/// [`BronError`].
pub async fn fetch_and_import(
    store: &Arc<dyn LogStore>,
    settings: &Settings,
    memory: &Memory,
    passed_over: Option<&Mark>,
    options: Options<'_>,
    clock: &dyn Clock,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Outcome, BronError> {
    let known = known(store, settings, memory).await?;
    let seen = passed_over.or(known.as_ref().map(|applied| &applied.mark));
    let (file, mark) = match fetch(settings, seen).await? {
        Fetched::Unchanged => return Ok(Outcome::Unchanged),
        Fetched::Levering { file, mark } => (file, mark),
    };
    let (file, levering_id) = tokio::task::spawn_blocking(|| name(file))
        .await
        .map_err(|_| of_map(settings, io::Error::other("reading was cut short")))?
        .map_err(|source| of_map(settings, source))?;
    let file = FromStart::new(Arc::new(file));
    let report = import_again(
        store,
        || file.clone(),
        options,
        clock,
        progress,
        &mut |error| {
            let reason = chain(error);
            tracing::warn!(
                reason,
                "the database broke off an import, which begins anew"
            );
        },
    )
    .await;
    let report = report.map_err(|source| BronError::Import {
        mark: Box::new(mark.clone()),
        levering_id: levering_id.clone(),
        source,
    })?;
    if let Some(levering_id) = levering_id {
        memory.save(&Applied { levering_id, mark });
    }
    Ok(Outcome::Imported(report))
}

/// What was applied last from this place, if the register still has it: one that was restored to
/// an older state has not.
async fn known(
    store: &Arc<dyn LogStore>,
    settings: &Settings,
    memory: &Memory,
) -> Result<Option<Applied>, StoreError> {
    let place = key(&settings.plaats);
    let Some(applied) = memory.load().filter(|applied| applied.mark.plaats == place) else {
        return Ok(None);
    };
    let still = is_applied(store.as_ref(), &applied.levering_id).await?;
    Ok(still.then_some(applied))
}

async fn fetch(settings: &Settings, seen: Option<&Mark>) -> Result<Fetched, FetchError> {
    match &settings.plaats {
        Plaats::Url(url) => http::fetch(url, settings, seen).await,
        Plaats::Bestand(path) => open(path, seen).map_err(|source| of_file(path, source)),
    }
}

/// A file is another when it is not the same file of the same size and time.
fn open(path: &Path, seen: Option<&Mark>) -> io::Result<Fetched> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let mark = Mark {
        plaats: path.display().to_string(),
        etag: Some(format!(
            "{}-{}-{}.{:09}",
            about.ino(),
            about.len(),
            about.mtime(),
            about.mtime_nsec()
        )),
        last_modified: None,
    };
    Ok(if seen == Some(&mark) {
        Fetched::Unchanged
    } else {
        Fetched::Levering { file, mark }
    })
}

fn key(plaats: &Plaats) -> String {
    match plaats {
        Plaats::Url(url) => url.as_str().to_owned(),
        Plaats::Bestand(path) => path.display().to_string(),
    }
}

/// The name that a levering gives itself; none when it is not one.
fn name(mut file: File) -> io::Result<(File, Option<String>)> {
    let reader = LeveringReader::open(&file, crate::domain::Tijdstip::EPOCH);
    let levering_id = reader
        .ok()
        .map(|reader| reader.voorloop().levering_id.clone());
    file.rewind()?;
    Ok((file, levering_id))
}

fn of_map(settings: &Settings, source: io::Error) -> FetchError {
    of_file(&settings.map, source)
}
