use proptest::prelude::*;

use super::*;
use crate::geo::{afstand_km, tabel};

/// Namesakes in two provinces and in one, towns with odd names, and one over a border.
const TABEL: &str = "postcode,plaats,gemeente,provincie,lat,lon
1012,Amsterdam,Amsterdam,Noord-Holland,52.37339,4.89406
1013,Amsterdam,Amsterdam,Noord-Holland,52.39679,4.87661
1861,Bergen,Bergen (NH.),Noord-Holland,52.66900,4.70400
5854,Bergen,Bergen (L.),Limburg,51.59700,6.03500
2511,Den Haag,'s-Gravenhage,Zuid-Holland,52.07900,4.31200
3511,Utrecht,Utrecht,Utrecht,52.08963,5.11768
3511AB,Utrecht,Utrecht,Utrecht,52.09500,5.11800
3791,Achterveld,Leusden,Utrecht,52.13500,5.49800
3792,Achterveld,Barneveld,Gelderland,52.13600,5.52000
4611,Bergen op Zoom,Bergen op Zoom,Noord-Brabant,51.49400,4.28500
9163,Nes,Ameland,Friesland,53.44900,5.77400
9142,Nes,Dongeradeel,Friesland,53.38300,6.04200
8495,Nes,Boarnsterhim,Friesland,53.05500,5.87000
9411,Beilen,Midden-Drenthe,Drenthe,52.85600,6.51300
";

fn adres(text: &str, postcode: &str, plaats: &str, at: Option<(f64, f64)>) -> Adres {
    let (straat, number) = text.rsplit_once(' ').unwrap_or((text, ""));
    Adres {
        straat: (!straat.is_empty()).then(|| straat.to_owned()),
        huisnummer: number.parse().ok(),
        huisnummertoevoeging: None,
        postcode: (!postcode.is_empty()).then(|| postcode.to_owned()),
        plaats: plaats.to_owned(),
        land: "NL".to_owned(),
        coordinaten: at.map(|(lat, lon)| Coordinaten { lat, lon }),
    }
}

fn buitenland(land: &str, plaats: &str, at: (f64, f64)) -> Adres {
    Adres {
        land: land.to_owned(),
        ..adres("Kerkstraat 1", "2910", plaats, Some(at))
    }
}

fn with_table() -> Gazetteer {
    let mut gazetteer = Gazetteer::default();
    for gebied in tabel::read(TABEL.as_bytes()).unwrap() {
        gazetteer.set_gebied(Arc::new(gebied));
    }
    gazetteer
}

fn register() -> Vec<Adres> {
    vec![
        adres(
            "Oudegracht 12",
            "3511AC",
            "UTRECHT",
            Some((52.0910, 5.1190)),
        ),
        adres(
            "Oudegracht 300",
            "3511AD",
            "Utrecht",
            Some((52.0850, 5.1210)),
        ),
        adres("Oude Gracht 40", "3511AD", "Utrecht", None),
        adres("Domplein 1", "3512JC", "Utrecht", Some((52.0907, 5.1214))),
        adres("Plein 1940 5", "3513BB", "Utrecht", Some((52.1000, 5.1100))),
        adres(
            "Dorpsstraat 5",
            "1861KA",
            "Bergen NH",
            Some((52.6710, 4.7010)),
        ),
        adres(
            "Dorpsstraat 5",
            "5854AA",
            "Bergen (L)",
            Some((51.5960, 6.0360)),
        ),
        adres("Zeeweg 1", "1862AA", "Bergen", Some((52.6600, 4.6500))),
        adres("Kade 2", "7418AA", "Deventer", Some((52.2470, 6.1700))),
        buitenland("BE", "Essen", (51.467, 4.468)),
        buitenland("DE", "Essen", (51.458, 7.014)),
        buitenland("BE", "Bergen", (50.454, 3.952)),
    ]
}

fn whole() -> Gazetteer {
    let mut gazetteer = with_table();
    for adres in register() {
        gazetteer.insert(&adres);
    }
    gazetteer
}

fn point(found: Option<Coordinaten>) -> String {
    found.map_or("-".to_owned(), |c| format!("{:.4} {:.4}", c.lat, c.lon))
}

