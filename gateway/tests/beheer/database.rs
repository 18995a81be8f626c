//! `deploy/postgres` on a real server: its settings, roles and rights, TLS with certificates on both
//! sides, and a standby that every commit waits for.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use stagepoort::{
    audit::{
        Gebruik, Journaal, JournaalInstellingen, Partij, Stap, VerzendParts, Verzending,
        remove_before,
        store::{Daad, open_verwerkingen},
    },
    clock::{Clock, SystemClock},
    config::Config,
    domain::{Datum, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Tijdstip},
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Attempt, Bezorger, Inhoud, Kanaal, Wanted,
        open_push,
        store::{
            Beheerdaad, Cursor, Eindpuntstaat, Gevolg, Keuze, Lening, NieuweMelding, Poging,
            Wijziging,
        },
    },
};
use uuid::Uuid;

use crate::{plek::Plek, postgres::Server};

const CONF: &str = include_str!("../../../deploy/postgres/stagepoort.conf");
const HBA: &str = include_str!("../../../deploy/postgres/pg_hba.conf");
const ROLES: &str = include_str!("../../../deploy/postgres/roles.sql");
const GRANTS: &str = include_str!("../../../deploy/postgres/grants.sql");

const EIGENAAR: &str = "stagepoort_eigenaar";
const KNOOP: &str = "stagepoort_knoop";
const LEZER: &str = "stagepoort_lezer";

/// Of the role that reads, and in no message.
const SECRET: &str = "zeer-geheim-wachtwoord";

/// A primary and its standby with the settings of `deploy/`, and a place for nodes.
struct World {
    plek: Plek,
    certs: certs_dev::Manifest,
    server: Server,
    _standby: Server,
}

impl World {
    /// The schema is there, and the roles have their rights.
    async fn new() -> Self {
        let plek = Plek::new();
        let certs = certificates(&plek.path("database"));
        let settings: Vec<&str> = CONF.lines().collect();
        let server = Server::start(&settings);
        // Its name is one of those that the settings wait for.
        let standby = server.standby("stagepoort_db2");
        let files = [
            ("server.crt", &certs.server.certificaat.cert),
            ("server.key", &certs.server.certificaat.key),
            ("ca.crt", &certs.ca),
        ];
        for (name, path) in files {
            server.put(name, &fs::read_to_string(path).unwrap());
        }
        // The tests themselves come in by the first line.
        let own = HBA
            .replace("10.0.0.0/24", "127.0.0.1/32")
            .replace("10.0.1.0/24", "127.0.0.1/32");
        server.put(
            "pg_hba.conf",
            &format!("host all,replication postgres 127.0.0.1/32 trust\n{own}"),
        );
        for sql in [
            "ALTER SYSTEM SET ssl = on",
            "ALTER SYSTEM SET ssl_ca_file = 'ca.crt'",
            "SELECT pg_reload_conf()",
        ] {
            server.execute("postgres", sql).await;
        }
        let world = Self {
            plek,
            certs,
            server,
            _standby: standby,
        };
        world.roles();
        world.roles();
        let eigenaar = world.settings("eigenaar", EIGENAAR, "");
        world.plek.ok(&format!("migrate --config {eigenaar}")).await;
        world.as_role(EIGENAAR, GRANTS).unwrap();
        world.as_role(EIGENAAR, GRANTS).unwrap();
        world
    }

    fn roles(&self) {
        let secret = format!("wachtwoord_lezer={SECRET}");
        let given = ["wachtwoord_eigenaar=", "wachtwoord_knoop=", &secret];
        let more: Vec<&str> = given.iter().flat_map(|given| ["-v", given]).collect();
        let superuser = "user=postgres dbname=postgres sslmode=disable";
        self.server.psql(superuser, &more, ROLES).unwrap();
    }

    fn certificate(&self, role: &str) -> &certs_dev::Certificaat {
        let mut all = self.certs.afnemers.iter();
        &all.find(|made| made.naam == role).unwrap().certificaat
    }

    /// Statements by this role, over TLS with its own certificate.
    fn as_role(&self, role: &str, sql: &str) -> Result<(), String> {
        let certs = self.certificate(role);
        let connection = format!(
            "user={role} password={SECRET} dbname=stagepoort sslmode=verify-full \
             sslrootcert={} sslcert={} sslkey={}",
            self.certs.ca.display(),
            certs.cert.display(),
            certs.key.display()
        );
        self.server.psql(&connection, &[], sql)
    }

