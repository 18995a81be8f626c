//! What stands beside a backup: what it is, and by what it is known to be whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::versie;
use crate::{
    domain::{RegisterVersie, Tijdstip},
    log::Head,
};

/// Layout of the manifest.
const FORMAAT: u32 = 1;

/// Which engine the backup is of. The file is that of SQLite all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

/// The manifest. A newer program may tell more in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    formaat: u32,
    pub(super) opslag: Engine,
    /// Of the whole file.
    pub(super) sha256: String,
    pub(super) bytes: u64,
    tijdlijn: u32,
    nummer: u64,
    /// Hash of the last commit.
    pub(super) head_hash: String,
    pub(super) programma_versie: String,
    pub(super) tijdstip: Tijdstip,
}

/// Why a backup is not what its manifest says.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    #[error("{} cannot be read", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not the manifest of a backup that this program reads", .0.display())]
    Unknown(PathBuf),
    #[error("the file is not the one that the manifest is of: {0}")]
    OtherFile(&'static str),
}

impl Manifest {
    pub(super) fn new(
        opslag: Engine,
        sha256: [u8; 32],
        bytes: u64,
        head: &Head,
        tijdstip: Tijdstip,
    ) -> Self {
        Self {
            formaat: FORMAAT,
            opslag,
            sha256: hex::encode(sha256),
            bytes,
            tijdlijn: head.tijdlijn,
            nummer: head.nummer,
            head_hash: hex::encode(head.hash),
            programma_versie: env!("CARGO_PKG_VERSION").to_owned(),
            tijdstip,
        }
    }

    pub(super) fn register_versie(&self) -> RegisterVersie {
        RegisterVersie {
            tijdlijn: self.tijdlijn,
            nummer: self.nummer,
        }
    }

    pub(super) fn read_beside(file: &Path) -> Result<Self, ManifestError> {
        let path = beside(file);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(source) => return Err(ManifestError::Read { path, source }),
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(manifest) if manifest.formaat == FORMAAT => Ok(manifest),
            _ => Err(ManifestError::Unknown(path)),
        }
    }

    /// By a rename, so that there is always a whole one or none.
    pub(super) fn write_beside(&self, file: &Path) -> io::Result<()> {
        let path = beside(file);
        let half = path.with_extension("json.half");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut out = options.open(&half)?;
        out.write_all(&serde_json::to_vec_pretty(self)?)?;
        out.write_all(b"\n")?;
        out.sync_all()?;
        fs::rename(&half, &path)
    }

    /// That the file is whole.
    pub(super) fn check_bytes(&self, sha256: [u8; 32], bytes: u64) -> Result<(), ManifestError> {
        if bytes != self.bytes {
            return Err(ManifestError::OtherFile("its length differs"));
        }
        if hex::encode(sha256) != self.sha256 {
            return Err(ManifestError::OtherFile("its SHA-256 differs"));
        }
        Ok(())
    }

    /// That what is in it is what was backed up.
    pub(super) fn check_head(&self, head: &Head) -> Result<(), ManifestError> {
        let same =
            versie(head) == self.register_versie() && hex::encode(head.hash) == self.head_hash;
        if same {
            Ok(())
        } else {
            Err(ManifestError::OtherFile("its last commit differs"))
        }
    }
}

/// Where the manifest of this backup is.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".manifest.json");
    PathBuf::from(name)
}

/// Hash and length of all that comes.
pub(super) fn sha256_of(input: impl Read) -> io::Result<([u8; 32], u64)> {
    sha256_through(input, &mut io::sink())
}

/// The same, and it goes to `out`.
pub(super) fn sha256_through(
    mut input: impl Read,
    out: &mut impl Write,
) -> io::Result<([u8; 32], u64)> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(&buffer[..read]);
        out.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Ok((hash, bytes))
}

/// A backup that is open for reading.
pub(super) fn open(file: &Path) -> Result<File, ManifestError> {
    File::open(file).map_err(|source| ManifestError::Read {
        path: file.to_owned(),
        source,
    })
}
