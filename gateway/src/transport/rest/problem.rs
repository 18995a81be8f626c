//! What goes wrong, as `application/problem+json` (RFC 9457; standards §3, "errors").
//!
//! One table names every kind of problem; each has its own `type`, which the documentation
//! explains. No text repeats what stood in a field, so that a problem can be logged and mailed.

use std::borrow::Cow;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::violation::{Overtreding, Overtredingen, Plaats};
use crate::{
    access::{Overschrijding, QuotaSoort, Rejection},
    domain::Signaalcode,
    operations::{Failure, opvragen_gebruik::GeenGebruik},
    transport::gateway::Outcome,
};

macro_rules! problemen {
    ($($(#[$meta:meta])* $variant:ident = $status:ident, $slug:literal, $code:literal, $titel:literal, $uitleg:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Probleemsoort {
            $($(#[$meta])* $variant,)+
        }

        impl Probleemsoort {
            /// Every kind, by status.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// The `type` of RFC 9457.
            #[must_use]
            pub const fn type_uri(self) -> &'static str {
                match self { $(Self::$variant => concat!("urn:stagepoort:probleem:", $slug)),+ }
            }

            /// A word for machines; for a functional outcome, the signaalcode.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The `title` of RFC 9457: the same for every occurrence.
            #[must_use]
            pub const fn titel(self) -> &'static str {
                match self { $(Self::$variant => $titel),+ }
            }

            /// What the other side can do about it.
            #[must_use]
            pub const fn uitleg(self) -> &'static str {
                match self { $(Self::$variant => $uitleg),+ }
            }
        }
    };
}

