//! The index against plain loops over the rows, as at every commit that is kept, while segments
//! are merged at once, beside, and late.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::{Coordinaten, Datum, LeerplaatsSoort, Leerweg};
use row::{Periode, Plaats};

const WORDS: &[&str] = &[
    "bakkerij", "bakker", "jansen", "janssen", "de", "linde", "zorg",
];
const CODES: &[&str] = &["25180", "25182", "25491", "25656", "K0072"];
const DAY: i32 = 20_000;

/// A register at one commit.
type Rows = BTreeMap<u32, Row>;

fn code(n: usize) -> Code {
    Code::parse(CODES[n % CODES.len()]).unwrap()
}

fn datum(days: i32) -> Datum {
    Datum::parse("1970-01-01").unwrap().plus_days(days)
}

fn periode() -> impl Strategy<Value = (Code, Periode)> {
    (0..CODES.len(), -5..5, prop::option::of(-3..5), 0..4_u8).prop_map(|(n, begin, end, ways)| {
        let leerwegen = Leerweg::ALL.iter().zip([1, 2]);
        let periode = Periode {
            begin: DAY + begin,
            eind: end.map_or(i32::MAX, |after| DAY + after),
            leerwegen: leerwegen
                .filter(|(_, bit)| ways & bit != 0)
                .map(|(leerweg, _)| *leerweg)
                .collect(),
        };
        (code(n), periode)
    })
}

fn plaats() -> impl Strategy<Value = (Code, Plaats)> {
    (0..CODES.len(), -3..3, -3..3, 0..4_u32, any::<[bool; 3]>()).prop_map(
        |(n, van, tot, aantal, [bbl, stage, vergoeding])| {
            let plaats = Plaats {
                van: DAY + van,
                tot: DAY + tot,
                aantal,
                leerweg: if bbl { Leerweg::Bbl } else { Leerweg::Bol },
                soort: if stage {
                    LeerplaatsSoort::Stage
                } else {
                    LeerplaatsSoort::Leerbaan
                },
                vergoeding,
            };
            (code(n), plaats)
        },
    )
}

fn row() -> impl Strategy<Value = Row> {
    (
        1..40_u32,
        prop::collection::vec(0..WORDS.len(), 1..4),
        prop::option::of((0..6, 0..6)),
        0..3_u32,
        prop::collection::vec(periode(), 0..4),
        prop::collection::vec(plaats(), 0..3),
        prop::bool::weighted(0.9),
    )
        .prop_map(
            |(id, words, at, area, mut erkenningen, leerplaatsen, actief)| {
                erkenningen.sort_by_key(|(code, periode)| (*code, periode.begin));
                let words: Vec<&str> = words.iter().map(|n| WORDS[*n]).collect();
                Row {
                    id: 100_000_000 + id,
                    since: 0,
                    actief,
                    naam: words.join(" "),
                    plaats: u64::from(area),
                    postcode: if area == 0 {
                        0
                    } else {
                        row::first_of(3_510 + area) + id
                    },
                    ligging: at.map(|(lat, lon)| Coordinaten {
                        lat: 52.0 + f64::from(lat) * 0.03,
                        lon: 5.0 + f64::from(lon) * 0.05,
                    }),
                    placed: false,
                    erkenningen,
                    leerplaatsen,
                }
            },
        )
}