#[test]
fn a_postcode_is_where_the_nearest_source_says() {
    let gazetteer = whole();
    for (vraag, expect) in [
        ("3511ab", "52.0950 5.1180"), // six, imported
        ("3511AC", "52.0910 5.1190"), // six, from the register
        ("3511ZZ", "52.0896 5.1177"), // four, imported
        ("3511", "52.0896 5.1177"),
        ("3512", "52.0907 5.1214"), // four, from the register
        ("3512ZZ", "52.0907 5.1214"),
        ("9999", "-"),
        ("9999AA", "-"),
    ] {
        let vraag = PostcodeVraag::parse(vraag).unwrap();
        assert_eq!(point(gazetteer.postcode(&vraag)), expect, "{vraag}");
    }
    let own = adres("A 1", "3511AB", "Utrecht", Some((52.0, 5.0)));
    assert_eq!(point(gazetteer.ligging(&own)), "52.0000 5.0000");
    let without = adres("A 1", "3511 ab", "Utrecht", None);
    assert_eq!(point(gazetteer.ligging(&without)), "52.0950 5.1180");
    let abroad = Adres {
        coordinaten: None,
        postcode: Some("3511AB".to_owned()),
        ..buitenland("BE", "Essen", (0.0, 0.0))
    };
    assert_eq!(gazetteer.ligging(&abroad), None);
}

#[test]
fn a_place_is_found_in_its_usual_spellings() {
    let gazetteer = whole();
    for (text, naam, centrum) in [
        ("utrecht", "Utrecht", "52.0950 5.1180"),
        ("'s-Gravenhage", "Den Haag", "52.0790 4.3120"),
        ("s-gravenhage", "Den Haag", "52.0790 4.3120"),
        ("DEN HAAG", "Den Haag", "52.0790 4.3120"),
        ("amsterdam", "Amsterdam", "52.3851 4.8853"),
        ("Bergen op Zoom", "Bergen op Zoom", "51.4940 4.2850"),
        ("Bergen (NH)", "Bergen (Noord-Holland)", "52.6690 4.7040"),
        ("Bergen NH", "Bergen (Noord-Holland)", "52.6690 4.7040"),
        ("bergen, limburg", "Bergen (Limburg)", "51.5970 6.0350"),
        (
            "Bergen Noord-Holland",
            "Bergen (Noord-Holland)",
            "52.6690 4.7040",
        ),
        ("Bergen (België)", "Bergen (België)", "50.4540 3.9520"),
        ("Nes gem. Ameland", "Nes (Ameland)", "53.4490 5.7740"),
        ("Achterveld", "Achterveld", "52.1355 5.5090"),
        ("Achterveld (Gelderland)", "Achterveld", "52.1355 5.5090"),
        ("Utrecht (Utrecht)", "Utrecht", "52.0950 5.1180"),
        ("Deventer", "Deventer", "52.2470 6.1700"),
        ("Deventer (Overijssel)", "Deventer", "52.2470 6.1700"),
        ("Essen (BE)", "Essen (België)", "51.4670 4.4680"),
    ] {
        let plaats = gazetteer.plaats(text).unwrap();
        assert_eq!(plaats.naam, naam, "{text}");
        assert_eq!(point(plaats.centrum), centrum, "{text}");
    }
}

#[test]
fn an_unknown_place_brings_what_is_near() {
    let gazetteer = whole();
    for (text, expect) in [
        ("Utrehct", &["Utrecht"][..]),
        ("Amst", &["Amsterdam"]),
        ("Amsterdam Zuidoost", &["Amsterdam"]),
        ("Bergen", &["Bergen (Noord-Holland)", "Bergen (Limburg)"]),
        ("Brgen", &["Bergen (Noord-Holland)", "Bergen (Limburg)"]),
        (
            "Bergen (Drenthe)",
            &["Bergen (Noord-Holland)", "Bergen (Limburg)"],
        ),
        (
            "Nes",
            &["Nes (Boarnsterhim)", "Nes (Dongeradeel)", "Nes (Ameland)"],
        ),
        ("Essen", &["Essen (België)", "Essen (Duitsland)"]),
        ("Utrecht (Limburg)", &["Utrecht"]),
        ("Xyzzy", &[]),
        ("", &[]),
        ("?!", &[]),
    ] {
        let onbekend = gazetteer.plaats(text).unwrap_err();
        assert_eq!(onbekend.suggesties, expect, "{text}");
        assert_eq!(onbekend.vraag, text);
        for suggestie in &onbekend.suggesties {
            let plaats = gazetteer.plaats(suggestie).unwrap();
            assert_eq!(plaats.naam, *suggestie);
        }
    }
    let long = "Amsterdam ".repeat(1_000);
    assert_eq!(gazetteer.plaats(&long).unwrap_err().vraag.len(), 199);
}

