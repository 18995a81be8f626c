//! Importing into a real store: what a reader of the register sees afterwards.

mod between;
mod derived;
mod refused;
mod whole;

use std::{io::Read, sync::Arc};

use serde::de::DeserializeOwned;

use super::*;
use crate::{
    domain::{Bpvo, Equivalent, Kern, Leerbedrijf, LeerbedrijfId, Mutatie, Personen, Tijdstip},
    log::SqliteStore,
    register::testing::{REGISTRATIE, id, tijdstip},
};

/// Time that stands still.
struct At(Tijdstip);

impl Clock for At {
    fn now(&self) -> Tijdstip {
        self.0
    }
}

/// A register in a temporary folder.
struct Register {
    store: Arc<dyn LogStore>,
    _dir: tempfile::TempDir,
}

/// What an operator set.
#[derive(Default)]
struct Wish {
    krimp: bool,
    share: Option<&'static str>,
    op: Option<&'static str>,
}

impl Register {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("log.db")).await.unwrap();
        Self {
            store: Arc::new(store),
            _dir: dir,
        }
    }

    /// Imports into what the guards let through.
    async fn import(&self, levering: &[u8]) -> Applied {
        let wish = Wish {
            krimp: true,
            ..Wish::default()
        };
        match self.try_import(levering, wish).await.0 {
            Ok(Report::Applied(applied)) => *applied,
            other => panic!("{other:?}"),
        }
    }

    async fn try_import(
        &self,
        levering: &[u8],
        wish: Wish,
    ) -> (Result<Report, ImportError>, String) {
        self.try_import_from(std::io::Cursor::new(levering.to_vec()), wish)
            .await
    }

    async fn try_import_from<R: Read + Send + 'static>(
        &self,
        input: R,
        wish: Wish,
    ) -> (Result<Report, ImportError>, String) {
        let mut rapport = Vec::new();
        let options = Options {
            maximaal_afgekeurd: wish
                .share
                .map_or(Share::DEFAULT, |s| Share::parse(s).unwrap()),
            toestaan_krimp: wish.krimp,
            rapport: Some(&mut rapport),
            ..Options::default()
        };
        let clock = At(tijdstip(wish.op.unwrap_or(REGISTRATIE)));
        let outcome = import(&self.store, input, options, &clock, &mut |_| {}).await;
        (outcome, String::from_utf8(rapport).unwrap())
    }

    async fn all<T: DeserializeOwned>(&self, soort: Soort) -> Vec<T> {
        let found = self.store.scan(soort, None, 10_000).await.unwrap();
        found
            .iter()
            .map(|(_, blob)| postcard::from_bytes(blob).unwrap())
            .collect()
    }

    async fn kern(&self, nth: u32) -> Kern {
        let list: Vec<Leerbedrijf> = self.all(Soort::Leerbedrijf).await;
        let found = list.into_iter().find(|l| l.kern.leerbedrijf_id == id(nth));
        found.unwrap().kern
    }

    /// Periods as `code start..eind reden`.
    async fn perioden(&self, nth: u32) -> Vec<String> {
        let shown = |e: &crate::domain::Erkenning| {
            let eind = e.einddatum.map(|d| d.to_string()).unwrap_or_default();
            let reden = e.reden.map(|r| format!(" {r}")).unwrap_or_default();
            format!("{} {}..{eind}{reden}", e.code, e.startdatum)
        };
        self.kern(nth).await.erkenningen.iter().map(shown).collect()
    }

    /// Mutations of the last commit, as `soort code ingangsdatum`.
    async fn announced(&self) -> Vec<String> {
        let head = self.store.head().await.unwrap().nummer;
        let commit = self
            .store
            .commits_after(head - 1, 1)
            .await
            .unwrap()
            .remove(0);
        let lines = self.store.lines(&commit, 0, 100_000).await.unwrap();
        let mut shown: Vec<String> = lines
            .into_iter()
            .filter(|line| line.soort == Soort::Mutatie)
            .map(|line| match line.inhoud {
                Inhoud::Gezet(blob) => {
                    let m: Mutatie = postcard::from_bytes(&blob).unwrap();
                    let code = m.code.map_or("-".to_owned(), |c| c.to_string());
                    format!("{} {code} {}", m.mutatie_soort, m.ingangsdatum)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        shown.sort();
        shown
    }

    /// All that a reader can see, to tell that nothing changed.
    async fn everything(
        &self,
    ) -> (
        u64,
        Vec<Leerbedrijf>,
        Vec<Personen>,
        Vec<Bpvo>,
        Vec<Vec<Equivalent>>,
    ) {
        (
            self.store.head().await.unwrap().nummer,
            self.all(Soort::Leerbedrijf).await,
            self.all(Soort::Personen).await,
            self.all(Soort::Bpvo).await,
            self.all(Soort::Equivalenten).await,
        )
    }

    async fn ids(&self) -> Vec<LeerbedrijfId> {
        let list: Vec<Leerbedrijf> = self.all(Soort::Leerbedrijf).await;
        list.iter().map(|l| l.kern.leerbedrijf_id).collect()
    }
}
