//! A SOAP request that is right, until a test makes something of it wrong.

use std::sync::Arc;

use actix_web::test::TestRequest;
use stagepoort::{
    access::{Addressering, Afnemer, Toegang},
    transport::soap::PATH,
};

use crate::{
    antwoord::Reply,
    register::{AFNEMER, BEDRIJF, SCHOOL},
    soap_messages::{WL, WSA, envelope},
    world::{ABONNEMENT, Peer, World},
};

pub(crate) const UUID: &str = "6b1a7c52-3d0e-4f7b-8a64-2c9d51e0f3a1";
pub(crate) const OWN: &str = "00000099000000000000";

/// One request and the world that it is sent to.
pub(crate) struct Ask {
    pub(crate) world: World,
    peer: Peer,
    headers: Vec<(&'static str, &'static str)>,
    message: Vec<u8>,
    how: How,
}

/// How it is sent.
#[derive(Debug, Clone, Copy)]
enum How {
    Once,
    /// Its body never ends.
    WithoutEnd,
    /// After the same one.
    Twice,
    /// While another one is on its way.
    BesideAnother,
}

impl Ask {
    /// natrekkenErkenning, of the afnemer with one school, whole by WA001.
    pub(crate) async fn new() -> Self {
        let fields = format!(
            "<leerbedrijfId>{BEDRIJF}</leerbedrijfId><code>25180</code>\
             <peildatum>2026-09-01</peildatum>"
        );
        Self::of("natrekkenErkenning", &fields).await
    }

    /// Another operation.
    pub(crate) async fn of(operation: &str, fields: &str) -> Self {
        let headers = format!(
            "<a:To>https://x/?oin={OWN}</a:To><a:Action>{WL}/{operation}</a:Action>\
             <a:MessageID>urn:uuid:{UUID}</a:MessageID>\
             <a:From><a:Address>{WSA}/anonymous?oin={SCHOOL}</a:Address></a:From>"
        );
        let body = format!("<{operation}Request xmlns=\"{WL}\">{fields}</{operation}Request>");
        Self {
            world: World::new().await,
            peer: Peer::Of(AFNEMER),
            headers: vec![("content-type", "text/xml; charset=utf-8")],
            message: envelope(&headers, &body).into_bytes(),
            how: How::Once,
        }
    }

    pub(crate) fn peer(self, peer: Peer) -> Self {
        Self { peer, ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
        self
    }

    pub(crate) fn message(self, message: impl Into<Vec<u8>>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    /// Replaces in the message.
    pub(crate) fn with(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.message.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        self.message(text.replace(from, to))
    }

    /// Leaves a header block out.
    pub(crate) fn without(self, name: &str) -> Self {
        let text = String::from_utf8(self.message.clone()).unwrap();
        let (before, rest) = text.split_once(&format!("<a:{name}>")).unwrap();
        let (_, after) = rest.split_once(&format!("</a:{name}>")).unwrap();
        self.message(format!("{before}{after}"))
    }

    pub(crate) fn in_world(self, change: impl FnOnce(World) -> World) -> Self {
        Self {
            world: change(self.world),
            ..self
        }
    }

    /// The afnemers may leave wsa headers out.
    pub(crate) fn optioneel(self) -> Self {
        let access = &self.world.gateway.access;
        let mut toegang = Toegang::clone(&access.current());
        for afnemer in toegang.afnemers.values_mut() {
            *afnemer = Arc::new(Afnemer {
                addressering: Addressering::Optioneel,
                ..Afnemer::clone(afnemer)
            });
        }
        access.replace(toegang);
        self
    }

    pub(crate) fn never_ends(self) -> Self {
        let how = How::WithoutEnd;
        Self { how, ..self }
    }

    pub(crate) fn twice(self) -> Self {
        let how = How::Twice;
        Self { how, ..self }
    }

    pub(crate) fn beside_another(self) -> Self {
        let how = How::BesideAnother;
        Self { how, ..self }
    }

    pub(crate) async fn send(self) -> Reply {
        let head = || {
            let mut request = TestRequest::post().uri(PATH);
            for header in &self.headers {
                request = request.insert_header(*header);
            }
            request
        };
        let whole = || {
            let length = self.message.len();
            let request = head().set_payload(self.message.clone());
            request.insert_header(("content-length", length))
        };
        match self.how {
            How::Once => self.world.ask_as(self.peer, whole(), None).await,
            How::WithoutEnd => self.world.ask_without_end(head()).await,
            How::Twice => {
                let [_, second] = self.world.ask_twice(whole(), whole()).await;
                second
            }
            How::BesideAnother => self.world.ask_beside(head(), whole()).await,
        }
    }
}

pub(crate) const KEPT: &str = "<bpvos><bpvo><bpvoKenmerk>K-1</bpvoKenmerk>\
    <leerbedrijfId>100000001</leerbedrijfId><code>25180</code><begindatum>2026-09-01</begindatum>\
    <einddatumGepland>2027-01-31</einddatumGepland></bpvo></bpvos>";

/// A version of before a restore.
pub(crate) async fn lost() -> Ask {
    let version = "<minimaleRegisterVersie>1.5</minimaleRegisterVersie>";
    let ask = Ask::of("natrekkenErkenning", version).await;
    Ask {
        world: ask.world.restored().await,
        ..ask
    }
}

/// A call that would wait where nobody may.
pub(crate) async fn waiting() -> Ask {
    let fields = format!(
        "<abonnementId>{ABONNEMENT}</abonnementId><na>0</na><wachtSeconden>1</wachtSeconden>"
    );
    let ask = Ask::of("opvragenMutaties", &fields).await;
    ask.in_world(World::no_waiting)
}

pub(crate) async fn padded(bytes: usize) -> Ask {
    let padding = " ".repeat(bytes);
    Ask::new()
        .await
        .with("</s:Body>", &format!("</s:Body>{padding}"))
}
