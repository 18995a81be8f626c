//! A generated register, imported, followed and asked: what it promises is what the gateway says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::sync::Arc;

use stagepoort::{
    clock::Clock,
    domain::{Caller, Datum, Oin, Rol, Tijdstip},
    log::{LogStore, SqliteStore},
    operations::{Context, Profielen, Rules, natrekken_erkenning},
    register::{
        Share,
        generate::{Plan, Voorbeeld, scholen, voorbeelden, write_levering},
        import::{Applied, Options, Report, import},
        verify,
    },
    replica::{Follower, Replica},
};

struct At(Tijdstip);

impl Clock for At {
    fn now(&self) -> Tijdstip {
        self.0
    }
}

fn now() -> Tijdstip {
    Tijdstip::parse("2026-11-25T09:00:00Z").unwrap()
}

fn plan(ronde: u32) -> Plan {
    let peildatum = Datum::parse("2026-11-22").unwrap();
    Plan {
        ronde,
        ..Plan::new(600, 11, peildatum)
    }
}

fn levering(plan: &Plan) -> Vec<u8> {
    let (bytes, _) = write_levering(plan, &plan.voorloop(), Vec::new(), || ()).unwrap();
    bytes
}

#[test]
fn no_line_is_set_aside() {
    for ronde in [0, 1, 40] {
        let mut rapport = Vec::new();
        let levering = levering(&plan(ronde));
        let verified = verify(levering.as_slice(), now(), &mut rapport, &mut |_| ()).unwrap();
        assert_eq!(
            verified.afgekeurd,
            0,
            "{}",
            String::from_utf8(rapport).unwrap()
        );
        assert_eq!(verified.aantallen.leerbedrijf, 600);
    }
}

async fn apply(store: &Arc<dyn LogStore>, plan: &Plan) -> Applied {
    let options = Options {
        maximaal_afgekeurd: Share::parse("0").unwrap(),
        ..Options::default()
    };
    let levering = std::io::Cursor::new(levering(plan));
    match import(store, levering, options, &At(now()), &mut |_| ())
        .await
        .unwrap()
    {
        Report::Applied(applied) => *applied,
        other @ Report::AlreadyApplied { .. } => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_gateway_gives_the_answers_that_the_voorbeelden_promise() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::migrate(&folder.path().join("log.sqlite"))
        .await
        .unwrap();
    let store: Arc<dyn LogStore> = Arc::new(store);
    let first = apply(&store, &plan(0)).await;
    assert_eq!(first.objecten.leerbedrijf.toegevoegd, 600);

    let replica = Arc::new(Replica::new());
    let clock = Arc::new(At(now()));
    let mut follower = Follower::new(Arc::clone(&store), Arc::clone(&replica), clock);
    while !replica.view().is_loaded() {
        follower.step().await.unwrap();
    }
    for voorbeeld in voorbeelden(&plan(0)) {
        check(&replica, &voorbeeld);
    }

    // A next ronde passes the guards, is announced, and leaves the voorbeelden as they were.
    let next = apply(&store, &plan(1)).await;
    assert!(
        (15..=35).contains(&next.objecten.leerbedrijf.gewijzigd),
        "{:?}",
        next.objecten
    );
    assert!(
        next.mutaties.values().sum::<u64>() > 5,
        "{:?}",
        next.mutaties
    );
    // A few stop, but none is absent.
    assert!(
        next.objecten.leerbedrijf.beeindigd <= 3,
        "{:?}",
        next.objecten
    );
    while replica.view().versie() != next.versie {
        follower.step().await.unwrap();
    }
    for voorbeeld in voorbeelden(&plan(1)) {
        check(&replica, &voorbeeld);
    }
}

fn check(replica: &Replica, voorbeeld: &Voorbeeld) {
    let caller = Caller {
        afnemer_oin: Oin::parse("00000099000000000001").unwrap(),
        afnemer_naam: "test".into(),
        rol: Rol::Sis,
        school_oin: scholen(1)[0].oin,
    };
    let context = Context {
        view: replica.view(),
        caller: &caller,
        rules: Rules::default(),
        now: now(),
        profielen: &Profielen::default(),
    };
    let request = natrekken_erkenning::Request {
        leerbedrijf_id: Some(voorbeeld.leerbedrijf_id.to_string()),
        code: Some(voorbeeld.code.to_string()),
        peildatum: Some(voorbeeld.peildatum.to_string()),
        minimale_register_versie: None,
    };
    let response = natrekken_erkenning::run(&context, request).response;
    let answer = serde_json::to_value(&response).unwrap();
    let text = |field: &str| answer[field].as_str();
    let told = (
        answer["signaalcode"].as_u64(),
        text("erkenningStatus"),
        text("grondslag"),
        text("reden"),
    );
    let promised = (
        Some(u64::from(voorbeeld.signaalcode)),
        Some(voorbeeld.erkenning_status),
        voorbeeld.grondslag,
        voorbeeld.reden,
    );
    assert_eq!(told, promised, "{voorbeeld:?}");
}
