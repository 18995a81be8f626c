//! The requests that have a parser, as the mutator builds them.

use super::{mutate::Dice, tree::Node};

pub(crate) const NAMESPACE: &str = "urn:stagepoort:whitelabel:v1";

pub(crate) const OPERATIONS: &[&str] = &[
    "natrekkenErkenning",
    "natrekkenErkenningen",
    "vaststellenLeerbedrijf",
    "opvragenDetailgegevens",
    "vaststellenLeerbedrijven",
    "zoekenLeerplaatsen",
];

/// List wrappers, each with the request that it stands in and its item.
pub(crate) const WRAPPERS: &[(&str, &str, &str)] = &[
    ("natrekkenErkenningenRequest", "verzoeken", "verzoek"),
    ("vaststellenLeerbedrijvenRequest", "rijen", "rij"),
];

/// Every name that a mutation may put somewhere.
pub(crate) const NAMES: &[&str] = &[
    "leerbedrijfId",
    "code",
    "peildatum",
    "minimaleRegisterVersie",
    "naam",
    "postcode",
    "huisnummer",
    "plaats",
    "land",
    "kenmerk",
    "verzoeken",
    "verzoek",
    "rijen",
    "rij",
    "soort",
    "straalKm",
    "metVergoeding",
    "metTellingen",
    "onbekend",
    "Code",
    "naam2",
];

/// Types that `xsi:type` may name, right and wrong.
pub(crate) const TYPES: &[&str] = &[
    "InvoerTekstType",
    "boolean",
    "NaamType",
    "NatrekkenErkenningRequestType",
    "NatrekkenErkenningenRequestType",
    "NatrekVerzoekenType",
    "NatrekVerzoekType",
    "VaststellenLeerbedrijfRequestType",
    "OpvragenDetailgegevensRequestType",
    "VaststelRijenType",
    "VaststelRijType",
    "ZoekenLeerplaatsenRequestType",
];

/// Fields of one line of natrekkenErkenningen.
const VERZOEK: &[&str] = &["kenmerk", "leerbedrijfId", "code", "peildatum"];

/// Fields of one row of vaststellenLeerbedrijven; without the first, of vaststellenLeerbedrijf.
const RIJ: &[&str] = &[
    "kenmerk",
    "leerbedrijfId",
    "naam",
    "postcode",
    "huisnummer",
    "plaats",
    "land",
];

const ZOEKEN: &[&str] = &[
    "soort",
    "naam",
    "postcode",
    "straalKm",
    "code",
    "metVergoeding",
    "beschikbaarVanaf",
    "paginaGrootte",
    "metPraktijkopleiders",
    "metTellingen",
    "metToelichting",
];

/// A valid request of one of the operations, with some of its fields.
pub(crate) fn request(dice: &mut Dice) -> Node {
    let operation = dice.pick(OPERATIONS);
    let mut root = Node::new(&format!("{operation}Request"));
    match operation {
        "natrekkenErkenning" => add(&mut root, &VERZOEK[1..], dice),
        "natrekkenErkenningen" => root.push(list("verzoeken", "verzoek", VERZOEK, dice)),
        "vaststellenLeerbedrijf" => add(&mut root, &RIJ[1..], dice),
        "vaststellenLeerbedrijven" => root.push(list("rijen", "rij", RIJ, dice)),
        "zoekenLeerplaatsen" => add(&mut root, ZOEKEN, dice),
        _ => add(&mut root, &["leerbedrijfId"], dice),
    }
    add(&mut root, &["minimaleRegisterVersie"], dice);
    root
}

fn list(wrapper: &str, item: &str, fields: &[&str], dice: &mut Dice) -> Node {
    let mut wrapper = Node::new(wrapper);
    for _ in 0..=dice.below(3) {
        let mut line = Node::new(item);
        add(&mut line, fields, dice);
        wrapper.push(line);
    }
    wrapper
}

fn add(node: &mut Node, fields: &[&str], dice: &mut Dice) {
    const VALUES: &[&str] = &[
        "100000001",
        "25180",
        "2026-11-22",
        "1.1",
        "",
        "é €",
        " x ",
        "𐍈",
    ];
    const BOOLEANS: &[&str] = &["true", "false", "1", "0", " true ", "\n0\t"];
    for field in fields {
        if dice.chance(3, 4) {
            let mut child = Node::new(field);
            let is_boolean = field.starts_with("met");
            let value = dice.pick(if is_boolean { BOOLEANS } else { VALUES });
            if !value.is_empty() {
                child.text(value);
            }
            node.push(child);
        }
    }
}
