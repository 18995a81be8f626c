//! Samples for the tests of messages.

use uuid::Uuid;

use super::{
    Abonnement, AbonnementId, AbonnementStatus, Inhoud, Kanaal, Melding, MutatieBericht, Staat,
    feed::GemeldeStatus, message::Afzender,
};
use crate::domain::{
    Code, Datum, Eindreden, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Tijdstip,
};

pub(super) fn afzender() -> Afzender {
    Afzender {
        oin: Oin::parse("00000099000000001000").unwrap(),
        publieke_url: "https://poort.example".to_owned(),
    }
}

pub(super) fn abonnement(per_bericht: u16) -> Abonnement {
    Abonnement {
        id: AbonnementId(Uuid::from_u128(1)),
        afnemer_oin: Oin::parse("00000099000000002001").unwrap(),
        school_oin: None,
        kanaal: Kanaal::Webhook,
        eindpunt: Some("https://sis.example/mutaties".to_owned()),
        mutatie_soorten: Vec::new(),
        codes: Vec::new(),
        per_bericht,
        ed25519: false,
        geheimen: Vec::new(),
        status: AbonnementStatus::Actief,
        reden: None,
        aangemaakt_op: Tijdstip::EPOCH,
    }
}

pub(super) fn bericht(volgnummer: u64) -> MutatieBericht {
    let melding = Melding {
        abonnement: AbonnementId(Uuid::from_u128(1)),
        volgnummer,
        vorig_volgnummer_leerbedrijf: volgnummer.checked_sub(3),
        mutatie_id: Uuid::from_u128(volgnummer.into()),
        leerbedrijf_id: LeerbedrijfId::parse("100000001").unwrap(),
        school_oin: Oin::parse("00000099000000000101").unwrap(),
        staat: Staat::Wacht,
        inhoud: Some(Inhoud {
            mutatie_soort: MutatieSoort::ErkenningBeeindigd,
            naam: "Bakkerij <De Korf> & Zn".to_owned(),
            opvolger: None,
            code: Code::parse("25180").ok(),
            erkenning_status: Some(GemeldeStatus::NietErkend),
            reden: Some(Eindreden::Ingetrokken),
            startdatum: Datum::parse("2020-08-01").ok(),
            einddatum: Datum::parse("2026-11-30").ok(),
            ingangsdatum: Datum::parse("2026-12-01").unwrap(),
            geregistreerd_op: Tijdstip::parse("2026-11-28T10:00:00.5Z").unwrap(),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 48_210,
            },
            bpvo_kenmerken: vec!["K-1".to_owned(), "K-2".to_owned()],
        }),
    };
    melding.bericht(volgnummer.saturating_sub(1), true).unwrap()
}
