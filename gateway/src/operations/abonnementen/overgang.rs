//! What a change makes of a subscription: which status follows from which.

use super::instellingen::Wens;
use crate::{
    domain::Tijdstip,
    operations::{Bevinding, ongeldig},
    push::{Abonnement, AbonnementStatus, Geheim, Kanaal, store::Wijziging},
};

/// How long a secret that was replaced signs along: a day in which every receiver can be given the
/// new one.
const GRACE_MS: i64 = 24 * 60 * 60 * 1000;

/// The most secrets that sign at once, each being a part of a header.
const MAX_GEHEIMEN: usize = 4;

/// What the subscriber asks of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gevraagd {
    Actief,
    Gepauzeerd,
}

/// What `before` becomes. `fresh` draws a secret, where one is needed and none was given.
///
/// # Errors
/// What may not be, and what may.
pub(super) fn overgang(
    before: &Abonnement,
    wens: Wens,
    gevraagd: Option<Gevraagd>,
    proef: bool,
    now: Tijdstip,
    fresh: impl FnOnce() -> Geheim,
) -> Result<Wijziging, Bevinding> {
    if !before.is_open() {
        let uitleg = "dit abonnement is voorgoed beëindigd; meld een nieuw aan";
        return Err(ongeldig("abonnementId", uitleg));
    }
    if proef && wens.kanaal == Kanaal::Poll {
        let uitleg = "een proefbericht kan alleen naar een eindpunt, bij SOAP of WEBHOOK";
        return Err(ongeldig("proef", uitleg));
    }
    let moved = before.kanaal != wens.kanaal || before.eindpunt != wens.eindpunt;
    let staand = match (moved, wens.kanaal) {
        (false, _) => before.status,
        (true, Kanaal::Poll) => AbonnementStatus::Actief,
        (true, Kanaal::Soap | Kanaal::Webhook) => AbonnementStatus::WachtOpBewijs,
    };
    let status = asked(staand, gevraagd)?;
    let resumed = gevraagd == Some(Gevraagd::Actief) && staand != AbonnementStatus::Actief;
    let reden = match status {
        AbonnementStatus::Gepauzeerd if before.status != status => Some(GEPAUZEERD.to_owned()),
        _ if status == before.status && !moved => before.reden.clone(),
        _ => None,
    };
    Ok(Wijziging {
        abonnement: Abonnement {
            geheimen: geheimen(before, &wens, now, fresh),
            kanaal: wens.kanaal,
            eindpunt: wens.eindpunt,
            mutatie_soorten: wens.mutatie_soorten,
            codes: wens.codes,
            per_bericht: wens.per_bericht,
            ed25519: wens.ed25519,
            status,
            reden,
            ..before.clone()
        },
        begin_opnieuw: moved || resumed,
        proef,
    })
}

const GEPAUZEERD: &str = "de abonnee heeft gepauzeerd";

/// The status that follows. Only what has proven itself can pause, and what was stopped proves
/// itself anew.
fn asked(
    staand: AbonnementStatus,
    gevraagd: Option<Gevraagd>,
) -> Result<AbonnementStatus, Bevinding> {
    use AbonnementStatus::{Actief, Beeindigd, Gepauzeerd, PushGestopt, WachtOpBewijs};
    match (gevraagd, staand) {
        (None, staand) => Ok(staand),
        (Some(Gevraagd::Actief), Actief | Gepauzeerd) => Ok(Actief),
        (Some(Gevraagd::Actief), WachtOpBewijs | PushGestopt) => Ok(WachtOpBewijs),
        (Some(Gevraagd::Gepauzeerd), Actief | Gepauzeerd) => Ok(Gepauzeerd),
        (Some(Gevraagd::Gepauzeerd), WachtOpBewijs) => Err(ongeldig(
            "status",
            "pauzeren kan pas als het eindpunt zich heeft bewezen; tot dan wordt er niets bezorgd",
        )),
        (Some(Gevraagd::Gepauzeerd), PushGestopt) => Err(ongeldig(
            "status",
            "het bezorgen is al gestopt; vraag ACTIEF om weer te beginnen",
        )),
        // Turned away before.
        (_, Beeindigd) => Ok(Beeindigd),
    }
}

