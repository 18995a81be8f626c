//! `stagepoort doctor`: are the nodes well, and do they say the same?

mod compare;
mod local;
mod node;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use reqwest::{Client, Url};
use serde_json::{Value, json};

use self::{
    compare::{Finding, Round},
    node::{Answer, Seen},
};
use super::{EXIT_FAILED, fail, runtime, say};
use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    domain::Tijdstip,
    telemetry::chain,
};

/// How often the nodes are asked while they stand at different versions.
const ROUNDS: usize = 12;

/// Between two rounds: some looks of a follower at the log, which it makes five times a second.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(300);

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[command(after_help = "\
It asks each node for its readiness and compares what they hold: nodes at the same registerVersie \
must have the same hash. A register that moves is asked some times more, for some seconds. With \
--config it also looks at the files of this machine, and asks the node of those settings when no \
--knoop is given.\n\n\
Exit codes: 0 all is well; 1 something is wrong or differs, and the output names it; 2 wrong \
arguments.")]
#[group(required = true, multiple = true)]
pub(super) struct DoctorArgs {
    /// Base URL of a node's beheer listener, such as http://127.0.0.1:9090; once for each node
    #[arg(long, value_name = "URL", value_parser = base_url)]
    knoop: Vec<Url>,
    /// Settings of a node on this machine, whose files are looked at
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct DoctorCommand {
    #[command(flatten)]
    what: DoctorArgs,
    /// Print what was found as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: DoctorCommand) -> ExitCode {
    runtime(async move {
        match examine(&command.what).await {
            Ok(report) => {
                report.say(command.json);
                report.exit_code()
            }
            Err(reason) => fail(reason),
        }
    })
}

/// All that was seen and found.
struct Report {
    nodes: Vec<(String, Seen)>,
    findings: Vec<Finding>,
    now: Tijdstip,
}

async fn examine(args: &DoctorArgs) -> Result<Report, String> {
    let now = SystemClock.now();
    let mut nodes = args.knoop.clone();
    let mut findings = Vec::new();
    if let Some(path) = &args.config {
        match Config::load(path) {
            Err(error) => findings.push(Finding::local("instellingen", chain(&error))),
            Ok(config) => {
                local::look(&config, now, &mut findings);
                if nodes.is_empty() {
                    nodes.push(own_node(config.beheer.adres)?);
                }
            }
        }
    }
    nodes.sort();
    nodes.dedup();
    let client = client()?;
    let rounds = ask_until_equal(&client, &nodes).await;
    findings.extend(compare::compare(&rounds, now));
    let last = rounds.into_iter().next_back().unwrap_or_default();
    Ok(Report {
        nodes: last.0,
        findings,
        now,
    })
}

fn client() -> Result<Client, String> {
    Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| chain(&error))
}

/// Where the node of these settings is asked from this machine.
fn own_node(mut adres: SocketAddr) -> Result<Url, String> {
    if adres.ip().is_unspecified() {
        let loopback = match adres {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        adres.set_ip(loopback);
    }
    base_url(&format!("http://{adres}"))
}

/// Asks again while nodes that answer stand at different versions.
async fn ask_until_equal(client: &Client, nodes: &[Url]) -> Vec<Round> {
    let mut rounds = Vec::new();
    for nth in 0..ROUNDS {
        if nth > 0 {
            tokio::time::sleep(BETWEEN_ROUNDS).await;
        }
        let asked = nodes
            .iter()
            .map(|url| async move { (url.as_str().to_owned(), node::ask(client, url).await) });
        rounds.push(Round(futures_util::future::join_all(asked).await));
        if compare::is_settled(&rounds) {
            break;
        }
    }
    rounds
}

fn base_url(text: &str) -> Result<Url, String> {
    let wrong =
        || "must be the base URL of a beheer listener, such as http://127.0.0.1:9090".to_owned();
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.query().is_some() {
        return Err(wrong());
    }
    if !url.path().ends_with('/') {
        let with_slash = format!("{}/", url.path());
        url.set_path(&with_slash);
    }
    Ok(url)
}

impl Report {
    fn exit_code(&self) -> ExitCode {
        if self.findings.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(EXIT_FAILED)
        }
    }

    fn say(&self, as_json: bool) {
        if as_json {
            say(self.to_json());
            return;
        }
        for (knoop, seen) in &self.nodes {
            match seen {
                Seen::Answered(answer) => self.say_node(knoop, answer),
                Seen::Unreachable(reason) => say(format_args!("{knoop}\n  no answer: {reason}")),
            }
        }
        if self.findings.is_empty() {
            say("All is well.");
        }
        for finding in &self.findings {
            say(format_args!("! {finding}"));
        }
    }

    fn say_node(&self, knoop: &str, answer: &Answer) {
        say(format_args!(
            "{knoop}\n  {}, program {}, version {} of {}",
            answer.status,
            answer.programma_versie.as_deref().unwrap_or("?"),
            answer.register_versie,
            answer
                .log_nummer
                .map_or_else(|| "?".to_owned(), |nummer| nummer.to_string()),
        ));
        if let Some(hash) = &answer.register_hash {
            say(format_args!("  register hash {hash}"));
        }
        match answer.momentopname_op {
            Some(at) => say(format_args!(
                "  snapshot written {} s ago",
                self.now.seconds_since(at)
            )),
            None => say("  no snapshot written since it started"),
        }
    }

    fn to_json(&self) -> Value {
        let uitkomst = if self.findings.is_empty() {
            "goed"
        } else {
            "problemen"
        };
        let node = |(knoop, seen): &(String, Seen)| match seen {
            Seen::Answered(answer) => {
                json!({ "knoop": knoop, "bereikbaar": true, "antwoord": answer })
            }
            Seen::Unreachable(reason) => {
                json!({ "knoop": knoop, "bereikbaar": false, "reden": reason })
            }
        };
        json!({
            "uitkomst": uitkomst,
            "knopen": self.nodes.iter().map(node).collect::<Vec<_>>(),
            "bevindingen": self.findings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_named_by_its_base_url() {
        assert_eq!(base_url("http://a:1").unwrap().as_str(), "http://a:1/");
        assert_eq!(base_url("https://a/x").unwrap().as_str(), "https://a/x/");
        for wrong in [
            "a:9090",
            "127.0.0.1:9090",
            "ftp://a",
            "http://",
            "http://a?b",
            "",
        ] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
        let anywhere = "0.0.0.0:9090".parse().unwrap();
        assert_eq!(
            own_node(anywhere).unwrap().as_str(),
            "http://127.0.0.1:9090/"
        );
    }
}
