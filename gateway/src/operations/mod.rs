//! What the gateway answers, one file per operation: `Request`, `Response`, `run()`.
//!
//! A transport turns a wire message into a `Request`, calls `run()`, and renders the [`Answer`]
//! or the [`Failure`]. No business rule stands in a transport (design invariant 8).

pub mod abonnementen;
pub(crate) mod erkend_over;
#[doc(hidden)]
pub mod fuzzing;
mod genoemd;
mod matching;
pub mod natrekken_erkenning;
pub mod natrekken_erkenningen;
pub mod opruimen_bpvos;
pub mod opvragen_bpvos;
pub mod opvragen_detailgegevens;
pub mod opvragen_gebruik;
pub mod opvragen_mutaties;
mod pushing;
pub mod registreren_bpvos;
mod seal;
mod shared;
mod uitgang;
pub mod vaststellen_leerbedrijf;
pub mod vaststellen_leerbedrijven;
pub mod vergelijken_mutaties;
pub mod waarom_mutatie;
pub mod zoeken_leerplaatsen;

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::push::{
    AbonnementId, AbonnementStatus, Kanaal, MAX_PER_BERICHT, MutatieBericht, feed::GemeldeStatus,
};
use crate::{
    audit::Betrokkene,
    domain::{
        Bewaartermijn, Caller, InvalidIdentifier, Oin, RegisterVersie, Signaalcode, Tijdstip,
    },
    replica::{Replica, View},
};
pub use pushing::Pushing;
pub use registreren_bpvos::{Herkenning, Writing};
pub use shared::{Shared, fetch};
pub use uitgang::Uitgang;
pub use zoeken_leerplaatsen::Profielen;

/// What the operator set that changes an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// When a keuzedeel counts as erkend (domain rule 5).
    pub keuzedeel_regel: KeuzedeelRegel,
    /// How long a bpvo stays after its last day; one that is over for longer is not taken up.
    pub bpvo_bewaring: Bewaartermijn,
    /// What cursors are sealed with: the same on every node that may get the next page.
    pub cursor_sleutel: CursorSleutel,
}

/// A secret that no log line can hold.
#[derive(Clone, Copy, Default)]
pub struct CursorSleutel([u8; 32]);

impl CursorSleutel {
    /// Of a secret of any length.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(sha256(secret.as_bytes()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for CursorSleutel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorSleutel")
    }
}

/// Setting `keuzedeelRegel` (domain rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeuzedeelRegel {
    /// Any running erkenning of the leerbedrijf carries a keuzedeel.
    #[default]
    ElkeErkenning,
    /// Only an erkenning for the keuzedeel itself.
    EigenErkenning,
}

/// What every operation gets besides its request.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// One consistent state of the register; the whole answer comes from it.
    pub view: Arc<View>,
    /// Who asks, already authorised for the operation.
    pub caller: &'a Caller,
    /// Settings that change an answer.
    pub rules: Rules,
    /// The present moment.
    pub now: Tijdstip,
    /// What was read from the register for earlier answers.
    pub profielen: &'a Profielen,
}

/// An answer and what was remarkable about the request's own fields. A transport gets at it by
/// [`Uitgang::open`] alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<R> {
    /// The answer as SOAP and REST render it.
    pub response: R,
    /// All findings about request fields; the first one is the answer's signaalcode. REST makes
    /// a 400 of those that are invalid input.
    pub bevindingen: Vec<Bevinding>,
    /// Whom it tells of: they are recorded before it leaves (design invariant 11).
    pub over: Vec<Betrokkene>,
}

impl<R> Answer<R> {
    /// An answer to a request that was understood whole, about nobody.
    pub fn clean(response: R) -> Self {
        Self::about(response, Vec::new())
    }

    /// The same, about people.
    pub fn about(response: R, over: Vec<Betrokkene>) -> Self {
        Self {
            response,
            bevindingen: Vec::new(),
            over,
        }
    }

    /// An answer to a request with perhaps something wrong in its fields, about nobody.
    pub fn with(response: R, bevindingen: Vec<Bevinding>) -> Self {
        Self {
            response,
            bevindingen,
            over: Vec::new(),
        }
    }
}

/// Something wrong with a field of the request itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bevinding {
    /// The field's name in the contract.
    pub veld: &'static str,
    /// What is wrong with it.
    pub signaalcode: Signaalcode,
    /// What would be right, in Dutch. A problem shows it too, and repeats no content: it quotes
    /// what was asked only where REST answers with 200.
    pub uitleg: Cow<'static, str>,
}

