//! What the answers of some nodes, asked some times, say together. No I/O.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::node::{Answer, Seen};
use crate::domain::{RegisterVersie, Tijdstip};

/// A snapshot that is so much older than the register's last change was not written in time: the
/// default interval is ten minutes.
const SNAPSHOT_BEHIND_S: u64 = 3_600;

/// All nodes, asked once at about the same moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Round(pub(super) Vec<(String, Seen)>);

/// Something that an operator should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// A word for programs.
    pub(super) soort: &'static str,
    /// Which node, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) knoop: Option<String>,
    /// A sentence for people.
    pub(super) tekst: String,
}

impl Finding {
    /// About this machine.
    pub(super) fn local(soort: &'static str, tekst: String) -> Self {
        Self {
            soort,
            knoop: None,
            tekst,
        }
    }

    fn of(knoop: &str, soort: &'static str, tekst: String) -> Self {
        Self {
            soort,
            knoop: Some(knoop.to_owned()),
            tekst,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.knoop {
            Some(knoop) => write!(f, "{knoop}: {}", self.tekst),
            None => f.write_str(&self.tekst),
        }
    }
}

impl Round {
    fn answers(&self) -> impl Iterator<Item = (&str, &Answer)> {
        self.0.iter().filter_map(|(knoop, seen)| match seen {
            Seen::Answered(answer) => Some((knoop.as_str(), answer.as_ref())),
            Seen::Unreachable(_) => None,
        })
    }

    /// The last commit that anybody knew of.
    fn newest(&self) -> u64 {
        let known = |answer: &Answer| {
            let log = answer.log_nummer.unwrap_or(0);
            answer.register_versie.nummer.max(log)
        };
        self.answers().map(|(_, a)| known(a)).max().unwrap_or(0)
    }
}

/// Whether asking again would tell nothing more: every node that answers now stands at the end of
/// the log, and at the same one.
pub(super) fn is_settled(rounds: &[Round]) -> bool {
    let Some(last) = rounds.last() else {
        return false;
    };
    let newest = last.newest();
    let tijdlijnen: BTreeSet<u32> = last
        .answers()
        .map(|(_, answer)| answer.register_versie.tijdlijn)
        .collect();
    let mut answers = last.answers();
    tijdlijnen.len() <= 1 && answers.all(|(_, a)| a.register_versie.nummer == newest)
}

/// Everything that is wrong or differs, in the order of the nodes.
pub(super) fn compare(rounds: &[Round], now: Tijdstip) -> Vec<Finding> {
    let (Some(first), Some(last)) = (rounds.first(), rounds.last()) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (knoop, seen) in &last.0 {
        match seen {
            Seen::Unreachable(reason) => findings.push(Finding::of(
                knoop,
                "onbereikbaar",
                format!("it does not answer: {reason}"),
            )),
            Seen::Answered(answer) => node(knoop, answer, first.newest(), now, &mut findings),
        }
    }
    tijdlijnen(last, &mut findings);
    programs(last, &mut findings);
    hashes(rounds, &mut findings);
    findings
}

/// What one node tells of itself. `was_newest` is what was known when the first round was asked:
/// whoever does not have that by now lags.
fn node(knoop: &str, answer: &Answer, was_newest: u64, now: Tijdstip, findings: &mut Vec<Finding>) {
    let mut add = |soort, tekst| findings.push(Finding::of(knoop, soort, tekst));
    if answer.volger_gestopt {
        add(
            "gestopt",
            format!(
                "its follower stopped at version {}; its log names the commit",
                answer.register_versie
            ),
        );
    }
    if answer.status != "gereed" {
        let redenen = answer.redenen.join("; ");
        add(
            "gereedheid",
            format!("it says {}: {redenen}", answer.status),
        );
    }
    let behind = was_newest.saturating_sub(answer.register_versie.nummer);
    if behind > 0 {
        add(
            "achterstand",
            format!(
                "it stands at version {}, {behind} behind what was there when asking began",
                answer.register_versie
            ),
        );
    }
    if let Some(bron) = &answer.bron
        && matches!(bron.uitkomst.as_str(), "mislukt" | "geweigerd")
    {
        let reden = bron.reden.as_deref().unwrap_or("it does not say why");
        add("bron", format!("fetching a levering: {reden}"));
    }
    if answer.register_hash.is_none() {
        add(
            "zonder-hash",
            "it tells no hash of its register: an older program, which cannot be compared"
                .to_owned(),
        );
    }
    let changed_s = now.seconds_since(answer.register_tijdstip);
    let late = match answer.momentopname_op {
        Some(at) if answer.register_tijdstip > at => changed_s > SNAPSHOT_BEHIND_S,
        _ => false,
    };
    if late {
        add(
            "momentopname",
            format!("the register changed {changed_s} s ago and its snapshot is older than that"),
        );
    }
}

fn tijdlijnen(last: &Round, findings: &mut Vec<Finding>) {
    let mut by_tijdlijn: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (knoop, answer) in last.answers() {
        let of_one = by_tijdlijn.entry(answer.register_versie.tijdlijn);
        of_one.or_default().push(knoop);
    }
    if by_tijdlijn.len() > 1 {
        findings.push(Finding::local(
            "tijdlijn",
            format!(
                "the nodes follow different histories: {}. Those of an earlier tijdlijn do not follow the database that was restored or promoted",
                groups(by_tijdlijn.iter().map(|(t, nodes)| (format!("tijdlijn {t}"), nodes)))
            ),
        ));
    }
}

fn programs(last: &Round, findings: &mut Vec<Finding>) {
    let mut by_program: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (knoop, answer) in last.answers() {
        let program = answer.programma_versie.as_deref().unwrap_or("(not told)");
        by_program.entry(program).or_default().push(knoop);
    }
    if by_program.len() > 1 {
        findings.push(Finding::local(
            "programma",
            format!(
                "the nodes run different programs: {}",
                groups(by_program.iter().map(|(p, nodes)| ((*p).to_owned(), nodes)))
            ),
        ));
    }
}

/// Which of the two hashes, and by what rule it can be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Register,
    Persoonsgegevens,
}

