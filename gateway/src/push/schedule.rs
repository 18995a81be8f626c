//! When a message is tried again, and when it no longer is (Standard Webhooks, standards §4). Pure:
//! time and chance are passed in.
//!
//! A failure is the endpoint's (it is away, busy, or says no to everything) or the message's own.
//! After the first kind the endpoint rests and is then tried with one message, whose attempt does
//! not count. After the second kind that message alone rests. Several messages refused in a row, and
//! none taken in between, are a failure of the endpoint too: it rests as well, a short time.

use std::time::Duration;

use super::store::{Eindpuntstaat, Gevolg};
use crate::domain::Tijdstip;

/// Attempts before a message or an endpoint is given up.
pub const POGINGEN: u32 = 10;

/// The pauses between them, in seconds: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h.
const PAUZES_S: [u64; POGINGEN as usize - 1] =
    [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// An endpoint is not given up before it failed for so long: its Retry-After can make ten attempts
/// short.
const GEDULD: Duration = Duration::from_secs(72 * 3_600);

/// Shortest and longest pause that an endpoint can ask for by Retry-After.
const RETRY_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3_600)];

/// Longest rest of an endpoint that answers, and refuses: one message that it does take may come.
const RUST_BIJ_WEIGERING: Duration = Duration::from_secs(300);

/// So many messages refused in a row, at their first attempt, mean that it is the endpoint.
const VERDACHT: u32 = 3;

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fout {
    /// The endpoint is gone for good: HTTP 410.
    Weg,
    /// No message would have been taken.
    Eindpunt {
        /// When the endpoint asks to come back.
        retry_after: Option<Duration>,
    },
    /// The message was refused.
    Bericht,
}

impl Fout {
    /// What an HTTP status other than 2xx says.
    #[must_use]
    pub fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            410 => Self::Weg,
            // The message itself, or a program that cannot cope with it.
            400 | 409 | 411..=414 | 416..=424 | 500 => Self::Bericht,
            _ => Self::Eindpunt { retry_after },
        }
    }
}

/// The message that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mislukt {
    /// Why.
    pub fout: Fout,
    /// Attempts of it before.
    pub pogingen: u32,
    /// Messages in a row that were refused at their first attempt, before this one.
    pub geweigerd: u32,
    /// Whether it went alone. Which of several was refused shows when each goes alone.
    pub alleen: bool,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vervolg {
    /// How the endpoint does from now on.
    pub staat: Eindpuntstaat,
    /// What to do with the message.
    pub gevolg: Gevolg,
    /// Whether the push of this subscription stops.
    pub stop: bool,
}

/// Judges a failure.
#[must_use]
pub fn na_mislukking(
    staat: Eindpuntstaat,
    mislukt: Mislukt,
    now: Tijdstip,
    chance: f64,
) -> Vervolg {
    let faalt_sinds = staat.faalt_sinds.unwrap_or(now);
    let staat = Eindpuntstaat {
        faalt_sinds: Some(faalt_sinds),
        ..staat
    };
    let hopeless = now.seconds_since(faalt_sinds) >= GEDULD.as_secs();
    match mislukt.fout {
        Fout::Weg => Vervolg {
            staat,
            gevolg: Gevolg::Terug(now),
            stop: true,
        },
        Fout::Eindpunt { retry_after } => {
            let [shortest, longest] = RETRY_AFTER;
            let asked = retry_after.map(|asked| asked.clamp(shortest, longest));
            let pauze = asked.unwrap_or_else(|| pauze_van_eindpunt(staat, chance));
            rust(staat, pauze, hopeless, now)
        }
        Fout::Bericht => {
            // One that is being tried has not shown yet that it takes anything.
            let rests = staat.mislukt > 0 || is_verdacht(mislukt);
            let gevolg = na_weigering(mislukt, hopeless, now, chance);
            let stop = matches!(gevolg, Gevolg::Terug(_));
            if stop || !rests {
                return Vervolg {
                    staat,
                    gevolg,
                    stop,
                };
            }
            let pauze = pauze_van_eindpunt(staat, chance).min(RUST_BIJ_WEIGERING);
            Vervolg {
                gevolg,
                ..rust(staat, pauze, hopeless, now)
            }
        }
    }
}

/// A message that was refused rests by its own attempts, so that others are tried before it.
fn na_weigering(mislukt: Mislukt, hopeless: bool, now: Tijdstip, chance: f64) -> Gevolg {
    match pauze(mislukt.pogingen + 1, chance) {
        _ if !mislukt.alleen => Gevolg::Opnieuw(now),
        Some(pauze) => Gevolg::Opnieuw(later(now, pauze)),
        // Nothing at all was taken: it is not this message.
        None if hopeless => Gevolg::Terug(now),
        None => Gevolg::Dood,
    }
}