impl Bevinding {
    /// What an answer says of it: the standard text of the code, the field, and what would be
    /// right.
    pub(crate) fn signaaltekst(&self) -> Cow<'static, str> {
        let Self {
            veld,
            signaalcode,
            uitleg,
        } = self;
        format!("{}: {veld}: {uitleg}", signaalcode.tekst()).into()
    }
}

/// The beginning of every answer (domain §2, "Messages").
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kop {
    /// Uitkomst van de vraag; 0 is "geen bijzonderheden".
    #[schema(value_type = u16, example = 0)]
    pub signaalcode: Signaalcode,
    /// De uitkomst in woorden; ontbreekt bij 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signaaltekst: Option<Cow<'static, str>>,
    /// Stand van het register waaruit het antwoord komt, `tijdlijn.nummer`.
    #[schema(value_type = String, example = "1.48210")]
    pub register_versie: RegisterVersie,
    /// Moment waarop die stand werd vastgelegd, UTC.
    #[schema(value_type = String, format = "date-time", example = "2026-11-22T09:00:00Z")]
    pub register_tijdstip: Tijdstip,
}

impl Kop {
    /// The head of an answer from this view.
    #[must_use]
    pub fn new(view: &View, signaalcode: Signaalcode) -> Self {
        Self {
            signaalcode,
            signaaltekst: signaaltekst(signaalcode),
            register_versie: view.versie(),
            register_tijdstip: view.tijdstip(),
        }
    }

    /// The head of an answer to a question that was not understood: a caller over SOAP, who gets
    /// no list of violations, learns from it which field is wrong and what would be right.
    #[must_use]
    pub fn about(view: &View, bevinding: &Bevinding) -> Self {
        Self {
            signaaltekst: Some(bevinding.signaaltekst()),
            ..Self::new(view, bevinding.signaalcode)
        }
    }
}

/// The standard text of a code; none for 0.
pub(crate) fn signaaltekst(signaalcode: Signaalcode) -> Option<Cow<'static, str>> {
    (signaalcode != Signaalcode::GeenBijzonderheden).then(|| Cow::Borrowed(signaalcode.tekst()))
}

