//! The subscriptions of the demo's receivers. They prove their endpoints as any other.

use uuid::Uuid;

use crate::{
    cli::demo::{folder::DemoError, manifest::DemoAfnemer},
    domain::Tijdstip,
    log::Opslag,
    push::{Abonnement, AbonnementId, AbonnementStatus, Geheim, Kanaal, open_push},
};

/// Under which the ids of the demo's subscriptions are made: the same in every demo.
const NAMESPACE: Uuid = Uuid::from_u128(0x51d3_9a0c_27be_4f61_8c44_e0b7_9d12_6a38);

pub(super) fn new_geheim() -> Geheim {
    let mut bytes = [0; 32];
    // A demo with a secret that can be guessed is still a demo.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    Geheim::of_random(bytes)
}

pub(super) async fn subscribe(
    opslag: &Opslag,
    afnemers: &[DemoAfnemer],
    geheim: &Geheim,
    port: u16,
    now: Tijdstip,
) -> Result<(), DemoError> {
    let store = open_push(opslag).await?;
    let receivers = [
        (afnemers.first(), Kanaal::Webhook, "webhook"),
        (afnemers.last(), Kanaal::Soap, "soap"),
    ];
    for (afnemer, kanaal, pad) in receivers {
        let Some(afnemer) = afnemer else { continue };
        let signed = kanaal == Kanaal::Webhook;
        let new = Abonnement {
            id: AbonnementId(Uuid::new_v5(&NAMESPACE, pad.as_bytes())),
            afnemer_oin: afnemer.oin,
            school_oin: None,
            kanaal,
            eindpunt: Some(format!("https://localhost:{port}/{pad}")),
            mutatie_soorten: Vec::new(),
            codes: Vec::new(),
            per_bericht: 1,
            ed25519: false,
            geheimen: signed.then(|| geheim.clone()).into_iter().collect(),
            status: AbonnementStatus::WachtOpBewijs,
            reden: None,
            aangemaakt_op: now,
        };
        store.insert(&new).await?;
    }
    store.close().await;
    Ok(())
}
