//! What happens in the demo's register: every few seconds a levering of one leerbedrijf, imported as
//! any other. Where the first school of the first afnemer has a bpvo, an erkenning is withdrawn per
//! tomorrow, a leerbedrijf gets another name, and some minutes later what was withdrawn is reinstated.

use std::{collections::VecDeque, io::Cursor, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;

use super::super::{folder::DemoError, klok::Klok};
use crate::{
    clock::Clock,
    domain::{Bpvo, Code, Eindreden, Leerbedrijf, LeerbedrijfId, Oin, Personen},
    log::{LogStore, Opslag, Sleutel, Soort, StoreError},
    register::{
        Object,
        generate::{EERSTE_ID, FIXTURES},
        import::{self, ImportError, Options},
        levering::{LeveringSoort, LeveringWriter, Voorloop, WriteError},
    },
    telemetry::chain,
};

/// Bpvo's that are read at once, and most that are looked through.
const PAGE: u32 = 2_000;
const MAX_PAGES: usize = 50;

/// How many places at which something happens in turn.
const PLEKKEN: usize = 40;

/// So many withdrawn erkenningen stay withdrawn.
const INGETROKKEN: usize = 20;

/// What makes things happen.
pub(in crate::cli::demo) struct Gebeurtenissen {
    store: Arc<dyn LogStore>,
    klok: Arc<Klok>,
    plekken: Vec<Plek>,
    ingetrokken: VecDeque<Plek>,
    ronde: usize,
}

/// A leerbedrijf where the school has a bpvo for this code.
#[derive(Debug, Clone, Copy)]
struct Plek {
    leerbedrijf_id: LeerbedrijfId,
    code: Code,
}

/// Why nothing happened this time.
#[derive(Debug, thiserror::Error)]
enum Mislukt {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a leerbedrijf cannot be read")]
    Blob(#[from] postcard::Error),
    #[error("the levering could not be written")]
    Levering(#[from] WriteError),
    #[error("the levering could not be imported")]
    Import(#[from] ImportError),
}

impl Gebeurtenissen {
    /// At the places of this school.
    pub(in crate::cli::demo) async fn of(
        opslag: &Opslag,
        school: Oin,
        klok: Arc<Klok>,
    ) -> Result<Self, DemoError> {
        let store = opslag.follow().await?;
        let plekken = plekken(&*store, school, &klok).await?;
        Ok(Self {
            store,
            klok,
            plekken,
            ingetrokken: VecDeque::new(),
            ronde: 0,
        })
    }

    /// One after another, so long apart, until this is dropped.
    pub(in crate::cli::demo) async fn go_on(mut self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            if let Err(error) = self.happen().await {
                let reason = chain(&error);
                tracing::warn!(reason, "nothing happened in the demo's register this time");
            }
        }
    }

    async fn happen(&mut self) -> Result<(), Mislukt> {
        let ronde = self.ronde;
        self.ronde += 1;
        if self.ingetrokken.len() > INGETROKKEN
            && let Some(plek) = self.ingetrokken.pop_front()
        {
            return self
                .change(plek, |leerbedrijf| end(leerbedrijf, plek.code, None))
                .await;
        }
        let Some(plek) = self.plekken.get(ronde % self.plekken.len().max(1)).copied() else {
            return Ok(());
        };
        if ronde % 3 == 2 {
            return self.change(plek, rename).await;
        }
        let Ok(today) = self.klok.now().datum() else {
            return Ok(());
        };
        self.ingetrokken
            .retain(|other| other.leerbedrijf_id != plek.leerbedrijf_id);
        self.ingetrokken.push_back(plek);
        let last = Some((today, Eindreden::Ingetrokken));
        self.change(plek, |leerbedrijf| end(leerbedrijf, plek.code, last))
            .await
    }

    /// Imports a levering with this leerbedrijf as it becomes.
    async fn change(
        &self,
        plek: Plek,
        become_so: impl FnOnce(&mut Leerbedrijf),
    ) -> Result<(), Mislukt> {
        let id = plek.leerbedrijf_id;
        let now = self.klok.now();
        let Some(mut leerbedrijf) = self.current::<Leerbedrijf>(Soort::Leerbedrijf, id).await?
        else {
            return Ok(());
        };
        let personen: Option<Personen> = self.current(Soort::Personen, id).await?;
        become_so(&mut leerbedrijf);
        let voorloop = Voorloop {
            levering_id: format!("demo-{}-{}", now.as_millis(), self.ronde),
            levering_soort: LeveringSoort::Mutaties,
            aanmaak_tijdstip: now,
            bron: "stagepoort demo".to_owned(),
            aangekondigde_conversies: Vec::new(),
        };
        let mut writer = LeveringWriter::new(Vec::new(), &voorloop)?;
        writer.write(&Object::Leerbedrijf(
            Box::new(leerbedrijf),
            personen.unwrap_or_default(),
        ))?;
        let (levering, _) = writer.finish()?;
        let options = Options::default();
        let input = Cursor::new(levering);
        import::import(&self.store, input, options, &*self.klok, &mut |_| {}).await?;
        Ok(())
    }

    async fn current<T: DeserializeOwned>(
        &self,
        soort: Soort,
        id: LeerbedrijfId,
    ) -> Result<Option<T>, Mislukt> {
        let sleutel = [Sleutel::leerbedrijf(id)];
        let found = self.store.current(soort, &sleutel).await?.pop();
        Ok(found
            .map(|(_, blob)| postcard::from_bytes(&blob))
            .transpose()?)
    }
}

/// Places where the school has a bpvo that runs for long, at a leerbedrijf that is erkend for it without
/// end, and by nothing else: its end matters.
async fn plekken(store: &dyn LogStore, school: Oin, klok: &Klok) -> Result<Vec<Plek>, DemoError> {
    /// A bpvo that a day's worth of clicking does not end.
    const DAYS: i32 = 30;
    let Ok(today) = klok.now().datum() else {
        return Ok(Vec::new());
    };
    let mut plekken: Vec<Plek> = Vec::new();
    let mut after: Option<Sleutel> = None;
    for _ in 0..MAX_PAGES {
        let page = store.scan(Soort::Bpvo, after.as_ref(), PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (_, blob) in &page {
            let Ok(bpvo) = postcard::from_bytes::<Bpvo>(blob) else {
                continue;
            };
            let inhoud = bpvo.inhoud();
            let runs = inhoud.begindatum <= today && inhoud.einddatum() >= today.plus_days(DAYS);
            let by_hand = inhoud.leerbedrijf_id.as_u32() < EERSTE_ID + FIXTURES;
            let known = |plek: &Plek| plek.leerbedrijf_id == inhoud.leerbedrijf_id;
            if bpvo.school_oin != school || !runs || by_hand || plekken.iter().any(known) {
                continue;
            }
            let plek = Plek {
                leerbedrijf_id: inhoud.leerbedrijf_id,
                code: inhoud.code,
            };
            if depends(store, plek).await? {
                plekken.push(plek);
            }
            if plekken.len() >= PLEKKEN {
                return Ok(plekken);
            }
        }
    }
    Ok(plekken)
}

/// Whether the leerbedrijf has one erkenning for the code, without end, and no other carries it.
async fn depends(store: &dyn LogStore, plek: Plek) -> Result<bool, StoreError> {
    let sleutel = [Sleutel::leerbedrijf(plek.leerbedrijf_id)];
    let found = store.current(Soort::Leerbedrijf, &sleutel).await?.pop();
    let leerbedrijf = found.and_then(|(_, blob)| postcard::from_bytes::<Leerbedrijf>(&blob).ok());
    let Some(leerbedrijf) = leerbedrijf else {
        return Ok(false);
    };
    let own = leerbedrijf
        .kern
        .erkenningen
        .iter()
        .filter(|e| e.code == plek.code);
    let without_end = own.map(|e| e.einddatum.is_none()).collect::<Vec<_>>() == [true];
    let code = [Sleutel::code(plek.code)];
    let equivalenten = store.current(Soort::Equivalenten, &code).await?;
    let merged = leerbedrijf.kern.opvolging.is_some();
    Ok(without_end && !merged && equivalenten.is_empty())
}

/// Gives the erkenning this last day and reason, or no end.
fn end(leerbedrijf: &mut Leerbedrijf, code: Code, last: Option<(crate::domain::Datum, Eindreden)>) {
    let mut periods = leerbedrijf.kern.erkenningen.iter_mut();
    if let Some(period) = periods.rfind(|e| e.code == code) {
        period.einddatum = last.map(|(dag, _)| dag);
        period.reden = last.map(|(_, reden)| reden);
    }
}

/// A company changes its name, and back.
fn rename(leerbedrijf: &mut Leerbedrijf) {
    const NIEUW: &str = " (nieuwe naam)";
    let naam = &mut leerbedrijf.kern.naam;
    match naam.strip_suffix(NIEUW) {
        Some(old) => *naam = old.to_owned(),
        None => naam.push_str(NIEUW),
    }
}
