//! A small register in a real store, followed into a real replica, behind a gateway.

#[path = "../verwerkingslog/mod.rs"]
mod verwerkingslog;

use std::{collections::HashMap, sync::Arc};

use stagepoort::{
    access::{Access, Addressering, Afnemer, EigenQuota, Mandaat, Toegang},
    clock::Clock,
    domain::{
        Adres, Code, Contactpersoon, Datum, Erkenning, Gegevens, Kern, Leerbedrijf, LeerbedrijfId,
        LeerbedrijfStatus, Leerweg, Leerwegen, Oin, Opleiding, Personen, Praktijkopleider, Rol,
        Tijdstip,
    },
    log::{Inhoud, Line, LogStore, LogWriter, Sleutel, Soort, SqliteStore},
    operations::{Profielen, Rules},
    replica::{Follower, Replica},
    transport::{
        bulk::Bulk,
        gateway::{Freshness, Gateway, Limits},
    },
};
use uuid::Uuid;

/// Has a mandate of [`SCHOOL`] alone.
pub(crate) const AFNEMER: &str = "00000099000000000001";
/// Has a mandate of both schools.
pub(crate) const AFNEMER_OF_TWO: &str = "00000099000000000002";
/// A school.
pub(crate) const SCHOOL: &str = "00000099000000000101";
/// Another.
pub(crate) const OTHER_SCHOOL: &str = "00000099000000000102";
/// The only leerbedrijf: erkend for 25180 since 2020.
pub(crate) const BEDRIJF: &str = "100000001";

/// The register's key of somebody who works there.
pub(crate) const PERSOON: &str = "P-0001";
/// And of somebody else.
pub(crate) const ANDERE_PERSOON: &str = "P-0002";

/// An OIN that is right.
pub(crate) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

struct At(Tijdstip);

impl Clock for At {
    fn now(&self) -> Tijdstip {
        self.0
    }
}

/// A gateway over a register of one commit, versie 1.1.
pub(crate) async fn gateway() -> Gateway {
    let clock: Arc<dyn Clock> = Arc::new(At(Tijdstip::parse("2026-11-22T09:00:00Z").unwrap()));
    Gateway {
        replica: replica(Arc::clone(&clock)).await,
        log: LogWriter::default(),
        push: Arc::default(),
        access: Arc::new(Access::new(toegang())),
        verwerkingslog: verwerkingslog::verwerkingslog(Arc::clone(&clock)),
        clock,
        rules: Rules::default(),
        limits: Limits::default(),
        own_oin: oin("00000099000000000000"),
        api_url: "https://api.test.example:8443".to_owned(),
        bulk: Bulk::default(),
        freshness: Freshness::default(),
        profielen: Profielen::default(),
    }
}

async fn replica(clock: Arc<dyn Clock>) -> Arc<Replica> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::migrate(&folder.path().join("log.sqlite"))
        .await
        .unwrap();
    let store: Arc<dyn LogStore> = Arc::new(store);
    store
        .append(Uuid::from_u128(1), clock.now(), lines(clock.now()))
        .await
        .unwrap();
    let replica = Arc::new(Replica::new());
    let mut follower = Follower::new(store, Arc::clone(&replica), clock);
    while !replica.view().is_loaded() {
        follower.step().await.unwrap();
    }
    replica
}

fn lines(now: Tijdstip) -> Vec<Line> {
    let code = Code::parse("25180").unwrap();
    let opleiding = Opleiding {
        code,
        opleidingsnaam: "Kok".to_owned(),
        niveau: Some(2),
        leerwegen: Leerwegen::default().with(Leerweg::Bol),
    };
    let leerbedrijf = leerbedrijf(code, now);
    let set = |soort, sleutel, blob: Result<Vec<u8>, _>| Line {
        soort,
        sleutel,
        inhoud: Inhoud::Gezet(blob.unwrap()),
    };
    vec![
        set(
            Soort::Opleiding,
            Sleutel::code(code),
            postcard::to_stdvec(&opleiding),
        ),
        set(
            Soort::Leerbedrijf,
            Sleutel::leerbedrijf(leerbedrijf.kern.leerbedrijf_id),
            postcard::to_stdvec(&leerbedrijf),
        ),
        set(
            Soort::Personen,
            Sleutel::leerbedrijf(leerbedrijf.kern.leerbedrijf_id),
            postcard::to_stdvec(&personen(code, now)),
        ),
    ]
}