fn query() -> impl Strategy<Value = Query> {
    let eisen = (any::<[bool; 4]>(), 0..3_u32, -2..2).prop_map(
        |([soort, is, vergoeding, van], minimum, day)| Leerplaatsvraag {
            soort: soort.then_some(if is {
                LeerplaatsSoort::Stage
            } else {
                LeerplaatsSoort::Leerbaan
            }),
            vergoeding: vergoeding.then_some(is),
            minimum,
            begint_voor: van.then(|| datum(DAY + day)),
            loopt_tot: datum(DAY + day),
        },
    );
    let soort = prop_oneof![Just(Soort::Erkenning), eisen.prop_map(Soort::Leerplaats)];
    let naam = prop::option::of(prop_oneof![
        prop::sample::select(WORDS).prop_map(str::to_owned),
        Just("bak".to_owned()),
        Just("bakkreij jan".to_owned()),
        Just("de linde".to_owned()),
        Just("jansne".to_owned()),
    ]);
    let waar = prop_oneof![
        Just(Waar::Overal),
        (1..3_u64).prop_map(|n| Waar::Plaats(Plaatssleutel(n), None)),
        (1..3_u64).prop_map(|n| Waar::Plaats(Plaatssleutel(n), Some(vec![3_511]))),
        Just(Waar::Postcodes(Postcodes::with_digits(3_511))),
        (1.0..30_000.0_f64).prop_map(Waar::Binnen),
    ];
    let codes = prop::option::of((
        prop::collection::vec(0..CODES.len(), 0..3),
        prop::collection::vec(0..CODES.len(), 0..3),
    ));
    let sortering =
        prop::sample::select(&[Sortering::Relevantie, Sortering::Afstand, Sortering::Naam][..]);
    (
        soort,
        naam,
        waar,
        codes,
        0..3_u8,
        -3..3,
        0..3,
        sortering,
        any::<bool>(),
    )
        .prop_map(
            |(soort, naam, waar, codes, weg, van, tot, sortering, from)| Query {
                soort,
                naam: naam.map(|naam| FoldedNaam::new(&naam)),
                punt: (from || matches!(waar, Waar::Binnen(_))).then_some(Coordinaten {
                    lat: 52.06,
                    lon: 5.1,
                }),
                waar,
                codes: codes.map(|(eigen, equivalent)| {
                    let eigen: Vec<Code> = eigen.into_iter().map(code).collect();
                    let equivalent = equivalent.into_iter().map(code);
                    Codevraag {
                        equivalent: equivalent.filter(|c| !eigen.contains(c)).collect(),
                        eigen,
                    }
                }),
                leerweg: (weg < 2).then(|| Leerweg::ALL[usize::from(weg)]),
                van: datum(DAY + van),
                tot: datum(DAY + van + tot),
                sortering,
                tellen: true,
            },
        )
}

/// How well a row fits, by loops: 0 as asked, 1 as an equivalent.
fn fits(query: &Query, row: &Row) -> Option<u64> {
    let by_code = |code: &Code| match &query.codes {
        None => Some(0),
        Some(codes) if codes.eigen.contains(code) => Some(0),
        Some(codes) => codes.equivalent.contains(code).then_some(1),
    };
    let way = |ways: crate::domain::Leerwegen| query.leerweg.is_none_or(|w| ways.contains(w));
    let (van, tot) = (query.van.days(), query.tot.days());
    match query.soort {
        Soort::Erkenning => row
            .erkenningen
            .iter()
            .filter(|(_, p)| p.begin <= van && tot <= p.eind && way(p.leerwegen))
            .filter_map(|(code, _)| by_code(code))
            .min(),
        Soort::Leerplaats(eisen) => row
            .leerplaatsen
            .iter()
            .filter(|(code, l)| {
                way([l.leerweg].into_iter().collect())
                    && eisen.soort.is_none_or(|s| l.soort == s)
                    && eisen.vergoeding.is_none_or(|v| l.vergoeding == v)
                    && l.aantal >= eisen.minimum
                    && eisen.begint_voor.is_none_or(|day| l.van <= day.days())
                    && l.tot >= eisen.loopt_tot.days()
                    && row.erkenningen.iter().any(|(of, p)| {
                        of == code
                            && p.begin <= van
                            && van <= p.eind
                            && p.leerwegen.contains(l.leerweg)
                    })
            })
            .filter_map(|(code, _)| by_code(code))
            .min(),
    }
}

fn level(asked: &FoldedNaam, naam: &str) -> Option<u64> {
    if asked.as_str() == naam {
        return Some(0);
    }
    let best = |word: &str| {
        let letters = word.chars().count();
        let of = |there: &str| {
            if there == word {
                Some(2)
            } else if letters >= 2 && there.starts_with(word) {
                Some(3)
            } else {
                (letters >= 5 && strsim::osa_distance(there, word) <= 1).then_some(4)
            }
        };
        naam.split(' ').filter_map(of).min()
    };
    let mut words = asked.as_str().split(' ');
    let worst = words.try_fold(2, |worst, word| best(word).map(|level| worst.max(level)))?;
    let whole = naam
        .split(' ')
        .all(|word| asked.as_str().split(' ').any(|other| other == word));
    Some(if worst == 2 && whole { 1 } else { worst })
}

