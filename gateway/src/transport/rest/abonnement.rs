//! What the endpoints of subscriptions share: their fields and how settings are read.

use super::{
    call::Reply,
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    json::{self, JsonLimits, Place},
    problem::Problem,
    registreren_bpvos::SCHOOL_OIN,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::Signaalcode,
    operations::abonnementen::{Instellingen, MAX_CODES, MAX_SOORTEN, Response},
};

/// Where they are.
pub(super) const PAD: &str = "/v1/abonnementen";

pub(super) const ABONNEMENT_ID: Veld = Veld::tekst(
    "abonnementId",
    "Kenmerk van het abonnement, zoals het antwoord op aanmelden het gaf.",
    "5f0c2a4e-1b7d-8c39-8e21-9a6d3f7b0c58",
);

pub(super) const MUTATIE_SOORTEN: &str = "mutatieSoorten";
pub(super) const CODES: &str = "codes";

const KANAAL: Veld = Veld::tekst(
    "kanaal",
    "Hoe de abonnee hoort: SOAP (aanroep van meldenMutaties), WEBHOOK (CloudEvents in JSON) of POLL (alleen opvragen). Verplicht.",
    "WEBHOOK",
);
const EINDPUNT: Veld = Veld::tekst(
    "eindpunt",
    "https-adres van de ontvanger; verplicht bij SOAP en WEBHOOK, niet bij POLL.",
    "https://sis.example/mutaties",
);
const GEHEIM: Veld = Veld::tekst(
    "geheim",
    "Eigen geheim voor de handtekening: whsec_ met daarachter 24 tot en met 64 bytes in base64; niet bij POLL. Bij aanmelden van een WEBHOOK zonder: Stagepoort maakt er een. Bij wijzigen zonder: het blijft; een ander vervangt het, en het oude tekent nog 24 uur mee.",
    "whsec_bGVlcmJlZHJpamZ2b29yYmVlbGRnZWhlaW0wMQ==",
);
const PER_BERICHT: Veld = Veld::getal(
    "perBericht",
    "Hoogstens zoveel mutaties in een bericht, 1 tot en met 100; zonder is het 1.",
    "50",
);
const ED25519: Veld = Veld::boolean(
    "ed25519",
    "Berichten ook ondertekenen met de openbaar te controleren sleutel van Stagepoort (v1a), als zij er een heeft; niet bij POLL.",
);
const STATUS: Veld = Veld::tekst(
    "status",
    "ACTIEF of GEPAUZEERD; zonder blijft het zoals het is. ACTIEF na PUSH_GESTOPT: het eindpunt moet zich opnieuw bewijzen.",
    "GEPAUZEERD",
);
const PROEF: Veld = Veld::boolean("proef", "Nu een proefbericht naar het eindpunt sturen.");

/// Fields of aanmelden, without the lists.
pub(super) const VELDEN: [Veld; 7] = [
    SCHOOL_OIN,
    KANAAL,
    EINDPUNT,
    GEHEIM,
    PER_BERICHT,
    ED25519,
    MINIMALE_REGISTER_VERSIE,
];

/// Fields of wijzigen, without the lists.
pub(super) const VELDEN_VAN_WIJZIGEN: [Veld; 8] = [
    KANAAL,
    EINDPUNT,
    GEHEIM,
    PER_BERICHT,
    ED25519,
    STATUS,
    PROEF,
    MINIMALE_REGISTER_VERSIE,
];

/// What a body of aanmelden or wijzigen holds; each has some that the other has not.
#[derive(Default)]
pub(super) struct Velden {
    pub(super) school_oin: Option<String>,
    pub(super) instellingen: Instellingen,
    pub(super) status: Option<String>,
    pub(super) proef: bool,
    pub(super) minimale_register_versie: Option<String>,
}