/// A contact, who trains as well, and another trainer.
fn personen(code: Code, now: Tijdstip) -> Personen {
    let opleider = |persoon_id: &str, naam: &str| Praktijkopleider {
        persoon_id: persoon_id.to_owned(),
        naam: naam.to_owned(),
        emailadres: None,
        telefoonnummer: Some("+31199000002".to_owned()),
        codes: vec![code],
        bijgewerkt_op: now,
    };
    Personen {
        contactpersonen: vec![Contactpersoon {
            persoon_id: PERSOON.to_owned(),
            naam: "A. Voorbeeld".to_owned(),
            functie: Some("Personeelszaken".to_owned()),
            emailadres: Some("a@bakkerij.example".to_owned()),
            telefoonnummer: None,
            bijgewerkt_op: now,
        }],
        praktijkopleiders: vec![
            opleider(PERSOON, "A. Voorbeeld"),
            opleider(ANDERE_PERSOON, "B. Voorbeeld"),
        ],
    }
}

fn leerbedrijf(code: Code, now: Tijdstip) -> Leerbedrijf {
    let erkenning = Erkenning {
        code,
        leerwegen: Leerwegen::default().with(Leerweg::Bol),
        startdatum: Datum::parse("2020-01-01").unwrap(),
        einddatum: None,
        reden: None,
        gedeeltelijk: false,
        werkprocessen: Vec::new(),
        bijgewerkt_op: now,
    };
    let adres = Adres {
        straat: Some("Kerkstraat".to_owned()),
        huisnummer: Some(12),
        huisnummertoevoeging: None,
        postcode: Some("1012AB".to_owned()),
        plaats: "Amsterdam".to_owned(),
        land: "NL".to_owned(),
        coordinaten: None,
    };
    Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: LeerbedrijfId::parse(BEDRIJF).unwrap(),
            naam: "Bakkerij De Test B.V.".to_owned(),
            status: LeerbedrijfStatus::Actief,
            opvolging: None,
            erkenningen: vec![erkenning],
        },
        gegevens: Gegevens {
            kvk_nummer: None,
            kvk_vestigingsnummer: None,
            vestigingsadres: adres,
            correspondentieadres: None,
            telefoonnummer: None,
            emailadres: None,
            website: None,
            bijgewerkt_op: now,
        },
        leerplaatsen: Vec::new(),
    }
}

fn toegang() -> Toegang {
    let afnemer = |of: &str, naam: &str, scholen: &[&str]| {
        let mandaten = scholen.iter().map(|school| Mandaat {
            school_oin: oin(school),
            operaties: Vec::new(),
            vanaf: None,
            tot: None,
        });
        let afnemer = Afnemer {
            oin: oin(of),
            naam: naam.into(),
            rol: Rol::Sis,
            addressering: Addressering::Verplicht,
            geblokkeerde_certificaten: Vec::new(),
            quota: EigenQuota::default(),
            mandaten: mandaten.collect(),
        };
        (oin(of), Arc::new(afnemer))
    };
    Toegang {
        versie: 1,
        afnemers: HashMap::from([
            afnemer(AFNEMER, "Testpakket", &[SCHOOL]),
            afnemer(AFNEMER_OF_TWO, "Tweescholen", &[SCHOOL, OTHER_SCHOOL]),
        ]),
        scholen: HashMap::new(),
    }
}
