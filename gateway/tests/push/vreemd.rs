//! Receivers that others made: what they verify and read is what the gateway sends.

use std::{path::Path, process::Stdio};

use serde_json::Value;
use stagepoort::push::{Abonnement, Geheim, Kanaal, Sleutel};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    ontvanger::PATIENCE,
    world::{HOST, SLEUTEL, World},
};

/// A receiver that runs; it ends with its input.
struct Vreemd {
    _child: Child,
    _input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    poort: u64,
}

impl Vreemd {
    /// Starts it; `scripts/setup.sh` installs what it needs.
    async fn start(world: &World, program: &str, script: &str, also: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let program = if program.contains('/') {
            root.join(program)
        } else {
            program.into()
        };
        let server = &world.manifest.server.certificaat;
        let mut job = serde_json::json!({
            "ca": world.manifest.ca,
            "cert": server.cert,
            "key": server.key,
            "wsdl": root.join("schemas/mutatieontvanger-v1.wsdl"),
        });
        for (key, value) in also {
            job[key] = (*value).into();
        }
        let mut child = Command::new(&program)
            .arg(root.join("conformance-tests/foreign").join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                let program = program.display();
                panic!("{program}: {error}; scripts/setup.sh installs it")
            });
        let mut input = child.stdin.take().unwrap();
        input
            .write_all(format!("{job}\n").as_bytes())
            .await
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut vreemd = Self {
            _child: child,
            _input: input,
            output,
            poort: 0,
        };
        vreemd.poort = vreemd.told().await["poort"].as_u64().unwrap();
        vreemd
    }

    fn url(&self) -> String {
        format!("https://{HOST}:{}/mutaties", self.poort)
    }

    /// What it tells next.
    async fn told(&mut self) -> Value {
        let line = timeout(PATIENCE, self.output.next_line()).await.unwrap();
        serde_json::from_str(&line.unwrap().unwrap()).unwrap()
    }
}

/// Delivers one mutatie to it at the present time.
async fn deliver(world: &World, vreemd: &Vreemd, with: impl FnOnce(&mut Abonnement)) -> Abonnement {
    world.set_to_present();
    let abonnement = world.abonnement(1, &vreemd.url(), with).await;
    world.melden(&abonnement, &[1]).await;
    let node = world.node().await;
    world.until_volledig(&abonnement, 1).await;
    node.stop().await;
    abonnement
}

async fn verifies(program: &str, script: &str) {
    let world = World::new().await;
    let geheim = Geheim::of_random([5; 32]).to_text();
    let publiek = Sleutel::parse(SLEUTEL).unwrap().public_text();
    let also = [("geheim", geheim.as_str()), ("publiek", &publiek)];
    let mut vreemd = Vreemd::start(&world, program, script, &also).await;
    deliver(&world, &vreemd, |one| {
        // After a rotation both sign.
        one.geheimen.insert(0, Geheim::of_random([6; 32]));
        one.ed25519 = true;
    })
    .await;
    let told = vreemd.told().await;
    assert_eq!(told["goed"], true, "{told}");
    assert_eq!(told["geknoeid"], serde_json::json!([false, false, false]));
    assert_eq!(told["bericht"]["data"]["naam"], "Bedrijf 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn standardwebhooks_of_pypi_accepts_the_signature_and_refuses_a_tampered_one() {
    verifies(".venv/bin/python", "webhook_ontvanger.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standardwebhooks_of_npm_accepts_the_signature_and_refuses_a_tampered_one() {
    verifies("node", "webhook_ontvanger.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_npm_soap_makes_of_the_wsdl_receives_melden_mutaties() {
    let world = World::new().await;
    let mut vreemd = Vreemd::start(&world, "node", "soap_ontvanger.mjs", &[]).await;
    let abonnement = deliver(&world, &vreemd, |one| {
        one.kanaal = Kanaal::Soap;
        one.geheimen.clear();
    })
    .await;
    let told = vreemd.told().await;
    assert_eq!(told["args"]["abonnementId"], abonnement.id.to_string());
    let mutatie = &told["args"]["mutaties"]["mutatie"][0];
    assert_eq!(mutatie["naam"], "Bedrijf 1", "{told}");
    assert_eq!(mutatie["mutatieSoort"], "LEERBEDRIJF_GEWIJZIGD");
    assert_eq!(mutatie["bpvoKenmerken"]["bpvoKenmerk"][0], "K-1");
    let action = told["headers"]["Action"].as_str().unwrap();
    assert_eq!(action, "urn:stagepoort:mutatieontvanger:v1/meldenMutaties");
}
