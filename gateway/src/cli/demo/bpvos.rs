//! What the demo leaves in its folder to register bpvo's with: one list, for REST and for SOAP.

use super::{
    folder::{DemoError, Folder},
    manifest::Manifest,
    zoekvragen::caller,
};
use crate::{
    domain::{Datum, Operatie},
    register::generate::Voorbeeld,
    transport::docs::{Bpvovoorbeeld, SoapMessage, bpvos_in_json, bpvos_in_soap},
};

/// The folder of the lists.
pub(super) const MAP: &str = "bpvos";

/// How long a placement of the example takes, in days: half a school year.
const DAYS: i32 = 150;

/// Writes `registreren.json`, `registreren.xml` and `opvragen.xml`.
pub(super) fn write(folder: &Folder, manifest: &Manifest) -> Result<(), DemoError> {
    let Some((_, school)) = caller(manifest) else {
        return Ok(());
    };
    let message = |operatie| SoapMessage {
        api_url: &manifest.api,
        own_oin: &manifest.oin,
        school_oin: school.oin.as_str(),
        operatie,
    };
    let bpvos = examples(&manifest.voorbeelden);
    let xml = bpvos_in_soap(&message(Operatie::RegistrerenBpvos), &bpvos);
    let list = message(Operatie::OpvragenBpvos).with(&[]);
    folder.make_map(MAP)?;
    for (name, text) in [
        ("registreren.json", bpvos_in_json(&bpvos)),
        ("registreren.xml", xml),
        ("opvragen.xml", list),
    ] {
        folder.write(&format!("{MAP}/{name}"), &format!("{text}\n"))?;
    }
    Ok(())
}

/// One at a leerbedrijf that is erkend, and one at a leerbedrijf that is not.
fn examples(voorbeelden: &[Voorbeeld]) -> Vec<Bpvovoorbeeld> {
    ["ERKEND", "NIET_ERKEND"]
        .iter()
        .filter_map(|status| voorbeelden.iter().find(|v| v.erkenning_status == *status))
        .enumerate()
        .map(|(nth, voorbeeld)| Bpvovoorbeeld {
            bpvo_kenmerk: format!("BPV-DEMO-{}", nth + 1),
            leerbedrijf_id: voorbeeld.leerbedrijf_id.to_string(),
            code: voorbeeld.code.to_string(),
            begindatum: voorbeeld.peildatum.to_string(),
            einddatum_gepland: last_day(voorbeeld.peildatum).to_string(),
        })
        .collect()
}

fn last_day(begin: Datum) -> Datum {
    begin.plus_days(DAYS)
}
