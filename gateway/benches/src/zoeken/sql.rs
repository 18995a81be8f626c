//! The questions in SQL: which statement, and what its named parameters are.

use std::{collections::BTreeMap, error::Error, io};

use bytes::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use stagepoort::domain::{Code, Datum, FoldedNaam};

use super::{
    places::{Circle, Places},
    question::{Klasse, LEERPLAATS, Recorded, Vraag},
    register::Register,
};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../zoeken/", $name, ".sql"))
    };
}

pub(crate) const SCHEMA: &str = sql!("schema");
pub(crate) const INDEXES: &str = sql!("indexes");

/// What a statement gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// The page as it is answered.
    Whole,
    /// Ids of the page, and the total.
    Keys,
}

/// The text of a statement with `:names`, as it is checked in.
fn text(shape: Shape, depth: Depth) -> String {
    let (hits, answer) = match shape {
        Shape::Smal => (sql!("smal"), sql!("antwoord_erkenningen")),
        Shape::Breed => (sql!("breed"), sql!("antwoord_erkenningen")),
        Shape::BreedLand => (sql!("breed_land"), sql!("antwoord_erkenningen")),
        Shape::Tekst => (sql!("tekst"), sql!("antwoord_erkenningen")),
        Shape::Tekstafstand => (sql!("tekstafstand"), sql!("antwoord_erkenningen")),
        Shape::Tellingen => (sql!("tellingen"), sql!("antwoord_tellingen")),
        Shape::Leerplaatsen => (sql!("leerplaatsen"), sql!("antwoord_leerplaatsen")),
        Shape::LeerplaatsenNiveau => (sql!("leerplaatsen_niveau"), sql!("antwoord_leerplaatsen")),
    };
    match depth {
        Depth::Whole => format!("{hits}{answer}"),
        Depth::Keys if shape == Shape::Tellingen => {
            format!("{hits}{}", sql!("sleutels_tellingen"))
        }
        Depth::Keys => format!("{hits}{}", sql!("sleutels")),
    }
}

/// A statement of its own; a class has one or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Smal,
    Breed,
    BreedLand,
    Tekst,
    Tekstafstand,
    Tellingen,
    Leerplaatsen,
    LeerplaatsenNiveau,
}

impl Shape {
    pub(crate) const fn of(recorded: &Recorded) -> Self {
        let vraag = &recorded.vraag;
        match recorded.klasse {
            Klasse::Smal => Self::Smal,
            Klasse::Breed if vraag.straal_km.is_none() => Self::BreedLand,
            Klasse::Breed => Self::Breed,
            Klasse::Tekst => Self::Tekst,
            Klasse::Tekstafstand => Self::Tekstafstand,
            Klasse::Tellingen => Self::Tellingen,
            Klasse::Leerplaatsen if vraag.code.is_none() => Self::LeerplaatsenNiveau,
            Klasse::Leerplaatsen => Self::Leerplaatsen,
        }
    }
}

/// A statement with numbers in place of names.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) sql: String,
    /// In the order of the numbers.
    names: Vec<String>,
}

impl Template {
    pub(crate) fn of(shape: Shape, depth: Depth) -> Self {
        let mut template = Self {
            sql: String::new(),
            names: Vec::new(),
        };
        let text = text(shape, depth);
        let mut rest = text.as_str();
        while let Some(at) = rest.find(':') {
            let (before, after) = rest.split_at(at + 1);
            template.sql += before;
            // A cast is no name.
            let is_cast = after.starts_with(':');
            let end = after
                .find(|c: char| !c.is_ascii_lowercase() && c != '_')
                .unwrap_or(after.len());
            if is_cast {
                template.sql.push(':');
                rest = &after[1..];
            } else if end == 0 {
                rest = after;
            } else {
                template.sql.pop();
                let number = template.number_of(&after[..end]);
                template.sql += &format!("${number}");
                rest = &after[end..];
            }
        }
        template.sql += rest;
        template
    }

    fn number_of(&mut self, name: &str) -> usize {
        let at = self.names.iter().position(|known| known == name);
        at.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) + 1
    }

    /// The values for one question, in the order of the numbers.
    pub(crate) fn bind(&self, all: &Parameters) -> io::Result<Vec<Value>> {
        let value = |name: &String| {
            let found = all.0.get(name.as_str()).cloned();
            found.ok_or_else(|| io::Error::other(format!("there is no value for :{name}")))
        };
        self.names.iter().map(value).collect()
    }
}

