//! A node with a subscription that polls, into whose feed a test numbers what it likes, and the
//! program that listens.

use std::{fs, os::unix::fs::PermissionsExt, process::Stdio, sync::Arc};

use serde_json::{Value, json};
use stagepoort::{
    domain::{Datum, LeerbedrijfId, MutatieSoort, Oin, RegisterVersie, Tijdstip},
    log::Opslag,
    push::{
        Abonnement, AbonnementId, Afzender, Geheim, Inhoud, PushStore,
        message::{self, Bericht},
        open_push,
        store::NieuweMelding,
    },
};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::{
    ontvanger::Ontvanger,
    plek::{Node, Plek},
};

const SCHOOL: &str = "00000099000000001001";

pub(crate) struct World {
    pub(crate) plek: Plek,
    node: Node,
    pub(crate) store: Arc<dyn PushStore>,
    pub(crate) id: AbonnementId,
    pub(crate) geheim: Geheim,
}

/// The program while it runs.
pub(crate) struct Luisteraar(Child);

impl World {
    pub(crate) async fn new() -> Self {
        let plek = Plek::filled(30).await;
        let node = plek.node("node", "").await;
        let opslag = Opslag::Sqlite(plek.path("register.db"));
        let store = open_push(&opslag).await.unwrap();
        let geheim = Geheim::of_random([7; 32]);
        let path = plek.path("geheim");
        fs::write(&path, geheim.to_text()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let id = subscribe(&plek, &node).await;
        Self {
            plek,
            node,
            store,
            id,
            geheim,
        }
    }

    /// Numbers these many more; each is of another leerbedrijf.
    pub(crate) async fn number(&self, many: u64) {
        loop {
            let last = self.store.laatste(&[self.id]).await.unwrap()[0].laatste_volgnummer;
            let nieuw: Vec<NieuweMelding> = (last + 1..=last + many)
                .map(|n| melding(self.id, n))
                .collect();
            let start = self.store.fanout_start().await.unwrap();
            // The node itself goes on from the same place.
            if self
                .store
                .fan_out(&start, start.cursor, &nieuw)
                .await
                .unwrap()
            {
                return;
            }
        }
    }

    /// What a webhook would get of these, as the delivery makes it.
    pub(crate) async fn bericht(&self, numbers: &[u64], per_bericht: u16) -> Bericht {
        let abonnement = Abonnement {
            per_bericht,
            ..self.store.abonnement(self.id).await.unwrap().unwrap()
        };
        let all = self.store.meldingen(self.id, 0, 1_000).await.unwrap();
        let berichten: Vec<_> = all
            .iter()
            .filter(|melding| numbers.contains(&melding.volgnummer))
            .filter_map(|melding| melding.bericht(0, true))
            .collect();
        let afzender = Afzender {
            oin: Oin::parse("00000099000000001000").unwrap(),
            publieke_url: "https://localhost:8443".to_owned(),
        };
        message::mutaties(&abonnement, &berichten, &afzender).unwrap()
    }

    /// Starts the program, with these arguments besides the usual ones.
    pub(crate) fn luister(&self, ontvanger: &Ontvanger, more: &[&str]) -> Luisteraar {
        let doorsturen = format!("http://{}/mutaties", ontvanger.address);
        let child = self
            .command(self.id, &doorsturen)
            .arg("--stand")
            .arg(self.stand())
            .args(more)
            .kill_on_drop(true)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Luisteraar(child)
    }

    /// The program with what it needs to know but its position.
    pub(crate) fn command(&self, id: AbonnementId, doorsturen: &str) -> Command {
        let certs = &self.plek.certificaten;
        let afnemer = &certs.afnemers[0].certificaat;
        let mut command = Command::new(env!("CARGO_BIN_EXE_stagepoort"));
        command
            .arg("luister")
            .args(["--api", &url(&self.node, "")])
            .args(["--abonnement", &id.to_string()])
            .args(["--school", SCHOOL])
            .arg("--ca")
            .arg(&certs.ca)
            .arg("--certificaat")
            .arg(&afnemer.cert)
            .arg("--sleutel")
            .arg(&afnemer.key)
            .args(["--doorsturen", doorsturen])
            .arg("--geheim-bestand")
            .arg(self.plek.path("geheim"))
            .current_dir(self.plek.path("."))
            .stdin(Stdio::null());
        command
    }

    fn stand(&self) -> std::path::PathBuf {
        self.plek.path("stand.json")
    }

    /// The number in the position file.
    pub(crate) fn position(&self) -> u64 {
        let stand: Value = serde_json::from_slice(&fs::read(self.stand()).unwrap()).unwrap();
        stand["volgnummer"].as_u64().unwrap()
    }

    pub(crate) async fn stop(self) {
        self.store.close().await;
        self.node.stop().await;
    }
}

impl Luisteraar {
    /// The exit code, once it ends by itself.
    pub(crate) async fn ended(mut self) -> Option<i32> {
        self.0.wait().await.unwrap().code()
    }

    /// Told to stop, it does.
    pub(crate) async fn stop(mut self) {
        let id = self.0.id().unwrap().to_string();
        let told = Command::new("kill").arg(id).status().await.unwrap();
        assert!(told.success());
        assert_eq!(self.0.wait().await.unwrap().code(), Some(0));
    }
}

fn url(node: &Node, path: &str) -> String {
    format!("https://localhost:{}{path}", node.api().port())
}

async fn subscribe(plek: &Plek, node: &Node) -> AbonnementId {
    let certs = &plek.certificaten;
    let afnemer = &certs.afnemers[0].certificaat;
    let mut pem = fs::read(&afnemer.cert).unwrap();
    pem.extend(fs::read(&afnemer.key).unwrap());
    let ca = reqwest::Certificate::from_pem_bundle(&fs::read(&certs.ca).unwrap()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only(ca)
        .identity(reqwest::Identity::from_pem(&pem).unwrap())
        .build()
        .unwrap();
    let answer = client
        .post(url(node, "/v1/abonnementen"))
        .header("Onderwijsinstelling-OIN", SCHOOL)
        .json(&json!({ "kanaal": "POLL" }))
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    AbonnementId::parse(answer["abonnementId"].as_str().unwrap()).unwrap()
}

fn melding(abonnement: AbonnementId, n: u64) -> NieuweMelding {
    let number = u32::try_from(n).unwrap();
    NieuweMelding {
        abonnement,
        mutatie_id: Uuid::from_u128(u128::from(n)),
        leerbedrijf_id: LeerbedrijfId::from_u32(100_000_000 + number).unwrap(),
        school_oin: Oin::parse(SCHOOL).unwrap(),
        inhoud: Inhoud {
            mutatie_soort: MutatieSoort::LeerbedrijfGewijzigd,
            naam: format!("Bakkerij <{n}> & Zn"),
            opvolger: None,
            code: None,
            erkenning_status: None,
            reden: None,
            startdatum: None,
            einddatum: None,
            ingangsdatum: Datum::parse("2026-11-22").unwrap(),
            geregistreerd_op: moment(n),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer: 1,
            },
            bpvo_kenmerken: vec![format!("K{n}")],
        },
    }
}

pub(crate) fn moment(n: u64) -> Tijdstip {
    Tijdstip::from_millis(1_700_000_000_000 + i64::try_from(n).unwrap()).unwrap()
}
