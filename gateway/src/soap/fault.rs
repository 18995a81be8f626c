//! The one table of SOAP faults (standards §1), and how a fault is written.

use std::borrow::Cow;

use super::{ns, writer::XmlWriter};

macro_rules! fault_codes {
    ($($(#[$meta:meta])* $variant:ident = $class:literal, $code:literal, $text:literal, $body:literal;)+) => {
        /// Every fault that the gateway gives.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FaultCode {
            $($(#[$meta])* $variant,)+
        }

        impl FaultCode {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The faultcode without its prefix, such as `Client.DK0004`.
            #[must_use]
            pub const fn faultcode(self) -> &'static str {
                match self { $(Self::$variant => concat!($class, ".", $code)),+ }
            }

            /// The part after the dot, such as `DK0004`.
            #[must_use]
            pub const fn short(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The faultstring of the table.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Whether its faultstring says which header, and what is wrong with it.
            #[must_use]
            pub const fn names_header(self) -> bool {
                matches!(self, Self::AndereHeaders | Self::OnjuisteWaarde)
            }

            /// Whether it is about the body, so that SOAP 1.1 §4.4 allows a `detail`.
            #[must_use]
            pub const fn has_detail(self) -> bool {
                match self { $(Self::$variant => $body),+ }
            }
        }
    };
}

fault_codes! {
    /// Not a SOAP 1.1 envelope, or not well-formed XML.
    InvalideEnvelope = "VersionMismatch", "DK0001", "Invalide envelope", false;
    /// No mandate, or no known afnemer.
    NietGeautoriseerd = "Client", "DK0002", "Niet geautoriseerd", false;
    /// The HTTP header SOAPAction says something else than wsa:Action or the body.
    InvalideSoapaction = "Client", "DK0003", "Invalide soapaction", false;
    /// The body is not what the XSD says.
    NietConformXsd = "Client", "DK0004", "Niet conform XSD", true;
    /// wsa:To is missing.
    ToOntbreekt = "Client", "DK0005", "wsa:To ontbreekt", false;
    /// wsa:Action is missing.
    ActionOntbreekt = "Client", "DK0006", "wsa:Action ontbreekt", false;
    /// wsa:MessageID is missing.
    MessageIdOntbreekt = "Client", "DK0007", "wsa:MessageID ontbreekt", false;
    /// wsa:RelatesTo is missing, in an answer.
    RelatesToOntbreekt = "Client", "DK0008", "wsa:RelatesTo ontbreekt", false;
    /// Not UTF-8.
    NietConformUtf8 = "Client", "DK0009", "Niet conform UTF-8", false;
    /// A header that must be understood and is not. SOAP 1.1 would say `MustUnderstand`; the
    /// table has this code for it, and the faultstring names the header.
    AndereHeaders = "Client", "DK0010", "Andere headers", false;
    /// A wsa header with a value that it may not have, or twice.
    OnjuisteWaarde = "Client", "DK0011", "Onjuiste waarde in wsa header", false;
    /// wsa:From is missing, and no other way names the school.
    FromOntbreekt = "Client", "EK0020", "wsa:From ontbreekt", false;
    /// wsa:From names no school.
    FromZonderOin = "Client", "EK0021", "wsa:From bevat geen geldig OIN", false;
    /// wsa:To names no receiver.
    ToZonderOin = "Client", "EK0022", "wsa:To bevat geen geldig OIN", false;
    /// wsa:MessageID does not end in a UUID.
    MessageIdZonderUuid = "Client", "EK0023", "wsa:MessageID bevat geen UUID", false;
    /// The client certificate names no party.
    CertificaatZonderOin = "Client", "EK0030", "OIN in TLS certificaat ontbreekt of is ongeldig", false;
    /// For profiles with signing, which this one is not.
    Berichtondertekening = "Client", "EK0031", "Berichtondertekening niet aanwezig of onjuist", false;
    /// A defect of the gateway.
    AfhandelingFout = "Server", "DK0050", "Service afhandeling geeft fout", true;
    /// Cannot answer now.
    NietBeschikbaar = "Server", "DK0051", "Service niet beschikbaar", true;
    /// Above the quota of the afnemer.
    TeVeelVerzoeken = "Client", "SP0001", "Te veel verzoeken", true;
    /// Above a limit on the message.
    BerichtTeGroot = "Client", "SP0002", "Bericht te groot of te diep", true;
}

/// A fault to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which row of the table.
    pub code: FaultCode,
    /// What exactly is wrong and what would be right, in Dutch. Holds nothing of the message.
    pub reden: Option<Cow<'static, str>>,
    /// Path of the element in the body.
    pub veld: Option<String>,
    /// Line and column in the message, from 1.
    pub plaats: Option<(u32, u32)>,
    /// When to try again, in seconds.
    pub retry_after_s: Option<u32>,
    /// Status of the HTTP answer: 500, as Basic Profile 1.2 wants it of every fault, but 413
    /// where the size was known before reading.
    pub status: u16,
    /// Whether what is wrong stands before the Body, so that SOAP 1.1 §4.4 forbids a `detail`
    /// also where the code has one.
    pub before_body: bool,
}

impl Fault {
    /// A fault without any explanation.
    #[must_use]
    pub const fn new(code: FaultCode) -> Self {
        Self {
            code,
            reden: None,
            veld: None,
            plaats: None,
            retry_after_s: None,
            status: 500,
            before_body: false,
        }
    }

    /// Says what is wrong, for a fault without detail.
    #[must_use]
    pub fn explain(mut self, reden: impl Into<Cow<'static, str>>) -> Self {
        self.reden = Some(reden.into());
        self
    }

    /// Says what is wrong, for a fault with detail.
    #[must_use]
    pub fn detail(self, reden: impl Into<Cow<'static, str>>) -> Self {
        debug_assert!(self.code.has_detail(), "{:?} has no detail", self.code);
        self.explain(reden)
    }

    /// Says that it is about what stands before the Body.
    #[must_use]
    pub fn before_body(mut self) -> Self {
        self.before_body = true;
        self
    }

    fn has_detail(&self) -> bool {
        self.code.has_detail() && !self.before_body
    }

    /// Says where in the message, line and column.
    #[must_use]
    pub fn at(mut self, plaats: (u32, u32)) -> Self {
        self.plaats = Some(plaats);
        self
    }

    /// Says in which element of the body.
    #[must_use]
    pub fn field(mut self, veld: String) -> Self {
        self.veld = Some(veld).filter(|veld| !veld.is_empty());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The text of the table. Where the standard wants the header named, and SOAP 1.1 forbids a
    /// detail about headers, the explanation stands behind it.
    #[must_use]
    pub fn faultstring(&self) -> Cow<'static, str> {
        match &self.reden {
            Some(reden) if self.code.names_header() => {
                Cow::Owned(format!("{}: {reden}", self.code.text()))
            }
            _ => Cow::Borrowed(self.code.text()),
        }
    }

    /// The explanation, where neither detail nor faultstring has a place for it: whoever reads
    /// the answer finds it in a comment above the envelope.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        let elsewhere = self.has_detail() || self.code.names_header();
        self.reden.as_deref().filter(|_| !elsewhere)
    }

    /// Writes the child of the Body.
    pub fn write(&self, w: &mut XmlWriter) {
        w.raw("<SOAP-ENV:Fault><faultcode>SOAP-ENV:");
        w.raw(self.code.faultcode());
        w.raw("</faultcode><faultstring xml:lang=\"nl\">");
        w.escaped(&self.faultstring());
        w.raw("</faultstring>");
        if self.has_detail() {
            self.write_detail(w);
        }
        w.raw("</SOAP-ENV:Fault>");
    }

    fn write_detail(&self, w: &mut XmlWriter) {
        w.raw("<detail><foutDetail xmlns=\"");
        w.raw(ns::WHITELABEL);
        w.raw("\">");
        w.text("code", self.code.short());
        w.text("reden", self.reden.as_deref().unwrap_or(self.code.text()));
        w.opt_text("veld", self.veld.as_deref());
        if let Some((regel, kolom)) = self.plaats {
            // The XSD has xs:int here; a message is far smaller than that.
            w.value("regel", regel.min(i32::MAX.unsigned_abs()));
            w.value("kolom", kolom.min(i32::MAX.unsigned_abs()));
        }
        w.opt_value("opnieuwNaSeconden", self.retry_after_s);
        w.raw("</foutDetail></detail>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fault: &Fault) -> String {
        let mut w = XmlWriter::default();
        fault.write(&mut w);
        w.into_string()
    }

    #[test]
    fn the_table_is_that_of_the_standard() {
        let table: Vec<String> = FaultCode::ALL
            .iter()
            .map(|c| format!("{} {}", c.faultcode(), c.text()))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        VersionMismatch.DK0001 Invalide envelope
        Client.DK0002 Niet geautoriseerd
        Client.DK0003 Invalide soapaction
        Client.DK0004 Niet conform XSD
        Client.DK0005 wsa:To ontbreekt
        Client.DK0006 wsa:Action ontbreekt
        Client.DK0007 wsa:MessageID ontbreekt
        Client.DK0008 wsa:RelatesTo ontbreekt
        Client.DK0009 Niet conform UTF-8
        Client.DK0010 Andere headers
        Client.DK0011 Onjuiste waarde in wsa header
        Client.EK0020 wsa:From ontbreekt
        Client.EK0021 wsa:From bevat geen geldig OIN
        Client.EK0022 wsa:To bevat geen geldig OIN
        Client.EK0023 wsa:MessageID bevat geen UUID
        Client.EK0030 OIN in TLS certificaat ontbreekt of is ongeldig
        Client.EK0031 Berichtondertekening niet aanwezig of onjuist
        Server.DK0050 Service afhandeling geeft fout
        Server.DK0051 Service niet beschikbaar
        Client.SP0001 Te veel verzoeken
        Client.SP0002 Bericht te groot of te diep
        ");
    }

    #[test]
    fn a_fault_about_the_body_has_detail() {
        let fault = Fault::new(FaultCode::NietConformXsd)
            .detail("Element is hier niet toegestaan.")
            .field("verzoeken/verzoek[3]/naam".to_owned())
            .at((12, 9));
        assert_eq!(
            written(&fault),
            "<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client.DK0004</faultcode>\
             <faultstring xml:lang=\"nl\">Niet conform XSD</faultstring>\
             <detail><foutDetail xmlns=\"urn:stagepoort:whitelabel:v1\"><code>DK0004</code>\
             <reden>Element is hier niet toegestaan.</reden>\
             <veld>verzoeken/verzoek[3]/naam</veld><regel>12</regel><kolom>9</kolom>\
             </foutDetail></detail></SOAP-ENV:Fault>"
        );
    }

    #[test]
    fn a_fault_about_headers_has_none() {
        let fault = Fault::new(FaultCode::AndereHeaders).explain("{urn:x}Y is \"<&>\"");
        assert_eq!(
            written(&fault),
            "<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client.DK0010</faultcode>\
             <faultstring xml:lang=\"nl\">Andere headers: {urn:x}Y is \"&lt;&amp;&gt;\"\
             </faultstring></SOAP-ENV:Fault>"
        );
    }

    #[test]
    fn a_fault_that_passes_says_when() {
        let fault = Fault::new(FaultCode::TeVeelVerzoeken).retry_after(30);
        assert!(written(&fault).contains("<opnieuwNaSeconden>30</opnieuwNaSeconden>"));
        assert!(written(&fault).contains("<reden>Te veel verzoeken</reden>"));
    }

    #[test]
    fn an_explanation_has_one_place() {
        for code in FaultCode::ALL {
            let fault = Fault::new(*code).explain("want zo");
            let places = [
                written(&fault).contains("<reden>want zo</reden>"),
                fault.faultstring().ends_with(": want zo"),
                fault.comment() == Some("want zo"),
            ];
            assert_eq!(places.iter().filter(|there| **there).count(), 1, "{code:?}");
        }
    }
}