#[test]
fn in_a_land_the_place_there_is_meant() {
    let gazetteer = whole();
    for (text, land, expect) in [
        ("Bergen", Some("BE"), Some("Bergen (België)")),
        ("bergen, België", Some("be"), Some("Bergen (België)")),
        ("Bergen (Henegouwen)", Some("BE"), Some("Bergen (België)")),
        ("Essen", Some("DE"), Some("Essen (Duitsland)")),
        ("Essen", None, None),
        ("Bergen", None, None),
        ("Bergen", Some("NL"), None),
        ("Bergen (NH)", Some("NL"), Some("Bergen (Noord-Holland)")),
        ("Utrecht", Some("NL"), Some("Utrecht")),
        ("Utrecht", Some("BE"), None),
        ("Utrecht (Limburg)", Some("NL"), None),
        ("Xyzzy", Some("BE"), None),
        ("", Some(""), None),
    ] {
        let found = gazetteer.ken_plaats(text, land).map(|plaats| plaats.naam);
        assert_eq!(found.as_deref(), expect, "{text} {land:?}");
    }
}

/// As a search takes it: by its key, and of namesakes by its postcode.
fn is_in(adres: &Adres, plaats: &Plaats) -> bool {
    let cijfers = dutch_postcode(adres).map_or(0, Postcode::cijfers);
    PlaatsSleutel::of(adres).as_ref() == Some(&plaats.sleutel) && plaats.holds(cijfers)
}

#[test]
fn an_address_is_in_one_of_the_namesakes() {
    let gazetteer = whole();
    let check = |text: &str, adres: &Adres, expect: bool| {
        let plaats = gazetteer.plaats(text).unwrap();
        assert_eq!(is_in(adres, &plaats), expect, "{text} {adres:?}");
    };
    let all = register();
    for (text, expect) in [
        ("Bergen (Noord-Holland)", vec![5, 7]),
        ("Bergen (Limburg)", vec![6]),
        ("Bergen (België)", vec![11]),
        ("Utrecht", vec![0, 1, 2, 3, 4]),
        ("Essen (Duitsland)", vec![10]),
    ] {
        for (at, adres) in all.iter().enumerate() {
            check(text, adres, expect.contains(&at));
        }
    }
    check("Bergen (L)", &adres("Zeeweg 2", "", "Bergen", None), false);
}

#[test]
fn without_a_table_the_register_s_own_addresses_tell() {
    let mut gazetteer = Gazetteer::default();
    for adres in register() {
        gazetteer.insert(&adres);
    }
    let utrecht = gazetteer.plaats("Utrecht").unwrap();
    assert_eq!(utrecht.naam, "Utrecht");
    assert_eq!(point(utrecht.centrum), "52.0917 5.1178");
    assert_eq!(gazetteer.plaats("Bergen NH").unwrap().naam, "Bergen");
    assert!(gazetteer.plaats("Bergen (Duitsland)").is_err());
    gazetteer.insert(&adres("A 1", "8888AA", "Nergenshuizen", None));
    let nowhere = gazetteer.plaats("nergenshuizen").unwrap();
    assert_eq!(nowhere.centrum, None);
    assert!(is_in(&adres("B 2", "", "Nergenshuizen", None), &nowhere));
    // As soon as anything tells where its postcode is, so is the place.
    gazetteer.insert(&adres("A 1", "8888BB", "Elders", Some((53.0, 6.0))));
    let there = gazetteer.plaats("nergenshuizen").unwrap();
    assert_eq!(point(there.centrum), "53.0000 6.0000");
}

