//! A subscription: who hears what, by which way (domain §2, aanmeldenAbonnement).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Geheim, Netwerken};
use crate::domain::{Code, MutatieSoort, Oin, Tijdstip, code_list};

/// The most mutaties in one message (callback schema).
pub const MAX_PER_BERICHT: u16 = 100;

/// What subscribers may ask for, besides what holds everywhere.
#[derive(Debug, Clone, Default)]
pub struct Voorwaarden {
    /// Where messages may go besides the public internet.
    pub netwerken: Netwerken,
    /// By which messages can also be verified, `whpk_…`; none when there is no key to sign with.
    pub openbare_sleutel: Option<String>,
}

/// Names a subscription: a UUID, chosen by the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AbonnementId(pub Uuid);

impl AbonnementId {
    /// Reads it as it is answered. What is no UUID names no subscription.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::from_str(text).ok().map(Self)
    }
}

impl fmt::Display for AbonnementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

code_list! {
    /// Hoe de abonnee hoort: door een aanroep van meldenMutaties, een webhook, of alleen op vraag.
    Kanaal { Soap = "SOAP", Webhook = "WEBHOOK", Poll = "POLL" }
}
code_list! {
    /// Hoe het met een abonnement staat.
    AbonnementStatus {
        /// The endpoint has not yet proven that it is the subscriber's; mutaties wait.
        WachtOpBewijs = "WACHT_OP_BEWIJS",
        Actief = "ACTIEF",
        /// By the subscriber or an operator; mutaties wait.
        Gepauzeerd = "GEPAUZEERD",
        /// The endpoint said 410, or did not answer for days; the feed stays open.
        PushGestopt = "PUSH_GESTOPT",
        /// For good; nothing is numbered any more.
        Beeindigd = "BEEINDIGD",
    }
}

/// What a subscriber asked for, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abonnement {
    /// Which one.
    pub id: AbonnementId,
    /// Whose.
    pub afnemer_oin: Oin,
    /// For this school alone; none for every school of which the afnemer has a mandate.
    pub school_oin: Option<Oin>,
    /// By which way.
    pub kanaal: Kanaal,
    /// Where messages go, https; none for [`Kanaal::Poll`].
    pub eindpunt: Option<String>,
    /// Only these; empty for all.
    pub mutatie_soorten: Vec<MutatieSoort>,
    /// Only mutaties of these codes, and those of the leerbedrijf itself; empty for all.
    pub codes: Vec<Code>,
    /// How many mutaties a message may hold: 1 to [`MAX_PER_BERICHT`].
    pub per_bericht: u16,
    /// Also sign with the gateway's ed25519 key (`v1a`).
    pub ed25519: bool,
    /// The newest first.
    pub geheimen: Vec<Geheim>,
    /// How it stands.
    pub status: AbonnementStatus,
    /// Why it stands so, for the subscriber and the operator; without any content.
    pub reden: Option<String>,
    /// When it was made.
    pub aangemaakt_op: Tijdstip,
}

impl Abonnement {
    /// Whether mutaties are numbered for it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status != AbonnementStatus::Beeindigd
    }

    /// Whether messages are sent now.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        self.kanaal != Kanaal::Poll && self.status == AbonnementStatus::Actief
    }

    /// Whether it is for mutaties of this kind and any of these codes; those of a leerbedrijf have
    /// none.
    #[must_use]
    pub fn wants(&self, soort: MutatieSoort, codes: &[Code]) -> bool {
        let soort_fits = self.mutatie_soorten.is_empty() || self.mutatie_soorten.contains(&soort);
        let code_fits = self.codes.is_empty()
            || codes.is_empty()
            || codes.iter().any(|code| self.codes.contains(code));
        soort_fits && code_fits
    }
}

/// How far a subscription is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Laatste {
    /// The last number that was given out, 0 for none.
    pub laatste_volgnummer: u64,
    /// Everything up to here was delivered, dropped, or (by polling) confirmed.
    pub volledig_tot_en_met: u64,
    /// From here on the feed still has its contents; one past the last for an empty feed.
    pub oudste_volgnummer: u64,
    /// When the oldest one that was not delivered was registered.
    pub oudste_onbezorgd_op: Option<Tijdstip>,
    /// The last attempt to deliver, a test included.
    pub laatste_poging: Option<LaatstePoging>,
    /// Since when the endpoint fails, without any success in between.
    pub faalt_sinds: Option<Tijdstip>,
}

/// What became of the last attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaatstePoging {
    /// When it ended.
    pub tijdstip: Tijdstip,
    /// In words, such as `HTTP 204` or `de verbinding is geweigerd`; never what the endpoint said.
    pub uitkomst: String,
}
