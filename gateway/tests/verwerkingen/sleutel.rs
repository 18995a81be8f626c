//! The same person has the same pseudonym on every node of a register, after a restart, and on a
//! node that starts from its snapshot while there is no database; and what a killed node had
//! answered is in its journal.

use std::{collections::BTreeSet, fs};

use stagepoort::audit::{Lezer, Pseudonym};

use crate::{beller::Beller, plek::Plek, vraag::DETAIL};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pseudonym_is_the_same_on_every_node_and_without_a_database() {
    let plek = Plek::filled(50).await;
    let beller = Beller::new(&plek);
    let first = plek.node("een", "").await;
    let second = plek.node("twee", "").await;
    beller.is_told(&first).await;
    beller.is_told(&second).await;
    first.stop().await;
    second.stop().await;
    let [one, other] = ["een", "twee"].map(|naam| recorded(&plek, naam));
    assert_eq!(one.len(), 2, "an answer over REST and one over SOAP");
    assert!(!one[0].is_empty());
    assert!(one.iter().chain(&other).all(|people| *people == one[0]));

    for file in plek.files("register.db") {
        fs::remove_file(plek.path(&file)).unwrap();
    }
    let alone = plek.node("een", "").await;
    beller.is_told(&alone).await;
    // Nothing is put in order at its end.
    alone.kill().await;
    let all = recorded(&plek, "een");
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|people| *people == one[0]));
    // It goes on behind what was killed.
    let again = plek.node("een", "").await;
    beller.is_told(&again).await;
    again.stop().await;
    assert_eq!(recorded(&plek, "een").len(), 6);
    let map = plek.path("een.verwerkingslog");
    let (code, found) = plek
        .json(&format!("log verify --map {}", map.display()))
        .await;
    assert_eq!((code, &found["verwerkingen"]), (0, &6.into()), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_others_can_read_is_refused_and_one_that_was_changed_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let plek = Plek::filled(50).await;
    let beller = Beller::new(&plek);
    let node = plek.node("een", "").await;
    beller.is_told(&node).await;
    node.stop().await;
    let map = plek.path("een.verwerkingslog");
    let segment = map.join("verwerkingen-00000001.journaal");
    let mode = |mode| fs::set_permissions(&segment, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o640);
    for command in ["serve --config een.toml", "config check een.toml"] {
        let (code, reason) = plek.refused(command).await;
        assert_eq!(code, 1);
        assert!(reason.contains("chmod 600"), "{command}: {reason}");
    }
    mode(0o600);

    // In the first answer, of two.
    let mut bytes = fs::read(&segment).unwrap();
    bytes[150] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let verify = format!("log verify --map {}", map.display());
    let (code, found) = plek.json(&verify).await;
    assert_eq!((code, &found["heel"]), (3, &false.into()), "{found}");
    assert_eq!(found["breuken"][0]["blok"], 1);
    let node = plek.node("een", "").await;
    let ready = node.ready().await;
    assert!(
        ready["redenen"].to_string().contains("is broken"),
        "{ready}"
    );
    for (status, text) in beller.ask(&node, DETAIL).await {
        assert_ne!(status, 200, "{text}");
    }
    node.stop().await;
    assert_eq!(fs::read(&segment).unwrap(), bytes, "nothing is mended");
    // As the runbook says.
    fs::rename(&map, plek.path("bewijs")).unwrap();
    let node = plek.node("een", "").await;
    beller.is_told(&node).await;
    node.stop().await;
}

/// Who stands in each answer that the journal of a node holds.
fn recorded(plek: &Plek, naam: &str) -> Vec<BTreeSet<Pseudonym>> {
    let map = plek.path(&format!("{naam}.verwerkingslog"));
    let blokken = Lezer::new(&map, None).volgende(u64::MAX, usize::MAX);
    let verwerkingen = blokken.unwrap().into_iter().flat_map(|b| b.verwerkingen);
    let people = |v: stagepoort::audit::Verwerking| {
        let named = v.betrokkenen.iter().map(|b| b.pseudonym);
        named.collect()
    };
    verwerkingen.map(people).collect()
}