/// Ids of all hits in order, by loops.
fn plain(query: &Query, rows: &Rows) -> Vec<u32> {
    let metres = |row: &Row| -> Option<f64> {
        let (a, b) = (query.punt?, row.ligging?);
        Some(crate::geo::afstand_km(a, b) * 1000.0)
    };
    let mut hits: Vec<(u64, u64, u64, &str, u32)> = rows
        .values()
        .filter(|row| row.actief)
        .filter(|row| match &query.waar {
            Waar::Overal => true,
            Waar::Plaats(key, digits) => {
                let of = u16::try_from(row.postcode / 676).unwrap();
                row.plaats == key.0 && digits.as_ref().is_none_or(|digits| digits.contains(&of))
            }
            Waar::Postcodes(range) => range.0.contains(&row.postcode),
            Waar::Binnen(most) => metres(row).is_some_and(|metres| metres <= *most),
        })
        .filter_map(|row| {
            let naam = match &query.naam {
                None => 0,
                Some(asked) => level(asked, &row.naam)?,
            };
            let fit = fits(query, row)?;
            let metres = metres(row).map_or(u64::from(u32::MAX), |metres| metres.round() as u64);
            let key = match query.sortering {
                Sortering::Relevantie => (naam, fit, metres),
                Sortering::Afstand => (0, 0, metres),
                Sortering::Naam => (0, 0, 0),
            };
            Some((key.0, key.1, key.2, row.naam.as_str(), row.id))
        })
        .collect();
    hits.sort_unstable();
    hits.into_iter().map(|hit| hit.4).collect()
}

/// Every page of a search as at a commit; pages are of two hits.
fn pages(index: &SearchIndex, query: &Query, at: u64) -> (Vec<u32>, Vec<u32>) {
    let (mut ids, mut totals, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let found = index.search(query, at, after, 2, |_| Some(2)).unwrap();
        ids.extend(found.hits.iter().map(|hit| hit.leerbedrijf_id.as_u32()));
        totals.push(found.totaal);
        after = found.hits.last().copied();
        if !found.more {
            return (ids, totals);
        }
    }
}

fn moment(second: u64) -> Tijdstip {
    Tijdstip::from_millis(1_790_000_000_000 + i64::try_from(second).unwrap() * 1000).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_kept_commit_is_read_as_it_was(
        first in prop::collection::vec(row(), 0..30),
        commits in prop::collection::vec(
            (prop::collection::vec(row(), 0..6), prop::collection::vec(1..40_u32, 0..3), 0..400_u64),
            0..12,
        ),
        queries in prop::collection::vec(query(), 3),
        keep_all in any::<bool>(),
    ) {
        let mut now: Rows = first.into_iter().map(|row| (row.id, row)).collect();
        let rows = now.values().map(|row| Row { since: 1, ..row.clone() }).collect();
        let mut index = SearchIndex::new(rows, 1);
        if keep_all {
            index.keep_all();
        }
        let mut history = BTreeMap::from([(1, now.clone())]);
        let (mut second, mut late) = (0, None);
        for (nummer, (rows, gone, pause)) in (2..).zip(commits) {
            second += pause;
            let gone: Vec<u32> = gone.into_iter().map(|id| 100_000_000 + id).collect();
            let rows: Rows = rows
                .into_iter()
                .filter(|row| !gone.contains(&row.id))
                .map(|row| (row.id, Row { since: nummer, ..row }))
                .collect();
            now.extend(rows.clone());
            now.retain(|id, _| !gone.contains(id));
            index.commit(
                nummer,
                moment(second),
                rows.into_values().collect(),
                gone.into_iter().filter_map(LeerbedrijfId::from_u32),
            );
            history.insert(nummer, now.clone());
            // A merge that was begun some commits ago is put in place now.
            match late.take() {
                Some((since, merge)) if since + 2 < nummer => {
                    let merged = Merge::run(merge);
                    index.install(merged);
                }
                Some(waiting) => late = Some(waiting),
                None => late = index.merge_all().map(|merge| (nummer, merge)),
            }
        }
        for query in &queries {
            for (at, rows) in &history {
                if *at < index.kept_from {
                    prop_assert!(index.search(query, *at, None, 5, |_| None).is_err());
                    continue;
                }
                let expected = plain(query, rows);
                let (ids, totals) = pages(&index, query, *at);
                prop_assert!(totals.iter().all(|t| *t as usize == expected.len()));
                prop_assert_eq!(ids, expected, "as at {}: {:?}", at, query);
            }
        }
    }
}

#[test]
fn what_nobody_can_ask_for_any_more_is_forgotten() {
    let row = |id: u32, since: u64| Row {
        id: 100_000_000 + id,
        since,
        actief: true,
        naam: format!("bedrijf {id}"),
        plaats: 0,
        postcode: 0,
        ligging: None,
        placed: false,
        erkenningen: Vec::new(),
        leerplaatsen: Vec::new(),
    };
    let mut index = SearchIndex::new((0..2_000).map(|id| row(id, 1)).collect(), 1);
    for nummer in 2..1_200 {
        // One commit every two seconds, each of one row.
        let id = u32::try_from(nummer).unwrap();
        index.commit(nummer, moment(nummer * 2), vec![row(id, nummer)], None);
    }
    let size = index.size();
    assert_eq!(size.rows - size.dead, 2_000);
    assert!(size.segments <= 8, "{size:?}");
    assert!(size.dead < 700, "{size:?}");
    assert!(index.kept_from > 600, "{}", index.kept_from);
    let merged = index.merge().map(Merge::run);
    assert!(merged.is_none_or(|merged| index.install(merged)));
}

