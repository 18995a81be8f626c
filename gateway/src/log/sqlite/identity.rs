//! Which file stands at a path: a file that was replaced or removed stays open under whoever has
//! it, and would be read for ever.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::log::StoreError;

/// The file that was opened at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileIdentity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// The file that stands there now.
    ///
    /// # Errors
    /// [`StoreError::File`] when there is none.
    pub fn of(path: &Path) -> Result<Self, StoreError> {
        let metadata = std::fs::metadata(path).map_err(|source| StoreError::File {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Whether that file still stands there, as it must for what is read from it to count.
    ///
    /// # Errors
    /// [`StoreError::Replaced`].
    pub fn check(&self) -> Result<(), StoreError> {
        match Self::of(&self.path) {
            Ok(now) if now == *self => Ok(()),
            _ => Err(StoreError::Replaced {
                path: self.path.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_replaced_or_removed_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, "1").unwrap();
        let identity = FileIdentity::of(&path).unwrap();
        std::fs::write(&path, "written again in place").unwrap();
        assert!(identity.check().is_ok());

        let copy = folder.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        std::fs::rename(&copy, &path).unwrap();
        assert!(matches!(identity.check(), Err(StoreError::Replaced { .. })));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(identity.check(), Err(StoreError::Replaced { .. })));
        assert!(matches!(
            FileIdentity::of(&path),
            Err(StoreError::File { .. })
        ));
    }
}
