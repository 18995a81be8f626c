use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use super::*;
use crate::{
    access::{Access, Addressering, EXAMPLE, Rejection},
    domain::{Rol, Tijdstip},
};

/// A clock that goes only when it is told to.
#[derive(Default)]
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> Tijdstip {
        Tijdstip::from_millis(self.0.load(Relaxed)).unwrap()
    }
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

fn quota() -> Quota {
    Quota {
        verzoeken_per_seconde: number(10),
        burst: number(20),
        gelijktijdig: number(2),
        bulkregels_per_minuut: number(30_000),
    }
}

fn afnemer(last: u32) -> Afnemer {
    Afnemer {
        oin: Oin::parse(&format!("00000099{last:012}")).unwrap(),
        naam: format!("Pakket {last}").into(),
        rol: Rol::Sis,
        addressering: Addressering::Verplicht,
        geblokkeerde_certificaten: Vec::new(),
        quota: EigenQuota::default(),
        mandaten: Vec::new(),
    }
}

fn toegang(afnemers: &[Afnemer]) -> Toegang {
    Toegang {
        versie: 1,
        afnemers: afnemers
            .iter()
            .map(|a| (a.oin, Arc::new(a.clone())))
            .collect(),
        scholen: HashMap::new(),
    }
}

struct World {
    access: Access,
    clock: Arc<Set>,
}

fn world(afnemers: &[Afnemer]) -> World {
    let clock = Arc::new(Set::default());
    let access =
        Access::new(toegang(afnemers)).with_quota(quota(), Arc::clone(&clock) as Arc<dyn Clock>);
    World { access, clock }
}

impl World {
    fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Relaxed);
    }

    fn one(&self, afnemer: &Afnemer) -> Result<Toelating, Overschrijding> {
        let toelating = self.access.toelating(Ok(afnemer));
        toelating.binnen().map(|()| toelating)
    }

    /// Requests after each other, until one is refused.
    fn many(&self, afnemer: &Afnemer) -> (u32, Overschrijding) {
        let mut taken = 0;
        loop {
            match self.one(afnemer) {
                Ok(_) => taken += 1,
                Err(over) => return (taken, over),
            }
        }
    }
}

#[test]
fn a_burst_passes_and_then_so_many_a_second() {
    let a = afnemer(1);
    let world = world(std::slice::from_ref(&a));
    let (taken, over) = world.many(&a);
    assert_eq!(
        (taken, over.soort, over.retry_after_s),
        (20, QuotaSoort::Verzoeken, 1)
    );
    world.pass(1_000);
    assert_eq!(world.many(&a).0, 10);
    world.pass(60_000);
    assert_eq!(world.many(&a).0, 20);
}

#[test]
fn one_afnemer_takes_nothing_of_another() {
    let (a, b) = (afnemer(1), afnemer(2));
    let world = world(&[a.clone(), b.clone()]);
    world.many(&a);
    assert_eq!(world.many(&b).0, 20);
}

#[test]
fn so_many_at_once_and_a_place_is_free_with_the_answer() {
    let a = afnemer(1);
    let world = world(std::slice::from_ref(&a));
    let (first, second) = (world.one(&a).unwrap(), world.one(&a).unwrap());
    let over = world.one(&a).unwrap_err();
    assert_eq!(
        (over.soort, over.retry_after_s),
        (QuotaSoort::Gelijktijdig, 1)
    );
    let copy = first.clone();
    drop(first);
    assert!(world.one(&a).is_err(), "what works on it still has it");
    drop(copy);
    drop(world.one(&a).unwrap());
    // Who waits for mutaties has no place.
    let third = world.one(&a).unwrap();
    third.wacht();
    drop(world.one(&a).unwrap());
    drop((second, third));
}

#[test]
fn lines_of_bulk_by_the_minute_and_what_was_refused_closes_the_door() {
    let a = afnemer(1);
    let world = world(std::slice::from_ref(&a));
    for _ in 0..3 {
        let toelating = world.one(&a).unwrap();
        toelating.bulk().unwrap();
        toelating.regels(10_000).unwrap();
    }
    let toelating = world.one(&a).unwrap();
    toelating.bulk().unwrap();
    let over = toelating.regels(5_000).unwrap_err();
    assert_eq!(
        (over.soort, over.retry_after_s),
        (QuotaSoort::Bulkregels, 10)
    );
    drop(toelating);
    // It is not read again before that.
    world.pass(5_000);
    let toelating = world.one(&a).unwrap();
    assert_eq!(toelating.bulk().unwrap_err().retry_after_s, 5);
    drop(toelating);
    world.pass(5_000);
    let toelating = world.one(&a).unwrap();
    toelating.bulk().unwrap();
    toelating.regels(5_000).unwrap();
}

