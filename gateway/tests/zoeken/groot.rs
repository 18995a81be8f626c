//! One generated register of five thousand leerbedrijven, for the judged sets.

use std::{fmt::Write, path::PathBuf, sync::OnceLock};

use serde::{Serialize, de::DeserializeOwned};
use stagepoort::{
    domain::{Datum, Leerbedrijf, LeerbedrijfStatus},
    register::generate::{Plan, generate},
};
use tokio::runtime::Runtime;

use crate::{
    bouw,
    register::{NOON, Register, moment},
    wereld::Wereld,
};

const LEERBEDRIJVEN: u32 = 5_000;
const SEED: u64 = 3;
const VANDAAG: &str = "2026-11-22";

/// The day the register and the questions are about.
pub(crate) fn vandaag() -> Datum {
    bouw::datum(VANDAAG)
}

/// The facts, without those that no judged question is about.
pub(crate) fn wereld() -> Wereld {
    let plan = Plan::new(LEERBEDRIJVEN, SEED, vandaag());
    let mut wereld = Wereld::from_objects(generate(&plan));
    wereld.bpvos.clear();
    wereld
}

/// The same for all tests; nothing changes in it.
pub(crate) fn register() -> &'static Register {
    static REGISTER: OnceLock<Register> = OnceLock::new();
    REGISTER.get_or_init(|| {
        let register = Register::new(wereld(), moment(NOON));
        Runtime::new().unwrap().block_on(register).at_rest()
    })
}

/// Those that are in the register now and erkend for something.
pub(crate) fn erkend(wereld: &Wereld) -> Vec<&Leerbedrijf> {
    let runs = |l: &&Leerbedrijf| l.kern.erkenningen.iter().any(|e| e.holds_on(vandaag()));
    wereld
        .leerbedrijven
        .values()
        .filter(|l| l.kern.status == LeerbedrijfStatus::Actief)
        .filter(runs)
        .collect()
}

/// A checked-in set, after writing it anew when `UPDATE_ZOEKSETS` is set.
pub(crate) fn checked_in<T: Serialize + DeserializeOwned + PartialEq>(
    file: &str,
    made: &[T],
) -> Vec<T> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/zoeken")
        .join(file);
    if std::env::var_os("UPDATE_ZOEKSETS").is_some() {
        std::fs::write(&path, text(made)).unwrap();
    }
    let kept: Vec<T> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        kept == made,
        "{file} is not what its maker makes of the register: run `make zoeksets`"
    );
    kept
}

/// One item a line, so that a difference can be read.
fn text<T: Serialize>(made: &[T]) -> String {
    let mut text = String::from("[");
    for (n, item) in made.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        write!(text, "{comma}\n{}", serde_json::to_string(item).unwrap()).unwrap();
    }
    text.push_str("\n]\n");
    text
}
