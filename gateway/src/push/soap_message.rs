//! A message to a SOAP service of the subscriber: meldenMutaties by
//! `schemas/mutatieontvanger-v1.wsdl`, with WS-Addressing (WUS push, standards §1 and §4).

use uuid::Uuid;

use super::{AbonnementId, Eindpunt, MutatieBericht, message::Afzender};
use crate::{
    domain::Oin,
    soap::{Envelope, Verzoekadressen, XmlLimits, XmlWriter, anonymous, ns, write_request},
};

/// `Content-Type` of a SOAP 1.1 message (WS006).
pub const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

/// Name of the operation; in the record of processing, also of a message to a webhook.
pub const OPERATIE: &str = "meldenMutaties";

/// `wsa:Action` of the request, and the SOAPAction.
pub const ACTION: &str = "urn:stagepoort:mutatieontvanger:v1/meldenMutaties";

/// What the answer may be like; its bytes are limited before.
const LIMITS: XmlLimits = XmlLimits {
    depth: 32,
    elements: 2_000,
    attributes: 64,
};

/// A call to write.
#[derive(Debug)]
pub struct Melding<'a> {
    /// Of which subscription.
    pub abonnement: AbonnementId,
    /// Whose service is called.
    pub afnemer_oin: Oin,
    /// Where it is.
    pub eindpunt: &'a Eindpunt,
    /// What it hears; none is a test, with which the receiver proves itself.
    pub berichten: &'a [MutatieBericht],
    /// `wsa:MessageID`, new for each attempt.
    pub message_id: Uuid,
}

/// What the receiver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ontvangst {
    /// Kept, but for these, in its own terms.
    Ontvangen {
        /// To be offered again.
        behalve: Vec<Uuid>,
    },
    /// Nothing was kept: `ontvangen` is false.
    Geweigerd,
    /// A SOAP fault.
    Fault,
    /// Something else than an answer to meldenMutaties.
    Onbekend,
}

/// The whole message.
#[must_use]
pub fn melden_mutaties(melding: &Melding<'_>, afzender: &Afzender) -> Vec<u8> {
    let mut w = XmlWriter::with_capacity(1_024 + 1_024 * melding.berichten.len());
    let adressen = Verzoekadressen {
        to: &to(melding.eindpunt, melding.afnemer_oin),
        action: ACTION,
        message_id: melding.message_id,
        from: &format!("{}?oin={}", anonymous(), afzender.oin),
    };
    write_request(&mut w, &adressen, |w| {
        w.root("meldenMutatiesRequest", ns::MUTATIEONTVANGER, |w| {
            w.value("abonnementId", melding.abonnement);
            w.list(
                "mutaties",
                "mutatie",
                melding.berichten,
                MutatieBericht::write,
            );
        });
    });
    w.into_bytes()
}

/// The address with the OIN of the service behind it, unless it says one already.
fn to(eindpunt: &Eindpunt, oin: Oin) -> String {
    let names_one = |(key, _): (_, _)| key == "oin";
    let mut url = eindpunt.url().clone();
    if !url.query_pairs().any(names_one) {
        url.query_pairs_mut().append_pair("oin", &oin.to_string());
    }
    url.into()
}