/// Reads a body with these fields and the lists.
pub(super) fn read<const N: usize, const ALL: usize>(
    body: &[u8],
    limits: JsonLimits,
    velden: &'static [Veld; N],
    fouten: &mut Overtredingen,
) -> Velden {
    const { assert!(ALL == N + 2, "the two lists come behind the fields") };
    let Some(node) = json::parse(body, limits, fouten) else {
        return Velden::default();
    };
    let mut names = [MUTATIE_SOORTEN; ALL];
    for (name, veld) in names.iter_mut().zip(velden) {
        *name = veld.naam;
    }
    names[ALL - 1] = CODES;
    let mut nodes = json::members(node, Place::Root, names, fouten);
    let mut take = |name| {
        let at = names.iter().position(|known| *known == name);
        at.and_then(|at| nodes[at].take())
    };
    let (soorten, codes) = (take(MUTATIE_SOORTEN), take(CODES));
    let booleans = [ED25519, PROEF].map(|veld| (veld.naam, take(veld.naam)));
    let texts = [
        SCHOOL_OIN,
        KANAAL,
        EINDPUNT,
        GEHEIM,
        PER_BERICHT,
        STATUS,
        MINIMALE_REGISTER_VERSIE,
    ]
    .map(|veld| (veld, take(veld.naam)));
    let [
        school_oin,
        kanaal,
        eindpunt,
        geheim,
        per_bericht,
        status,
        versie,
    ] = texts.map(|(veld, node)| json::text(node, Place::Root, &veld, fouten));
    let [ed25519, proef] =
        booleans.map(|(naam, node)| json::boolean(node, Place::Root, naam, fouten));
    fouten.check_versie(Plaats::Body, versie.as_deref());
    Velden {
        school_oin,
        instellingen: Instellingen {
            kanaal,
            eindpunt,
            mutatie_soorten: json::texts(
                soorten,
                Place::Root,
                MUTATIE_SOORTEN,
                MAX_SOORTEN,
                fouten,
            ),
            codes: json::texts(codes, Place::Root, CODES, MAX_CODES, fouten),
            geheim,
            per_bericht,
            ed25519,
        },
        status,
        proef: proef.unwrap_or(false),
        minimale_register_versie: versie,
    }
}

/// One that is not there is 404 (domain rule 1).
///
/// # Errors
/// [`Problem::unknown_abonnement`].
pub(super) fn found(response: &Response, reply: Reply) -> Result<Reply, Problem> {
    match response.kop.signaalcode {
        Signaalcode::AbonnementOnbekend => Err(Problem::unknown_abonnement()),
        _ => Ok(reply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: JsonLimits = JsonLimits {
        depth: 4,
        elements: 5_000,
    };

    #[test]
    fn every_field_has_its_place() {
        let mut fouten = Overtredingen::default();
        let body = br#"{"kanaal":"WEBHOOK","eindpunt":"https://x.example/","mutatieSoorten":["A"],
            "codes":["25180","K0165"],"geheim":"g","perBericht":50,"ed25519":true,
            "status":"ACTIEF","proef":true,"minimaleRegisterVersie":"1.1"}"#;
        let velden = read::<8, 10>(body, LIMITS, &VELDEN_VAN_WIJZIGEN, &mut fouten);
        assert!(fouten.is_empty(), "{fouten:?}");
        let i = &velden.instellingen;
        assert_eq!(i.kanaal.as_deref(), Some("WEBHOOK"));
        assert_eq!(i.eindpunt.as_deref(), Some("https://x.example/"));
        assert_eq!((i.mutatie_soorten.len(), i.codes.len()), (1, 2));
        assert_eq!(i.geheim.as_deref(), Some("g"));
        assert_eq!(
            (i.per_bericht.as_deref(), i.ed25519),
            (Some("50"), Some(true))
        );
        assert_eq!(
            (velden.status.as_deref(), velden.proef),
            (Some("ACTIEF"), true)
        );
        assert_eq!(velden.minimale_register_versie.as_deref(), Some("1.1"));
    }

    #[test]
    fn what_only_the_other_has_is_unknown() {
        let shown = |body: &[u8]| {
            let mut fouten = Overtredingen::default();
            read::<7, 9>(body, LIMITS, &VELDEN, &mut fouten);
            let shown = fouten.shown().iter();
            shown
                .map(|o| format!("{} {}", o.veld, o.code))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            shown(br#"{"status":"ACTIEF","proef":true,"codes":[1],"kanaal":2}"#),
            [
                "/status ONBEKEND_VELD",
                "/proef ONBEKEND_VELD",
                "/kanaal TYPE_ONGELDIG",
                "/codes/0 TYPE_ONGELDIG",
            ]
        );
        let codes = vec!["\"25180\""; MAX_CODES + 1].join(",");
        assert_eq!(
            shown(format!(r#"{{"codes":[{codes}]}}"#).as_bytes()),
            ["/codes TE_VEEL_REGELS"]
        );
    }
}
