//! See [`crate::fuzzing`].

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Rules, opvragen_bpvos,
    seal::{seal, seal_bytes, unseal},
    zoeken_leerplaatsen,
};

/// A bookmark as a caller hands it back, and what a right seal could stand around.
pub fn cursor(data: &[u8]) {
    let rules = Rules::default();
    let told = String::from_utf8_lossy(data);
    let right = seal_bytes(&rules, data.to_vec());
    for text in [&*told, &right] {
        read::<opvragen_bpvos::Cursor>(&rules, text);
        read::<zoeken_leerplaatsen::Cursor>(&rules, text);
    }
    let mut changed = right;
    changed.pop();
    assert!(unseal::<opvragen_bpvos::Cursor>(&rules, &changed).is_none());
}

fn read<T: Serialize + DeserializeOwned>(rules: &Rules, text: &str) {
    if let Some(cursor) = unseal::<T>(rules, text) {
        let again = seal(rules, &cursor);
        let read = unseal::<T>(rules, &again);
        // Compared as written: a coordinate that is no number equals nothing.
        assert_eq!(read.map(|cursor| seal(rules, &cursor)), Some(again));
    }
}
