//! Up to where was forwarded, in a file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::LuisterArgs;
use crate::push::AbonnementId;

/// The position, and where it is kept.
pub(super) struct Stand {
    path: PathBuf,
    inhoud: Inhoud,
    /// Nothing says where to begin.
    is_new: bool,
}

/// What stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inhoud {
    abonnement_id: AbonnementId,
    /// The last number that the receiver took.
    volgnummer: u64,
}

/// Why the position cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum StandError {
    #[error("cannot keep the position in {path}", path = .path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} holds no position: remove it, or name another file with --stand", path = .path.display())]
    Invalid {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{path} is the position of subscription {of}: name another file with --stand", path = .path.display())]
    OfAnother { path: PathBuf, of: AbonnementId },
}

impl Stand {
    /// Reads where it was; `--vanaf` says otherwise.
    pub(super) fn open(args: &LuisterArgs) -> Result<Self, StandError> {
        let own_name = || PathBuf::from(format!("luister-{}.json", args.abonnement));
        let path = args.stand.clone().unwrap_or_else(own_name);
        Self::at(path, args.abonnement, args.vanaf)
    }

    fn at(path: PathBuf, abonnement: AbonnementId, vanaf: Option<u64>) -> Result<Self, StandError> {
        let kept = read(&path)?;
        if let Some(kept) = &kept
            && kept.abonnement_id != abonnement
        {
            return Err(StandError::OfAnother {
                path,
                of: kept.abonnement_id,
            });
        }
        let na = vanaf.map(|first| first.saturating_sub(1));
        let na = na.or(kept.map(|kept| kept.volgnummer));
        Ok(Self {
            path,
            inhoud: Inhoud {
                abonnement_id: abonnement,
                volgnummer: na.unwrap_or(0),
            },
            is_new: na.is_none(),
        })
    }

    /// The last number that was forwarded.
    pub(super) fn na(&self) -> u64 {
        self.inhoud.volgnummer
    }

    /// Whether nothing says where to begin.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Where the feed begins.
    pub(super) fn begin_behind(&mut self, volgnummer: u64) {
        self.inhoud.volgnummer = volgnummer;
        self.is_new = false;
    }

    /// Keeps a position, by a rename: the file is never half of one.
    pub(super) fn keep(&mut self, volgnummer: u64) -> Result<(), StandError> {
        self.begin_behind(volgnummer);
        self.write().map_err(|source| StandError::File {
            path: self.path.clone(),
            source,
        })
    }

    fn write(&self) -> io::Result<()> {
        let mut half = self.path.clone().into_os_string();
        half.push(".half");
        let half = PathBuf::from(half);
        let mut file = File::create(&half)?;
        file.write_all(&serde_json::to_vec(&self.inhoud)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&half, &self.path)
    }
}

fn read(path: &Path) -> Result<Option<Inhoud>, StandError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(StandError::File {
                path: path.to_owned(),
                source,
            });
        }
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|source| StandError::Invalid {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn it_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stand.json");
        let id = AbonnementId(Uuid::from_u128(1));
        let open = |id, vanaf| Stand::at(path.clone(), id, vanaf);
        let mut stand = open(id, None).unwrap();
        assert!(stand.is_new() && stand.na() == 0);
        stand.keep(41).unwrap();
        let stand = open(id, None).unwrap();
        assert!(!stand.is_new() && stand.na() == 41);
        assert_eq!(open(id, Some(7)).unwrap().na(), 6);
        let other = AbonnementId(Uuid::from_u128(2));
        assert!(matches!(
            open(other, None),
            Err(StandError::OfAnother { of, .. }) if of == id
        ));
        fs::write(&path, "{").unwrap();
        assert!(matches!(open(id, None), Err(StandError::Invalid { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
