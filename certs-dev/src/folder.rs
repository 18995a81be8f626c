//! The folder: whose it is, and how files get into it.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::CertsError;
use crate::manifest::Manifest;

const MANIFEST: &str = "manifest.json";
/// Says that the folder is ours. It is written before anything else, so that a
/// run that was cut short leaves a folder that can be filled again.
const MARKER: &str = ".certs-dev";
const MARKER_TEXT: &str = "Made by certs-dev, which overwrites what is in this folder.\n";

const FOLDER_MODE: u32 = 0o700;
const SECRET_MODE: u32 = 0o600;
const PUBLIC_MODE: u32 = 0o644;

/// Who may read a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    /// A key: the owner alone.
    Secret,
    /// A certificate, a CRL or the manifest.
    Public,
}

/// A folder that carries the marker.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder, or empties one that was made before.
    pub(crate) fn prepare(dir: &Path) -> Result<Self, CertsError> {
        let folder = Self::at(dir)?;
        let root = &folder.root;
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(root)
            .map_err(CertsError::io(root))?;
        if !folder.is_ours() && !folder.is_empty()? {
            return Err(CertsError::FolderNotOurs { map: root.clone() });
        }
        fs::set_permissions(root, Permissions::from_mode(FOLDER_MODE))
            .map_err(CertsError::io(root))?;
        folder.write(MARKER, MARKER_TEXT, Access::Public)?;
        folder.write(".gitignore", "*\n", Access::Public)?;
        folder.clear()?;
        Ok(folder)
    }

    /// Opens a folder that [`Self::prepare`] made.
    pub(crate) fn open(dir: &Path) -> Result<Self, CertsError> {
        let folder = Self::at(dir)?;
        if folder.is_ours() && folder.path(MANIFEST).exists() {
            Ok(folder)
        } else {
            Err(CertsError::NotGenerated { map: folder.root })
        }
    }

    /// The path is made absolute, because the manifest's paths are used from
    /// other working directories.
    fn at(dir: &Path) -> Result<Self, CertsError> {
        let root = std::path::absolute(dir).map_err(CertsError::io(dir))?;
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Result<String, CertsError> {
        let path = self.path(name);
        fs::read_to_string(&path).map_err(CertsError::io(&path))
    }

    /// Writes by rename, so that a process that reloads the file never sees
    /// half of it. The mode is set at creation: a key is never readable for
    /// others, not even for a moment.
    pub(crate) fn write(
        &self,
        name: impl AsRef<Path>,
        text: &str,
        access: Access,
    ) -> Result<(), CertsError> {
        let path = self.path(name);
        let temporary = path.with_added_extension("tmp");
        remove_if_there(&temporary)?;
        let mode = match access {
            Access::Secret => SECRET_MODE,
            Access::Public => PUBLIC_MODE,
        };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(CertsError::io(&temporary))?;
        fs::rename(&temporary, &path).map_err(CertsError::io(&path))
    }

    /// The manifest as it stands on disk, where paths are bare file names.
    pub(crate) fn read_manifest(&self) -> Result<Manifest, CertsError> {
        let text = self.read(MANIFEST)?;
        serde_json::from_str(&text).map_err(|source| self.manifest_error(source))
    }

    pub(crate) fn write_manifest(&self, manifest: &Manifest) -> Result<(), CertsError> {
        let text =
            serde_json::to_string_pretty(manifest).map_err(|source| self.manifest_error(source))?;
        self.write(MANIFEST, &(text + "\n"), Access::Public)
    }

    fn manifest_error(&self, source: serde_json::Error) -> CertsError {
        let path = self.path(MANIFEST);
        CertsError::Manifest { path, source }
    }

    fn is_ours(&self) -> bool {
        self.path(MARKER).is_file()
    }

    fn is_empty(&self) -> Result<bool, CertsError> {
        let mut entries = fs::read_dir(&self.root).map_err(CertsError::io(&self.root))?;
        Ok(entries.next().is_none())
    }

    /// Removes the files of an earlier run, and no other: a name with a folder
    /// in it is not one of ours, whatever the manifest says.
    fn clear(&self) -> Result<(), CertsError> {
        if let Ok(earlier) = self.read_manifest() {
            let names = earlier.bestanden().into_iter().map(|b| b.pad);
            for name in names.filter(|n| n.file_name() == Some(n.as_os_str())) {
                remove_if_there(&self.path(name))?;
            }
        }
        remove_if_there(&self.path(MANIFEST))
    }
}

fn remove_if_there(path: &Path) -> Result<(), CertsError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(CertsError::io(path)(error)),
        _ => Ok(()),
    }
}
