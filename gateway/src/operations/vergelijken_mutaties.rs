//! vergelijkenMutaties: the receiver proves that it has everything, or finds out where it has not
//! (domain §2).
//!
//! Both sides take the SHA-256 over `volgnummer:mutatieId\n`, ascending, from 1 up to `totEnMet`:
//! numbers and ids outlive what they were about, so that this never ends with the retention. When
//! the two differ the receiver narrows it down by `stukken`: parts with a digest of their own, of
//! which only those that differ come back, and what lies between them. With a thousand parts at a
//! time, two questions find one missing mutatie among a million.

use aws_lc_rs::digest::{Context as Digest, SHA256};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Answer, Bevinding, Context, Failure, Kop, MAX_VOLGNUMMER, Writing,
    abonnementen::{find, laatste},
    number, ongeldig, present,
    pushing::ask,
};
use crate::{
    domain::Signaalcode,
    log::StoreError,
    push::{AbonnementId, Laatste, PushStore},
};

/// The most parts in one question.
pub const MAX_STUKKEN: usize = 1_000;

/// Numbers read at a time.
const PER_READ: u32 = 2_000;

/// What the receiver has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Of which subscription.
    pub abonnement_id: Option<String>,
    /// Up to which number it compares.
    pub tot_en_met: Option<String>,
    /// SHA-256 in hexadecimal, of all that it has up to there.
    pub digest: Option<String>,
    /// At most [`MAX_STUKKEN`]; the transport refuses more.
    pub stukken: Vec<InvoerStuk>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// A part as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvoerStuk {
    /// First number.
    pub vanaf: Option<String>,
    /// Last number.
    pub tot: Option<String>,
    /// SHA-256 in hexadecimal, of what the receiver has of it.
    pub digest: Option<String>,
}

/// Whether the receiver has everything.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VergelijkenMutatiesAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Of de ontvanger tot en met totEnMet alles heeft, met de goede mutatieId's. Ontbreekt als niet
    /// vergeleken kon worden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gelijk: Option<bool>,
    /// Waar het verschil zit: de stukken die verschillen, en wat tussen de stukken ligt; zonder stukken
    /// alles van 1 tot en met totEnMet. Leeg als er niets verschilt.
    pub ontbrekend: Vec<Interval>,
    /// Het laatst uitgegeven volgnummer; 0 als er nog geen is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1041)]
    pub laatste_volgnummer: Option<u64>,
    /// Waar de stroom begint: wat daarvoor ontbreekt, kan niet meer worden opgehaald.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    pub oudste_volgnummer: Option<u64>,
}

/// Numbers next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Interval)]
pub struct Interval {
    /// Het eerste.
    #[schema(example = 1001)]
    pub vanaf: u64,
    /// Het laatste, inclusief.
    #[schema(example = 1008)]
    pub tot: u64,
}

type Sha256 = [u8; 32];

/// The fields, understood.
struct Vraag {
    tot_en_met: u64,
    digest: Sha256,
    stukken: Vec<Stuk>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stuk {
    interval: Interval,
    digest: Sha256,
}

/// Compares.
///
/// # Errors
/// [`Failure::PushUnavailable`].
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    let vraag = match Vraag::parse(&request) {
        Ok(vraag) => vraag,
        Err(bevindingen) => return Ok(refused(ctx, bevindingen)),
    };
    let Some(abonnement) = find(ctx, writing, request.abonnement_id.as_deref()).await? else {
        return Ok(without(ctx, Signaalcode::AbonnementOnbekend, None));
    };
    let id = abonnement.id;
    let laatste = laatste(writing, id).await?;
    if vraag.tot_en_met > laatste.laatste_volgnummer {
        return Ok(without(
            ctx,
            Signaalcode::VolgnummerVerlopen,
            Some(&laatste),
        ));
    }
    let (gelijk, ontbrekend) = ask(writing, move |store| async move {
        let mut vergelijking = Vergelijking::new(&vraag);
        read(&*store, id, vraag.tot_en_met, &mut vergelijking).await?;
        Ok(vergelijking.outcome(&vraag))
    })
    .await?;
    let found = without(ctx, Signaalcode::GeenBijzonderheden, Some(&laatste));
    Ok(Answer::clean(Response {
        gelijk: Some(gelijk),
        ontbrekend,
        ..found.response
    }))
}

async fn read(
    store: &dyn PushStore,
    id: AbonnementId,
    tot_en_met: u64,
    vergelijking: &mut Vergelijking,
) -> Result<(), StoreError> {
    let mut na = 0;
    while na < tot_en_met {
        let nummers = store.nummers(id, na, PER_READ).await?;
        let Some((last, _)) = nummers.last() else {
            break;
        };
        na = *last;
        for (volgnummer, mutatie_id) in nummers.iter().filter(|(n, _)| *n <= tot_en_met) {
            let line = format!("{volgnummer}:{mutatie_id}\n");
            vergelijking.take(*volgnummer, line.as_bytes());
        }
    }
    Ok(())
}