problemen! {
    /// The request itself is wrong; the violations say where.
    OngeldigeInvoer = BAD_REQUEST, "ongeldige-invoer", "ONGELDIGE_INVOER", "Ongeldige invoer",
        "Verbeter de velden die in overtredingen staan. Alle fouten staan er in één keer.";
    /// `minimaleRegisterVersie` is no part of the register's history any more.
    RegisterversieVervallen = BAD_REQUEST, "registerversie-vervallen", "REGISTERVERSIE_VERVALLEN", "Registerversie vervallen",
        "Vraag opnieuw zonder minimaleRegisterVersie; wat met de vervallen versie is beantwoord kan anders zijn.";
    /// No client certificate on the connection.
    GeenCertificaat = UNAUTHORIZED, "geen-certificaat", "GEEN_CERTIFICAAT", "Geen clientcertificaat",
        "Bied een clientcertificaat aan (tweezijdige TLS).";
    /// The certificate names no OIN.
    OinInCertificaatOngeldig = UNAUTHORIZED, "oin-in-certificaat-ongeldig", "OIN_IN_CERTIFICAAT_ONGELDIG", "Certificaat zonder geldig OIN",
        "Gebruik een certificaat met het OIN van de leverancier in Subject.serialNumber.";
    /// The certificate that a proxy passed on is not of a trusted issuer.
    CertificaatNietVertrouwd = UNAUTHORIZED, "certificaat-niet-vertrouwd", "CERTIFICAAT_NIET_VERTROUWD", "Certificaat niet vertrouwd",
        "Bied een certificaat aan van een uitgever die wordt vertrouwd, met zijn keten. Zonder proxy eindigt dit al in de TLS-handdruk.";
    /// The certificate expired or was revoked while the connection lived.
    CertificaatNietMeerGeldig = UNAUTHORIZED, "certificaat-niet-meer-geldig", "CERTIFICAAT_NIET_MEER_GELDIG", "Certificaat niet meer geldig",
        "Maak een nieuwe verbinding met een geldig certificaat.";
    /// Another than a configured proxy sent Client-Cert.
    ClientCertNietToegestaan = FORBIDDEN, "client-cert-niet-toegestaan", "CLIENT_CERT_NIET_TOEGESTAAN", "Client-Cert alleen van de proxy",
        "Laat de headers Client-Cert en Client-Cert-Chain weg; alleen een proxy van de beheerder mag ze zetten.";
    /// No afnemer has this OIN.
    OnbekendeAfnemer = FORBIDDEN, "onbekende-afnemer", "ONBEKENDE_AFNEMER", "Onbekende afnemer",
        "Het OIN in het certificaat is niet aangesloten; meld de aansluiting bij de beheerder.";
    /// No mandate of this school for this operation.
    GeenMandaat = FORBIDDEN, "geen-mandaat", "GEEN_MANDAAT", "Geen mandaat van deze school",
        "De school moet de leverancier mandaat geven voor deze bewerking.";
    /// No such path.
    NietGevonden = NOT_FOUND, "niet-gevonden", "NIET_GEVONDEN", "Pad bestaat niet",
        "Kijk het pad na in de OpenAPI-beschrijving; een pad eindigt nooit op een schuine streep.";
    /// GET of a leerbedrijf that the register does not have (domain rule 1).
    LeerbedrijfOnbekend = NOT_FOUND, "leerbedrijf-onbekend", "100", "Leerbedrijf onbekend",
        "Het register kent dit leerbedrijfId niet. Dit is een antwoord, geen storing.";
    /// GET or DELETE of a bpvo that the school does not have (domain rule 1).
    BpvoOnbekend = NOT_FOUND, "bpvo-onbekend", "130", "Bpvo onbekend",
        "De school heeft geen bpvo met dit bpvoKenmerk. Dit is een antwoord, geen storing.";
    /// GET, PUT or DELETE of a subscription that the afnemer does not have (domain rule 1).
    AbonnementOnbekend = NOT_FOUND, "abonnement-onbekend", "170", "Abonnement onbekend",
        "De afnemer heeft geen abonnement met dit abonnementId. Dit is een antwoord, geen storing.";
    /// Known path, other method.
    MethodeNietToegestaan = METHOD_NOT_ALLOWED, "methode-niet-toegestaan", "METHODE_NIET_TOEGESTAAN", "Methode niet toegestaan",
        "De header Allow noemt de methoden van dit pad.";
    /// The caller wants another media type than JSON.
    AntwoordvormNietMogelijk = NOT_ACCEPTABLE, "antwoordvorm-niet-mogelijk", "ANTWOORDVORM_NIET_MOGELIJK", "Gevraagde antwoordvorm niet mogelijk",
        "Laat Accept weg, of noem application/json.";
    /// The body did not come in time.
    TeTraag = REQUEST_TIMEOUT, "te-traag", "TE_TRAAG", "Bericht kwam niet op tijd binnen",
        "Stuur het bericht vlot in zijn geheel; probeer het opnieuw.";
    /// The feed begins behind this number, or ends before it.
    VolgnummerVerlopen = GONE, "volgnummer-verlopen", "171", "Volgnummer verlopen",
        "De stroom loopt van oudsteVolgnummer tot en met laatsteVolgnummer; haal verder op met na = oudsteVolgnummer - 1, en kijk na wat er gemist is.";
    /// The body is over the limit.
    BerichtTeGroot = PAYLOAD_TOO_LARGE, "bericht-te-groot", "BERICHT_TE_GROOT", "Bericht te groot",
        "Verdeel de vraag over meer berichten; de limieten staan in de documentatie.";
    /// The body is of another media type, or compressed.
    MediatypeNietOndersteund = UNSUPPORTED_MEDIA_TYPE, "mediatype-niet-ondersteund", "MEDIATYPE_NIET_ONDERSTEUND", "Mediatype niet ondersteund",
        "Stuur application/json in UTF-8, zonder Content-Encoding.";
    /// More requests than the quota of the afnemer allows, or too many that wait for mutaties.
    TeVeelVerzoeken = TOO_MANY_REQUESTS, "te-veel-verzoeken", "TE_VEEL_VERZOEKEN", "Te veel verzoeken",
        "Wacht zo lang als Retry-After zegt, en spreid wat volgt: RateLimit-Policy zegt wat er mag, RateLimit wat er over is.";
    /// More requests at once than the quota of the afnemer allows.
    TeVeelGelijktijdig = TOO_MANY_REQUESTS, "te-veel-gelijktijdig", "TE_VEEL_GELIJKTIJDIG", "Te veel verzoeken tegelijk",
        "Wacht op antwoorden voordat u meer vraagt, en gebruik minder verbindingen tegelijk.";
    /// More lines of bulk messages than the quota of the afnemer allows.
    TeVeelBulkregels = TOO_MANY_REQUESTS, "te-veel-bulkregels", "TE_VEEL_BULKREGELS", "Te veel bulkregels",
        "Stuur hetzelfde bericht opnieuw als Retry-After voorbij is; van dit bericht is niets verwerkt.";
    /// A bug of ours.
    InterneFout = INTERNAL_SERVER_ERROR, "interne-fout", "INTERNE_FOUT", "Interne fout",
        "Meld de waarde van instance bij de beheerder als het zich herhaalt.";
    /// `minimaleRegisterVersie` has not arrived here yet (domain rule 3).
    RegisterversieNietBereikt = SERVICE_UNAVAILABLE, "registerversie-niet-bereikt", "REGISTERVERSIE_NIET_BEREIKT", "Registerversie nog niet beschikbaar",
        "Probeer het opnieuw na Retry-After.";
    /// No register, or one that is too old.
    RegisterNietBeschikbaar = SERVICE_UNAVAILABLE, "register-niet-beschikbaar", "REGISTER_NIET_BESCHIKBAAR", "Register niet beschikbaar",
        "Probeer het opnieuw na Retry-After.";
    /// The log is away: nothing can be kept, and reads go on.
    SchrijvenNietMogelijk = SERVICE_UNAVAILABLE, "schrijven-niet-mogelijk", "SCHRIJVEN_NIET_MOGELIJK", "Bewaren is nu niet mogelijk",
        "Stuur dezelfde vraag opnieuw na Retry-After, met dezelfde Idempotency-Key. Opvragen gaat door.";
    /// The queue of the mutatieservice is away; the rest goes on.
    AbonnementenNietBeschikbaar = SERVICE_UNAVAILABLE, "abonnementen-niet-beschikbaar", "ABONNEMENTEN_NIET_BESCHIKBAAR", "Abonnementen even niet beschikbaar",
        "Stuur dezelfde vraag opnieuw na Retry-After, met dezelfde Idempotency-Key. Wat bezorgd moet worden, blijft bewaard.";
    /// The record of processing cannot be written; what is not about people goes on.
    PersonenNietBeschikbaar = SERVICE_UNAVAILABLE, "persoonsgegevens-niet-beschikbaar", "PERSOONSGEGEVENS_NIET_BESCHIKBAAR", "Persoonsgegevens even niet beschikbaar",
        "Probeer het opnieuw na Retry-After; de beheerder is gewaarschuwd. Vragen zonder persoonsgegevens worden beantwoord.";
    /// The counts of requests cannot be read; the rest goes on.
    GebruikNietBeschikbaar = SERVICE_UNAVAILABLE, "gebruik-niet-beschikbaar", "GEBRUIK_NIET_BESCHIKBAAR", "Gebruik even niet op te vragen",
        "Stuur dezelfde vraag opnieuw na Retry-After. Er wordt gewoon doorgeteld.";
    /// What this node knows of toegang is too old to rely on.
    ToegangTeOud = SERVICE_UNAVAILABLE, "toegang-te-oud", "TOEGANG_TE_OUD", "Toegangsgegevens te oud",
        "Probeer het opnieuw na Retry-After; de beheerder is gewaarschuwd.";
}

