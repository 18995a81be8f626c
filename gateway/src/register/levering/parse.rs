//! One line: which kind it is, its JSON, its checks.

use serde::Deserialize;
use serde_json::error::Category;

use super::{
    Content, ObjectKey, ObjectSoort, SetAside,
    check::{self, Basis},
    check_leerbedrijf,
    violation::{Findings, Pad, Violation},
    wire::{self, Tekst},
};
use crate::{
    domain::{Code, Datum, LeerbedrijfId, Oin},
    register::Object,
};

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RegelSoort {
    Voorloop,
    Object(ObjectSoort),
    Verwijderd,
    Sluit,
    /// `soort` is missing or has another value, or the line is not JSON.
    Unknown,
}

/// The kind of a line. By convention `soort` comes first, and then the rest need not be read.
pub(super) fn soort(line: &[u8]) -> RegelSoort {
    #[derive(Deserialize)]
    struct Tag<'a> {
        #[serde(borrow)]
        soort: Tekst<'a>,
    }

    let by_convention = line
        .strip_prefix(br#"{"soort":""#)
        .and_then(|rest| rest.split(|b| *b == b'"').next())
        .and_then(|text| std::str::from_utf8(text).ok())
        .map(named);
    match by_convention {
        Some(soort) if soort != RegelSoort::Unknown => soort,
        _ => serde_json::from_slice::<Tag<'_>>(line)
            .map_or(RegelSoort::Unknown, |tag| named(&tag.soort)),
    }
}

fn named(text: &str) -> RegelSoort {
    match text {
        "voorloop" => RegelSoort::Voorloop,
        "verwijderd" => RegelSoort::Verwijderd,
        "sluit" => RegelSoort::Sluit,
        other => ObjectSoort::parse(other).map_or(RegelSoort::Unknown, RegelSoort::Object),
    }
}

/// Reads JSON; when that fails, once more to find out where.
pub(super) fn json<'a, T: Deserialize<'a>>(f: &mut Findings, line: &'a [u8]) -> Option<T> {
    if let Ok(value) = serde_json::from_slice(line) {
        return Some(value);
    }
    let mut reader = serde_json::Deserializer::from_slice(line);
    let (veld, error) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) => (error.path().to_string(), error.into_inner()),
        Ok(_) => match reader.end() {
            Err(error) => (".".to_owned(), error),
            Ok(()) => return f.add(&Pad::Root, "is geen geldige JSON"),
        },
    };
    f.0.push(Violation {
        veld: safe_path(&veld),
        reden: reason(&error).into(),
    });
    None
}

/// An object line, checked whole; or all that is wrong with it.
pub(super) fn object(line: &[u8], soort: ObjectSoort, basis: Basis) -> Content {
    let mut f = Findings::default();
    let object = match soort {
        ObjectSoort::Opleiding => json(&mut f, line)
            .and_then(|w| check::opleiding(&mut f, &w))
            .map(Object::Opleiding),
        ObjectSoort::Equivalent => json(&mut f, line)
            .and_then(|w| check::equivalent(&mut f, &w))
            .map(Object::Equivalent),
        ObjectSoort::School => json(&mut f, line)
            .and_then(|w| check::school(&mut f, &w))
            .map(Object::School),
        ObjectSoort::Leerbedrijf => json(&mut f, line)
            .and_then(|w| check_leerbedrijf::leerbedrijf(&mut f, w, basis))
            .map(|(leerbedrijf, personen)| Object::Leerbedrijf(Box::new(leerbedrijf), personen)),
        ObjectSoort::Bpvo => json(&mut f, line)
            .and_then(|w| check::bpvo(&mut f, w))
            .map(Object::Bpvo),
    };
    match object {
        Some(object) if f.0.is_empty() => Content::Object(object),
        _ => Content::SetAside(SetAside {
            soort: Some(soort),
            key: readable_key(line, soort),
            violations: f.0,
        }),
    }
}

/// A line that says that something is gone; only leveringen of soort MUTATIES have those.
pub(super) fn verwijderd(line: &[u8], allowed: bool) -> Content {
    let mut f = Findings::default();
    let wire: Option<wire::Verwijderd<'_>> = json(&mut f, line);
    let soort = wire
        .as_ref()
        .and_then(|w| ObjectSoort::parse(&w.object_soort));
    let key = wire.and_then(|w| check::verwijderd(&mut f, &w));
    if !allowed {
        f.add::<()>(
            &Pad::Root.field("soort"),
            "verwijderd mag alleen in een levering van soort MUTATIES",
        );
    }
    match key {
        Some(key) if f.0.is_empty() => Content::Gone(key),
        key => Content::SetAside(SetAside {
            soort,
            key,
            violations: f.0,
        }),
    }
}

