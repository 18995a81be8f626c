//! A SOAP request as an integrator pastes it.

use crate::domain::Operatie;

/// The `MessageID` of every example; a real one is new each time.
const MESSAGE_ID: &str = "urn:uuid:8a6bd9c3-5a8f-4a36-9a1d-0f4a63f0c0de";

/// To whom, by whom and about what.
#[derive(Debug, Clone, Copy)]
pub struct SoapMessage<'a> {
    /// Public base URL of the api listener.
    pub api_url: &'a str,
    /// The gateway's own OIN.
    pub own_oin: &'a str,
    /// OIN of the school that asks.
    pub school_oin: &'a str,
    /// The operation.
    pub operatie: Operatie,
}

impl SoapMessage<'_> {
    /// The whole envelope, with every header of Digikoppeling, and these fields in this order.
    #[must_use]
    pub fn with(&self, velden: &[(&str, String)]) -> String {
        let lines: Vec<String> = velden
            .iter()
            .map(|(naam, waarde)| format!("      <wl:{naam}>{}</wl:{naam}>\n", escape(waarde)))
            .collect();
        self.around(&lines.concat())
    }

    /// The whole envelope around these fields, which are XML with `wl` bound.
    #[must_use]
    pub(super) fn around(&self, fields: &str) -> String {
        let Self {
            api_url,
            own_oin,
            school_oin,
            operatie,
        } = self;
        format!(
            r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:wsa="http://www.w3.org/2005/08/addressing"
    xmlns:wl="urn:stagepoort:whitelabel:v1">
  <soapenv:Header>
    <wsa:To>{api_url}/soap/v1/whitelabel?oin={own_oin}</wsa:To>
    <wsa:Action>urn:stagepoort:whitelabel:v1/{operatie}</wsa:Action>
    <wsa:MessageID>{MESSAGE_ID}</wsa:MessageID>
    <wsa:From>
      <wsa:Address>http://www.w3.org/2005/08/addressing/anonymous?oin={school_oin}</wsa:Address>
    </wsa:From>
  </soapenv:Header>
  <soapenv:Body>
    <wl:{operatie}Request>
{fields}    </wl:{operatie}Request>
  </soapenv:Body>
</soapenv:Envelope>"#
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