/// A problem that is about to be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What kind.
    pub soort: Probleemsoort,
    /// What happened here, in Dutch, without any content of the request.
    pub detail: Cow<'static, str>,
    /// The functional outcome that an answer would have carried, where there is one.
    pub signaalcode: Option<Signaalcode>,
    /// What is wrong with the input.
    pub overtredingen: Overtredingen,
    /// When to try again, in seconds.
    pub retry_after_s: Option<u32>,
    /// The methods of the path, for 405.
    pub allow: Option<&'static str>,
    /// Where a feed begins and ends, for 410.
    pub stroom: Option<Stroom>,
}

/// Where a feed begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroom {
    /// Its first number.
    pub oudste: u64,
    /// Its last number.
    pub laatste: u64,
}

/// The `instance` of a problem, left in the response's extensions for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance(pub Uuid);

/// A database that fails over is back in some seconds.
const GEBRUIK_RETRY_AFTER_S: u32 = 5;

impl Problem {
    /// A problem with this detail and nothing more.
    #[must_use]
    pub fn new(soort: Probleemsoort, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            soort,
            detail: detail.into(),
            signaalcode: None,
            overtredingen: Overtredingen::default(),
            retry_after_s: None,
            allow: None,
            stroom: None,
        }
    }

    /// All that is wrong with the input, at once.
    #[must_use]
    pub fn invalid_input(overtredingen: Overtredingen) -> Self {
        let detail = match overtredingen.totaal() {
            1 => Cow::Borrowed("de invoer bevat een fout; zie overtredingen"),
            n => Cow::Owned(format!("de invoer bevat {n} fouten; zie overtredingen")),
        };
        let mut problem = Self::new(Probleemsoort::OngeldigeInvoer, detail);
        problem.signaalcode = overtredingen.signaalcode();
        problem.overtredingen = overtredingen;
        problem
    }

    /// The same, for one violation.
    #[must_use]
    pub fn invalid(overtreding: Overtreding) -> Self {
        let mut all = Overtredingen::default();
        all.add(overtreding);
        Self::invalid_input(all)
    }

    /// GET of a leerbedrijf that is not there (domain rule 1).
    #[must_use]
    pub fn unknown_leerbedrijf() -> Self {
        let mut problem = Self::new(
            Probleemsoort::LeerbedrijfOnbekend,
            "het register kent geen leerbedrijf met dit leerbedrijfId",
        );
        problem.signaalcode = Some(Signaalcode::LeerbedrijfOnbekend);
        problem
    }

    /// GET or DELETE of a bpvo that the school does not have (domain rule 1).
    #[must_use]
    pub fn unknown_bpvo() -> Self {
        let mut problem = Self::new(
            Probleemsoort::BpvoOnbekend,
            "de school heeft geen bpvo met dit bpvoKenmerk",
        );
        problem.signaalcode = Some(Signaalcode::GeenResultaat);
        problem
    }

    /// A subscription that the afnemer does not have (domain rule 1).
    #[must_use]
    pub fn unknown_abonnement() -> Self {
        let mut problem = Self::new(
            Probleemsoort::AbonnementOnbekend,
            "de afnemer heeft geen abonnement met dit abonnementId",
        );
        problem.signaalcode = Some(Signaalcode::AbonnementOnbekend);
        problem
    }

    /// A number of which the feed does not have what follows.
    #[must_use]
    pub fn gone(stroom: Stroom) -> Self {
        let mut problem = Self::new(
            Probleemsoort::VolgnummerVerlopen,
            "de stroom heeft niet wat op dit volgnummer volgt",
        );
        problem.signaalcode = Some(Signaalcode::VolgnummerVerlopen);
        problem.stroom = Some(stroom);
        problem
    }

    /// Another method than the path has.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let mut problem = Self::new(
            Probleemsoort::MethodeNietToegestaan,
            format!("dit pad kent alleen {allow}"),
        );
        problem.allow = Some(allow);
        problem
    }

    /// 503: the counts of requests cannot be had for some seconds.
    pub(super) fn gebruik_unavailable(geen: GeenGebruik) -> Self {
        Self::new(Probleemsoort::GebruikNietBeschikbaar, geen.to_string())
            .retry_after(GEBRUIK_RETRY_AFTER_S)
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The HTTP response.
    #[must_use]
    pub fn into_response(self) -> HttpResponse {
        let instance = new_instance();
        let wire = Probleem {
            type_: self.soort.type_uri(),
            title: self.soort.titel(),
            status: self.soort.status().as_u16(),
            detail: &self.detail,
            instance: format!("urn:uuid:{instance}"),
            code: self.soort.code(),
            signaalcode: self.signaalcode.map(Signaalcode::code),
            overtredingen: self.overtredingen.shown(),
            aantal_overtredingen: self.overtredingen.hidden_total(),
            oudste_volgnummer: self.stroom.map(|stroom| stroom.oudste),
            laatste_volgnummer: self.stroom.map(|stroom| stroom.laatste),
        };
        // A map with text keys always serialises; an empty body would still carry the status.
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = HttpResponse::build(self.soort.status());
        response.insert_header((
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/problem+json"),
        ));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        match self.soort {
            // RFC 9110 wants a challenge with every 401; there is no registered scheme for TLS.
            s if s.status() == StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, "ClientCertificate"));
            }
            Probleemsoort::MediatypeNietOndersteund => {
                response.insert_header((header::ACCEPT, "application/json"));
                response.insert_header((header::ACCEPT_ENCODING, "identity"));
            }
            // What is left of the body must not be read as a next request.
            Probleemsoort::TeTraag | Probleemsoort::BerichtTeGroot => {
                response.force_close();
            }
            _ => {}
        }
        let mut response = response.body(body);
        let mut extensions = response.extensions_mut();
        extensions.insert(Instance(instance));
        // Of no operation, unless one says otherwise.
        extensions.insert(Outcome {
            operatie: None,
            afnemer: None,
            partij: None,
            code: Cow::Borrowed(self.soort.code()),
        });
        drop(extensions);
        response
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a name for one occurrence, drawn at the edge; nothing is decided by it"
)]
fn new_instance() -> Uuid {
    Uuid::new_v4()
}

