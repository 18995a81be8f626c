//! Reading a JSON body with limits, and finding all that is wrong with it at once.
//!
//! A body is first read into [`Node`]s, which keep what serde's own value type drops: repeated
//! keys. Text without escapes is borrowed from the body.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::{
    field::{Veld, Veldsoort, check_text},
    violation::{Overtreding, Overtredingen, Plaats, shown_name},
};

/// A JSON value as it came.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'a> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// How much a body may hold (standards §1, the limits of XML, kept here as well).
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonLimits {
    /// Objects and arrays within each other.
    pub depth: usize,
    /// Values of any kind.
    pub elements: usize,
}

/// Where an object stands in the body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// It is the body.
    Root,
    /// It is an item of a list in the body.
    Item { list: &'static str, index: usize },
    /// It is an item of a list in such an item.
    Within {
        list: &'static str,
        index: usize,
        inner: &'static str,
        at: usize,
    },
}

impl Place {
    /// JSON Pointer (RFC 6901) to the object itself.
    fn pointer(self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Item { list, index } => format!("/{list}/{index}"),
            Self::Within {
                list,
                index,
                inner,
                at,
            } => format!("/{list}/{index}/{inner}/{at}"),
        }
    }

    /// JSON Pointer to a member of it.
    fn member(self, name: &str) -> String {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        format!("{}/{escaped}", self.pointer())
    }
}

/// Reads a whole body; none when it is no JSON or over a limit, which is then a violation.
pub(super) fn parse<'a>(
    body: &'a [u8],
    limits: JsonLimits,
    fouten: &mut Overtredingen,
) -> Option<Node<'a>> {
    let mut refuse = |code, reden: Cow<'static, str>| {
        fouten.add(Overtreding::new(Plaats::Body, "", code, reden));
        None
    };
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to() + 1;
            return refuse(
                "GEEN_UTF8",
                format!("de body is geen UTF-8 vanaf byte {at}").into(),
            );
        }
    };
    // Some stacks put a byte order mark before the text; RFC 8259 lets a reader ignore it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return refuse("ONTBREEKT", "de body is leeg; geef een JSON-object".into());
    }
    let guard = Guard {
        elements_left: Cell::new(limits.elements),
        broken: Cell::new(None),
    };
    let seed = NodeSeed {
        guard: &guard,
        depth_left: limits.depth,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = seed
        .deserialize(&mut deserializer)
        .and_then(|node| deserializer.end().map(|()| node));
    match (node, guard.broken.get()) {
        (Ok(node), _) => Some(node),
        (Err(_), Some(Limit::Depth)) => refuse(
            "TE_DIEP",
            format!("objecten en lijsten zijn meer dan {} diep", limits.depth).into(),
        ),
        (Err(_), Some(Limit::Elements)) => refuse(
            "TE_VEEL_ELEMENTEN",
            format!("de body heeft meer dan {} waarden", limits.elements).into(),
        ),
        (Err(error), None) => refuse(
            "GEEN_JSON",
            format!(
                "de body is geen geldige JSON: regel {}, kolom {}",
                error.line(),
                error.column()
            )
            .into(),
        ),
    }
}

#[derive(Debug, Clone, Copy)]
enum Limit {
    Depth,
    Elements,
}

struct Guard {
    elements_left: Cell<usize>,
    broken: Cell<Option<Limit>>,
}

#[derive(Clone, Copy)]
struct NodeSeed<'g> {
    guard: &'g Guard,
    depth_left: usize,
}

impl NodeSeed<'_> {
    fn refuse<E: de::Error>(self, limit: Limit) -> E {
        self.guard.broken.set(Some(limit));
        E::custom("over a limit")
    }

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.refuse(Limit::Depth)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        match self.guard.elements_left.get().checked_sub(1) {
            Some(left) => self.guard.elements_left.set(left),
            None => return Err(self.refuse(Limit::Elements)),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Node<'de>, E> {
        Number::from_f64(number)
            .map(Node::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        let deeper = self.deeper()?;
        let mut object = Vec::new();
        while let Some(key) = members.next_key_seed(KeySeed)? {
            object.push((key, members.next_value_seed(deeper)?));
        }
        Ok(Node::Object(object))
    }
}

/// A key, borrowed where it has no escapes.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
}

