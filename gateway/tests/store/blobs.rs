//! The form of what is stored. Logs are kept for years and snapshots outlive an upgrade, so a
//! change of a domain type must not change how its blob reads.

use stagepoort::{
    domain::{
        Datum, Eindreden, Leerbedrijf, Leerplaats, LeerplaatsSoort, Leerweg, Leerwegen, Mutatie,
        MutatieSoort, Opvolging, Vergoeding, Werkproces,
    },
    log::{Line, Sleutel, Soort},
};
use uuid::Uuid;

use crate::{
    engine::{Database, Engine},
    samples::*,
};

/// With something in every field.
fn full() -> Leerbedrijf {
    let datum = Datum::parse("2026-11-22").unwrap();
    let mut full = leerbedrijf(3, "Bakkerij Jansen B.V.", "1012AB");
    full.kern.opvolging = Some(Opvolging {
        opvolger: id(4),
        opgevolgd_per: datum,
    });
    let erkenning = &mut full.kern.erkenningen[0];
    erkenning.leerwegen = Leerwegen::default().with(Leerweg::Bbl);
    erkenning.einddatum = Some(datum);
    erkenning.reden = Some(Eindreden::NietVerlengd);
    erkenning.gedeeltelijk = true;
    erkenning.werkprocessen.push(Werkproces {
        code: "B1-K1-W1".to_owned(),
        naam: "Bakt brood".to_owned(),
        uitvoerbaar: true,
    });
    full.gegevens.website = Some("https://jansen.example".to_owned());
    full.leerplaatsen.push(Leerplaats {
        leerplaats_id: "LP1".to_owned(),
        code: code("25180"),
        leerplaats_soort: LeerplaatsSoort::Leerbaan,
        leerweg: Leerweg::Bbl,
        titel: "Bakker".to_owned(),
        omschrijving: Some("Vroeg op.".to_owned()),
        aantal_leerplaatsen: 300,
        beschikbaar_vanaf: Some(datum),
        beschikbaar_tot: None,
        dagen_per_week: Some(4),
        vergoeding: Some(Vergoeding {
            soort: "PER_MAAND".to_owned(),
            bedrag_van: Some(400),
            bedrag_tot: None,
        }),
    });
    full
}

fn mutatie() -> Mutatie {
    Mutatie {
        mutatie_id: Uuid::from_u128(7),
        mutatie_soort: MutatieSoort::LeerbedrijfSamengevoegd,
        leerbedrijf_id: id(1),
        naam: "Jansen".to_owned(),
        opvolger: Some(id(2)),
        code: None,
        reden: Some(Eindreden::Ingetrokken),
        startdatum: None,
        einddatum: None,
        ingangsdatum: Datum::parse("2026-11-22").unwrap(),
        geregistreerd_op: at(0),
    }
}

#[tokio::test]
async fn stored_blobs_keep_their_form() {
    let store = Database::new(Engine::Sqlite).await;
    let store = store.open().await;
    let blob = |line: &Line| content(line);
    let blobs = [
        ("leerbedrijf", postcard::to_stdvec(&full()).unwrap()),
        ("personen", blob(&personen_line(1, "Piet"))),
        ("bpvo", blob(&bpvo_line(&*store, "b1", 1))),
        ("opleiding", blob(&opleiding_line("K0072", "Brood"))),
        (
            "equivalenten",
            blob(&equivalenten_line("25180", &["25655"])),
        ),
        ("school", blob(&school_line("De School"))),
        ("mutatie", postcard::to_stdvec(&mutatie()).unwrap()),
        ("postcodegebied", blob(&postcodegebied_line(1012, 2))),
    ];
    let forms: Vec<String> = blobs
        .iter()
        .map(|(name, blob)| format!("{name} {}", hex::encode(blob)))
        .collect();
    insta::assert_snapshot!(forms.join("\n"));
}

#[test]
fn keys_keep_their_form_and_order() {
    let hex = |sleutel: Sleutel| hex::encode(sleutel.0);
    assert_eq!(hex(Sleutel::leerbedrijf(id(1))), "05f5e101");
    assert_eq!(hex(Sleutel::code(code("25180"))), "0000625c");
    assert_eq!(hex(Sleutel::code(code("K0072"))), "000f4288");
    assert_eq!(
        hex(Sleutel::levering("L1")),
        "dffe8596427fc50e8f64654a609af134d45552f18bbecef90b31135a9e7acaa0"
    );
    assert_eq!(hex(Sleutel::postcodegebied(1012)), "03f4");
    let numbers: Vec<u8> = Soort::ALL.iter().map(|s| s.number()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for soort in Soort::ALL {
        assert_eq!(Soort::from_number(soort.number()), Some(*soort));
    }
    assert_eq!(Soort::from_number(0), None);
}