/// Een fout, volgens RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Probleem<'a> {
    /// Soort probleem; de documentatie legt elke soort uit.
    #[serde(rename = "type")]
    #[schema(value_type = String, format = "uri", example = "urn:stagepoort:probleem:ongeldige-invoer")]
    type_: &'a str,
    /// De soort in woorden, bij elk voorval gelijk.
    title: &'a str,
    /// HTTP-status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// Wat er in dit geval mis is. Herhaalt geen inhoud van het verzoek.
    detail: &'a str,
    /// Kenmerk van dit voorval, om bij de beheerder te noemen.
    #[schema(
        format = "uri",
        example = "urn:uuid:8a6bd9c3-5a8f-4a36-9a1d-0f4a63f0c0de"
    )]
    instance: String,
    /// Machineleesbare code van de soort; bij een functionele uitkomst de signaalcode als tekst.
    code: &'a str,
    /// De signaalcode die een antwoord gehad zou hebben, als die er is.
    #[serde(skip_serializing_if = "Option::is_none")]
    signaalcode: Option<u16>,
    /// Alle fouten in de invoer, hoogstens de eerste 100.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Option<Vec<Overtreding>>)]
    overtredingen: &'a [Overtreding],
    /// Hoeveel fouten er waren, als dat er meer zijn dan hier staan.
    #[serde(skip_serializing_if = "Option::is_none")]
    aantal_overtredingen: Option<usize>,
    /// Bij 410: waar de stroom begint.
    #[serde(skip_serializing_if = "Option::is_none")]
    oudste_volgnummer: Option<u64>,
    /// Bij 410: het laatst uitgegeven volgnummer.
    #[serde(skip_serializing_if = "Option::is_none")]
    laatste_volgnummer: Option<u64>,
}