    /// The path of settings by which this role connects, all as it should be.
    fn settings(&self, naam: &str, role: &str, more: &str) -> String {
        let certs = self.certificate(role);
        self.settings_with(
            naam,
            &format!("{role}@localhost"),
            &format!(
                "databaseCa = {:?}\ndatabaseCertificaat = {:?}\ndatabaseSleutel = {:?}\n{more}",
                self.certs.ca, certs.cert, certs.key
            ),
        )
    }

    fn settings_with(&self, naam: &str, who_and_where: &str, tls: &str) -> String {
        let path = self.plek.settings(naam, "");
        let port = self.server.port();
        let opslag = format!(
            "soort = \"postgres\"\nmigreren = false\nschrijfGeduld = \"5s\"\n\
             databases = [\"postgres://{who_and_where}:{port}/stagepoort\"]\n{tls}"
        );
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("bestand = \"register.db\"", &opslag)).unwrap();
        path.display().to_string()
    }
}

fn certificates(folder: &Path) -> certs_dev::Manifest {
    let now = certs_dev::moment(SystemClock.now().as_millis() / 1000).unwrap();
    let mut plan = certs_dev::default_plan();
    // So that the same server has a name that the certificate does not have: 127.0.0.1.
    plan.server_namen = vec!["localhost".to_owned()];
    for (afnemer, role) in plan.afnemers.iter_mut().zip([EIGENAAR, KNOOP, LEZER]) {
        role.clone_into(&mut afnemer.naam);
    }
    certs_dev::generate(folder, &plan, now).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_and_imports_do_with_the_least_rights() {
    let world = World::new().await;
    let plek = &world.plek;
    let knoop = world.settings("knoop", KNOOP, "");
    plek.levering("eerste.ndjson", 60, 0).await;
    plek.levering("tweede.ndjson", 60, 1).await;
    fs::write(plek.path("toegang.toml"), plek.ok("toegang example").await).unwrap();
    for line in [
        "register import eerste.ndjson",
        "toegang apply toegang.toml --yes",
        // Something is superseded, so that people are forgotten.
        "register import tweede.ndjson",
    ] {
        plek.ok(&format!("{line} --config {knoop}")).await;
    }
    let node = crate::plek::Node::start(Path::new(&knoop)).await;
    let ready = node.ready().await;
    assert_eq!(ready["status"], "gereed", "{ready}");
    node.stop().await;
    push_as_a_node(&knoop).await;
    verwerkingen_as_a_node(&knoop).await;
    let lezer = world.settings("lezer", LEZER, "wachtwoordBestand = \"lezer.ww\"");
    fs::write(plek.path("lezer.ww"), SECRET).unwrap();
    fs::set_permissions(plek.path("lezer.ww"), fs::Permissions::from_mode(0o600)).unwrap();
    plek.ok(&format!("register export alles.ndjson --config {lezer}"))
        .await;
    assert!(fs::metadata(plek.path("alles.ndjson")).unwrap().len() > 0);

    // Who may read can make a backup; the owner puts it back, and the rights stay as they were.
    plek.ok(&format!("backup kopie.db --config {lezer}")).await;
    plek.refused(&format!("restore kopie.db --config {knoop} --vervang"))
        .await;
    let eigenaar = world.settings("eigenaar", EIGENAAR, "");
    plek.ok(&format!("restore kopie.db --config {eigenaar} --vervang"))
        .await;
    plek.levering("derde.ndjson", 60, 2).await;
    plek.ok(&format!("register import derde.ndjson --config {knoop}"))
        .await;

    let denied = |role: &str, sql: &str, why: &str| {
        let told = world.as_role(role, sql).unwrap_err();
        assert!(told.contains(why), "{role}: {sql}: {told}");
    };
    for sql in [
        "DELETE FROM commit_log",
        "UPDATE commit_log SET regels = 0",
        "UPDATE regel SET inhoud = NULL",
        "UPDATE tijdlijn SET tijdlijn = 2",
        "DELETE FROM toegang",
        "UPDATE meta SET bytes = NULL",
        "TRUNCATE zij",
        "DELETE FROM melding",
        "DELETE FROM abonnement",
        "UPDATE beheerdaad SET wie = 'een ander'",
        "UPDATE verwerking_blok SET inhoud = ''",
        "DELETE FROM verwerking_journaal",
        "DELETE FROM verwerking_daad",
        "CREATE TABLE van_mij (a int)",
    ] {
        denied(KNOOP, sql, "permission denied");
    }
    denied(KNOOP, "DROP TABLE regel", "must be owner");
    denied(LEZER, "DELETE FROM zij", "read-only transaction");
    let really = "SET default_transaction_read_only = off; DELETE FROM zij";
    denied(LEZER, really, "permission denied");
}

/// Everything that a node does with the record of processing, by its own rights.
async fn verwerkingen_as_a_node(settings: &str) {
    let config = Config::load(Path::new(settings)).unwrap();
    let store = open_verwerkingen(&config.opslag.opslag().unwrap()).await;
    let store = store.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("verwerkingslog");
    let instellingen = JournaalInstellingen {
        segment_bytes: 1_000,
        nieuw: [1; 16],
    };
    let now = SystemClock.now();
    let (mut journaal, _) = Journaal::open(&map, instellingen, now).unwrap();
    journaal.append(&[], now).unwrap();
    let mut verzending = Verzending::new(VerzendParts {
        map,
        store: Arc::clone(&store),
        clock: Arc::new(SystemClock),
        knoop: "knoop".to_owned(),
    });
    while verzending.step(1).await.unwrap() != Stap::Bij {}
    let later = Tijdstip::parse("2099-01-01T00:00:00Z").unwrap();
    assert_eq!(remove_before(&*store, later).await.unwrap(), 1);
    let daad = Daad {
        id: [1; 16],
        tijdstip: now,
        wie: "knoop".to_owned(),
        daad: "persoon".to_owned(),
        toelichting: String::new(),
    };
    store.note(&daad).await.unwrap();
    store.erken(&daad).await.unwrap();
    let gebruik = Gebruik {
        dag: now.datum().unwrap(),
        partij: Partij {
            afnemer_oin: Oin::parse("00000099000000000101").unwrap(),
            school_oin: None,
        },
        operatie: "natrekkenErkenning".to_owned(),
        uitkomst: "0".to_owned(),
        aantal: 1,
    };
    store.tel(std::slice::from_ref(&gebruik)).await.unwrap();
    store.tel(&[gebruik]).await.unwrap();
    let morgen = now.datum().unwrap().plus_days(1);
    assert_eq!(store.vergeet_gebruik(morgen).await.unwrap(), 1);
}

/// Everything that a node does with the queue, by its own rights.
pub(crate) async fn push_as_a_node(settings: &str) {
    let config = Config::load(Path::new(settings)).unwrap();
    let store = open_push(&config.opslag.opslag().unwrap()).await.unwrap();
    let at = |second: i64| Tijdstip::from_millis(second * 1_000).unwrap();
    let oin = Oin::parse("00000099000000000101").unwrap();
    let abonnement = Abonnement {
        id: AbonnementId(Uuid::from_u128(1)),
        afnemer_oin: oin,
        school_oin: None,
        kanaal: Kanaal::Poll,
        eindpunt: None,
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht: 1,
        ed25519: false,
        geheimen: Vec::new(),
        status: AbonnementStatus::Actief,
        reden: None,
        aangemaakt_op: at(1),
    };
    store.insert(&abonnement).await.unwrap();
    let wijziging = Wijziging {
        abonnement: abonnement.clone(),
        begin_opnieuw: true,
        proef: true,
    };
    assert!(store.change(&abonnement, &wijziging).await.unwrap());
    let nieuw = [1, 2].map(|n| NieuweMelding {
        abonnement: abonnement.id,
        mutatie_id: Uuid::from_u128(n),
        leerbedrijf_id: LeerbedrijfId::parse("100000001").unwrap(),
        school_oin: oin,
        inhoud: Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: "Bedrijf".to_owned(),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2026-09-01").unwrap(),
            geregistreerd_op: at(2),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: Vec::new(),
        },
    });
    let start = store.fanout_start().await.unwrap();
    let to = Cursor {
        nummer: start.cursor.nummer + 1,
        regel: 0,
    };
    assert!(store.fan_out(&start, to, &nieuw).await.unwrap());
    let wanted = [Wanted {
        abonnement: abonnement.id,
        most: 9,
    }];
    let mut bezorger = Bezorger::new(Uuid::from_u128(9));
    let lener = bezorger.lener();
    let lening = Lening {
        lener,
        nu: at(3),
        tot: at(9),
    };
    assert_eq!(store.meld_bezorger(lening).await.unwrap(), [lener]);
    let ids = [abonnement.id];
    let lent = bezorger.leen(&*store, &ids, (at(3), at(9)));
    lent.await.unwrap();
    let lent = bezorger.claim(&*store, &wanted, at(3)).await.unwrap();
    let poging = Poging {
        tijdstip: at(4),
        http_status: Some(204),
        duur_ms: 1,
        antwoord_sha256: None,
        uitkomst: "HTTP 204".to_owned(),
    };
    let outcome = Attempt {
        abonnement: abonnement.id,
        leerbedrijf_id: lent[0].melding.leerbedrijf_id,
        volgnummer: lent[0].melding.volgnummer,
        gevolg: Gevolg::Bezorgd,
        poging: Some(poging.clone()),
    };
    let outcomes = [outcome];
    let recorded = bezorger.record(&*store, &outcomes, (at(4), at(9)));
    recorded.await.unwrap();
    bezorger.geef_alles_terug(&*store).await.unwrap();
    store.meld_bezorger_af(lener).await.unwrap();
    let staat = Eindpuntstaat::default();
    let id = abonnement.id;
    assert!(
        store
            .set_eindpunt(id, staat, staat, Some(&poging))
            .await
            .unwrap()
    );
    assert!(store.take_proef(id).await.unwrap());
    store.confirm(id, 2).await.unwrap();
    let daad = Beheerdaad {
        tijdstip: at(5),
        wie: "beheerder".to_owned(),
        daad: "replay".to_owned(),
        abonnement: id,
        toelichting: "alles".to_owned(),
    };
    let all = Keuze::Nummers(1, 2);
    assert_eq!(store.replay(id, all, at(6), &daad).await.unwrap(), 2);
    assert_eq!(store.drop_meldingen(id, all, &daad).await.unwrap(), 2);
    let before = store.abonnement(id).await.unwrap().unwrap();
    let same = Wijziging {
        abonnement: before.clone(),
        begin_opnieuw: false,
        proef: false,
    };
    assert!(store.operate(&before, &same, &daad).await.unwrap());
    assert_eq!(store.forget_before(at(9)).await.unwrap(), 2);
    assert_eq!(store.pogingen(id, None, 9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_database_and_the_node_know_each_other_by_certificates() {
    let world = World::new().await;
    let knoop = world.certificate(KNOOP);
    let pair = |certs: &certs_dev::Certificaat| {
        format!(
            "databaseCertificaat = {:?}\ndatabaseSleutel = {:?}",
            certs.cert, certs.key
        )
    };
    let ca = |path: &Path| format!("databaseCa = {path:?}\n");
    let right = ca(&world.certs.ca);
    let own = pair(knoop);
    let where_it_is = format!("{KNOOP}:{SECRET}@localhost");
    let good = world.settings_with("goed", &where_it_is, &format!("{right}{own}"));
    world.plek.ok(&format!("migrate --config {good}")).await;

    let refused = async |naam: &str, at: &str, tls: String, why: &str| {
        let settings = world.settings_with(naam, at, &tls);
        let (code, told) = world
            .plek
            .refused(&format!("migrate --config {settings}"))
            .await;
        assert_eq!(code, 1, "{told}");
        assert!(told.contains(why), "{naam}: {told}");
        assert!(
            !told.contains(SECRET) && !told.contains("PRIVATE"),
            "{told}"
        );
    };
    let other_ca = format!("{}{own}", ca(&world.certs.andere_ca));
    refused("andere-ca", &where_it_is, other_ca, "UnknownIssuer").await;
    let by_address = format!("{KNOOP}:{SECRET}@127.0.0.1");
    refused(
        "naam",
        &by_address,
        format!("{right}{own}"),
        "not valid for name",
    )
    .await;
    refused(
        "zonder",
        &where_it_is,
        right.clone(),
        "requires a valid client certificate",
    )
    .await;
    let of_another = format!("{right}{}", pair(world.certificate(LEZER)));
    refused(
        "ander",
        &where_it_is,
        of_another,
        "certificate authentication failed",
    )
    .await;
    let plain = format!("{KNOOP}:{SECRET}@127.0.0.1");
    let (code, told) = {
        let settings = world.settings_with("zonder-tls", &plain, "");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(
            &settings,
            text.replace("/stagepoort\"]", "/stagepoort?sslmode=disable\"]"),
        )
        .unwrap();
        world
            .plek
            .refused(&format!("migrate --config {settings}"))
            .await
    };
    assert_eq!(code, 1);
    assert!(told.contains("no encryption"), "{told}");
}