#[test]
fn the_header_fields_say_what_holds_and_what_is_left() {
    let a = afnemer(1);
    let world = world(std::slice::from_ref(&a));
    let toelating = world.one(&a).unwrap();
    let koppen = toelating.koppen().unwrap();
    assert_eq!(
        &*koppen.beleid,
        "\"verzoeken\";q=20;w=2, \"gelijktijdig\";q=2;qu=\"concurrent-requests\", \
         \"bulkregels\";q=30000;qu=\"bulkregels\";w=60"
    );
    assert_eq!(koppen.stand, "\"verzoeken\";r=19;t=1, \"gelijktijdig\";r=1");
    toelating.regels(10_000).unwrap();
    assert!(
        toelating
            .koppen()
            .unwrap()
            .stand
            .ends_with(", \"bulkregels\";r=20000;t=20")
    );
}

#[test]
fn toegang_changes_a_quota_and_what_is_under_way_still_counts() {
    let mut a = afnemer(1);
    let world = world(std::slice::from_ref(&a));
    let under_way = world.one(&a).unwrap();
    world.many(&a);
    a.quota.burst = Some(number(5));
    a.quota.gelijktijdig = Some(number(1));
    world.access.replace(toegang(std::slice::from_ref(&a)));
    let over = world.one(&a).unwrap_err();
    assert_eq!(
        (over.soort, over.grens),
        (QuotaSoort::Gelijktijdig, number(1))
    );
    drop(under_way);
    assert_eq!(world.many(&a).0, 4);
    // Another change of toegang gives nothing back.
    world.access.replace(toegang(std::slice::from_ref(&a)));
    assert_eq!(world.many(&a).0, 0);
}

#[test]
fn nobody_but_an_afnemer_takes_memory_and_all_others_share_one_quota() {
    let a = afnemer(1);
    let world = world(std::slice::from_ref(&a));
    drop(world.one(&a).unwrap());
    for _ in 0..20 {
        let unknown = world.access.toelating(Err(&Rejection::UnknownOrganisation));
        unknown.binnen().unwrap();
        assert!(unknown.koppen().is_none());
    }
    let invalid = world
        .access
        .toelating(Err(&Rejection::InvalidCertificateOin));
    assert!(invalid.binnen().is_err());
    assert_eq!(world.many(&a).0, 19);

    // Who leaves toegang leaves nothing behind.
    let b = afnemer(2);
    world.access.replace(toegang(std::slice::from_ref(&b)));
    drop(world.one(&b).unwrap());
    let quotas = world.access.quotas.as_ref().unwrap();
    assert_eq!(quotas.meters.load().len(), 1);
}

#[test]
fn where_toegang_is_too_old_nobody_is_counted() {
    let world = world(&[afnemer(1)]);
    for _ in 0..100 {
        let toelating = world.access.toelating(Err(&Rejection::AccessTooOld));
        toelating.binnen().unwrap();
    }
}

#[test]
fn a_document_names_what_differs() {
    let toegang = Toegang::parse(EXAMPLE).unwrap();
    let own = |last| {
        let oin = Oin::parse(&format!("00000099{last:012}")).unwrap();
        toegang.afnemer(oin).unwrap().quota
    };
    let found = own(2001).over(quota());
    assert_eq!(found.burst, number(2_000));
    assert_eq!(found.bulkregels_per_minuut, number(300_000));
    assert_eq!(found.verzoeken_per_seconde, number(10));
    assert!(own(2003).is_empty());
    for (old, new, expect) in [
        (
            "burst = 2000",
            "burst = 0",
            "afnemers[1].quota.burst: 0 is not right",
        ),
        ("burst = 2000", "burst = -1", "from 1 to"),
        ("300000", "9999", "from 10000 to"),
        ("burst = 2000", "bursts = 2000", "bursts"),
    ] {
        let error = Toegang::parse(&EXAMPLE.replace(old, new)).unwrap_err();
        assert!(error.to_string().contains(expect), "{error}");
    }
}
