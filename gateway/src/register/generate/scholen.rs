//! Invented schools. The first eight never change, since a demo's toegang names them.

use crate::domain::{Brin, Oin, School};

/// Names of the first eight, in order of their BRIN from `90AA` to `90AH`.
const VAST: [&str; 8] = [
    "ROC De Linge",
    "Maasduin College",
    "ROC Noorderdiep",
    "Vechtstroom College",
    "Vakschool Het Anker",
    "Kustlijn College",
    "ROC Oosterkwartier",
    "Techniek College Zuidrand",
];

/// Of which the others are composed.
const NAMEN: [&str; 24] = [
    "Berkenrijk",
    "De Drie Rivieren",
    "Duinzicht",
    "De Grote Hei",
    "Hoogeveld",
    "IJsseloever",
    "De Lage Landen",
    "Lindeborgh",
    "Merwestad",
    "Nieuwland",
    "De Oude Haven",
    "Peelrand",
    "De Poort",
    "Rijnzicht",
    "Sallandhof",
    "Schelderand",
    "Sterrenbos",
    "Terpenland",
    "De Veenkade",
    "Veluwezoom",
    "Waalkade",
    "Westerkim",
    "Zandgrond",
    "Zonnewende",
];
const VORMEN: [(&str, &str); 4] = [
    ("ROC ", ""),
    ("", " College"),
    ("Vakschool ", ""),
    ("MBO ", ""),
];

/// The first `n` invented schools (at most 6,760).
///
/// School number i (from 0) has BRIN `90AA`, `90AB` … `90AZ`, `90BA` …, numbers that DUO has not
/// given out, and OIN `00000099` + `0000` + BRIN + `0000`: the test prefix of domain §3. The
/// first eight, fixed for every seed and size:
///
/// | OIN | BRIN | naam |
/// |---|---|---|
/// | 00000099000090AA0000 | 90AA | ROC De Linge |
/// | 00000099000090AB0000 | 90AB | Maasduin College |
/// | 00000099000090AC0000 | 90AC | ROC Noorderdiep |
/// | 00000099000090AD0000 | 90AD | Vechtstroom College |
/// | 00000099000090AE0000 | 90AE | Vakschool Het Anker |
/// | 00000099000090AF0000 | 90AF | Kustlijn College |
/// | 00000099000090AG0000 | 90AG | ROC Oosterkwartier |
/// | 00000099000090AH0000 | 90AH | Techniek College Zuidrand |
#[must_use]
pub fn scholen(n: u32) -> Vec<School> {
    (0..n).map_while(school).collect()
}

fn school(i: u32) -> Option<School> {
    let letter = |n: u32| char::from(b'A' + (n % 26) as u8);
    let tens = 90 + i / 676;
    if tens > 99 {
        return None;
    }
    let brin = format!("{tens}{}{}", letter(i / 26), letter(i));
    Some(School {
        oin: Oin::parse(&format!("000000990000{brin}0000")).ok()?,
        brin: Brin::parse(&brin).ok()?,
        naam: naam(i as usize),
    })
}

fn naam(i: usize) -> String {
    let Some(rest) = i.checked_sub(VAST.len()) else {
        return VAST[i].to_owned();
    };
    let (voor, achter) = VORMEN[rest % VORMEN.len()];
    let ronde = rest / (VORMEN.len() * NAMEN.len());
    // The form moves on with every round of names, so that no two in a row share either.
    let kern = NAMEN[(rest / VORMEN.len() + 7 * rest) % NAMEN.len()];
    if ronde == 0 {
        format!("{voor}{kern}{achter}")
    } else {
        format!("{voor}{kern}{achter} {}", ronde + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_documented_ones_are_there() {
        let eight = scholen(8);
        assert_eq!(eight[0].oin.as_str(), "00000099000090AA0000");
        assert_eq!(eight[0].naam, "ROC De Linge");
        assert_eq!(eight[7].oin.as_str(), "00000099000090AH0000");
        assert_eq!(eight[7].brin.to_string(), "90AH");
        assert_eq!(scholen(60)[..8], eight[..]);
    }

    #[test]
    fn no_two_share_an_oin_or_a_name() {
        let all = scholen(10_000);
        assert_eq!(all.len(), 6_760);
        let oins: HashSet<_> = all.iter().map(|s| s.oin).collect();
        let namen: HashSet<_> = all.iter().map(|s| s.naam.as_str()).collect();
        assert_eq!((oins.len(), namen.len()), (6_760, 6_760));
    }
}