/// A parameter as PostgreSQL takes it.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Small(i16),
    Int(i32),
    Float(f64),
    Text(String),
    Date(Datum),
    /// The day after all days.
    Infinity,
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql_checked(ty, out),
            Self::Small(value) => value.to_sql_checked(ty, out),
            Self::Int(value) => value.to_sql_checked(ty, out),
            Self::Float(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            // A date goes as days since 2000, the greatest number for infinity.
            Self::Date(day) => {
                let epoch = Datum::parse("2000-01-01")?;
                day.days_after(epoch).to_sql(&Type::INT4, out)
            }
            Self::Infinity => i32::MAX.to_sql(&Type::INT4, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The values of one question by name, more than any one statement needs.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<&'static str, Value>);

impl Parameters {
    pub(crate) fn of(
        recorded: &Recorded,
        register: &Register,
        places: &Places,
        school: &str,
    ) -> io::Result<Self> {
        let vraag = &recorded.vraag;
        let mut all = Self::default();
        all.period(vraag, register.vandaag)?;
        all.put("school", Value::Text(school.to_owned()));
        all.put(
            "gevraagde_code",
            vraag.code.clone().map_or(Value::Null, Value::Text),
        );
        if let Some(code) = &vraag.code {
            let code = Code::parse(code).map_err(io::Error::other)?;
            all.put("code", Value::Int(code.as_u32().cast_signed()));
        }
        if let Some(naam) = &vraag.naam {
            let folded = FoldedNaam::new(naam).as_str().to_owned();
            all.put("naam", Value::Text(folded));
        }
        all.put("leerweg", Value::Small(leerweg_bit(vraag)));
        all.put("niveau", Value::Small(number(vraag.niveau.as_deref())?));
        let minimum: i16 = number(vraag.minimum_plaatsen.as_deref())?;
        all.put("minimum", Value::Int(minimum.into()));
        let vergoeding = vraag.met_vergoeding.map_or(Value::Null, Value::Bool);
        all.put("met_vergoeding", vergoeding);
        if vraag.straal_km.is_some() {
            let circle = places.circle(vraag);
            all.circle(circle.ok_or_else(|| io::Error::other("an unknown place"))?);
        }
        Ok(all)
    }

    fn put(&mut self, name: &'static str, value: Value) {
        self.0.insert(name, value);
    }

    fn period(&mut self, vraag: &Vraag, vandaag: Datum) -> io::Result<()> {
        let asked = vraag.beschikbaar_vanaf.as_deref().map(Datum::parse);
        let asked = asked.transpose().map_err(io::Error::other)?;
        let van = asked.unwrap_or(vandaag);
        self.put("van", Value::Date(van));
        self.put("tot", Value::Date(van));
        if vraag.soort == LEERPLAATS {
            let latest = asked.map_or(Value::Infinity, Value::Date);
            self.put("vanaf_uiterlijk", latest);
            let until = if asked.is_some() {
                van
            } else {
                van.max(vandaag)
            };
            self.put("tot_minstens", Value::Date(until));
        }
        Ok(())
    }

    fn circle(&mut self, circle: Circle) {
        let [x, y, z] = circle.centre.0;
        let [west, south, east, north] = circle.bounds;
        for (name, value) in [
            ("x", x),
            ("y", y),
            ("z", z),
            ("cosinus", circle.cosine),
            ("west", west),
            ("zuid", south),
            ("oost", east),
            ("noord", north),
        ] {
            self.put(name, Value::Float(value));
        }
    }
}

/// 1 for BOL, 2 for BBL, 0 when none is asked.
fn leerweg_bit(vraag: &Vraag) -> i16 {
    match vraag.leerweg.as_deref() {
        Some("BOL") => 1,
        Some("BBL") => 2,
        _ => 0,
    }
}

fn number(text: Option<&str>) -> io::Result<i16> {
    text.map_or(Ok(0), |text| text.parse().map_err(io::Error::other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_has_numbers_in_place_of_names() {
        let shapes = [
            Shape::Smal,
            Shape::Breed,
            Shape::BreedLand,
            Shape::Tekst,
            Shape::Tekstafstand,
            Shape::Tellingen,
            Shape::Leerplaatsen,
            Shape::LeerplaatsenNiveau,
        ];
        for shape in shapes {
            for depth in [Depth::Whole, Depth::Keys] {
                let Template { sql, names } = Template::of(shape, depth);
                let last = names.len();
                assert!(last > 1, "{shape:?}");
                assert!(sql.contains(&format!("${last}")), "{sql}");
                assert!(!sql.contains(&format!("${}", last + 1)), "{sql}");
                for name in names {
                    assert!(!sql.contains(&format!(" :{name}")), "{name} in {sql}");
                }
            }
        }
    }

    #[test]
    fn casts_and_prefixes_are_no_names() {
        let Template { sql, names } = Template::of(Shape::Tekst, Depth::Keys);
        assert!(sql.contains("::tsquery") && sql.contains("':*'"), "{sql}");
        assert_eq!(names, ["naam", "van", "tot"]);
    }
}