#[test]
fn an_address_is_found_as_people_type_it() {
    let gazetteer = whole();
    for (text, expect) in [
        ("Oudegracht 12, Utrecht", "52.0910 5.1190"),
        ("Oudegracht 12a Utrecht", "52.0910 5.1190"),
        ("Oudegracht 12 bis Utrecht", "52.0910 5.1190"),
        ("Utrecht, Oudegracht 12", "52.0910 5.1190"),
        ("utrecht oude gracht 12", "52.0910 5.1190"),
        ("Oudegracht 12 3511AB Utrecht", "52.0950 5.1180"),
        ("Oudegracht 12 3511 ab Utrecht", "52.0950 5.1180"),
        ("3511ab", "52.0950 5.1180"),
        ("Oudegracht 12, 9999 XX Utrecht", "52.0910 5.1190"),
        ("Oudegracht 12, 3511 Utrecht", "52.0910 5.1190"),
        ("Oudegracht 280, Utrecht", "52.0850 5.1210"), // the nearest number
        ("Oudegracht 40, Utrecht", "52.0910 5.1190"),  // known, but not where it is
        ("Oudegracht, Utrecht", "52.0880 5.1200"),
        ("Plein 1940 5, Utrecht", "52.1000 5.1100"),
        ("Plein 1940, Utrecht", "52.1000 5.1100"),
        ("Dorpsstr. 5, Bergen (Limburg)", "51.5960 6.0360"),
        ("Dorpsstraat 5 Bergen NH", "52.6710 4.7010"),
        ("Zeeweg 1, Bergen", "52.6600 4.6500"), // in one of the namesakes alone
        ("Kerkstraat 1, Essen (België)", "51.4670 4.4680"),
        ("Utrecht", "52.0950 5.1180"),
    ] {
        assert_eq!(point(gazetteer.adres(text).ok()), expect, "{text}");
    }
}

#[test]
fn an_unknown_address_says_what_of_it_is_not_known() {
    let gazetteer = whole();
    for (text, vraag, expect) in [
        (
            "Oudegrcht 12, Utrecht",
            "Oudegrcht, Utrecht",
            &["Oudegracht, Utrecht"][..],
        ),
        ("Domp 1 Utrecht", "Domp, Utrecht", &["Domplein, Utrecht"]),
        ("Kerkweg 12, Utrecht", "Kerkweg, Utrecht", &[]),
        ("Oudegracht 12, Utrehct", "Utrehct", &["Utrecht"]),
        ("Oudegracht 12a Utrehct", "Utrehct", &["Utrecht"]),
        ("Utrehct, Oudegracht 12", "Utrehct", &["Utrecht"]),
        (
            "Dorpsstraat 5, Bergen",
            "Bergen",
            &["Bergen (Noord-Holland)", "Bergen (Limburg)"],
        ),
        (
            "Zeewg 1, Bergen",
            "Zeewg, Bergen",
            &["Zeeweg, Bergen (Noord-Holland)"],
        ),
        ("", "", &[]),
        (", ,", "", &[]),
    ] {
        let onbekend = gazetteer.adres(text).unwrap_err();
        assert_eq!(onbekend.vraag, vraag, "{text}");
        assert_eq!(onbekend.suggesties, expect, "{text}");
        for suggestie in &onbekend.suggesties {
            assert!(
                gazetteer.adres(suggestie).is_ok(),
                "{suggestie} is understood"
            );
        }
    }
}

#[test]
fn what_is_known_is_counted() {
    let mut gazetteer = whole();
    let all = Aantallen {
        gebieden: 13,
        postcodes: 1,
        plaatsen: 10,
    };
    assert_eq!(gazetteer.aantallen(), all);
    assert_eq!(gazetteer.gebieden().len(), 13);
    gazetteer.remove_gebied(9411);
    gazetteer.remove_gebied(3511);
    gazetteer.remove_gebied(3511);
    let less = Aantallen {
        gebieden: 11,
        postcodes: 0,
        plaatsen: 9,
    };
    assert_eq!(gazetteer.aantallen(), less);
}

/// The table of all postcodes stands beside the project on some machines; it is not ours.
#[test]
fn every_name_of_the_whole_table_is_understood_where_it_is_at_hand() {
    let Some(text) = crate::geo::tests::whole_table() else {
        return;
    };
    let gebieden = tabel::read(text.as_slice()).unwrap();
    let mut gazetteer = Gazetteer::default();
    for gebied in &gebieden {
        gazetteer.set_gebied(Arc::new(gebied.clone()));
    }
    let mut ambiguous = std::collections::BTreeSet::new();
    for gebied in &gebieden {
        let naam = gebied.delen[0].plaats.as_deref().unwrap();
        let here = adres("A 1", &format!("{}AA", gebied.postcode4), naam, None);
        let places: Vec<Plaats> = match gazetteer.plaats(naam) {
            Ok(plaats) => vec![plaats],
            Err(onbekend) => {
                ambiguous.insert(naam);
                let names = onbekend.suggesties.iter();
                names.map(|naam| gazetteer.plaats(naam).unwrap()).collect()
            }
        };
        let of_it: Vec<&Plaats> = places
            .iter()
            .filter(|plaats| is_in(&here, plaats))
            .collect();
        // Of four namesakes the smallest is not among the suggestions.
        let [plaats] = of_it.as_slice() else {
            assert_eq!(naam, "Alteveer", "{of_it:?}");
            continue;
        };
        let centre = Coordinaten::from(gebied.centrum);
        let far = afstand_km(plaats.centrum.unwrap(), centre);
        assert!(far < 25.0, "{naam} {}: {far:.1} km", gebied.postcode4);
    }
    assert_eq!(ambiguous.len(), 51, "{ambiguous:?}");
}