/// The newest first. What it replaces signs along for a day.
fn geheimen(
    before: &Abonnement,
    wens: &Wens,
    now: Tijdstip,
    fresh: impl FnOnce() -> Geheim,
) -> Vec<Geheim> {
    if wens.kanaal == Kanaal::Poll {
        return Vec::new();
    }
    let current = before.geheimen.first();
    let newest = match (&wens.geheim, current) {
        (Some(given), Some(current)) if given.bytes == current.bytes => current.clone(),
        (Some(given), _) => given.clone(),
        (None, Some(current)) => current.clone(),
        (None, None) if wens.kanaal == Kanaal::Webhook => fresh(),
        (None, None) => return Vec::new(),
    };
    let grace = Tijdstip::from_millis(now.as_millis().saturating_add(GRACE_MS));
    let older = before
        .geheimen
        .iter()
        .filter(|old| old.bytes != newest.bytes);
    let older = older.map(|old| Geheim {
        tot: old.tot.or(grace),
        ..old.clone()
    });
    let older: Vec<Geheim> = older.filter(|old| old.is_valid(now)).collect();
    let mut all = vec![newest];
    all.extend(older);
    all.truncate(MAX_GEHEIMEN);
    all
}

/// What ending makes of it. Its secrets go; the rest tells what it was.
pub(super) fn einde(before: &Abonnement) -> Wijziging {
    let abonnement = if before.is_open() {
        Abonnement {
            status: AbonnementStatus::Beeindigd,
            reden: Some("de abonnee heeft het beëindigd".to_owned()),
            geheimen: Vec::new(),
            ..before.clone()
        }
    } else {
        before.clone()
    };
    Wijziging {
        abonnement,
        begin_opnieuw: false,
        proef: false,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{domain::Oin, push::AbonnementId};
    use AbonnementStatus::{Actief, Beeindigd, Gepauzeerd, PushGestopt, WachtOpBewijs};

    const URL: &str = "https://sis.example/mutaties";

    fn wens(kanaal: Kanaal, eindpunt: &str) -> Wens {
        Wens {
            kanaal,
            eindpunt: (kanaal != Kanaal::Poll).then(|| eindpunt.to_owned()),
            mutatie_soorten: Vec::new(),
            codes: Vec::new(),
            geheim: None,
            per_bericht: 1,
            ed25519: false,
        }
    }

    fn abonnement(kanaal: Kanaal, status: AbonnementStatus) -> Abonnement {
        Abonnement {
            id: AbonnementId(Uuid::from_u128(1)),
            afnemer_oin: Oin::parse("00000099000000000001").unwrap(),
            school_oin: None,
            kanaal,
            eindpunt: (kanaal != Kanaal::Poll).then(|| URL.to_owned()),
            mutatie_soorten: Vec::new(),
            codes: Vec::new(),
            per_bericht: 1,
            ed25519: false,
            geheimen: vec![Geheim::of_random([1; 32])],
            status,
            reden: Some("eerder".to_owned()),
            aangemaakt_op: at(0),
        }
    }

    fn at(millis: i64) -> Tijdstip {
        Tijdstip::from_millis(millis).unwrap()
    }

    fn fresh() -> Geheim {
        Geheim::of_random([9; 32])
    }

    fn change(
        before: &Abonnement,
        wens: Wens,
        gevraagd: Option<Gevraagd>,
    ) -> Result<Wijziging, Bevinding> {
        overgang(before, wens, gevraagd, false, at(1000), fresh)
    }

    #[test]
    fn which_status_follows_from_which() {
        let (same, other) = (URL, "https://ander.example/");
        let go = Some(Gevraagd::Actief);
        let pause = Some(Gevraagd::Gepauzeerd);
        for (was, eindpunt, gevraagd, expect) in [
            (Actief, same, None, Some((Actief, false))),
            (Actief, same, go, Some((Actief, false))),
            (Actief, same, pause, Some((Gepauzeerd, false))),
            (Gepauzeerd, same, None, Some((Gepauzeerd, false))),
            (Gepauzeerd, same, go, Some((Actief, true))),
            (WachtOpBewijs, same, None, Some((WachtOpBewijs, false))),
            (WachtOpBewijs, same, go, Some((WachtOpBewijs, true))),
            (WachtOpBewijs, same, pause, None),
            (PushGestopt, same, None, Some((PushGestopt, false))),
            (PushGestopt, same, go, Some((WachtOpBewijs, true))),
            (PushGestopt, same, pause, None),
            (Actief, other, None, Some((WachtOpBewijs, true))),
            (Gepauzeerd, other, go, Some((WachtOpBewijs, true))),
            (Gepauzeerd, other, pause, None),
            (Beeindigd, same, go, None),
        ] {
            let before = abonnement(Kanaal::Webhook, was);
            let found = change(&before, wens(Kanaal::Webhook, eindpunt), gevraagd);
            let found = found.ok().map(|w| (w.abonnement.status, w.begin_opnieuw));
            assert_eq!(found, expect, "{was} {eindpunt} {gevraagd:?}");
        }
    }

    #[test]
    fn polling_needs_no_proof_and_pauses_too() {
        let webhook = abonnement(Kanaal::Webhook, PushGestopt);
        let polls = change(&webhook, wens(Kanaal::Poll, ""), None).unwrap();
        assert_eq!(polls.abonnement.status, Actief);
        assert_eq!(
            (polls.abonnement.geheimen, polls.abonnement.reden),
            (Vec::new(), None)
        );
        let poll = abonnement(Kanaal::Poll, Actief);
        let paused = change(&poll, wens(Kanaal::Poll, ""), Some(Gevraagd::Gepauzeerd)).unwrap();
        assert_eq!(paused.abonnement.status, Gepauzeerd);
        assert_eq!(paused.abonnement.reden.as_deref(), Some(GEPAUZEERD));
        let soap = change(&poll, wens(Kanaal::Soap, URL), None).unwrap();
        assert_eq!(soap.abonnement.status, WachtOpBewijs);
        assert!(overgang(&poll, wens(Kanaal::Poll, ""), None, true, at(0), fresh).is_err());
    }

    #[test]
    fn a_new_secret_signs_beside_the_old_one_for_a_day() {
        let mut now = abonnement(Kanaal::Webhook, Actief);
        let rotate = |before: &Abonnement, byte: u8, millis: i64| {
            let wens = Wens {
                geheim: Some(Geheim::of_random([byte; 32])),
                ..wens(Kanaal::Webhook, URL)
            };
            let changed = overgang(before, wens, None, false, at(millis), fresh).unwrap();
            changed.abonnement
        };
        let signs = |abonnement: &Abonnement| -> Vec<(u8, Option<i64>)> {
            let all = abonnement.geheimen.iter();
            all.map(|g| (g.bytes[0], g.tot.map(Tijdstip::as_millis)))
                .collect()
        };
        now = rotate(&now, 2, 1000);
        assert_eq!(signs(&now), [(2, None), (1, Some(1000 + GRACE_MS))]);
        // The same again changes nothing, and keeps the end of the old one.
        assert_eq!(rotate(&now, 2, 5000), now);
        now = rotate(&now, 3, 2000);
        assert_eq!(
            signs(&now),
            [
                (3, None),
                (2, Some(2000 + GRACE_MS)),
                (1, Some(1000 + GRACE_MS))
            ]
        );
        // The first is over; the one before last comes back and is the newest.
        now = rotate(&now, 2, 1500 + GRACE_MS);
        assert_eq!(signs(&now), [(2, None), (3, Some(1500 + 2 * GRACE_MS))]);
        for byte in 10..20 {
            now = rotate(&now, byte, 1500 + GRACE_MS);
        }
        assert_eq!(now.geheimen.len(), MAX_GEHEIMEN);
    }

    #[test]
    fn a_webhook_has_a_secret() {
        let soap = abonnement(Kanaal::Poll, Actief);
        let soap = Abonnement {
            geheimen: Vec::new(),
            ..soap
        };
        let webhook = change(&soap, wens(Kanaal::Webhook, URL), None).unwrap();
        assert_eq!(webhook.abonnement.geheimen, [fresh()]);
        // Over SOAP the connection may be enough.
        let soap = change(&soap, wens(Kanaal::Soap, URL), None).unwrap();
        assert!(soap.abonnement.geheimen.is_empty());
    }

    #[test]
    fn ending_is_for_good() {
        let ended = einde(&abonnement(Kanaal::Webhook, Actief)).abonnement;
        assert_eq!((ended.status, ended.geheimen.len()), (Beeindigd, 0));
        assert_eq!(einde(&ended).abonnement, ended);
    }
}