/// How an endpoint does that took a message.
#[must_use]
pub fn na_succes(staat: Eindpuntstaat) -> Eindpuntstaat {
    Eindpuntstaat {
        proef_gevraagd: staat.proef_gevraagd,
        ..Eindpuntstaat::default()
    }
}

fn is_verdacht(mislukt: Mislukt) -> bool {
    mislukt.pogingen == 0 && mislukt.geweigerd + 1 >= VERDACHT
}

/// The endpoint rests for so long, and the message with it.
fn rust(staat: Eindpuntstaat, pauze: Duration, hopeless: bool, now: Tijdstip) -> Vervolg {
    // Of messages that were under way together the first to fail counts.
    if let Some(niet_voor) = staat.niet_voor.filter(|niet_voor| *niet_voor > now) {
        return Vervolg {
            staat,
            gevolg: Gevolg::Terug(niet_voor),
            stop: false,
        };
    }
    let mislukt = staat.mislukt.saturating_add(1);
    let niet_voor = later(now, pauze);
    Vervolg {
        staat: Eindpuntstaat {
            mislukt,
            niet_voor: Some(niet_voor),
            ..staat
        },
        gevolg: Gevolg::Terug(niet_voor),
        stop: hopeless && mislukt >= POGINGEN,
    }
}

/// The pause after one more failure of an endpoint; it stays at the longest.
fn pauze_van_eindpunt(staat: Eindpuntstaat, chance: f64) -> Duration {
    let mislukt = staat.mislukt.saturating_add(1).min(POGINGEN - 1);
    pauze(mislukt, chance).unwrap_or(RUST_BIJ_WEIGERING)
}

/// The pause after so many attempts, and up to a tenth more by `chance` (0 to 1): what failed
/// together does not come back together. None when they are used up.
fn pauze(pogingen: u32, chance: f64) -> Option<Duration> {
    let index = usize::try_from(pogingen).ok()?.checked_sub(1)?;
    let seconds = *PAUZES_S.get(index)?;
    Some(Duration::from_secs(seconds).mul_f64(1.0 + 0.1 * chance))
}

