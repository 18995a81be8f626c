//! The journal's disk is full: a real one, of a real node. People are refused, erkenningen are
//! answered, an operator is told; and when there is room again it heals by itself.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tokio::process::Command;

use crate::{
    beller::Beller,
    plek::{Node, Plek},
    vraag::{DETAIL, ZOEKEN_MET_NAMEN, ZONDER},
};

/// Answers that a last page of a file may still have room for.
const SLACK: usize = 200;

/// How the disk is filled.
enum Schijf {
    /// A file system of its own, in a mount namespace of the node: ENOSPC.
    Klein,
    /// A limit on the size of the node's files: EFBIG.
    Grens,
}

impl Schijf {
    /// The command that becomes the node.
    fn program(&self, settings: &Path, map: &Path) -> Command {
        let mut program = match self {
            Self::Klein => {
                let mut unshare = Command::new("unshare");
                unshare
                    .args(["--map-root-user", "--mount", "sh", "-c"])
                    .arg("mount -t tmpfs -o size=256k,mode=700 none \"$0\" && exec \"$@\"")
                    .arg(map);
                unshare
            }
            Self::Grens => {
                let mut sh = Command::new("sh");
                // A program that is not told to ends by the signal.
                sh.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
                sh
            }
        };
        program
            .arg(env!("CARGO_BIN_EXE_stagepoort"))
            .args(["serve", "--config"])
            .arg(settings);
        program
    }

    /// Whether this system allows it.
    async fn is_possible(&self) -> bool {
        match self {
            Self::Grens => true,
            Self::Klein => Command::new("unshare")
                .args(["--map-root-user", "--mount", "sh", "-c"])
                .arg("mount -t tmpfs none /tmp")
                .status()
                .await
                .is_ok_and(|status| status.success()),
        }
    }

    async fn fill(&self, node: &Node, map: &Path) {
        match self {
            Self::Klein => {
                let mut options = fs::OpenOptions::new();
                options.create_new(true).write(true).mode(0o600);
                let mut ballast = options.open(map.join("ballast")).unwrap();
                while ballast.write_all(&[0; 4096]).is_ok() {}
            }
            Self::Grens => {
                let segment = map.join("verwerkingen-00000001.journaal");
                let size = fs::metadata(segment).unwrap().len();
                limit(node, &size.to_string()).await;
            }
        }
    }

    async fn make_room(&self, node: &Node, map: &Path) {
        match self {
            Self::Klein => fs::remove_file(map.join("ballast")).unwrap(),
            Self::Grens => limit(node, "unlimited").await,
        }
    }

    /// What the node says the matter is.
    fn reden(&self) -> &'static str {
        match self {
            Self::Klein => "No space left on device",
            Self::Grens => "File too large",
        }
    }
}

async fn limit(node: &Node, size: &str) {
    let limited = Command::new("prlimit")
        .arg(format!("--pid={}", node.pid()))
        .arg(format!("--fsize={size}:"))
        .status();
    assert!(limited.await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_people_and_nothing_else() {
    let plek = Plek::filled(50).await;
    for (naam, schijf) in [("klein", Schijf::Klein), ("grens", Schijf::Grens)] {
        if schijf.is_possible().await {
            fill_and_heal(&plek, naam, &schijf).await;
        }
    }
}

async fn fill_and_heal(plek: &Plek, naam: &str, schijf: &Schijf) {
    let beller = Beller::new(plek);
    let settings = plek.settings(naam, "");
    let map = plek.path(&format!("{naam}.verwerkingslog"));
    if matches!(schijf, Schijf::Klein) {
        fs::create_dir(&map).unwrap();
    }
    let node = Node::start_by(schijf.program(&settings, &map)).await;
    // As the node sees it.
    let map = seen_by(&node, &map);
    node.ready_when(|r| r["status"] == "gereed").await;
    beller.is_told(&node).await;

    schijf.fill(&node, &map).await;
    let mut refused = beller.ask(&node, DETAIL).await;
    for _ in 0..SLACK {
        if refused.iter().all(|(status, _)| *status != 200) {
            break;
        }
        refused = beller.ask(&node, DETAIL).await;
    }
    let names = beller.ask(&node, ZOEKEN_MET_NAMEN).await;
    for [(rest, problem), (soap, fault)] in [refused, names] {
        assert_eq!((rest, soap), (503, 500), "{problem} {fault}");
        for (text, code) in [
            (problem, "PERSOONSGEGEVENS_NIET_BESCHIKBAAR"),
            (fault, "Server.DK0051"),
        ] {
            assert!(text.contains(code), "{text}");
            assert!(text.to_lowercase().contains("retry-after: "), "{text}");
            assert!(!text.contains(&beller.naam), "{text}");
        }
    }
    for vraag in ZONDER {
        for (status, text) in beller.ask(&node, vraag).await {
            assert_eq!(status, 200, "{}: {text}", vraag.operatie);
        }
    }
    let metrics = node.metrics().await;
    assert!(metrics.contains("\nstagepoort_verwerkingslog_gezond 0\n"));
    assert!(metrics.contains("stagepoort_verwerkingslog_mislukt_total{reden=\"schijf\"}"));
    let ready = node.ready().await;
    assert_eq!(ready["status"], "verminderd", "{ready}");
    assert!(
        ready["redenen"].to_string().contains(schijf.reden()),
        "{ready}"
    );
    assert!(node.logged(schijf.reden()) > 0);
    assert_eq!(node.logged(&beller.naam), 0);

    schijf.make_room(&node, &map).await;
    // By itself, without anybody asking.
    node.ready_when(|r| r["status"] == "gereed").await;
    let metrics = node.metrics().await;
    assert!(metrics.contains("\nstagepoort_verwerkingslog_gezond 1\n"));
    beller.is_told(&node).await;
    let (code, found) = plek
        .json(&format!("log verify --map {}", map.display()))
        .await;
    assert_eq!(
        (code, &found["heel"], &found["onaf"]),
        (0, &Value::Bool(true), &Value::Null)
    );
    assert!(found["records"].as_u64().unwrap() > 0, "{found}");
    node.stop().await;
}

fn seen_by(node: &Node, map: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", node.pid()));
    root.join(map.strip_prefix("/").unwrap())
}