#[derive(Debug, Clone)]
enum Change {
    Adres(usize),
    /// In place of an address another one.
    Ander(usize, usize),
    /// The same one somewhere else.
    Elders(usize),
    Gebied(u16, u8),
    NoGebied(u16),
}

/// Every address of the register, and behind them each of them once more, somewhere else.
fn twice() -> Vec<Adres> {
    let elsewhere = register().into_iter().map(|adres| Adres {
        coordinaten: match adres.coordinaten {
            Some(_) => None,
            None => Some(Coordinaten {
                lat: 52.0,
                lon: 5.0,
            }),
        },
        ..adres
    });
    register().into_iter().chain(elsewhere).collect()
}

fn gebied(postcode4: u16, kind: u8) -> Arc<Postcodegebied> {
    let table = format!(
        "postcode,lat,lon,plaats,provincie\n{postcode4},52.{kind},5.1,Bergen,{}\n{postcode4}AA,52.2,5.2,{},\n",
        if kind.is_multiple_of(2) {
            "Limburg"
        } else {
            ""
        },
        if kind.is_multiple_of(3) {
            "Bergen (NH)"
        } else {
            "Utrecht"
        },
    );
    Arc::new(tabel::read(table.as_bytes()).unwrap().remove(0))
}

fn change() -> impl Strategy<Value = Change> {
    let addresses = || 0..2 * register().len();
    let areas = || prop::sample::select(vec![1861, 3511, 5854]);
    prop_oneof![
        4 => addresses().prop_map(Change::Adres),
        2 => (addresses(), addresses()).prop_map(|(old, new)| Change::Ander(old, new)),
        2 => addresses().prop_map(Change::Elders),
        2 => (areas(), 1_u8..7).prop_map(|(area, kind)| Change::Gebied(area, kind)),
        1 => areas().prop_map(Change::NoGebied),
    ]
}

proptest! {
    /// What came and went leaves no trace, and the order does not matter.
    #[test]
    fn it_follows_from_what_is_there_alone(
        changes in prop::collection::vec(change(), 0..24),
        turned in any::<prop::sample::Index>(),
    ) {
        let all = twice();
        let mut there = vec![0_u32; all.len()];
        let mut areas = std::collections::BTreeMap::new();
        let mut gazetteer = Gazetteer::default();
        for change in changes {
            match change {
                // The first time it comes, the second time it goes.
                Change::Adres(at) if there[at] > 0 => {
                    there[at] -= 1;
                    gazetteer.remove(&all[at]);
                }
                Change::Adres(at) => {
                    there[at] += 1;
                    gazetteer.insert(&all[at]);
                }
                Change::Ander(old, _) | Change::Elders(old) if there[old] == 0 => {}
                Change::Ander(old, new) => {
                    there[old] -= 1;
                    there[new] += 1;
                    gazetteer.replace(&all[old], &all[new]);
                }
                Change::Elders(old) => {
                    let new = (old + register().len()) % all.len();
                    there[old] -= 1;
                    there[new] += 1;
                    gazetteer.replace(&all[old], &all[new]);
                }
                Change::Gebied(area, kind) => {
                    areas.insert(area, kind);
                    gazetteer.set_gebied(gebied(area, kind));
                }
                Change::NoGebied(area) => {
                    areas.remove(&area);
                    gazetteer.remove_gebied(area);
                }
            }
        }
        let mut left: Vec<usize> = (0..all.len()).filter(|at| there[*at] > 0).collect();
        if !left.is_empty() {
            let by = turned.index(left.len());
            left.rotate_left(by);
        }
        let mut anew = Gazetteer::default();
        for at in left {
            for _ in 0..there[at] {
                anew.insert(&all[at]);
            }
        }
        for (area, kind) in areas {
            anew.set_gebied(gebied(area, kind));
        }
        prop_assert_eq!(gazetteer, anew);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        let gazetteer = whole();
        for onbekend in [gazetteer.plaats(&text).err(), gazetteer.adres(&text).err()] {
            prop_assert!(onbekend.is_none_or(|o| o.suggesties.len() <= 3));
        }
    }
}