fn named(id: u32, since: u64, naam: &str) -> Row {
    Row {
        id: 100_000_000 + id,
        since,
        actief: true,
        naam: naam.to_owned(),
        plaats: 1,
        postcode: 0,
        ligging: None,
        placed: false,
        erkenningen: Vec::new(),
        leerplaatsen: Vec::new(),
    }
}

#[test]
fn between_commits_that_came_together_there_is_nothing_to_read() {
    let mut index = SearchIndex::new(vec![named(1, 1, "een")], 1);
    index.commit(5, moment(1), vec![named(1, 5, "twee")], None);
    index.commit(6, moment(2), vec![named(1, 6, "drie")], None);
    index.commit(9, moment(3), vec![named(1, 9, "vier")], None);
    for (at, readable) in [
        (1, true),
        (2, false),
        (4, false),
        (5, true),
        (6, true),
        (7, false),
        (8, false),
        (9, true),
        (10, false),
    ] {
        let query = by_naam("x");
        let found = index.search(&query, at, None, 5, |_| None);
        assert_eq!(found.is_ok(), readable, "{at}");
    }
}

#[test]
fn candidates_do_not_depend_on_the_segment_they_are_in() {
    let filler = (10..400).map(|n| named(n, 1, "bakkerij de eik"));
    let rows = filler.chain([
        named(1, 1, "slagerij jansen"),
        named(2, 1, "bakkerij jansen"),
    ]);
    let mut index = SearchIndex::new(rows.collect(), 1);
    index.commit(2, moment(1), vec![named(3, 2, "jansen bakkerij")], None);
    let asked = FoldedNaam::new("bakkerij jansen");
    let of = |index: &SearchIndex| {
        let mut found = index.candidates(&asked, &Waar::Plaats(Plaatssleutel(1), None), 3);
        found.sort_unstable();
        found
    };
    let expected: Vec<_> = (1..=3)
        .filter_map(|n| LeerbedrijfId::from_u32(100_000_000 + n))
        .collect();
    assert_eq!(of(&index), expected);
    let merged = index.merge_all().map(Merge::run);
    assert!(merged.is_some_and(|merged| index.install(merged)));
    assert_eq!(of(&index), expected);
}

fn by_naam(naam: &str) -> Query {
    Query {
        soort: Soort::Erkenning,
        naam: Some(FoldedNaam::new(naam)),
        waar: Waar::Overal,
        punt: None,
        codes: None,
        leerweg: None,
        van: datum(DAY),
        tot: datum(DAY),
        sortering: Sortering::Naam,
        tellen: false,
    }
}

#[test]
fn counts_take_each_hit_once_for_a_value() {
    let both = Leerweg::ALL.iter().copied().collect();
    let periode = |begin, leerwegen| Periode {
        begin: DAY + begin,
        eind: i32::MAX,
        leerwegen,
    };
    let row = |id, erkenningen| Row {
        id,
        since: 1,
        actief: true,
        naam: "x".to_owned(),
        plaats: 0,
        postcode: 0,
        ligging: None,
        placed: false,
        erkenningen,
        leerplaatsen: Vec::new(),
    };
    let bbl = [Leerweg::Bbl].into_iter().collect();
    let rows = vec![
        row(
            100_000_001,
            vec![
                (code(0), periode(-3, bbl)),
                (code(0), periode(-2, both)),
                (code(1), periode(-2, bbl)),
            ],
        ),
        row(
            100_000_002,
            vec![(code(1), periode(-2, bbl)), (code(2), periode(5, both))],
        ),
    ];
    let index = SearchIndex::new(rows, 1);
    let query = Query {
        soort: Soort::Erkenning,
        naam: None,
        waar: Waar::Overal,
        punt: None,
        codes: None,
        leerweg: None,
        van: datum(DAY),
        tot: datum(DAY),
        sortering: Sortering::Naam,
        tellen: true,
    };
    let niveau = |of: Code| (of != code(2)).then_some(if of == code(0) { 2 } else { 3 });
    let found = index.search(&query, 1, None, 5, niveau).unwrap();
    assert_eq!(found.totaal, 2);
    assert_eq!(
        found.counts,
        Counts {
            leerwegen: [1, 2],
            niveaus: [0, 1, 2, 0],
            codes: vec![(code(0), 1), (code(1), 2)],
        }
    );
}