/// The header that names the school (standards §3).
pub const SCHOOL_HEADER: &str = "Onderwijsinstelling-OIN";

/// The header by which a repeat of a write is known (domain rule 15).
pub const IDEMPOTENCY_HEADER: &str = "Idempotency-Key";

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        /// Long enough for the toegang of a node to come back, short enough for a batch to wait.
        const TOEGANG_RETRY_AFTER_S: u32 = 60;
        let detail = rejection.to_string();
        let soort = match rejection {
            Rejection::NoCertificate => Probleemsoort::GeenCertificaat,
            Rejection::InvalidCertificateOin => Probleemsoort::OinInCertificaatOngeldig,
            Rejection::ForeignClientCert => Probleemsoort::ClientCertNietToegestaan,
            Rejection::UntrustedCertificate => Probleemsoort::CertificaatNietVertrouwd,
            Rejection::CertificateNoLongerValid | Rejection::RevocationUnknown => {
                Probleemsoort::CertificaatNietMeerGeldig
            }
            Rejection::UnknownOrganisation => Probleemsoort::OnbekendeAfnemer,
            Rejection::NoMandate => Probleemsoort::GeenMandaat,
            Rejection::NoSchoolNamed => {
                return Self::invalid(Overtreding::new(
                    Plaats::Header,
                    SCHOOL_HEADER,
                    "ONTBREEKT",
                    "noem het OIN van de school waarvoor gevraagd wordt; er is niet precies één mandaat",
                ));
            }
            Rejection::AccessTooOld => {
                return Self::new(Probleemsoort::ToegangTeOud, detail)
                    .retry_after(TOEGANG_RETRY_AFTER_S);
            }
        };
        Self::new(soort, detail)
    }
}

