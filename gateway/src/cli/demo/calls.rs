//! The calls that the demo prints, to be pasted into a second terminal.

use std::path::Path;

use super::{
    bpvos,
    folder::Folder,
    manifest::{DemoAfnemer, Manifest},
    zoekvragen::{self, caller},
};
use crate::{
    domain::{Operatie, School},
    transport::docs::{SoapMessage, Zoekvraag},
};

/// What is said once all is ready.
pub(super) fn ready(
    folder: &Folder,
    manifest: &Manifest,
    settings: &Path,
    searches: &[Zoekvraag],
) -> String {
    let Manifest {
        api,
        docs,
        beheer,
        speelveld,
        ..
    } = manifest;
    let mut text = format!(
        "\nStagepoort is ready.\n\
         \x20 api     {api}   SOAP at /soap/v1/whitelabel, REST at /v1, with a client certificate\n\
         \x20 docs    {docs}   for integrators: start page, OpenAPI, WSDL, XSD\n\
         \x20 beheer  {beheer}    health and metrics\n\
         \x20 speelveld {speelveld}    what two subscribers receive; sets the demo's clock\n\
         \x20 {demo} says it all to a script; {settings} holds the settings.\n",
        demo = folder.root.join("demo.json").display(),
        settings = settings.display(),
    );
    if let Some(caller) = caller(manifest) {
        text.push_str("\nREST, is this leerbedrijf erkend? Paste into a second terminal:\n\n");
        text.push_str(&rest_call(manifest, caller));
        text.push_str("\nThe same over SOAP:\n\n");
        text.push_str(&soap_call(manifest, caller));
    }
    if let Some(vraag) = searches.first() {
        text.push_str(&search(folder, manifest, vraag));
    }
    text.push_str(&registering(folder, manifest));
    text.push_str(&playing(manifest));
    text.push_str("\nCtrl-C stops it.");
    text
}

fn search(folder: &Folder, manifest: &Manifest, vraag: &Zoekvraag) -> String {
    let in_folder = |name: &str| folder.root.join(name).display().to_string();
    let searches = in_folder(zoekvragen::MAP);
    format!(
        "\nA search, over REST and over SOAP: {what}.\n\n\
         curl -K '{rest}' -d @- '{api}/v1/leerplaatsen/_zoek' <<'JSON'\n{json}\nJSON\n\n\
         curl -K '{soap}' -d '@{searches}/{naam}.xml' '{api}/soap/v1/whitelabel'\n\n\
         Nine more stand in {searches}.\n",
        what = vraag.samenvatting,
        rest = in_folder(zoekvragen::REST_CURL),
        soap = in_folder(zoekvragen::SOAP_CURL),
        api = manifest.api,
        json = vraag.json,
        naam = vraag.naam,
    )
}

fn registering(folder: &Folder, manifest: &Manifest) -> String {
    let in_folder = |name: &str| folder.root.join(name).display().to_string();
    let (rest, soap) = (
        in_folder(zoekvragen::REST_CURL),
        in_folder(zoekvragen::SOAP_CURL),
    );
    format!(
        "\nTwo bpvo's of the school, kept over REST or over SOAP, and the list of them.\n\n\
         curl -K '{rest}' -X PUT -d '@{lists}/registreren.json' '{api}/v1/bpvos'\n\n\
         curl -K '{soap}' -d '@{lists}/registreren.xml' '{api}/soap/v1/whitelabel'\n\n\
         curl -K '{rest}' '{api}/v1/bpvos'\n",
        lists = in_folder(bpvos::MAP),
        api = manifest.api,
    )
}

fn playing(manifest: &Manifest) -> String {
    format!(
        "\nWhat subscribers received, and the demo's clock a day ahead:\n\n\
         curl -s '{speelveld}/ontvangen'\n\n\
         curl -s -X PUT -H 'Content-Type: application/json' -d '{{\"verzetSeconden\": 86400}}' '{speelveld}/klok'\n",
        speelveld = manifest.speelveld,
    )
}

fn curl(manifest: &Manifest, afnemer: &DemoAfnemer) -> String {
    format!(
        "curl -sS --cacert '{}' \\\n  --cert '{}' \\\n  --key '{}' \\\n",
        manifest.ca.display(),
        afnemer.cert.display(),
        afnemer.key.display()
    )
}

fn rest_call(manifest: &Manifest, (afnemer, school): (&DemoAfnemer, &School)) -> String {
    let Some(example) = manifest.voorbeelden.first() else {
        return String::new();
    };
    format!(
        "{curl}  -H 'Onderwijsinstelling-OIN: {school}' \\\n  '{api}/v1/leerbedrijven/{id}/erkenningen/{code}?peildatum={dag}'\n",
        curl = curl(manifest, afnemer),
        school = school.oin,
        api = manifest.api,
        id = example.leerbedrijf_id,
        code = example.code,
        dag = example.peildatum,
    )
}

fn soap_call(manifest: &Manifest, (afnemer, school): (&DemoAfnemer, &School)) -> String {
    let Some(example) = manifest.voorbeelden.first() else {
        return String::new();
    };
    let message = SoapMessage {
        api_url: &manifest.api,
        own_oin: &manifest.oin,
        school_oin: school.oin.as_str(),
        operatie: Operatie::NatrekkenErkenning,
    };
    format!(
        "{curl}  -H 'Content-Type: text/xml;charset=UTF-8' -H 'SOAPAction: \"\"' \\\n  \
         --data-binary @- {api}/soap/v1/whitelabel <<'XML'\n{message}\nXML\n",
        curl = curl(manifest, afnemer),
        api = manifest.api,
        message = message.with(&[
            ("leerbedrijfId", example.leerbedrijf_id.to_string()),
            ("code", example.code.to_string()),
            ("peildatum", example.peildatum.to_string()),
        ]),
    )
}