/// The moment so much later, or the last that can be expressed.
#[must_use]
pub fn later(now: Tijdstip, wait: Duration) -> Tijdstip {
    let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    Tijdstip::from_millis(now.as_millis().saturating_add(wait_ms)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: Fout = Fout::Eindpunt { retry_after: None };

    fn at(seconds: i64) -> Tijdstip {
        Tijdstip::from_millis(seconds * 1_000).unwrap()
    }

    fn failing(fout: Fout) -> Mislukt {
        Mislukt {
            fout,
            pogingen: 0,
            geweigerd: 0,
            alleen: true,
        }
    }

    #[test]
    fn an_endpoint_that_is_away_is_tried_ten_times_over_three_days_and_then_stopped() {
        let mut staat = Eindpuntstaat::default();
        let mut now = at(1_000_000);
        let mut waits = Vec::new();
        for attempt in 1..=POGINGEN {
            let after = na_mislukking(staat, failing(AWAY), now, 0.0);
            let niet_voor = after.staat.niet_voor.unwrap();
            assert_eq!(after.gevolg, Gevolg::Terug(niet_voor));
            assert_eq!(after.stop, attempt == POGINGEN, "{attempt}");
            assert_eq!(after.staat.faalt_sinds, Some(at(1_000_000)));
            assert_eq!(after.staat.mislukt, attempt);
            waits.push(niet_voor.seconds_since(now));
            (staat, now) = (after.staat, niet_voor);
        }
        assert_eq!(waits[..9], PAUZES_S);
        assert_eq!(PAUZES_S.iter().sum::<u64>() / 3_600, 75);
    }

    #[test]
    fn a_success_makes_an_endpoint_well_again_and_keeps_what_was_asked() {
        let ill = Eindpuntstaat {
            faalt_sinds: Some(at(1)),
            mislukt: 4,
            niet_voor: Some(at(9)),
            proef_gevraagd: true,
        };
        let well = Eindpuntstaat {
            proef_gevraagd: true,
            ..Eindpuntstaat::default()
        };
        assert_eq!(na_succes(ill), well);
    }

    #[test]
    fn what_fails_together_counts_once_and_comes_back_together() {
        let first = na_mislukking(Eindpuntstaat::default(), failing(AWAY), at(100), 0.0);
        let second = na_mislukking(first.staat, failing(AWAY), at(101), 0.0);
        assert_eq!(second.staat, first.staat);
        assert_eq!(second.gevolg, Gevolg::Terug(at(105)));
    }

    #[test]
    fn retry_after_is_honoured_within_bounds_and_does_not_shorten_patience() {
        for (asked_s, waits_s) in [(0, 1), (7, 7), (3_600, 3_600), (86_400_000, 3_600)] {
            let fout = Fout::of_status(429, Some(Duration::from_secs(asked_s)));
            let after = na_mislukking(Eindpuntstaat::default(), failing(fout), at(0), 1.0);
            assert_eq!(after.staat.niet_voor, Some(at(waits_s)), "{asked_s}");
        }
        let busy = Eindpuntstaat {
            faalt_sinds: Some(at(0)),
            mislukt: 500,
            ..Eindpuntstaat::default()
        };
        assert!(!na_mislukking(busy, failing(AWAY), at(1_000), 0.0).stop);
        assert!(na_mislukking(busy, failing(AWAY), at(72 * 3_600), 0.0).stop);
    }

    #[test]
    fn gone_is_gone_at_once() {
        let gone = failing(Fout::of_status(410, None));
        let after = na_mislukking(Eindpuntstaat::default(), gone, at(5), 0.0);
        assert!(after.stop);
        assert_eq!(after.gevolg, Gevolg::Terug(at(5)));
    }

    #[test]
    fn a_refused_message_rests_alone_and_dies_while_others_are_taken() {
        let refused = |pogingen, since| {
            let staat = Eindpuntstaat {
                faalt_sinds: since,
                ..Eindpuntstaat::default()
            };
            let mislukt = Mislukt {
                pogingen,
                ..failing(Fout::of_status(422, None))
            };
            na_mislukking(staat, mislukt, at(500_000), 0.0)
        };
        let after = refused(0, None);
        assert_eq!(after.gevolg, Gevolg::Opnieuw(at(500_005)));
        assert_eq!(
            (after.staat.mislukt, after.staat.niet_voor, after.stop),
            (0, None, false)
        );
        assert_eq!(refused(1, None).gevolg, Gevolg::Opnieuw(at(500_300)));
        assert_eq!(refused(9, Some(at(499_000))).gevolg, Gevolg::Dood);
        // Nothing else was taken in all that time.
        let after = refused(9, Some(at(200_000)));
        assert_eq!(
            (after.gevolg, after.stop),
            (Gevolg::Terug(at(500_000)), true)
        );
    }

    #[test]
    fn several_refused_in_a_row_are_the_endpoint_s_failure() {
        let refused = |pogingen, geweigerd| {
            let mislukt = Mislukt {
                pogingen,
                geweigerd,
                ..failing(Fout::Bericht)
            };
            na_mislukking(Eindpuntstaat::default(), mislukt, at(0), 0.0)
        };
        assert_eq!(refused(0, 1).gevolg, Gevolg::Opnieuw(at(5)));
        let after = refused(0, 2);
        assert_eq!(after.gevolg, Gevolg::Opnieuw(at(5)));
        assert_eq!(
            (after.staat.mislukt, after.staat.niet_voor),
            (1, Some(at(5)))
        );
        // One that was refused before says nothing new.
        let again = refused(1, 2);
        assert_eq!(again.gevolg, Gevolg::Opnieuw(at(300)));
        assert_eq!(again.staat.niet_voor, None);
        let again = na_mislukking(after.staat, failing(Fout::Bericht), at(5), 0.0);
        assert_eq!(again.staat.niet_voor, Some(at(305)));
        // It answers: it does not rest for hours.
        let after = na_mislukking(again.staat, failing(Fout::Bericht), at(305), 0.0);
        assert_eq!(after.staat.niet_voor, Some(at(605)));
        assert_eq!(after.gevolg, Gevolg::Opnieuw(at(310)));
    }

    #[test]
    fn of_several_in_one_message_each_goes_alone_next() {
        let together = Mislukt {
            alleen: false,
            ..failing(Fout::Bericht)
        };
        let after = na_mislukking(Eindpuntstaat::default(), together, at(7), 0.5);
        assert_eq!(after.gevolg, Gevolg::Opnieuw(at(7)));
    }

    #[test]
    fn pauses_are_up_to_a_tenth_longer() {
        assert_eq!(pauze(1, 1.0), Some(Duration::from_millis(5_500)));
        assert_eq!(pauze(9, 0.0), Some(Duration::from_secs(86_400)));
        assert_eq!(pauze(0, 0.0), None);
        assert_eq!(pauze(10, 0.0), None);
    }

    #[test]
    fn a_status_says_whose_failure_it_is() {
        for (status, fout) in [
            (301, AWAY),
            (307, AWAY),
            (400, Fout::Bericht),
            (401, AWAY),
            (404, AWAY),
            (410, Fout::Weg),
            (413, Fout::Bericht),
            (422, Fout::Bericht),
            (429, AWAY),
            (500, Fout::Bericht),
            (502, AWAY),
            (503, AWAY),
            (504, AWAY),
        ] {
            assert_eq!(Fout::of_status(status, None), fout, "{status}");
        }
    }
}