/// What the gateway has, summed up on the way.
struct Vergelijking {
    whole: Digest,
    /// In their order.
    stukken: Vec<(Interval, Digest)>,
    /// The first one that is not behind.
    current: usize,
}

impl Vergelijking {
    fn new(vraag: &Vraag) -> Self {
        let stukken = vraag.stukken.iter();
        Self {
            whole: Digest::new(&SHA256),
            stukken: stukken
                .map(|stuk| (stuk.interval, Digest::new(&SHA256)))
                .collect(),
            current: 0,
        }
    }

    /// The next line.
    fn take(&mut self, volgnummer: u64, line: &[u8]) {
        self.whole.update(line);
        while let Some((interval, digest)) = self.stukken.get_mut(self.current) {
            if volgnummer <= interval.tot {
                if volgnummer >= interval.vanaf {
                    digest.update(line);
                }
                break;
            }
            self.current += 1;
        }
    }

    /// Whether all is equal, and else where not.
    fn outcome(self, vraag: &Vraag) -> (bool, Vec<Interval>) {
        let is = |digest: Digest, asked: Sha256| digest.finish().as_ref() == asked;
        if is(self.whole, vraag.digest) {
            return (true, Vec::new());
        }
        let mut ontbrekend = Vec::new();
        let mut next = 1;
        for ((interval, digest), asked) in self.stukken.into_iter().zip(&vraag.stukken) {
            between(next, interval.vanaf, &mut ontbrekend);
            if !is(digest, asked.digest) {
                ontbrekend.push(interval);
            }
            next = interval.tot + 1;
        }
        between(next, vraag.tot_en_met + 1, &mut ontbrekend);
        (false, ontbrekend)
    }
}

/// What lies from `next` up to before `vanaf`.
fn between(next: u64, vanaf: u64, ontbrekend: &mut Vec<Interval>) {
    if next < vanaf {
        ontbrekend.push(Interval {
            vanaf: next,
            tot: vanaf - 1,
        });
    }
}

impl Vraag {
    fn parse(request: &Request) -> Result<Self, Vec<Bevinding>> {
        let mut wrong = Vec::new();
        let mut keep = |bevinding| wrong.push(bevinding);
        let tot_en_met = volgnummer("totEnMet", request.tot_en_met.as_deref(), 0)
            .map_err(&mut keep)
            .ok();
        let digest = digest("digest", request.digest.as_deref())
            .map_err(&mut keep)
            .ok();
        let stukken = stukken(
            &request.stukken,
            tot_en_met.unwrap_or(MAX_VOLGNUMMER),
            &mut keep,
        );
        match (tot_en_met, digest) {
            (Some(tot_en_met), Some(digest)) if wrong.is_empty() => Ok(Self {
                tot_en_met,
                digest,
                stukken,
            }),
            _ => Err(wrong),
        }
    }
}

/// The parts, ascending and beside each other. Only the first that is wrong is told: what follows
/// would be wrong because of it.
fn stukken(invoer: &[InvoerStuk], tot_en_met: u64, keep: &mut impl FnMut(Bevinding)) -> Vec<Stuk> {
    let mut found: Vec<Stuk> = Vec::with_capacity(invoer.len());
    for (index, stuk) in invoer.iter().enumerate() {
        let begin = found.last().map_or(1, |before| before.interval.tot + 1);
        match lees_stuk(stuk, begin, tot_en_met) {
            Ok(stuk) => found.push(stuk),
            Err(uitleg) => {
                let uitleg = format!("stuk {}: {uitleg}", index + 1);
                keep(ongeldig("stukken", uitleg));
                break;
            }
        }
    }
    found
}

fn lees_stuk(stuk: &InvoerStuk, begin: u64, tot_en_met: u64) -> Result<Stuk, String> {
    let of = |bevinding: Bevinding| format!("{}: {}", bevinding.veld, bevinding.uitleg);
    let vanaf = volgnummer("vanaf", stuk.vanaf.as_deref(), 1).map_err(of)?;
    let tot = volgnummer("tot", stuk.tot.as_deref(), 1).map_err(of)?;
    let digest = digest("digest", stuk.digest.as_deref()).map_err(of)?;
    if vanaf < begin || tot < vanaf || tot > tot_en_met {
        return Err(
            "stukken lopen op, overlappen niet, en liggen van 1 tot en met totEnMet".to_owned(),
        );
    }
    Ok(Stuk {
        interval: Interval { vanaf, tot },
        digest,
    })
}

fn volgnummer(veld: &'static str, field: Option<&str>, min: u64) -> Result<u64, Bevinding> {
    let missing = || {
        let uitleg = format!("geef een volgnummer: een geheel getal vanaf {min}");
        ongeldig(veld, uitleg)
    };
    number(veld, field, min, MAX_VOLGNUMMER)?.ok_or_else(missing)
}

