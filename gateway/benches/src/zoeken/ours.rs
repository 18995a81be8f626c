//! The gateway's side: whole requests over mTLS.

use std::{io, sync::Arc};

use rustls::ClientConfig;
use serde::Deserialize;

use super::{asking::Asker, question::Recorded};
use crate::client::{Connection, plain_text};

/// A connection with the requests that go over it.
pub(crate) struct Gateway {
    port: u16,
    config: Arc<ClientConfig>,
    /// None until something is asked.
    connection: Option<Connection>,
    requests: Arc<[Vec<u8>]>,
}

/// The parts of an answer that two servers must agree on.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Page {
    pub(crate) totaal: i64,
    #[serde(rename = "leerbedrijven")]
    pub(crate) hits: Vec<Hit>,
}

/// One hit of a page.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hit {
    pub(crate) leerbedrijf_id: String,
}

/// All recorded questions as they go over the wire.
pub(crate) fn requests(recorded: &[Recorded], school: &str) -> io::Result<Arc<[Vec<u8>]>> {
    let all = recorded.iter().map(|r| r.vraag.rest(school));
    Ok(all.collect::<serde_json::Result<Vec<_>>>()?.into())
}

impl Gateway {
    pub(crate) fn new(port: u16, config: &Arc<ClientConfig>, requests: &Arc<[Vec<u8>]>) -> Self {
        Self {
            port,
            config: Arc::clone(config),
            connection: None,
            requests: Arc::clone(requests),
        }
    }

    /// The same questions to another server.
    pub(crate) fn at(&self, port: u16) -> Self {
        Self::new(port, &self.config, &self.requests)
    }

    /// The answer to a question, read.
    pub(crate) fn page(&mut self, nth: usize) -> io::Result<Page> {
        Ok(serde_json::from_slice(self.body(nth)?)?)
    }

    /// The answer to a question, as it came.
    pub(crate) fn body(&mut self, nth: usize) -> io::Result<&[u8]> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.port, &self.config)?),
        };
        connection.send(&self.requests[nth])?;
        let answer = connection.receive()?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(io::Error::other(format!(
                "zoekenLeerplaatsen: status {status}: {}",
                String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)])
            ))),
        }
    }
}

impl Asker for Gateway {
    fn ask(&mut self, nth: usize) -> io::Result<()> {
        self.body(nth).map(drop)
    }

    /// The gateway closes a connection that was silent for some time.
    fn wake(&mut self) -> io::Result<()> {
        self.connection = None;
        // With the handshake.
        self.ask(0)
    }
}

/// Times of zoekenLeerplaatsen as the gateway itself counts them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServerTimes {
    /// Upper bounds in seconds as they are written, and how many requests up to there.
    buckets: Vec<(String, u64)>,
}

impl ServerTimes {
    /// As they are now.
    pub(crate) fn now(beheer: u16) -> io::Result<Self> {
        Ok(Self::parse(&plain_text(beheer, "/metrics")?))
    }

    fn parse(metrics: &str) -> Self {
        let wanted = |line: &&str| {
            line.starts_with("stagepoort_verzoek_duur_seconds_bucket")
                && line.contains(r#"operatie="zoekenLeerplaatsen""#)
                && line.contains(r#"transport="rest""#)
        };
        let bucket = |line: &str| {
            let (_, bound) = line.split_once("le=\"")?;
            let (bound, _) = bound.split_once('"')?;
            let (_, count) = line.rsplit_once(' ')?;
            Some((bound.to_owned(), count.parse().ok()?))
        };
        Self {
            buckets: metrics.lines().filter(wanted).filter_map(bucket).collect(),
        }
    }

    /// The bound under which 99 of 100 requests since `before` stayed.
    pub(crate) fn p99_since(&self, before: &Self) -> Option<&str> {
        let since = |at: usize| {
            let earlier = before.buckets.get(at).map_or(0, |(_, count)| *count);
            self.buckets[at].1 - earlier
        };
        let all = since(self.buckets.len().checked_sub(1)?);
        let reached = (0..self.buckets.len()).find(|at| since(*at) * 100 >= all * 99)?;
        Some(&self.buckets[reached].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p99_is_of_what_came_in_between() {
        let metrics = |counts: [u64; 3]| {
            let bounds = ["0.001", "0.005", "+Inf"];
            let lines = bounds.iter().zip(counts).map(|(le, n)| {
                format!(
                    "stagepoort_verzoek_duur_seconds_bucket{{transport=\"rest\",\
                     operatie=\"zoekenLeerplaatsen\",le=\"{le}\"}} {n}\n"
                )
            });
            ServerTimes::parse(&lines.collect::<String>())
        };
        let before = metrics([0, 0, 50]);
        assert_eq!(metrics([99, 100, 150]).p99_since(&before), Some("0.001"));
        assert_eq!(metrics([90, 99, 150]).p99_since(&before), Some("0.005"));
        assert_eq!(metrics([90, 98, 150]).p99_since(&before), Some("+Inf"));
        assert_eq!(ServerTimes::default().p99_since(&before), None);
    }
}
