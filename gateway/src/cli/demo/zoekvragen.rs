//! What the demo leaves in its folder to search with: settings for curl, and ten searches as files.

use super::{
    folder::{DemoError, Folder},
    manifest::{DemoAfnemer, Manifest},
};
use crate::{
    access::Addressering,
    domain::{Datum, School},
    transport::docs::{Zoekvraag, zoekvragen},
};

/// The folder of the searches.
pub(super) const MAP: &str = "zoekvragen";
/// Settings for curl, with which a REST call needs its address and body alone.
pub(super) const REST_CURL: &str = "rest.curl";
/// The same for SOAP.
pub(super) const SOAP_CURL: &str = "soap.curl";

/// The afnemer that the examples call as, which must send all of WS-Addressing, and its school.
pub(super) fn caller(manifest: &Manifest) -> Option<(&DemoAfnemer, &School)> {
    let mut all = manifest.afnemers.iter();
    let afnemer = all.find(|a| a.addressering == Addressering::Verplicht)?;
    Some((afnemer, afnemer.scholen.first()?))
}

/// Writes the files, and gives the searches that are in them.
pub(super) fn write(
    folder: &Folder,
    manifest: &Manifest,
    vandaag: Datum,
) -> Result<Vec<Zoekvraag>, DemoError> {
    let Some((afnemer, school)) = caller(manifest) else {
        return Ok(Vec::new());
    };
    let rest = [
        format!("Onderwijsinstelling-OIN: {}", school.oin),
        "Content-Type: application/json".to_owned(),
    ];
    let soap = [
        "SOAPAction: \"\"".to_owned(),
        "Content-Type: text/xml;charset=UTF-8".to_owned(),
    ];
    folder.write(REST_CURL, &curl_settings(manifest, afnemer, &rest))?;
    folder.write(SOAP_CURL, &curl_settings(manifest, afnemer, &soap))?;
    folder.make_map(MAP)?;
    let all = zoekvragen(vandaag);
    for vraag in &all {
        let soap = vraag.soap(&manifest.api, &manifest.oin, school.oin.as_str());
        let name = format!("{MAP}/{}", vraag.naam);
        folder.write(&format!("{name}.json"), &format!("{}\n", vraag.json))?;
        folder.write(&format!("{name}.xml"), &format!("{soap}\n"))?;
    }
    Ok(all)
}

fn curl_settings(manifest: &Manifest, afnemer: &DemoAfnemer, headers: &[String]) -> String {
    let mut text = format!(
        "# For curl -K: who calls, and for which school.\nsilent\nshow-error\ncacert = {:?}\ncert = {:?}\nkey = {:?}\n",
        manifest.ca, afnemer.cert, afnemer.key
    );
    for header in headers {
        text.push_str(&format!("header = {header:?}\n"));
    }
    text
}
