//! The calls that the demo prints, to be pasted into a second terminal.

use std::path::Path;

use super::{
    folder::Folder,
    manifest::{DemoAfnemer, Manifest},
};
use crate::access::Addressering;

/// What is said once all is ready.
pub(super) fn ready(folder: &Folder, manifest: &Manifest, settings: &Path) -> String {
    let Manifest {
        api, docs, beheer, ..
    } = manifest;
    let mut text = format!(
        "\nStagepoort is ready.\n\
         \x20 api     {api}   SOAP at /soap/v1/whitelabel, REST at /v1, with a client certificate\n\
         \x20 docs    {docs}   for integrators: start page, OpenAPI, WSDL, XSD\n\
         \x20 beheer  {beheer}    health and metrics\n\
         \x20 {demo} says it all to a script; {settings} holds the settings.\n",
        demo = folder.root.join("demo.json").display(),
        settings = settings.display(),
    );
    let soap = manifest
        .afnemers
        .iter()
        .find(|a| a.addressering == Addressering::Verplicht);
    if let Some(afnemer) = soap {
        text.push_str("\nREST, is this leerbedrijf erkend? Paste into a second terminal:\n\n");
        text.push_str(&rest_call(manifest, afnemer));
        text.push_str("\nThe same over SOAP:\n\n");
        text.push_str(&soap_call(manifest, afnemer));
    }
    text.push_str("\nCtrl-C stops it.");
    text
}

fn curl(manifest: &Manifest, afnemer: &DemoAfnemer) -> String {
    format!(
        "curl -sS --cacert '{}' \\\n  --cert '{}' \\\n  --key '{}' \\\n",
        manifest.ca.display(),
        afnemer.cert.display(),
        afnemer.key.display()
    )
}

fn rest_call(manifest: &Manifest, afnemer: &DemoAfnemer) -> String {
    let (Some(school), Some(example)) = (afnemer.scholen.first(), manifest.voorbeelden.first())
    else {
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

fn soap_call(manifest: &Manifest, afnemer: &DemoAfnemer) -> String {
    let (Some(school), Some(example)) = (afnemer.scholen.first(), manifest.voorbeelden.first())
    else {
        return String::new();
    };
    format!(
        r#"{curl}  -H 'Content-Type: text/xml;charset=UTF-8' -H 'SOAPAction: ""' \
  --data-binary @- {api}/soap/v1/whitelabel <<'XML'
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:w="urn:stagepoort:whitelabel:v1">
  <s:Header>
    <a:To>{api}/soap/v1/whitelabel?oin={oin}</a:To>
    <a:Action>urn:stagepoort:whitelabel:v1/natrekkenErkenning</a:Action>
    <a:MessageID>urn:uuid:6f1ed002-ab5c-4ea6-b0a5-9d9b8f0c7d11</a:MessageID>
    <a:From><a:Address>http://www.w3.org/2005/08/addressing/anonymous?oin={school}</a:Address></a:From>
  </s:Header>
  <s:Body>
    <w:natrekkenErkenningRequest>
      <w:leerbedrijfId>{id}</w:leerbedrijfId>
      <w:code>{code}</w:code>
      <w:peildatum>{dag}</w:peildatum>
    </w:natrekkenErkenningRequest>
  </s:Body>
</s:Envelope>
XML
"#,
        curl = curl(manifest, afnemer),
        api = manifest.api,
        oin = manifest.oin,
        school = school.oin,
        id = example.leerbedrijf_id,
        code = example.code,
        dag = example.peildatum,
    )
}
