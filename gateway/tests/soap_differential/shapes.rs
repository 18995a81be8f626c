//! The requests that have a parser, as the mutator builds them.

use super::{mutate::Dice, tree::Node};

pub(crate) const NAMESPACE: &str = "urn:stagepoort:whitelabel:v1";

pub(crate) const OPERATIONS: &[&str] = &[
    "natrekkenErkenning",
    "natrekkenErkenningen",
    "vaststellenLeerbedrijf",
    "opvragenDetailgegevens",
];

/// List wrappers, each with the request that it stands in and its item.
pub(crate) const WRAPPERS: &[(&str, &str, &str)] =
    &[("natrekkenErkenningenRequest", "verzoeken", "verzoek")];

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
    "onbekend",
    "Code",
    "naam2",
];

/// Types that `xsi:type` may name, right and wrong.
pub(crate) const TYPES: &[&str] = &[
    "InvoerTekstType",
    "NaamType",
    "NatrekkenErkenningRequestType",
    "NatrekkenErkenningenRequestType",
    "NatrekVerzoekenType",
    "NatrekVerzoekType",
    "VaststellenLeerbedrijfRequestType",
    "OpvragenDetailgegevensRequestType",
];

/// A valid request of one of the operations, with some of its fields.
pub(crate) fn request(dice: &mut Dice) -> Node {
    let operation = dice.pick(OPERATIONS);
    let mut root = Node::new(&format!("{operation}Request"));
    let fields: &[&str] = match operation {
        "natrekkenErkenning" => &["leerbedrijfId", "code", "peildatum"],
        "vaststellenLeerbedrijf" => &[
            "leerbedrijfId",
            "naam",
            "postcode",
            "huisnummer",
            "plaats",
            "land",
        ],
        "opvragenDetailgegevens" => &["leerbedrijfId"],
        _ => &[],
    };
    add(&mut root, fields, dice);
    if operation == "natrekkenErkenningen" {
        let mut wrapper = Node::new("verzoeken");
        for _ in 0..=dice.below(3) {
            let mut line = Node::new("verzoek");
            add(
                &mut line,
                &["kenmerk", "leerbedrijfId", "code", "peildatum"],
                dice,
            );
            wrapper.push(line);
        }
        root.push(wrapper);
    }
    add(&mut root, &["minimaleRegisterVersie"], dice);
    root
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
    for field in fields {
        if dice.chance(3, 4) {
            let mut child = Node::new(field);
            let value = dice.pick(VALUES);
            if !value.is_empty() {
                child.text(value);
            }
            node.push(child);
        }
    }
}
