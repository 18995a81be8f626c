//! Copies of fetched revocation lists: a node that restarts while their host is away has them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::Url;

/// Where the list of this URL is kept: the name is of the URL, so that another URL never gets it.
pub(super) fn path(folder: &Path, url: &Url) -> PathBuf {
    let hash = digest(&SHA256, url.as_str().as_bytes());
    folder.join(format!("{}.crl", hex::encode(&hash.as_ref()[..16])))
}

/// What is kept there; none when there is nothing. It is verified like what was fetched: a copy
/// is no more to be trusted than its folder.
pub(super) fn read(path: &Path, most_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(most_bytes).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Keeps it, whole or not at all, for the service user alone (design invariant 13).
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let half = path.with_extension(format!("half-{}", std::process::id()));
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&half)?;
    file.write_all(bytes)?;
    // The name must not come before the bytes.
    file.sync_all()?;
    fs::rename(&half, path)
}