impl Part {
    const ALL: [Self; 2] = [Self::Register, Self::Persoonsgegevens];

    /// The hash, when it says something of that version: people and bpvo's are comparable for
    /// who stood at the end of the log.
    fn of(self, answer: &Answer) -> Option<&str> {
        let at_the_end = answer.log_nummer == Some(answer.register_versie.nummer);
        match self {
            Self::Register => answer.register_hash.as_deref(),
            Self::Persoonsgegevens if at_the_end => answer.persoonsgegevens_hash.as_deref(),
            Self::Persoonsgegevens => None,
        }
    }

    fn soort(self) -> &'static str {
        match self {
            Self::Register => "hash",
            Self::Persoonsgegevens => "hash-persoonsgegevens",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Persoonsgegevens => "people or bpvo's",
        }
    }
}

/// Version, then hash, then who said so in any round.
type Said<'a> = BTreeMap<RegisterVersie, BTreeMap<&'a str, BTreeSet<&'a str>>>;

fn hashes(rounds: &[Round], findings: &mut Vec<Finding>) {
    for part in Part::ALL {
        let mut said: Said<'_> = BTreeMap::new();
        for (knoop, answer) in rounds.iter().flat_map(Round::answers) {
            if let Some(hash) = part.of(answer) {
                let at = said.entry(answer.register_versie).or_default();
                at.entry(hash).or_default().insert(knoop);
            }
        }
        // The newest version at which they differ tells enough.
        let differing = said.iter().rev().find(|(_, by_hash)| by_hash.len() > 1);
        if let Some((versie, by_hash)) = differing {
            findings.push(different(part, *versie, by_hash));
        }
        if part == Part::Register && differing.is_none() {
            never_met(rounds, &said, findings);
        }
    }
}

fn different(
    part: Part,
    versie: RegisterVersie,
    by_hash: &BTreeMap<&str, BTreeSet<&str>>,
) -> Finding {
    let groups = groups(by_hash.iter().map(|(hash, nodes)| {
        let beginning = hash.get(..12).unwrap_or(hash);
        (format!("{beginning}…"), nodes)
    }));
    Finding::local(
        part.soort(),
        format!(
            "at version {versie} the nodes do not hold the same {}: {groups}. Stop the ones that are wrong, remove their snapshots, and start them again; then report it, since this is a bug or bad memory",
            part.what()
        ),
    )
}

/// Nodes that were never seen at a version at which any other was: a register that moves fast, or
/// one that lags, which is a finding of its own.
fn never_met(rounds: &[Round], said: &Said<'_>, findings: &mut Vec<Finding>) {
    let all: BTreeSet<&str> = rounds
        .iter()
        .flat_map(Round::answers)
        .filter(|(_, answer)| answer.register_hash.is_some())
        .map(|(knoop, _)| knoop)
        .collect();
    let met: BTreeSet<&str> = said
        .values()
        .flat_map(BTreeMap::values)
        .filter(|nodes| nodes.len() > 1)
        .flatten()
        .copied()
        .collect();
    if all.len() < 2 {
        return;
    }
    for knoop in all.difference(&met) {
        findings.push(Finding::of(
            knoop,
            "niet-vergeleken",
            "it was never seen at the same version as another node, so what it holds was not compared; ask again".to_owned(),
        ));
    }
}