/// The fields of an object in the body, taken by name; what else is in it is a violation.
pub(super) struct Fields<'a, 'f, const N: usize> {
    velden: &'static [Veld; N],
    nodes: [Option<Node<'a>>; N],
    place: Place,
    fouten: &'f mut Overtredingen,
}

impl<'a, 'f, const N: usize> Fields<'a, 'f, N> {
    /// Of the object at this place, by the table of its fields.
    pub(super) fn new(
        node: Node<'a>,
        place: Place,
        velden: &'static [Veld; N],
        fouten: &'f mut Overtredingen,
    ) -> Self {
        Self {
            velden,
            nodes: members(node, place, velden.map(|veld| veld.naam), fouten),
            place,
            fouten,
        }
    }

    /// The text of this field, or the number that it says. See [`text`].
    pub(super) fn text(&mut self, naam: &'static str) -> Option<String> {
        let (veld, node) = self.take(naam)?;
        debug_assert!(veld.soort != Veldsoort::Boolean, "{naam} is no text");
        text(node, self.place, veld, self.fouten)
    }

    /// The true or false of this field; null means absent.
    pub(super) fn boolean(&mut self, naam: &'static str) -> Option<bool> {
        let (veld, node) = self.take(naam)?;
        debug_assert!(veld.soort == Veldsoort::Boolean, "{naam} is no boolean");
        boolean(node, self.place, naam, self.fouten)
    }

    fn take(&mut self, naam: &'static str) -> Option<(&'static Veld, Option<Node<'a>>)> {
        let index = self.velden.iter().position(|veld| veld.naam == naam);
        debug_assert!(index.is_some(), "{naam} is not in the table");
        index.map(|index| (&self.velden[index], self.nodes[index].take()))
    }
}

/// The members with these names, in their order. Anything else in the object, and any name that
/// comes twice, is a violation.
pub(super) fn members<'a, const N: usize>(
    node: Node<'a>,
    place: Place,
    names: [&'static str; N],
    fouten: &mut Overtredingen,
) -> [Option<Node<'a>>; N] {
    let mut found = [const { None }; N];
    let Node::Object(object) = node else {
        fouten.add(wrong_type(place.pointer(), "een object"));
        return found;
    };
    for (key, value) in object {
        match names.iter().position(|name| *name == key) {
            None => fouten.add_unknown(Plaats::Body, place.member(&shown_name(&key)), &names),
            Some(index) if found[index].is_some() => fouten.add(Overtreding::new(
                Plaats::Body,
                place.member(&key),
                "DUBBEL",
                "staat er meer dan één keer; noem het één keer",
            )),
            Some(index) => found[index] = Some(value),
        }
    }
    found
}

/// A field's text; null means absent, as an empty text does (domain rule 2). Where the contract
/// has a number, a JSON number counts as its text.
pub(super) fn text(
    node: Option<Node<'_>>,
    place: Place,
    veld: &Veld,
    fouten: &mut Overtredingen,
) -> Option<String> {
    let is_number = veld.soort == Veldsoort::Getal;
    match node? {
        Node::Null => None,
        Node::Text(text) => check_text(&text, Plaats::Body, || place.member(veld.naam), fouten)
            .then(|| text.into_owned()),
        Node::Number(number) if is_number => Some(number.to_string()),
        Node::Boolean(_) | Node::Number(_) | Node::List(_) | Node::Object(_) => {
            let right = if is_number {
                "een getal, of een tekst tussen aanhalingstekens"
            } else {
                "een tekst, tussen aanhalingstekens"
            };
            fouten.add(wrong_type(place.member(veld.naam), right));
            None
        }
    }
}

/// A field's true or false; null means absent.
pub(super) fn boolean(
    node: Option<Node<'_>>,
    place: Place,
    naam: &'static str,
    fouten: &mut Overtredingen,
) -> Option<bool> {
    match node? {
        Node::Null => None,
        Node::Boolean(value) => Some(value),
        Node::Number(_) | Node::Text(_) | Node::List(_) | Node::Object(_) => {
            let right = "true of false, zonder aanhalingstekens,";
            fouten.add(wrong_type(place.member(naam), right));
            None
        }
    }
}

/// A field's list of at most `max` items; null or absent means empty.
pub(super) fn list<'a>(
    node: Option<Node<'a>>,
    place: Place,
    name: &'static str,
    max: usize,
    fouten: &mut Overtredingen,
) -> Vec<Node<'a>> {
    match node {
        None | Some(Node::Null) => Vec::new(),
        Some(Node::List(items)) if items.len() <= max => items,
        Some(Node::List(items)) => {
            fouten.add(Overtreding::new(
                Plaats::Body,
                place.member(name),
                "TE_VEEL_REGELS",
                format!("heeft {} regels; hoogstens {max} tegelijk", items.len()),
            ));
            Vec::new()
        }
        Some(_) => {
            fouten.add(wrong_type(place.member(name), "een lijst"));
            Vec::new()
        }
    }
}

