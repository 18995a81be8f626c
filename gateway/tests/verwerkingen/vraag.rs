//! One question over REST and over SOAP.

use uuid::Uuid;

/// What is asked, as both transports write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vraag {
    pub(crate) operatie: &'static str,
    /// GET, or POST of a body.
    pub(crate) pad: &'static str,
    pub(crate) json: Option<&'static str>,
    pub(crate) xml: &'static str,
}

pub(crate) const DETAIL: Vraag = Vraag {
    operatie: "opvragenDetailgegevens",
    pad: "/v1/leerbedrijven/{id}/detailgegevens",
    json: None,
    xml: "<leerbedrijfId>{id}</leerbedrijfId>",
};

pub(crate) const ZOEKEN_MET_NAMEN: Vraag = Vraag {
    operatie: "zoekenLeerplaatsen",
    pad: "/v1/leerplaatsen/_zoek",
    json: Some(r#"{"soort":"ERKENNING","code":"25180","metPraktijkopleiders":true}"#),
    xml: "<soort>ERKENNING</soort><code>25180</code><metPraktijkopleiders>true</metPraktijkopleiders>",
};

/// About nobody.
pub(crate) const ZONDER: [Vraag; 3] = [
    Vraag {
        operatie: "zoekenLeerplaatsen",
        pad: "/v1/leerplaatsen/_zoek",
        json: Some(r#"{"soort":"ERKENNING","code":"25180"}"#),
        xml: "<soort>ERKENNING</soort><code>25180</code>",
    },
    Vraag {
        operatie: "natrekkenErkenning",
        pad: "/v1/leerbedrijven/{id}/erkenningen/25180?peildatum=2026-01-05",
        json: None,
        xml: "<leerbedrijfId>{id}</leerbedrijfId><code>25180</code><peildatum>2026-01-05</peildatum>",
    },
    Vraag {
        operatie: "vaststellenLeerbedrijf",
        pad: "/v1/leerbedrijven/{id}",
        json: None,
        xml: "<leerbedrijfId>{id}</leerbedrijfId>",
    },
];

impl Vraag {
    pub(crate) fn pad(&self, id: &str) -> String {
        self.pad.replace("{id}", id)
    }

    /// The envelope, for this school and this gateway.
    pub(crate) fn envelope(&self, id: &str, school: &str, gateway: &str) -> String {
        let (operatie, xml) = (self.operatie, self.xml.replace("{id}", id));
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>\
             <a:To>https://localhost/soap/v1/whitelabel?oin={gateway}</a:To>\
             <a:Action>urn:stagepoort:whitelabel:v1/{operatie}</a:Action>\
             <a:MessageID>urn:uuid:{}</a:MessageID>\
             <a:From><a:Address>http://www.w3.org/2005/08/addressing/anonymous?oin={school}</a:Address></a:From>\
             </s:Header><s:Body><{operatie}Request xmlns=\"urn:stagepoort:whitelabel:v1\">{xml}\
             </{operatie}Request></s:Body></s:Envelope>",
            Uuid::from_u128(1),
        )
    }
}
