//! A register of which every leerbedrijf has a bpvo of one school, and changes of it.

use std::{
    fs::File,
    io::{self, BufWriter},
    path::Path,
    process::Command,
    sync::Arc,
};

use stagepoort::{
    clock::{Clock, SystemClock},
    domain::{
        Adres, Bpvo, BpvoInhoud, Code, Datum, Erkenning, Gegevens, Kern, Leerbedrijf,
        LeerbedrijfId, LeerbedrijfStatus, Leerweg, Leerwegen, Mutatie, MutatieSoort, Oin,
        Opleiding, Personen,
    },
    log::{CommitInfo, Inhoud, Line, LogStore, Opslag, Sleutel, Soort},
    push::feed::mutatie_id,
    register::{
        Object,
        levering::{LeveringSoort, LeveringWriter, Voorloop},
    },
};
use uuid::Uuid;

use crate::{
    Plan,
    national::import_into,
    process::measure,
    zoeken::mutations::{line, wish},
};

const CODE: &str = "25180";

/// Mutaties in a commit of many.
const PER_COMMIT: usize = 1_000;

/// The register, and who writes to it.
pub(super) struct Register {
    store: Arc<dyn LogStore>,
    scholen: Vec<Oin>,
    leerbedrijven: u32,
    /// Changes up to now, by school.
    changed: Vec<u32>,
}

/// A change, ready to be committed.
pub(super) struct Change {
    /// By which its delivery is known.
    pub(super) mutatie_id: Uuid,
    lines: [Line; 2],
}

impl Register {
    /// Imports it into the database with this URL.
    pub(super) fn import(plan: &Plan, url: &str, scholen: &[Oin]) -> io::Result<()> {
        let levering = plan.folder.root.join("push.ndjson");
        write(&levering, plan.leerbedrijven, scholen)?;
        let mut command = Command::new(&plan.folder.stagepoort);
        measure(import_into(&mut command, &levering, url))?;
        std::fs::remove_file(levering)
    }

    /// Opens what was imported.
    pub(super) async fn open(plan: &Plan, url: &str, scholen: &[Oin]) -> io::Result<Self> {
        let opslag = Opslag::parse(url).map_err(io::Error::other)?;
        Ok(Self {
            store: opslag.open().await.map_err(io::Error::other)?,
            scholen: scholen.to_vec(),
            leerbedrijven: plan.leerbedrijven,
            changed: vec![0; scholen.len()],
        })
    }

    /// Another name for the next leerbedrijf in turn where this school has a bpvo.
    pub(super) fn change(&mut self, school: usize) -> io::Result<Change> {
        let of_school = self.leerbedrijven as usize / self.scholen.len();
        let nth = self.changed[school];
        self.changed[school] += 1;
        let at = (nth as usize % of_school) * self.scholen.len() + school;
        let at = u32::try_from(at).map_err(io::Error::other)?;
        let now = SystemClock.now();
        let leerbedrijf = leerbedrijf(at, nth + 1)?;
        let mutatie = Mutatie {
            mutatie_id: Uuid::from_u64_pair(school as u64 + 1, u64::from(nth)),
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            leerbedrijf_id: leerbedrijf.kern.leerbedrijf_id,
            naam: leerbedrijf.kern.naam.clone(),
            opvolger: None,
            code: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: now.datum().map_err(io::Error::other)?,
            geregistreerd_op: now,
        };
        let told = Line {
            soort: Soort::Mutatie,
            sleutel: Sleutel::mutatie(mutatie.mutatie_id),
            inhoud: Inhoud::Gezet(postcard::to_stdvec(&mutatie).map_err(io::Error::other)?),
        };
        Ok(Change {
            mutatie_id: mutatie_id(mutatie.mutatie_id, self.scholen[school]),
            lines: [line(&leerbedrijf)?, told],
        })
    }

    /// So many changes of this school, in a few commits.
    pub(super) async fn change_many(&mut self, school: usize, count: usize) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            let now = left.min(PER_COMMIT);
            let changes = (0..now).map(|_| self.change(school));
            let changes = changes.collect::<io::Result<Vec<_>>>()?;
            commit(Arc::clone(&self.store), changes).await?;
            left -= now;
        }
        Ok(())
    }

    /// By which single changes are committed, several at once.
    pub(super) fn store(&self) -> Arc<dyn LogStore> {
        Arc::clone(&self.store)
    }
}

