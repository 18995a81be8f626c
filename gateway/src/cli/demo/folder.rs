//! The demo's folder and what stands in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Ports,
    manifest::Manifest,
    postgres::{self, PostgresError},
};
use crate::{
    access::{AppendError, DocumentError},
    app::StartError,
    config::ConfigError,
    domain::Tijdstip,
    log::StoreError,
    register::{import::ImportError, levering::WriteError},
};

/// Shows that the folder is ours, and may be made anew.
const MARKER: &str = ".stagepoort-demo";

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    #[error("the folder {0} holds other things than a demo: name another with --map, or remove it")]
    FolderNotOurs(PathBuf),
    #[error("another demo runs in the folder {0}: stop it, or name another with --map")]
    InUse(PathBuf),
    #[error("port {port} ({option}) cannot be used: name another, or 0 for a free one")]
    Port {
        option: &'static str,
        port: u16,
        #[source]
        source: io::Error,
    },
    #[error("{path} cannot be written")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    #[error("the demo's database has a wrong address: {0}")]
    Url(String),
    #[error("the clock of this machine is not right")]
    Clock,
    #[error("the certificates could not be made")]
    Certificates(#[from] certs_dev::CertsError),
    #[error("the made-up toegang is not right: {0}")]
    Toegang(#[from] DocumentError),
    #[error("the made-up register could not be written")]
    Levering(#[from] WriteError),
    #[error("the made-up toegang could not be applied")]
    Append(#[from] AppendError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the made-up register could not be imported")]
    Import(#[from] ImportError),
    #[error("the demo's settings are not right")]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the subscribers of the playground cannot listen: {0}")]
    Ontvanger(String),
    #[error("a listener failed")]
    Serve(#[source] io::Error),
    #[error("an identifier of the demo is not right")]
    Identifier(#[from] crate::domain::InvalidIdentifier),
}

/// The folder, with absolute paths.
pub(super) struct Folder {
    pub(super) root: PathBuf,
    /// Held while the demo runs, so that another one does not make the folder anew under it.
    _claim: fs::File,
}

impl Folder {
    /// Removes an earlier demo and begins an empty one, open to its owner alone.
    pub(super) fn make_anew(map: &Path) -> Result<Self, DemoError> {
        let of = |path: &Path| {
            let path = path.to_owned();
            move |source| DemoError::File { path, source }
        };
        if map.exists() {
            let empty = fs::read_dir(map).map_err(of(map))?.next().is_none();
            if !empty && !map.join(MARKER).exists() {
                return Err(DemoError::FolderNotOurs(map.to_owned()));
            }
            if let Ok(marker) = fs::File::open(map.join(MARKER))
                && marker.try_lock().is_err()
            {
                return Err(DemoError::InUse(map.to_owned()));
            }
            postgres::end_leftover(map);
            fs::remove_dir_all(map).map_err(of(map))?;
        }
        fs::create_dir_all(map).map_err(of(map))?;
        restrict(map).map_err(of(map))?;
        let marker = map.join(MARKER);
        let claim = fs::File::create(&marker).map_err(of(&marker))?;
        claim
            .try_lock()
            .map_err(|_| DemoError::InUse(map.to_owned()))?;
        let root = map.canonicalize().map_err(of(map))?;
        Ok(Self {
            root,
            _claim: claim,
        })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.root.join("stagepoort.db")
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, DemoError> {
        let path = self.root.join(name);
        match fs::write(&path, text) {
            Ok(()) => Ok(path),
            Err(source) => Err(DemoError::File { path, source }),
        }
    }

    /// For its owner alone, whatever becomes of the folder.
    pub(super) fn write_private(&self, name: &str, text: &str) -> Result<PathBuf, DemoError> {
        let path = self.root.join(name);
        match postgres::write_private(&path, text) {
            Ok(()) => Ok(path),
            Err(source) => Err(DemoError::File { path, source }),
        }
    }

    pub(super) fn make_map(&self, name: &str) -> Result<(), DemoError> {
        let path = self.root.join(name);
        fs::create_dir(&path).map_err(|source| DemoError::File { path, source })
    }

    pub(super) fn certificates(&self, now: Tijdstip) -> Result<certs_dev::Manifest, DemoError> {
        let now = certs_dev::moment(now.as_millis() / 1000).ok_or(DemoError::Clock)?;
        let plan = certs_dev::default_plan();
        Ok(certs_dev::generate(&self.root.join("certs"), &plan, now)?)
    }

    /// The settings that the demo runs with, which `stagepoort serve` takes as well.
    pub(super) fn write_settings(
        &self,
        certificates: &certs_dev::Manifest,
        ports: &Ports,
        opslag: &str,
    ) -> Result<PathBuf, DemoError> {
        let server = &certificates.server;
        let text = format!(
            "# What the demo runs with. It also serves by itself, once the demo has stopped:\n\
             # stagepoort serve --config stagepoort.toml\n\n\
             [api]\nadres = \"127.0.0.1:{api}\"\npubliekeUrl = \"https://localhost:{api}\"\noin = \"{oin}\"\n\n\
             [docs]\nadres = \"127.0.0.1:{docs}\"\n\n\
             [beheer]\nadres = \"127.0.0.1:{beheer}\"\n\n\
             # The subscribers of the playground are on this machine.\n\
             [push]\ntoegestaneNetwerken = [\"127.0.0.0/8\", \"::1/128\"]\nca = {ca:?}\n\n\
             [tls]\ncertificaat = {certificate:?}\nsleutel = {key:?}\nclientCa = {ca:?}\ncrl = [{crl:?}]\n{opslag}",
            api = ports.api,
            docs = ports.docs,
            beheer = ports.beheer,
            oin = server.oin.as_str(),
            certificate = server.certificaat.cert,
            key = server.certificaat.key,
            ca = certificates.ca,
            crl = certificates.crl,
        );
        self.write("stagepoort.toml", &text)
    }

    /// Puts demo.json in place by a rename, so that who waits for it finds it whole.
    pub(super) fn write_manifest(&self, manifest: &Manifest) -> Result<(), DemoError> {
        // Only fails when memory does.
        let text = serde_json::to_string_pretty(manifest).unwrap_or_default();
        let half = self.write("demo.json.half", &format!("{text}\n"))?;
        let path = self.root.join("demo.json");
        fs::rename(half, &path).map_err(|source| DemoError::File { path, source })
    }
}

fn restrict(map: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(map, fs::Permissions::from_mode(0o700))
}
