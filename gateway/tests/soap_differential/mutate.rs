//! Seeded ways to spoil a message.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{
    shapes::{self, NAMES, TYPES},
    tree::{Content, Node, Space},
};

/// Chance from a seed.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 up to but not including `n`, which is above 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.next_u32() as usize % n
    }

    /// True so many times in so many.
    pub(crate) fn chance(&mut self, times: usize, of: usize) -> bool {
        self.below(of) < times
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// A message as the gateway gets it, and as xmllint does.
pub(crate) fn message(dice: &mut Dice) -> (String, String) {
    let mut root = shapes::request(dice);
    // Half of the mutations do no harm, so that about half of the messages stay valid.
    for _ in 0..dice.below(4) {
        let place = dice.below(root.count());
        if let Some(node) = root.at(place) {
            if dice.chance(1, 2) {
                dress(node, dice);
            } else {
                spoil(node, dice);
            }
        }
    }
    let prefix = dice.pick(&["", "", "q", "ns1", "wl2"]);
    (root.write(prefix), root.normalised().write(prefix))
}

/// Text in which single characters were changed: mostly no longer XML.
pub(crate) fn damaged(dice: &mut Dice) -> String {
    const CHARACTERS: &[&str] = &[
        "<",
        ">",
        "&",
        "\"",
        "'",
        "/",
        "=",
        " ",
        "\t",
        "\r",
        "\n",
        "!",
        "-",
        "]",
        "[",
        ":",
        ";",
        "#",
        "x",
        "1",
        "é",
        ".",
        "_",
        "&amp;",
        "&lt;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "\u{b7}",
        "xmlns",
        "\u{3000}",
        "/>",
        "</",
        "a=\"1\"",
    ];
    loop {
        let root = shapes::request(dice);
        let prefix = dice.pick(&["", "q"]);
        let mut text: Vec<String> = root.write(prefix).chars().map(|c| c.to_string()).collect();
        for _ in 0..=dice.below(2) {
            let at = dice.below(text.len());
            match dice.below(4) {
                0 => {
                    text.remove(at);
                }
                1 => text[at] = dice.pick(CHARACTERS).to_owned(),
                2 => text.insert(at, dice.pick(CHARACTERS).to_owned()),
                _ => {
                    let other = dice.below(text.len());
                    text.swap(at, other);
                }
            }
        }
        let text = text.concat();
        // What the gateway refuses or drops for reasons of its own is compared elsewhere.
        let own = ["<?", "<!D", "verzoeken></", "rijen></"];
        if !own.iter().any(|markup| text.contains(markup)) {
            return text;
        }
    }
}

/// Changes that mostly keep a message valid.
fn dress(node: &mut Node, dice: &mut Dice) {
    const HARMLESS: &[(&str, bool)] = &[
        (" ", true),
        ("\r\n\t", true),
        ("<!-- - commentaar < & -->", true),
        ("<!---->", true),
        ("&#32;&#x9;", true),
    ];
    const VALUES: &[&str] = &[
        "&amp;&lt;&gt;&quot;&apos;",
        "&#x1F600;&#233;",
        "<![CDATA[<a> & ]]]]>",
        "<![CDATA[]]>",
        "a<!-- b -->c",
        "\u{7f}\u{85}\u{2028}",
        "]] >",
        "]]&gt;",
        ">",
    ];
    let (raw, blank) = dice.pick(HARMLESS);
    match dice.below(6) {
        0 => node.content.insert(0, Content::Raw(raw.to_owned(), blank)),
        1 => node.content.push(Content::Raw(raw.to_owned(), blank)),
        2 if !node
            .content
            .iter()
            .any(|c| matches!(c, Content::Element(_))) =>
        {
            node.content
                .push(Content::Raw(dice.pick(VALUES).to_owned(), false));
        }
        3 => node
            .attributes
            .push(("xsi:schemaLocation".to_owned(), "a b".to_owned())),
        4 => {
            let mut nil = Node::new(dice.pick(NAMES));
            nil.attributes.push((
                "xsi:nil".to_owned(),
                dice.pick(&["true", "1", " true "]).to_owned(),
            ));
            if dice.chance(1, 3) {
                nil.content.push(Content::Raw(raw.to_owned(), blank));
            }
            let at = dice.below(node.content.len() + 1);
            node.content.insert(at, Content::Element(nil));
        }
        _ => {
            // A type that fits by chance, or is wrong.
            let prefix = dice.pick(&["wl", "wl", "xs", "los"]);
            let value = format!("{prefix}:{}", dice.pick(TYPES));
            node.attributes.push(("xsi:type".to_owned(), value));
        }
    }
    node.attributes.sort();
    node.attributes.dedup_by(|a, b| a.0 == b.0);
}

/// Changes that mostly make a message invalid, or no XML at all.
fn spoil(node: &mut Node, dice: &mut Dice) {
    match dice.below(12) {
        0 if node.content.len() > 1 => {
            let (a, b) = (
                dice.below(node.content.len()),
                dice.below(node.content.len()),
            );
            node.content.swap(a, b);
        }
        1 if !node.content.is_empty() => {
            let at = dice.below(node.content.len());
            node.content.remove(at);
        }
        2 if !node.content.is_empty() => {
            let at = dice.below(node.content.len());
            let copy = node.content[at].clone();
            let to = dice.below(node.content.len() + 1);
            node.content.insert(to, copy);
        }
        3 => rename(node, dice),
        4 => {
            let spaces = [Space::None, Space::Other, Space::Unbound];
            // Without a default namespace below it, an element keeps its children's meaning.
            if !node
                .content
                .iter()
                .any(|c| matches!(c, Content::Element(_)))
            {
                node.space = dice.pick(&spaces);
            }
        }
        5 => attribute(node, dice),
        6 => {
            let at = dice.below(node.content.len() + 1);
            node.content
                .insert(at, Content::Raw(dice.pick(TEXTS).to_owned(), false));
        }
        7 | 8 => {
            let unit = dice.pick(&["a", "é", "𐍈", "&amp;", "\r\n", "\r", "<![CDATA[ ]]>", " "]);
            let text = unit.repeat(dice.pick(&[99, 199, 200, 201, 202, 400]));
            let blank = text.trim().is_empty();
            node.content = vec![Content::Raw(text, blank)];
        }
        9 => {
            let at = dice.below(node.content.len() + 1);
            let mut child = Node::new(dice.pick(NAMES));
            if dice.chance(1, 2) {
                child.text("1");
            }
            node.content.insert(at, Content::Element(child));
        }
        10 => node.content.clear(),
        _ => {
            node.attributes.push((
                "xsi:nil".to_owned(),
                dice.pick(&["true", "1", "false", "0", "", "TRUE"])
                    .to_owned(),
            ));
            node.attributes.sort();
            node.attributes.dedup_by(|a, b| a.0 == b.0);
        }
    }
}

/// Text that belongs nowhere, or only in fields.
const TEXTS: &[&str] = &[
    "x",
    "\u{a0}",
    "&amp;",
    "<![CDATA[x]]>",
    "<![CDATA[ ]]>",
    "&nbsp;",
    "&#0;",
    "&#1;",
    "&#xD800;",
    "&#xFFFE;",
    "&#xFFFD;",
    "&#X41;",
    "&#x110000;",
    "&;",
    "& ",
    "]]>",
    "\u{1}",
    "\u{1f}",
    "\u{FFFE}",
    "\u{FFFF}",
    "\u{FEFF}",
    "<!-- -- -->",
    "<!-- --->",
    "<!>",
    "<1/>",
    "<a:b:c/>",
    "< a/>",
    "</x>",
];

fn rename(node: &mut Node, dice: &mut Dice) {
    node.name = match dice.below(4) {
        0 => node.name.to_uppercase(),
        1 => format!("{}x", node.name),
        // Names of XML that are odd and allowed, and those that are not.
        2 => dice
            .pick(&["é", "_", "a.b-c", "1a", "-a", "a·", "xml", "·a"])
            .to_owned(),
        _ => dice.pick(NAMES).to_owned(),
    };
}

fn attribute(node: &mut Node, dice: &mut Dice) {
    let (name, value) = dice.pick(&[
        ("bron", "sis"),
        ("xml:lang", "nl"),
        ("wl:code", "1"),
        ("xsi:onbekend", "1"),
        ("xsi:type", "InvoerTekstType"),
        ("xsi:type", ""),
        ("los:x", "1"),
        ("xsi:noNamespaceSchemaLocation", "x.xsd"),
        ("xmlns:nieuw", "urn:nieuw"),
        ("xsi:schemaLocation", "a&amp;b > 'c'"),
        ("xsi:schemaLocation", "a<b"),
        ("xsi:schemaLocation", "&onbekend;"),
        ("a:b:c", "1"),
        ("1a", "1"),
    ]);
    node.attributes.push((name.to_owned(), value.to_owned()));
    // The same attribute twice is no XML, now and then.
    if !dice.chance(1, 4) {
        node.attributes.sort();
        node.attributes.dedup_by(|a, b| a.0 == b.0);
    }
}
