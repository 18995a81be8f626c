//! The example of registering bpvo's, as both transports have it.

use serde_json::json;

use super::soap_message::SoapMessage;

/// A bpvo of the example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bpvovoorbeeld {
    /// The school's own key.
    pub bpvo_kenmerk: String,
    /// At which leerbedrijf.
    pub leerbedrijf_id: String,
    /// For which kwalificatie.
    pub code: String,
    /// First day.
    pub begindatum: String,
    /// Last day as planned.
    pub einddatum_gepland: String,
}

impl Bpvovoorbeeld {
    /// Its fields in the order of the contract.
    fn velden(&self) -> [(&'static str, &str); 5] {
        [
            ("bpvoKenmerk", &self.bpvo_kenmerk),
            ("leerbedrijfId", &self.leerbedrijf_id),
            ("code", &self.code),
            ("begindatum", &self.begindatum),
            ("einddatumGepland", &self.einddatum_gepland),
        ]
    }
}

/// The body in REST.
#[must_use]
pub fn bpvos_in_json(bpvos: &[Bpvovoorbeeld]) -> String {
    let lines: Vec<String> = bpvos
        .iter()
        .map(|bpvo| {
            let fields = bpvo
                .velden()
                .map(|(naam, waarde)| format!("\"{naam}\": {}", json!(waarde)));
            format!("  {{ {} }}", fields.join(", "))
        })
        .collect();
    format!("{{ \"bpvos\": [\n{}\n] }}", lines.join(",\n"))
}

/// The whole message in SOAP.
#[must_use]
pub fn bpvos_in_soap(message: &SoapMessage<'_>, bpvos: &[Bpvovoorbeeld]) -> String {
    let mut fields = String::from("      <wl:bpvos>\n");
    for bpvo in bpvos {
        fields.push_str("        <wl:bpvo>\n");
        for (naam, waarde) in bpvo.velden() {
            fields.push_str(&format!("          <wl:{naam}>{waarde}</wl:{naam}>\n"));
        }
        fields.push_str("        </wl:bpvo>\n");
    }
    fields.push_str("      </wl:bpvos>\n");
    message.around(&fields)
}