fn groups<'a, N>(groups: impl Iterator<Item = (String, N)>) -> String
where
    N: IntoIterator<Item = &'a &'a str>,
{
    let one = |(what, nodes): (String, N)| {
        let nodes: Vec<&str> = nodes.into_iter().copied().collect();
        format!("{what} at {}", nodes.join(" and "))
    };
    groups.map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::node::Bron;

    fn now() -> Tijdstip {
        Tijdstip::parse("2026-11-22T12:00:00Z").unwrap()
    }

    fn well(nummer: u64) -> Answer {
        Answer {
            status: "gereed".to_owned(),
            redenen: Vec::new(),
            register_versie: RegisterVersie {
                tijdlijn: 1,
                nummer,
            },
            register_tijdstip: now(),
            register_hash: Some(format!("register of {nummer}")),
            persoonsgegevens_hash: Some(format!("people of {nummer}")),
            log_nummer: Some(nummer),
            volger_gestopt: false,
            programma_versie: Some("1".to_owned()),
            momentopname_op: Some(now()),
            bron: None,
        }
    }

    fn round(answers: Vec<Answer>) -> Round {
        let named = ('a'..).zip(answers);
        Round(
            named
                .map(|(name, a)| (name.to_string(), Seen::Answered(Box::new(a))))
                .collect(),
        )
    }

    fn found(rounds: &[Round]) -> Vec<String> {
        let findings = compare(rounds, now()).into_iter();
        let named = |f: Finding| format!("{} {}", f.soort, f.knoop.unwrap_or_default());
        findings.map(|f| named(f).trim().to_owned()).collect()
    }

    #[test]
    fn nodes_that_say_the_same_are_well() {
        let same = [round(vec![well(7), well(7)])];
        assert!(is_settled(&same));
        assert_eq!(found(&same), [] as [&str; 0]);
        // A register that moves: they meet at 7, and none is behind what was there at first.
        let moving = [round(vec![well(7), well(6)]), round(vec![well(9), well(7)])];
        assert!(!is_settled(&moving));
        assert_eq!(found(&moving), [] as [&str; 0]);
    }

    #[test]
    fn what_one_node_tells_of_itself_is_found() {
        let one = |change: &dyn Fn(&mut Answer)| {
            let mut other = well(7);
            change(&mut other);
            found(&[round(vec![well(7), other])])
        };
        assert_eq!(one(&|a| a.volger_gestopt = true), ["gestopt b"]);
        assert_eq!(one(&|a| a.status = "verminderd".into()), ["gereedheid b"]);
        assert_eq!(one(&|a| a.register_hash = None), ["zonder-hash b"]);
        let refused = Bron {
            uitkomst: "geweigerd".to_owned(),
            reden: None,
        };
        assert_eq!(one(&|a| a.bron = Some(refused.clone())), ["bron b"]);
        assert_eq!(one(&|a| a.programma_versie = None), ["programma"]);
        assert_eq!(
            one(&|a| a.register_versie.tijdlijn = 2).last().unwrap(),
            "niet-vergeleken b"
        );
        let hours_ago = |h: i64| Tijdstip::from_millis(now().as_millis() - h * 3_600_000).unwrap();
        let old_snapshot = |a: &mut Answer| {
            a.register_tijdstip = hours_ago(2);
            a.momentopname_op = Some(hours_ago(3));
        };
        assert_eq!(one(&old_snapshot), ["momentopname b"]);
        let away = Round(vec![("a".into(), Seen::Unreachable("refused".into()))]);
        assert_eq!(found(&[away]), ["onbereikbaar a"]);
    }

    #[test]
    fn a_node_that_stays_behind_is_found() {
        let rounds = vec![round(vec![well(7), well(3)]); 3];
        assert!(!is_settled(&rounds));
        assert_eq!(
            found(&rounds),
            ["achterstand b", "niet-vergeleken a", "niet-vergeleken b"]
        );
        // The log itself may be ahead of every node.
        let mut behind = well(7);
        behind.log_nummer = Some(9);
        assert_eq!(found(&[round(vec![behind])]), ["achterstand a"]);
    }

    #[test]
    fn another_hash_at_the_same_version_is_found_whenever_it_was_seen() {
        let mut other = well(7);
        other.register_hash = Some("another".to_owned());
        let rounds = [
            round(vec![well(7), other]),
            round(vec![well(8), well(9)]),
            round(vec![well(9), well(9)]),
        ];
        assert_eq!(found(&rounds), ["hash"]);
    }

    #[test]
    fn people_are_compared_only_at_the_end_of_the_log() {
        let other = |log_nummer| {
            let mut other = well(7);
            other.persoonsgegevens_hash = Some("another".to_owned());
            other.log_nummer = Some(log_nummer);
            other
        };
        assert_eq!(
            found(&[round(vec![well(7), other(7)])]),
            ["hash-persoonsgegevens"]
        );
        // It reads commits whose people the log has forgotten; later it stands at the end.
        let passing = [
            round(vec![well(7), other(9)]),
            round(vec![well(9), well(9)]),
        ];
        assert_eq!(found(&passing), [] as [&str; 0]);
    }
}
