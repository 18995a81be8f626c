//! A small register in PostgreSQL, and leveringen that change all of it.

use std::{io::Cursor, sync::Arc, time::Duration};

use stagepoort::{
    clock::{Clock, SystemClock},
    domain::{
        Adres, Bpvo, BpvoInhoud, Code, Datum, Erkenning, Gegevens, Kern, Leerbedrijf,
        LeerbedrijfId, LeerbedrijfStatus, Leerweg, Leerwegen, Oin, Opleiding, Personen,
    },
    log::{LogStore, PostgresSettings, PostgresStore},
    register::{
        Object,
        import::{self, Options},
        levering::{LeveringSoort, LeveringWriter, Voorloop},
    },
};

/// How many change with every levering.
pub(crate) const LEERBEDRIJVEN: u32 = 200;

pub(crate) const SCHOLEN: [&str; 2] = ["00000099000000000101", "00000099000000000102"];

const KOK: &str = "25180";

/// One school in the even ones, the other in the odd ones, so that it is known who must hear.
pub(crate) fn school_at(leerbedrijf: u32) -> &'static str {
    SCHOLEN[(leerbedrijf % 2) as usize]
}

pub(crate) fn id(leerbedrijf: u32) -> LeerbedrijfId {
    LeerbedrijfId::from_u32(100_000_000 + leerbedrijf).unwrap()
}

pub(crate) struct Register {
    store: Arc<dyn LogStore>,
}

impl Register {
    /// With every leerbedrijf and a bpvo at each.
    pub(crate) async fn filled(url: &str) -> Self {
        let settings = PostgresSettings::parse(&[url.to_owned()]).unwrap();
        PostgresStore::migrate(&settings).await.unwrap();
        let store: Arc<dyn LogStore> = Arc::new(PostgresStore::open(&settings).await.unwrap());
        let register = Self { store };
        let mut objects = vec![Object::Opleiding(Opleiding {
            code: Code::parse(KOK).unwrap(),
            opleidingsnaam: "Kok".to_owned(),
            niveau: Some(2),
            leerwegen: Leerwegen::default().with(Leerweg::Bbl),
        })];
        objects.extend((1..=LEERBEDRIJVEN).map(|at| leerbedrijf(at, 0)));
        objects.extend((1..=LEERBEDRIJVEN).map(|at| Object::Bpvo(bpvo(at))));
        register.import(0, &objects).await;
        register
    }

    /// Every leerbedrijf gets another name: as many mutaties.
    pub(crate) async fn change(&self, ronde: u32) {
        let objects: Vec<_> = (1..=LEERBEDRIJVEN)
            .map(|at| leerbedrijf(at, ronde))
            .collect();
        self.import(ronde, &objects).await;
    }

    /// An import, begun anew as long as the database is away.
    async fn import(&self, ronde: u32, objects: &[Object]) {
        let voorloop = Voorloop {
            levering_id: format!("ronde-{ronde}"),
            levering_soort: LeveringSoort::Mutaties,
            aanmaak_tijdstip: SystemClock.now(),
            bron: "uitval".to_owned(),
            aangekondigde_conversies: Vec::new(),
        };
        let mut writer = LeveringWriter::new(Vec::new(), &voorloop).unwrap();
        for object in objects {
            writer.write(object).unwrap();
        }
        let (levering, _) = writer.finish().unwrap();
        let mut failing = false;
        loop {
            let input = Cursor::new(levering.clone());
            let options = Options::default();
            match import::import(&self.store, input, options, &SystemClock, &mut |_| {}).await {
                Ok(_) => return,
                Err(_) if failing => {}
                Err(error) => println!("levering {ronde} is begun anew: {error}"),
            }
            failing = true;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn leerbedrijf(at: u32, ronde: u32) -> Object {
    let now = SystemClock.now();
    let leerbedrijf = Leerbedrijf {
        kern: Kern {
            leerbedrijf_id: id(at),
            naam: format!("Bedrijf {at}, naam {ronde}"),
            status: LeerbedrijfStatus::Actief,
            opvolging: None,
            erkenningen: vec![Erkenning {
                code: Code::parse(KOK).unwrap(),
                leerwegen: Leerwegen::default().with(Leerweg::Bbl),
                startdatum: Datum::parse("2020-01-01").unwrap(),
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
    };
    Object::Leerbedrijf(Box::new(leerbedrijf), Personen::default())
}

fn bpvo(at: u32) -> Bpvo {
    let inhoud = BpvoInhoud {
        leerbedrijf_id: id(at),
        code: Code::parse(KOK).unwrap(),
        begindatum: Datum::parse("2020-09-01").unwrap(),
        einddatum_gepland: Datum::parse("2199-01-01").unwrap(),
        einddatum_werkelijk: None,
        keuzedelen: Vec::new(),
    };
    let school = Oin::parse(school_at(at)).unwrap();
    Bpvo::of(school, format!("kenmerk-{at}"), None, Some(inhoud)).unwrap()
}