/// A field's list of at most `max` texts; null or absent means empty.
pub(super) fn texts(
    node: Option<Node<'_>>,
    place: Place,
    name: &'static str,
    max: usize,
    fouten: &mut Overtredingen,
) -> Vec<String> {
    let items = list(node, place, name, max, fouten).into_iter().enumerate();
    items
        .filter_map(|(index, node)| {
            let veld = || format!("{}/{index}", place.member(name));
            match node {
                Node::Text(text) => {
                    check_text(&text, Plaats::Body, veld, fouten).then(|| text.into_owned())
                }
                _ => {
                    fouten.add(wrong_type(veld(), "een tekst, tussen aanhalingstekens"));
                    None
                }
            }
        })
        .collect()
}

fn wrong_type(veld: String, right: &str) -> Overtreding {
    Overtreding::new(
        Plaats::Body,
        veld,
        "TYPE_ONGELDIG",
        format!("moet {right} zijn"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: JsonLimits = JsonLimits {
        depth: 4,
        elements: 12,
    };

    const VELDEN: [Veld; 4] = [
        Veld::tekst("a", "", ""),
        Veld::tekst("b", "", ""),
        Veld::getal("getal", "", ""),
        Veld::boolean("waar", ""),
    ];

    /// Reads an object as an operation would, each field with this function.
    fn read_with<T>(
        body: &[u8],
        read: impl FnOnce(&mut Fields<'_, '_, 4>) -> T,
    ) -> (Option<T>, Vec<String>) {
        let mut fouten = Overtredingen::default();
        let values = parse(body, LIMITS, &mut fouten)
            .map(|node| read(&mut Fields::new(node, Place::Root, &VELDEN, &mut fouten)));
        let shown = fouten.shown().iter();
        (
            values,
            shown.map(|o| format!("{} {}", o.veld, o.code)).collect(),
        )
    }

    /// The fields `a` and `b`.
    fn read(body: &[u8]) -> ([Option<String>; 2], Vec<String>) {
        let (values, shown) = read_with(body, |fields| [fields.text("a"), fields.text("b")]);
        (values.unwrap_or_default(), shown)
    }

    #[test]
    fn a_number_counts_as_its_text_and_a_boolean_is_one() {
        for (body, getal, waar, expected) in [
            (
                r#"{"getal":15,"waar":true}"#,
                Some("15"),
                Some(true),
                vec![],
            ),
            (
                r#"{"getal":"15","waar":false}"#,
                Some("15"),
                Some(false),
                vec![],
            ),
            (r#"{"getal":2.5}"#, Some("2.5"), None, vec![]),
            (r#"{"getal":-1,"waar":null}"#, Some("-1"), None, vec![]),
            (r#"{"getal":"veel"}"#, Some("veel"), None, vec![]),
            (
                r#"{"getal":true,"waar":"true"}"#,
                None,
                None,
                vec!["/getal TYPE_ONGELDIG", "/waar TYPE_ONGELDIG"],
            ),
            (
                r#"{"getal":[15],"waar":1}"#,
                None,
                None,
                vec!["/getal TYPE_ONGELDIG", "/waar TYPE_ONGELDIG"],
            ),
        ] {
            let (values, shown) = read_with(body.as_bytes(), |fields| {
                (fields.text("getal"), fields.boolean("waar"))
            });
            let values = values.unwrap();
            assert_eq!((values.0.as_deref(), values.1), (getal, waar), "{body}");
            assert_eq!(shown, expected, "{body}");
        }
    }

    #[test]
    fn reads_fields_and_names_every_violation() {
        let too_long = format!(r#"{{"a":"{}"}}"#, "é".repeat(201));
        let just_right = format!(r#"{{"a":"{}"}}"#, "é".repeat(200));
        let right = "é".repeat(200);
        for (body, a, expected) in [
            ("{}", None, vec![]),
            (r#"{"a":"x","b":null}"#, Some("x"), vec![]),
            ("\u{feff}{\"a\":\"x\"}", Some("x"), vec![]),
            (r#"{"a":""}"#, Some(""), vec![]),
            (r#"{"a":"x\"y"}"#, Some("x\"y"), vec![]),
            (&just_right, Some(right.as_str()), vec![]),
            (&too_long, None, vec!["/a TE_LANG"]),
            (
                r#"{"a":25180,"b":true}"#,
                None,
                vec!["/a TYPE_ONGELDIG", "/b TYPE_ONGELDIG"],
            ),
            (
                r#"{"a":["x"],"b":{}}"#,
                None,
                vec!["/a TYPE_ONGELDIG", "/b TYPE_ONGELDIG"],
            ),
            (r#"{"a":"x","a":"y"}"#, Some("x"), vec!["/a DUBBEL"]),
            (r#"{"a":"x","a":"y"}"#, Some("x"), vec!["/a DUBBEL"]),
            (
                r#"{"A":"x","c/~":1,"a":"\u0001"}"#,
                None,
                vec![
                    "/A ONBEKEND_VELD",
                    "/c~1~0 ONBEKEND_VELD",
                    "/a TEKEN_NIET_TOEGESTAAN",
                ],
            ),
            ("[]", None, vec![" TYPE_ONGELDIG"]),
            ("\"a\"", None, vec![" TYPE_ONGELDIG"]),
            ("", None, vec![" ONTBREEKT"]),
            (" \n", None, vec![" ONTBREEKT"]),
            ("{", None, vec![" GEEN_JSON"]),
            ("{\"a\":\"x\"} {}", None, vec![" GEEN_JSON"]),
            ("{'a':'x'}", None, vec![" GEEN_JSON"]),
            ("{\"a\":1e999}", None, vec![" GEEN_JSON"]),
            (r#"{"a":"\ud800"}"#, None, vec![" GEEN_JSON"]),
            (r#"{"a":[[[[[]]]]]}"#, None, vec![" TE_DIEP"]),
            (
                r#"{"a":[1,2,3,4,5,6,7,8,9,10,11,12,13]}"#,
                None,
                vec![" TE_VEEL_ELEMENTEN"],
            ),
        ] {
            let (values, shown) = read(body.as_bytes());
            assert_eq!(values[0].as_deref(), a, "{body}");
            assert_eq!(shown, expected, "{body}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}").1, [" GEEN_UTF8"]);
    }

    #[test]
    fn an_unknown_field_names_the_known_ones() {
        let mut fouten = Overtredingen::default();
        let node = parse(br#"{"naam":"x"}"#, LIMITS, &mut fouten).unwrap();
        members(node, Place::Root, ["a", "b"], &mut fouten);
        assert_eq!(fouten.shown()[0].reden, "onbekend; bekend zijn a, b");
    }

    #[test]
    fn a_list_over_its_maximum_is_refused_whole() {
        let mut fouten = Overtredingen::default();
        let items = Node::List(vec![Node::Null, Node::Null, Node::Null]);
        assert!(list(Some(items), Place::Root, "verzoeken", 2, &mut fouten).is_empty());
        assert_eq!(fouten.shown()[0].code, "TE_VEEL_REGELS");
    }

    #[test]
    fn a_list_of_texts_names_what_is_none() {
        let mut fouten = Overtredingen::default();
        let node = parse(br#"{"codes":["25180","",1,null]}"#, LIMITS, &mut fouten).unwrap();
        let [codes] = members(node, Place::Root, ["codes"], &mut fouten);
        assert_eq!(
            texts(codes, Place::Root, "codes", 4, &mut fouten),
            ["25180", ""]
        );
        let shown: Vec<&str> = fouten.shown().iter().map(|o| o.veld.as_ref()).collect();
        assert_eq!(shown, ["/codes/2", "/codes/3"]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_values_or_a_violation(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let (values, shown) = read(&body);
            prop_assert!(!shown.is_empty() || values.iter().all(Option::is_none) || body.len() > 7);
        }

        #[test]
        fn text_comes_out_as_it_went_in(a in "\\PC{0,50}") {
            let body = serde_json::json!({ "a": a }).to_string();
            let (values, _) = read(body.as_bytes());
            prop_assert_eq!(values[0].as_deref(), Some(a.as_str()));
        }
    }
}