/// Writes these as one commit.
pub(super) async fn commit(
    store: Arc<dyn LogStore>,
    changes: Vec<Change>,
) -> io::Result<CommitInfo> {
    let lines = changes.into_iter().flat_map(|change| change.lines);
    let commit = store.append(wish(), SystemClock.now(), lines.collect());
    commit.await.map_err(io::Error::other)
}

fn write(levering: &Path, leerbedrijven: u32, scholen: &[Oin]) -> io::Result<()> {
    let voorloop = Voorloop {
        levering_id: "push".to_owned(),
        levering_soort: LeveringSoort::Volledig,
        aanmaak_tijdstip: SystemClock.now(),
        bron: "bench".to_owned(),
        aangekondigde_conversies: Vec::new(),
    };
    let file = BufWriter::new(File::create(levering)?);
    let mut writer = LeveringWriter::new(file, &voorloop).map_err(io::Error::other)?;
    let opleiding = Opleiding {
        code: code()?,
        opleidingsnaam: "Kok".to_owned(),
        niveau: Some(2),
        leerwegen: Leerwegen::default().with(Leerweg::Bbl),
    };
    let mut write = |object| writer.write(&object).map_err(io::Error::other);
    write(Object::Opleiding(opleiding))?;
    for at in 0..leerbedrijven {
        let leerbedrijf = Box::new(leerbedrijf(at, 0)?);
        write(Object::Leerbedrijf(leerbedrijf, Personen::default()))?;
    }
    for at in 0..leerbedrijven {
        write(Object::Bpvo(bpvo(
            at,
            scholen[at as usize % scholen.len()],
        )?))?;
    }
    let (file, _) = writer.finish().map_err(io::Error::other)?;
    file.into_inner().map_err(io::Error::other)?.sync_all()
}

/// With the name that it has after so many changes.
fn leerbedrijf(at: u32, changes: u32) -> io::Result<Leerbedrijf> {
    let now = SystemClock.now();
    Ok(Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(at)?,
            naam: format!("Bedrijf {at}, naam {changes}"),
            status: LeerbedrijfStatus::Actief,
            opvolging: None,
            erkenningen: vec![Erkenning {
                code: code()?,
                leerwegen: Leerwegen::default().with(Leerweg::Bbl),
                startdatum: datum("2020-01-01")?,
                einddatum: None,
                reden: None,
                gedeeltelijk: false,
                werkprocessen: Vec::new(),
                bijgewerkt_op: now,
            }],
        },
        gegevens: Gegevens {
            kvk_nummer: None,
            kvk_vestigingsnummer: None,
            vestigingsadres: Adres {
                straat: None,
                huisnummer: None,
                huisnummertoevoeging: None,
                postcode: Some("3511AB".to_owned()),
                plaats: "Utrecht".to_owned(),
                land: "NL".to_owned(),
                coordinaten: None,
            },
            correspondentieadres: None,
            telefoonnummer: None,
            emailadres: None,
            website: None,
            bijgewerkt_op: now,
        },
        leerplaatsen: Vec::new(),
    })
}

fn bpvo(at: u32, school: Oin) -> io::Result<Bpvo> {
    let inhoud = BpvoInhoud {
        leerbedrijf_id: id(at)?,
        code: code()?,
        begindatum: datum("2020-09-01")?,
        einddatum_gepland: datum("2199-01-01")?,
        einddatum_werkelijk: None,
        keuzedelen: Vec::new(),
    };
    Bpvo::of(school, format!("kenmerk-{at}"), None, Some(inhoud))
        .ok_or_else(|| io::Error::other("a bpvo says nothing"))
}

fn id(at: u32) -> io::Result<LeerbedrijfId> {
    LeerbedrijfId::from_u32(100_000_000 + at).ok_or_else(|| io::Error::other("too many of them"))
}

fn code() -> io::Result<Code> {
    Code::parse(CODE).map_err(io::Error::other)
}

fn datum(text: &str) -> io::Result<Datum> {
    Datum::parse(text).map_err(io::Error::other)
}