/// Reads the answer. Only a meldenMutatiesResponse counts; what it holds beside the known is left
/// alone.
#[must_use]
pub fn ontvangst(body: &[u8]) -> Ontvangst {
    let Ok(mut envelope) = Envelope::open(body, LIMITS) else {
        return Ontvangst::Onbekend;
    };
    match envelope.body_name() {
        (ns::MUTATIEONTVANGER, "meldenMutatiesResponse") => {}
        (ns::SOAP11, "Fault") => return Ontvangst::Fault,
        _ => return Ontvangst::Onbekend,
    }
    let (mut ontvangen, mut behalve, mut unreadable) = (None, Vec::new(), false);
    let read = envelope.read_leaves(|local, text| match (local, text) {
        ("ontvangen", "true" | "1") => ontvangen = Some(true),
        ("ontvangen", "false" | "0") => ontvangen = Some(false),
        ("mutatieId", id) => match id.parse() {
            Ok(id) => behalve.push(id),
            Err(_) => unreadable = true,
        },
        _ => {}
    });
    match ontvangen {
        _ if read.is_err() || unreadable => Ontvangst::Onbekend,
        Some(true) => Ontvangst::Ontvangen { behalve },
        Some(false) => Ontvangst::Geweigerd,
        None => Ontvangst::Onbekend,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::{Netwerken, samples};

    fn written(eindpunt: &str, berichten: &[MutatieBericht]) -> String {
        let melding = Melding {
            abonnement: samples::abonnement(1).id,
            afnemer_oin: samples::abonnement(1).afnemer_oin,
            eindpunt: &Eindpunt::parse(eindpunt, &Netwerken::default()).unwrap(),
            berichten,
            message_id: Uuid::nil(),
        };
        String::from_utf8(melden_mutaties(&melding, &samples::afzender())).unwrap()
    }

    #[test]
    fn wa001_a_call_names_both_parties() {
        insta::assert_snapshot!(written("https://sis.example/m", &[samples::bericht(42)]), @r##"
        <?xml version="1.0" encoding="UTF-8"?>
        <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header xmlns:wsa="http://www.w3.org/2005/08/addressing"><wsa:To>https://sis.example/m?oin=00000099000000002001</wsa:To><wsa:Action>urn:stagepoort:mutatieontvanger:v1/meldenMutaties</wsa:Action><wsa:MessageID>urn:uuid:00000000-0000-0000-0000-000000000000</wsa:MessageID><wsa:From><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous?oin=00000099000000001000</wsa:Address></wsa:From><wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address></wsa:ReplyTo></SOAP-ENV:Header><SOAP-ENV:Body><meldenMutatiesRequest xmlns="urn:stagepoort:mutatieontvanger:v1"><abonnementId>00000000-0000-0000-0000-000000000001</abonnementId><mutaties><mutatie><mutatieId>00000000-0000-0000-0000-00000000002a</mutatieId><volgnummer>42</volgnummer><vorigVolgnummer>41</vorigVolgnummer><vorigVolgnummerLeerbedrijf>39</vorigVolgnummerLeerbedrijf><volledigTotEnMet>41</volledigTotEnMet><mutatieSoort>ERKENNING_BEEINDIGD</mutatieSoort><leerbedrijfId>100000001</leerbedrijfId><naam>Bakkerij &lt;De Korf&gt; &amp; Zn</naam><code>25180</code><erkenningStatus>NIET_ERKEND</erkenningStatus><reden>INGETROKKEN</reden><startdatum>2020-08-01</startdatum><einddatum>2026-11-30</einddatum><ingangsdatum>2026-12-01</ingangsdatum><geregistreerdOp>2026-11-28T10:00:00.5Z</geregistreerdOp><registerVersie>1.48210</registerVersie><schoolOin>00000099000000000101</schoolOin><bpvoKenmerken><bpvoKenmerk>K-1</bpvoKenmerk><bpvoKenmerk>K-2</bpvoKenmerk></bpvoKenmerken></mutatie></mutaties></meldenMutatiesRequest></SOAP-ENV:Body></SOAP-ENV:Envelope>
        "##);
        // A test has no mutaties, and an address that names its OIN keeps it.
        insta::assert_snapshot!(written("https://sis.example/m?oin=1&a=b", &[]), @r##"
        <?xml version="1.0" encoding="UTF-8"?>
        <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header xmlns:wsa="http://www.w3.org/2005/08/addressing"><wsa:To>https://sis.example/m?oin=1&amp;a=b</wsa:To><wsa:Action>urn:stagepoort:mutatieontvanger:v1/meldenMutaties</wsa:Action><wsa:MessageID>urn:uuid:00000000-0000-0000-0000-000000000000</wsa:MessageID><wsa:From><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous?oin=00000099000000001000</wsa:Address></wsa:From><wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address></wsa:ReplyTo></SOAP-ENV:Header><SOAP-ENV:Body><meldenMutatiesRequest xmlns="urn:stagepoort:mutatieontvanger:v1"><abonnementId>00000000-0000-0000-0000-000000000001</abonnementId></meldenMutatiesRequest></SOAP-ENV:Body></SOAP-ENV:Envelope>
        "##);
    }

    #[test]
    fn only_an_answer_to_the_call_is_a_receipt() {
        let envelope = |child: &str| {
            format!(
                "<e:Envelope xmlns:e='{}'><e:Body>{child}</e:Body></e:Envelope>",
                ns::SOAP11
            )
        };
        let answer = |content: &str| {
            let ns = ns::MUTATIEONTVANGER;
            envelope(&format!(
                "<a:meldenMutatiesResponse xmlns:a='{ns}'>{content}</a:meldenMutatiesResponse>"
            ))
        };
        let taken = |behalve: &[u128]| Ontvangst::Ontvangen {
            behalve: behalve.iter().copied().map(Uuid::from_u128).collect(),
        };
        let but_one = format!(
            "<a:ontvangen> 1 </a:ontvangen><a:nietOntvangenMutaties><a:nietOntvangenMutatie>\
             <a:mutatieId>{}</a:mutatieId><a:reden>vol</a:reden></a:nietOntvangenMutatie>\
             </a:nietOntvangenMutaties><a:nieuw><a:x>y</a:x></a:nieuw>",
            Uuid::from_u128(7)
        );
        for (body, expect) in [
            (answer("<a:ontvangen>true</a:ontvangen>"), taken(&[])),
            (answer(&but_one), taken(&[7])),
            (
                answer("<a:ontvangen>false</a:ontvangen>"),
                Ontvangst::Geweigerd,
            ),
            (answer("<a:ontvangen>ja</a:ontvangen>"), Ontvangst::Onbekend),
            (answer("<ontvangen>true</ontvangen>"), Ontvangst::Onbekend),
            (
                answer("<a:ontvangen>true</a:ontvangen><a:mutatieId>x</a:mutatieId>"),
                Ontvangst::Onbekend,
            ),
            (answer(""), Ontvangst::Onbekend),
            (
                envelope("<e:Fault><faultcode>e:Server</faultcode></e:Fault>"),
                Ontvangst::Fault,
            ),
            (
                envelope(
                    "<meldenMutatiesResponse><ontvangen>true</ontvangen></meldenMutatiesResponse>",
                ),
                Ontvangst::Onbekend,
            ),
            ("<html>welkom</html>".to_owned(), Ontvangst::Onbekend),
            (String::new(), Ontvangst::Onbekend),
        ] {
            assert_eq!(ontvangst(body.as_bytes()), expect, "{body}");
        }
    }
}
