//! A random sequence of calls leaves what a plain model of it has.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    node::{World, register_zegt},
    wire::{Caller, Way, bpvo, telling},
};

/// One call, or a levering in between.
#[derive(Debug, Clone)]
enum Stap {
    /// The school sets these (a kenmerk and a leerbedrijf), over REST or SOAP.
    Zet(Vec<(u8, u32)>, bool),
    /// This is its whole list.
    Vervang(Vec<(u8, u32)>, bool),
    /// The same as a dry run.
    Proef(Vec<(u8, u32)>, bool),
    /// It takes one out.
    Verwijder(u8),
    /// A levering has this one, up to this year, or no longer.
    Levering(u8, Option<u8>),
}

/// What school and register each say: a leerbedrijf, and a last year.
#[derive(Debug, Clone, Default)]
struct Model {
    school: BTreeMap<u8, u32>,
    register: BTreeMap<u8, u8>,
}

fn any_lines() -> impl Strategy<Value = Vec<(u8, u32)>> {
    prop::collection::btree_map(0..6_u8, 1..4_u32, 0..5).prop_map(|map| map.into_iter().collect())
}

fn any_stap() -> impl Strategy<Value = Stap> {
    prop_oneof![
        3 => (any_lines(), any::<bool>()).prop_map(|(l, s)| Stap::Zet(l, s)),
        2 => (any_lines(), any::<bool>()).prop_map(|(l, s)| Stap::Vervang(l, s)),
        1 => (any_lines(), any::<bool>()).prop_map(|(l, s)| Stap::Proef(l, s)),
        1 => (0..6_u8).prop_map(Stap::Verwijder),
        2 => (0..6_u8, prop::option::of(27..30_u8)).prop_map(|(k, y)| Stap::Levering(k, y)),
    ]
}

fn kenmerk(k: u8) -> String {
    format!("k{k}")
}

fn lines(of: &[(u8, u32)]) -> Vec<Value> {
    of.iter()
        .map(|(k, at)| bpvo(&kenmerk(*k), *at, "2026-09-01", "2027-01-31"))
        .collect()
}

impl Model {
    /// Sets these, as the whole list or not; the four counts.
    fn set(&mut self, of: &[(u8, u32)], all: bool) -> [i64; 4] {
        let mut counts = [0; 4];
        for (k, at) in of {
            match self.school.insert(*k, *at) {
                None => counts[0] += 1,
                Some(was) if was != *at => counts[1] += 1,
                Some(_) => counts[3] += 1,
            }
        }
        if all {
            let before = self.school.len();
            self.school
                .retain(|k, _| of.iter().any(|(named, _)| named == k));
            counts[2] = i64::try_from(before - self.school.len()).unwrap();
        }
        counts
    }

    /// `kenmerk leerbedrijf herkomst` of all.
    fn shown(&self) -> Vec<String> {
        (0..6)
            .filter_map(|k| {
                let (school, register) = (self.school.get(&k), self.register.get(&k));
                let herkomst = match (school, register) {
                    (None, None) => return None,
                    (Some(_), None) => "SCHOOL",
                    (None, Some(_)) => "REGISTER",
                    (Some(_), Some(_)) => "BEIDE",
                };
                // The register says that all are at the first leerbedrijf.
                let at = school.copied().unwrap_or(1);
                let differs = school.is_some() && register.is_some_and(|y| *y != 27 || at != 1);
                Some(format!(
                    "{} {} {herkomst} {differs}",
                    kenmerk(k),
                    100_000_000 + at
                ))
            })
            .collect()
    }
}

async fn play(stappen: Vec<Stap>) {
    let world = World::new().await;
    let mut model = Model::default();
    let way = |soap: &bool| Caller::new(&world.node, if *soap { Way::Soap } else { Way::Rest });
    let rest = way(&false);
    for stap in &stappen {
        let head = world.node.head().await;
        match stap {
            Stap::Zet(of, soap) => {
                let answer = way(soap).kept(json!({ "bpvos": lines(of) })).await;
                assert_eq!(telling(&answer), model.set(of, false), "{stap:?}");
            }
            Stap::Vervang(of, soap) => {
                let body = json!({ "vervangAlles": true, "bpvos": lines(of) });
                let answer = way(soap).kept(body).await;
                assert_eq!(telling(&answer), model.set(of, true), "{stap:?}");
            }
            Stap::Proef(of, soap) => {
                let body = json!({ "vervangAlles": true, "proef": true, "bpvos": lines(of) });
                let answer = way(soap).kept(body).await;
                assert_eq!(telling(&answer), model.clone().set(of, true), "{stap:?}");
                assert_eq!(world.node.head().await, head);
            }
            Stap::Verwijder(k) => {
                let known = model.school.contains_key(k) || model.register.contains_key(k);
                let reply = rest.delete(&format!("/v1/bpvos/{}", kenmerk(*k))).await;
                assert_eq!(reply.status, if known { 200 } else { 404 });
                model.school.remove(k);
            }
            Stap::Levering(k, year) => {
                let says = year.map(|y| register_zegt(&format!("20{y}-01-31")));
                world.levering(&kenmerk(*k), says).await;
                match year {
                    Some(year) => model.register.insert(*k, *year),
                    None => model.register.remove(k),
                };
            }
        }
        let list = rest.list().await;
        let shown: Vec<String> = list
            .iter()
            .map(|b| {
                let part = |name: &str| b[name].as_str().unwrap();
                let differs = b.get("verschil").is_some();
                format!(
                    "{} {} {} {differs}",
                    part("bpvoKenmerk"),
                    part("leerbedrijfId"),
                    part("herkomst")
                )
            })
            .collect();
        assert_eq!(shown, model.shown(), "{stap:?}");
    }
    // A node that begins with the whole log has the same.
    let second = world.second().await;
    let there = Caller::new(&second, Way::Rest).list().await;
    assert_eq!(there, rest.list().await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_calls_leaves_what_a_plain_model_has(
        stappen in prop::collection::vec(any_stap(), 1..14)
    ) {
        actix_web::rt::System::new().block_on(play(stappen));
    }
}