/// A line of no known kind.
pub(super) fn unknown(line: &[u8]) -> SetAside {
    let mut f = Findings::default();
    if json::<serde_json::Value>(&mut f, line).is_some() {
        f.add::<()>(
            &Pad::Root.field("soort"),
            "moet een van opleiding, equivalent, school, leerbedrijf, bpvo, verwijderd zijn",
        );
    }
    SetAside {
        soort: None,
        key: None,
        violations: f.0,
    }
}

/// The key of a line that has something else wrong with it, so that its object stays as it is.
fn readable_key(line: &[u8], soort: ObjectSoort) -> Option<ObjectKey> {
    let value: serde_json::Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(_) if soort == ObjectSoort::Leerbedrijf => {
            return id_in_broken_json(line).map(ObjectKey::Leerbedrijf);
        }
        Err(_) => return None,
    };
    let text = |name: &str| value.get(name)?.as_str();
    let code = |name: &str| Code::parse(text(name)?).ok();
    Some(match soort {
        ObjectSoort::Leerbedrijf => {
            ObjectKey::Leerbedrijf(LeerbedrijfId::parse(text("leerbedrijfId")?).ok()?)
        }
        ObjectSoort::Opleiding => ObjectKey::Opleiding(code("code")?),
        ObjectSoort::Equivalent => ObjectKey::Equivalent {
            code: code("code")?,
            equivalent_met: code("equivalentMet")?,
            vanaf: Datum::parse(text("vanaf")?).ok()?,
        },
        ObjectSoort::School => ObjectKey::School(Oin::parse(text("schoolOin")?).ok()?),
        ObjectSoort::Bpvo => ObjectKey::Bpvo {
            school_oin: Oin::parse(text("schoolOin")?).ok()?,
            bpvo_kenmerk: text("bpvoKenmerk")?.trim_matches(' ').to_owned(),
        },
    })
}

/// The id of a leerbedrijf whose line is not JSON, when it can be told: the key stands there
/// once, as the writer writes it.
fn id_in_broken_json(line: &[u8]) -> Option<LeerbedrijfId> {
    const KEY: &[u8] = br#""leerbedrijfId":""#;
    let mut places = line
        .windows(KEY.len())
        .enumerate()
        .filter(|(_, window)| *window == KEY);
    let (at, _) = places.next()?;
    if places.next().is_some() {
        return None;
    }
    let rest = &line[at + KEY.len()..];
    let end = rest.iter().position(|b| *b == b'"')?;
    LeerbedrijfId::parse(std::str::from_utf8(&rest[..end]).ok()?).ok()
}

/// What JSON was wrong, in Dutch and without the value that stood there.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match error.classify() {
        Category::Syntax | Category::Io => {
            format!("is geen geldige JSON (kolom {})", error.column())
        }
        Category::Eof => "is geen geldige JSON: de regel breekt af".to_owned(),
        Category::Data if text.starts_with("missing field") => match quoted(&text) {
            Some(name) => format!("{name} ontbreekt"),
            None => "een verplicht veld ontbreekt".to_owned(),
        },
        Category::Data if text.starts_with("duplicate field") => match quoted(&text) {
            Some(name) => format!("{name} staat er tweemaal"),
            None => "een veld staat er tweemaal".to_owned(),
        },
        Category::Data if text.starts_with("unknown field") => "is geen bekend veld".to_owned(),
        Category::Data => format!("moet {} zijn", expected(&text)),
    }
}

/// The name in back quotes, which is one of ours.
fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}

/// What serde says it expected, in the contract's words.
fn expected(text: &str) -> &'static str {
    let after = text.rsplit_once("expected ").map_or("", |(_, after)| after);
    match after.split(' ').next().unwrap_or("") {
        "a" if after.starts_with("a string") => "een tekst",
        "a" if after.starts_with("a boolean") => "true of false",
        "a" if after.starts_with("a sequence") => "een lijst",
        "u8" | "u32" | "u64" => "een geheel getal van 0 of meer binnen het bereik",
        "f64" => "een getal",
        "struct" => "een object",
        _ => "van een andere vorm",
    }
}

/// The path, when it is of the form that our own fields have: an unknown key might be anything.
fn safe_path(path: &str) -> String {
    let ours = path.len() <= 120
        && path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"[]._".contains(&b));
    if ours {
        path.to_owned()
    } else {
        "?".to_owned()
    }
}