impl From<Overschrijding> for Problem {
    fn from(over: Overschrijding) -> Self {
        let soort = match over.soort {
            QuotaSoort::Verzoeken => Probleemsoort::TeVeelVerzoeken,
            QuotaSoort::Gelijktijdig => Probleemsoort::TeVeelGelijktijdig,
            QuotaSoort::Bulkregels => Probleemsoort::TeVeelBulkregels,
        };
        Self::new(soort, over.to_string()).retry_after(over.retry_after_s)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let detail = failure.to_string();
        match failure {
            // The reader has checked the form already; this is for a caller that did not.
            Failure::InvalidRegisterVersie(invalid) => Self::invalid(Overtreding::new(
                Plaats::Query,
                invalid.naam,
                "VORM_ONGELDIG",
                detail,
            )),
            Failure::VersionNotReached { retry_after_s, .. } => {
                Self::new(Probleemsoort::RegisterversieNietBereikt, detail)
                    .retry_after(retry_after_s)
            }
            Failure::VersionLost { .. } => {
                Self::new(Probleemsoort::RegisterversieVervallen, detail)
            }
            Failure::OtherSchool => Self::new(Probleemsoort::GeenMandaat, detail),
            Failure::KeyReused => Self::invalid(Overtreding::new(
                Plaats::Header,
                IDEMPOTENCY_HEADER,
                "AL_GEBRUIKT",
                detail,
            )),
            Failure::WriteUnavailable { retry_after_s } => {
                Self::new(Probleemsoort::SchrijvenNietMogelijk, detail).retry_after(retry_after_s)
            }
            Failure::PushUnavailable { retry_after_s } => {
                Self::new(Probleemsoort::AbonnementenNietBeschikbaar, detail)
                    .retry_after(retry_after_s)
            }
            Failure::TooManyWaiting { retry_after_s } => {
                Self::new(Probleemsoort::TeVeelVerzoeken, detail).retry_after(retry_after_s)
            }
            Failure::NotRecorded { retry_after_s } => {
                Self::new(Probleemsoort::PersonenNietBeschikbaar, detail).retry_after(retry_after_s)
            }
            Failure::RegisterUnavailable { retry_after_s } => {
                Self::new(Probleemsoort::RegisterNietBeschikbaar, detail).retry_after(retry_after_s)
            }
        }
    }
}