fn digest(veld: &'static str, field: Option<&str>) -> Result<Sha256, Bevinding> {
    let mut digest = Sha256::default();
    let text = present(field).unwrap_or_default();
    hex::decode_to_slice(text, &mut digest)
        .map(|()| digest)
        .map_err(|_| ongeldig(veld, "geef SHA-256 als 64 hexadecimale cijfers"))
}

/// An answer in which nothing was compared; it says where the feed begins and ends, if there is one.
fn without(
    ctx: &Context<'_>,
    signaalcode: Signaalcode,
    laatste: Option<&Laatste>,
) -> Answer<Response> {
    Answer::clean(Response {
        kop: Kop::new(&ctx.view, signaalcode),
        gelijk: None,
        ontbrekend: Vec::new(),
        laatste_volgnummer: laatste.map(|laatste| laatste.laatste_volgnummer),
        oudste_volgnummer: laatste.map(|laatste| laatste.oudste_volgnummer),
    })
}

fn refused(ctx: &Context<'_>, bevindingen: Vec<Bevinding>) -> Answer<Response> {
    let mut answer = without(ctx, Signaalcode::GegevensOngeldig, None);
    if let Some(first) = bevindingen.first() {
        answer.response.kop = Kop::about(&ctx.view, first);
    }
    Answer {
        bevindingen,
        ..answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u64) -> String {
        format!("{n}:id-{n}\n")
    }

    /// Of what a receiver has.
    fn digest_of(numbers: impl Iterator<Item = u64>) -> String {
        let mut digest = Digest::new(&SHA256);
        for n in numbers {
            digest.update(line(n).as_bytes());
        }
        hex::encode(digest.finish())
    }

    fn compare(have: &dyn Fn(u64) -> bool, stukken: &[(u64, u64)]) -> (bool, Vec<(u64, u64)>) {
        let of = |vanaf, tot| digest_of((vanaf..=tot).filter(|n| have(*n)));
        let request = Request {
            tot_en_met: Some("10".to_owned()),
            digest: Some(of(1, 10)),
            stukken: stukken
                .iter()
                .map(|(vanaf, tot)| InvoerStuk {
                    vanaf: Some(vanaf.to_string()),
                    tot: Some(tot.to_string()),
                    digest: Some(of(*vanaf, *tot)),
                })
                .collect(),
            ..Request::default()
        };
        let vraag = Vraag::parse(&request).unwrap();
        let mut vergelijking = Vergelijking::new(&vraag);
        for n in 1..=10 {
            vergelijking.take(n, line(n).as_bytes());
        }
        let (gelijk, ontbrekend) = vergelijking.outcome(&vraag);
        (
            gelijk,
            ontbrekend.iter().map(|i| (i.vanaf, i.tot)).collect(),
        )
    }

    #[test]
    fn what_differs_is_narrowed_down_by_parts() {
        let all = |_| true;
        let without_7 = |n| n != 7;
        assert_eq!(compare(&all, &[]), (true, vec![]));
        assert_eq!(compare(&all, &[(3, 4)]), (true, vec![]));
        assert_eq!(compare(&without_7, &[]), (false, vec![(1, 10)]));
        assert_eq!(
            compare(&without_7, &[(1, 5), (6, 10)]),
            (false, vec![(6, 10)])
        );
        assert_eq!(
            compare(&without_7, &[(2, 3), (5, 6), (7, 7), (8, 10)]),
            (false, vec![(1, 1), (4, 4), (7, 7)])
        );
        assert_eq!(compare(&|n| n > 4, &[(5, 10)]), (false, vec![(1, 4)]));
    }

    #[test]
    fn a_digest_is_of_sha_256() {
        assert_eq!(
            digest_of(1..=1),
            "c53097629495b13645d39e20fcb814b4b45fb19cda9de3d0769d4b79a37d5aac"
        );
    }

    #[test]
    fn parts_lie_beside_each_other() {
        let stuk = |vanaf: &str, tot: &str| InvoerStuk {
            vanaf: Some(vanaf.to_owned()),
            tot: Some(tot.to_owned()),
            digest: Some("00".repeat(32)),
        };
        for (wrong, veld) in [
            (vec![stuk("2", "1")], "stukken"),
            (vec![stuk("0", "1")], "stukken"),
            (vec![stuk("1", "11")], "stukken"),
            (vec![stuk("1", "3"), stuk("3", "4")], "stukken"),
            (vec![stuk("4", "5"), stuk("1", "3")], "stukken"),
            (vec![InvoerStuk::default()], "stukken"),
        ] {
            let request = Request {
                tot_en_met: Some("10".to_owned()),
                digest: Some("00".repeat(32)),
                stukken: wrong,
                ..Request::default()
            };
            let bevindingen = Vraag::parse(&request).err().unwrap();
            let velden: Vec<&str> = bevindingen.iter().map(|b| b.veld).collect();
            assert_eq!(velden, [veld]);
        }
        let velden = Vraag::parse(&Request::default()).err().unwrap();
        let velden: Vec<&str> = velden.iter().map(|b| b.veld).collect();
        assert_eq!(velden, ["totEnMet", "digest"]);
    }
}