/// Why an operation could not answer at all. Rendered by `fault.rs` and `problem.rs`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// `minimaleRegisterVersie` is not of the form `tijdlijn.nummer`.
    #[error(transparent)]
    InvalidRegisterVersie(#[from] InvalidIdentifier),
    /// This node does not have the asked version, and did not get it in time (domain rule 3).
    #[error("registerVersie {gevraagd} is hier nog niet bekend; deze node heeft {aanwezig}")]
    VersionNotReached {
        /// Asked for.
        gevraagd: RegisterVersie,
        /// What this node has.
        aanwezig: RegisterVersie,
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// The asked version is no part of the register's history: a promotion or a restore of the
    /// database lost it. It never comes back.
    #[error(
        "registerVersie {gevraagd} bestaat niet meer: de geschiedenis van het register ging in tijdlijn {vervallen_sinds} verder zonder deze versie; hier is nu {aanwezig}"
    )]
    VersionLost {
        /// Asked for.
        gevraagd: RegisterVersie,
        /// The tijdlijn that began without it.
        vervallen_sinds: u32,
        /// What this node has.
        aanwezig: RegisterVersie,
    },
    /// The body names another school than wsa:From or the header does (domain rule 14).
    #[error("schoolOin is niet de school waarvoor gevraagd wordt")]
    OtherSchool,
    /// The log is away, or did not answer in time: what was to be kept is not known to be kept.
    /// Reads go on.
    #[error(
        "er kan nu niets worden bewaard; dezelfde vraag mag opnieuw, met hetzelfde wsa:MessageID of dezelfde Idempotency-Key"
    )]
    WriteUnavailable {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// The queue is away, or did not answer in time. The rest goes on.
    #[error("abonnementen zijn even niet beschikbaar; dezelfde vraag mag opnieuw")]
    PushUnavailable {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// Too many calls wait for something new in a feed already.
    #[error(
        "er wachten al te veel vragen op nieuwe mutaties; vraag later, of zonder wachtSeconden"
    )]
    TooManyWaiting {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// wsa:MessageID or `Idempotency-Key` was used for another write (domain rule 15).
    #[error("is al gebruikt voor een andere vraag; geef elke nieuwe vraag een nieuwe")]
    KeyReused,
    /// The record of processing cannot be written on this node: data about people may not leave.
    #[error(
        "er kan nu niet worden vastgelegd aan wie persoonsgegevens zijn gegeven, daarom worden ze niet gegeven; vragen zonder persoonsgegevens worden wel beantwoord"
    )]
    NotRecorded {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// No register has been loaded, or it is older than `maximaleVeroudering`.
    #[error("het register is op deze node niet beschikbaar")]
    RegisterUnavailable {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
}

impl Failure {
    /// A database is rarely back sooner.
    const PUSH_RETRY_AFTER_S: u32 = 5;

    /// A full disk is not emptied in a second, and the journal is tried every second.
    const RECORD_RETRY_AFTER_S: u32 = 10;

    pub(crate) const fn not_recorded() -> Self {
        Self::NotRecorded {
            retry_after_s: Self::RECORD_RETRY_AFTER_S,
        }
    }

    pub(crate) const fn push_unavailable() -> Self {
        Self::PushUnavailable {
            retry_after_s: Self::PUSH_RETRY_AFTER_S,
        }
    }
}

/// The view to answer from: the newest, once it has the `minimaleRegisterVersie` asked for.
///
/// # Errors
/// [`Failure`] when the version is malformed, was lost, or does not come within `max_wait`.
pub async fn view_for(
    replica: &Replica,
    minimale_register_versie: Option<&str>,
    max_wait: std::time::Duration,
) -> Result<Arc<View>, Failure> {
    const RETRY_AFTER_S: u32 = 2;
    let asked = minimale_register_versie
        .map(str::trim)
        .filter(|t| !t.is_empty());
    let view = match asked {
        None => replica.view(),
        Some(text) => {
            let gevraagd = RegisterVersie::parse(text)?;
            replica
                .at_least(gevraagd, max_wait)
                .await
                .map_err(|not_here| match not_here.vervallen_sinds {
                    Some(vervallen_sinds) => Failure::VersionLost {
                        gevraagd,
                        vervallen_sinds,
                        aanwezig: not_here.aanwezig,
                    },
                    None => Failure::VersionNotReached {
                        gevraagd,
                        aanwezig: not_here.aanwezig,
                        retry_after_s: RETRY_AFTER_S,
                    },
                })?
        }
    };
    if view.is_loaded() {
        Ok(view)
    } else {
        Err(Failure::RegisterUnavailable {
            retry_after_s: RETRY_AFTER_S,
        })
    }
}

/// A school in the body must be the one that is asked for (domain rule 14).
///
/// # Errors
/// [`Failure::OtherSchool`].
pub(crate) fn check_school(ctx: &Context<'_>, school_oin: Option<&str>) -> Result<(), Failure> {
    match present(school_oin).map(Oin::parse) {
        None => Ok(()),
        Some(Ok(oin)) if oin == ctx.caller.school_oin => Ok(()),
        Some(_) => Err(Failure::OtherSchool),
    }
}

/// A request field that holds something: trimmed, and empty counts as absent (domain rule 2).
pub(crate) fn present(field: Option<&str>) -> Option<&str> {
    field.map(str::trim).filter(|text| !text.is_empty())
}

/// A finding about a field that has no signaalcode of its own.
pub(crate) fn ongeldig(veld: &'static str, uitleg: impl Into<Cow<'static, str>>) -> Bevinding {
    Bevinding {
        veld,
        signaalcode: Signaalcode::GegevensOngeldig,
        uitleg: uitleg.into(),
    }
}

/// A whole number from `min` to `max`; none when it is absent.
pub(crate) fn number(
    veld: &'static str,
    field: Option<&str>,
    min: u64,
    max: u64,
) -> Result<Option<u64>, Bevinding> {
    let Some(text) = present(field) else {
        return Ok(None);
    };
    let read = text.parse().ok().filter(|n| (min..=max).contains(n));
    match read {
        Some(number) => Ok(Some(number)),
        None if max == MAX_VOLGNUMMER => {
            let uitleg = format!("geef een volgnummer: een geheel getal vanaf {min}");
            Err(ongeldig(veld, uitleg))
        }
        None => {
            let uitleg = format!("geef een geheel getal van {min} tot en met {max}");
            Err(ongeldig(veld, uitleg))
        }
    }
}

/// As much as an xs:long and a column of the database hold.
pub(crate) const MAX_VOLGNUMMER: u64 = i64::MAX.unsigned_abs();

/// SHA-256 of what was asked, by which a repeat is told from something else.
pub(crate) fn hash(value: &impl Serialize) -> [u8; 32] {
    // Only fails when memory does.
    let bytes = postcard::to_stdvec(value).unwrap_or_default();
    sha256(&bytes)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}
