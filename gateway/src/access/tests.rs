use super::*;
use crate::{clock::Clock, log::StoreError};

const SUPPLIER: &str = "00000099000000002001";
const SCHOOL: &str = "00000099000000001001";
const LIMITED_SCHOOL: &str = "00000099000000001002";

fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

fn at(text: &str) -> Tijdstip {
    Tijdstip::parse(text).unwrap()
}

fn peer(oin_text: Option<&str>) -> PeerIdentity {
    PeerIdentity {
        oin: oin_text.map(oin),
        issuer: b"ca".to_vec(),
        serial: vec![7],
        not_after: at("2027-01-01T00:00:00Z"),
    }
}

#[test]
fn a_certificate_gives_an_afnemer_or_the_reason_why_not() {
    let access = Access::new(Toegang::parse(EXAMPLE).unwrap());
    let now = at("2026-11-22T09:00:00Z");
    let check = |peer: PeerIdentity, now, expect: Result<&str, Rejection>| {
        let found = access.identify(&peer, now).map(|a| a.naam.to_string());
        assert_eq!(found, expect.map(str::to_owned));
    };
    check(peer(Some(SUPPLIER)), now, Ok("Onderwijs Online Test"));
    check(peer(None), now, Err(Rejection::InvalidCertificateOin));
    check(
        peer(Some("00000099000000009999")),
        now,
        Err(Rejection::UnknownOrganisation),
    );
    check(
        peer(Some(SUPPLIER)),
        at("2027-01-01T00:00:01Z"),
        Err(Rejection::CertificateNoLongerValid),
    );
    let blocked = PeerIdentity {
        serial: vec![0x4a, 0x11, 0xc0, 0xff, 0xee],
        ..peer(Some(SUPPLIER))
    };
    check(blocked, now, Err(Rejection::CertificateNoLongerValid));
}

#[test]
fn a_certificate_that_was_revoked_after_the_handshake_is_refused() {
    let revocations = Arc::new(Revocations::default());
    let access =
        Access::new(Toegang::parse(EXAMPLE).unwrap()).with_revocations(Arc::clone(&revocations));
    let now = at("2026-11-22T09:00:00Z");
    assert!(access.identify(&peer(Some(SUPPLIER)), now).is_ok());
    let mut revoked = Revoked::default();
    revoked.insert(&Arc::from(*b"ca"), &[7]);
    revocations.replace(revoked);
    assert_eq!(
        access.identify(&peer(Some(SUPPLIER)), now),
        Err(Rejection::CertificateNoLongerValid)
    );
}

#[test]
fn a_mandate_holds_for_its_school_operations_and_days() {
    let access = Access::new(Toegang::parse(EXAMPLE).unwrap());
    let supplier = access.current().afnemer(oin(SUPPLIER)).cloned().unwrap();
    let check = |school: Option<&str>, operatie, now: &str, expect: Result<&str, Rejection>| {
        let found = access.authorise(&supplier, school.map(oin), operatie, at(now));
        assert_eq!(
            found.map(|caller| caller.school_oin),
            expect.map(oin),
            "{school:?} {operatie} {now}"
        );
    };
    use Operatie::{NatrekkenErkenning as Natrekken, OpvragenDetailgegevens as Details};
    let today = "2026-11-22T09:00:00Z";
    check(Some(SCHOOL), Details, today, Ok(SCHOOL));
    check(Some(LIMITED_SCHOOL), Natrekken, today, Ok(LIMITED_SCHOOL));
    check(
        Some(LIMITED_SCHOOL),
        Details,
        today,
        Err(Rejection::NoMandate),
    );
    check(None, Natrekken, today, Err(Rejection::NoSchoolNamed));
    check(Some(SUPPLIER), Natrekken, today, Err(Rejection::NoMandate));
    // The days are those of the Netherlands: the mandate runs from 2026-08-01 to 2027-07-31.
    for (now, expect) in [
        ("2026-07-31T21:59:59Z", Err(Rejection::NoMandate)),
        ("2026-07-31T22:00:00Z", Ok(LIMITED_SCHOOL)),
        ("2027-07-31T21:59:59Z", Ok(LIMITED_SCHOOL)),
        ("2027-07-31T22:00:00Z", Err(Rejection::NoMandate)),
    ] {
        check(Some(LIMITED_SCHOOL), Natrekken, now, expect);
    }
}

#[test]
fn the_only_mandate_names_the_school() {
    let access = Access::new(Toegang::parse(EXAMPLE).unwrap());
    let only = access
        .current()
        .afnemer(oin("00000099000000002003"))
        .cloned()
        .unwrap();
    let now = at("2026-11-22T09:00:00Z");
    let caller = access.authorise(&only, None, Operatie::NatrekkenErkenning, now);
    assert_eq!(caller.unwrap().school_oin, oin(SCHOOL));
}

#[test]
fn toegang_that_is_too_old_refuses_everybody() {
    let access = Access::ageing(Duration::from_secs(24 * 3600));
    let identify = |now: &str| {
        let found = access.identify(&peer(Some(SUPPLIER)), at(now));
        found.map(|_| ())
    };
    assert_eq!(
        identify("2026-11-22T09:00:00Z"),
        Err(Rejection::AccessTooOld)
    );
    access.replace(Toegang::parse(EXAMPLE).unwrap());
    access.confirm(at("2026-11-22T09:00:00Z"));
    access.confirm(at("2026-11-22T08:00:00Z"));
    assert_eq!(identify("2026-11-23T09:00:00Z"), Ok(()));
    assert_eq!(
        identify("2026-11-23T09:00:01Z"),
        Err(Rejection::AccessTooOld)
    );
}

#[test]
fn a_snapshot_gives_toegang_back_with_its_age() {
    let access = Access::ageing(Duration::from_secs(60));
    assert!(access.to_bytes().unwrap().is_none());
    access.replace(Toegang::parse(EXAMPLE).unwrap());
    access.confirm(at("2026-11-22T09:00:00Z"));
    let bytes = access.to_bytes().unwrap().unwrap();

    let other = Access::ageing(Duration::from_secs(60));
    other.restore(&bytes).unwrap();
    assert_eq!(other.current(), access.current());
    assert_eq!(other.confirmed_at(), Some(at("2026-11-22T09:00:00Z")));
    assert!(other.restore(&bytes[..9]).is_err());
    assert_eq!(other.current(), access.current());
}

#[test]
fn rejected_documents_name_every_mistake() {
    let check = |edits: &[(&str, &str)], expect: &[&str]| {
        let text = edits.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let error = Toegang::parse(&text).unwrap_err().to_string();
        let lines: Vec<_> = error.lines().collect();
        assert_eq!(lines.len(), expect.len(), "{error}");
        for (line, expect) in lines.iter().zip(expect) {
            assert!(line.contains(expect), "{line}: not {expect}");
        }
    };
    check(
        &[("brin = ", "brim = ")],
        &["line 7: unknown field `brim`, expected one of"],
    );
    check(&[("naam = \"ROC", "naam = ROC")], &["line 8"]);
    check(&[("rol = \"SIS\"\n", "")], &["missing field `rol`"]);
    check(
        &[("[\"4A:11:C0:FF:EE\"]", "[\"4A:XX\", \"\"]")],
        &[
            "line 24: afnemers[1].geblokkeerdeCertificaten: \"4A:XX\" is no serial number",
            "\"\" is no serial number",
        ],
    );
    check(
        &[
            ("\"98AA\"", "\"98aa\""),
            ("\"SIS\"", "\"sis\""),
            ("2026-08-01", "\"2026-8-1\""),
        ],
        &[
            "line 7: scholen[1].brin: \"98aa\" is not of the form [0-9]{2}[A-Z]{2}",
            "line 20: afnemers[1].rol: \"sis\" is not known; it should be one of SIS, BPV, BEHEER",
            "line 40: afnemers[1].mandaten[2].vanaf: 2026-8-1 is no date",
        ],
    );
    check(
        &[("2027-07-31", "2026-07-31")],
        &["tot: 2026-07-31 is before vanaf, 2026-08-01"],
    );
    check(
        &[("\"natrekkenErkenning\", ", "\"natrekkenErkenningen\", ")],
        &["\"natrekkenErkenningen\" is there already"],
    );
    check(
        &[("[\"natrekkenErkenning\", \"natrekkenErkenningen\"]", "[]")],
        &["it is empty; leave the key out"],
    );
    check(
        &[(
            "schoolOin = \"00000099000000001001\"",
            "schoolOin = \"00000099000000001009\"",
        )],
        &["mandaten[1].schoolOin: no school under [[scholen]] has OIN 00000099000000001009"],
    );
    check(
        &[(
            "schoolOin = \"00000099000000001002\"",
            "schoolOin = \"00000099000000001001\"",
        )],
        &["mandaten[2].schoolOin: \"00000099000000001001\" is there already"],
    );
    check(
        &[
            ("00000099000000002003", SUPPLIER),
            ("PHP Koppeling Test", "Onderwijs Online Test"),
        ],
        &["afnemers[2].oin", "afnemers[2].naam"],
    );
    let nobody = Toegang::parse("").unwrap_err().to_string();
    assert!(nobody.contains("everybody would be shut out"), "{nobody}");
}

/// A store that a test writes to by hand, and that can be away.
#[derive(Default)]
struct FakeStore(std::sync::Mutex<Option<Option<Version>>>);

impl FakeStore {
    fn set(&self, version: Option<Version>) {
        *self.0.lock().unwrap() = Some(version);
    }

    fn get(&self) -> Result<Option<Version>, StoreError> {
        let held = self.0.lock().unwrap().clone();
        held.ok_or_else(|| StoreError::Damaged("away".to_owned()))
    }
}

#[async_trait::async_trait]
impl ToegangStore for FakeStore {
    async fn head(&self) -> Result<Option<VersionHead>, StoreError> {
        Ok(self.get()?.map(|version| version.head()))
    }

    async fn newest(&self) -> Result<Option<Version>, StoreError> {
        self.get()
    }

    async fn append(&self, _: u64, _: &str, _: Tijdstip) -> Result<Version, AppendError> {
        unreachable!("the follower only reads")
    }
}

struct TickingClock(AtomicI64);

impl Clock for TickingClock {
    fn now(&self) -> Tijdstip {
        Tijdstip::from_millis(self.0.fetch_add(1000, Relaxed)).unwrap()
    }
}

fn version(versie: u64, document: &str) -> Version {
    Version {
        versie,
        tijdstip: Tijdstip::EPOCH,
        sha256: [u8::try_from(document.len() % 256).unwrap(); 32],
        document: document.to_owned(),
    }
}

#[tokio::test]
async fn the_follower_takes_what_the_store_has_and_confirms_only_what_it_saw() {
    let store = Arc::new(FakeStore::default());
    let access = Arc::new(Access::ageing(Duration::from_secs(60)));
    let clock = Arc::new(TickingClock(AtomicI64::new(0)));
    let mut follower = ToegangFollower::new(store.clone(), access.clone(), clock);

    assert!(follower.step().await.is_err());
    assert_eq!(access.confirmed_at(), None);

    store.set(Some(version(3, EXAMPLE)));
    assert_eq!(follower.step().await.unwrap(), ToegangProgress::Replaced(3));
    assert_eq!(follower.step().await.unwrap(), ToegangProgress::Confirmed);
    let confirmed = access.confirmed_at();
    assert_eq!(confirmed.unwrap().as_millis(), 2000);

    store.set(Some(version(4, "from = \"a newer program\"")));
    let error = follower.step().await.unwrap_err().to_string();
    assert!(error.contains("version 4 of toegang"), "{error}");
    assert_eq!(
        (access.current().versie, access.confirmed_at()),
        (3, confirmed)
    );

    // A restored backup counts back; the store is right all the same.
    let smaller = EXAMPLE.replace("BEHEER", "");
    store.set(Some(version(2, &smaller)));
    assert_eq!(follower.step().await.unwrap(), ToegangProgress::Replaced(2));
    store.set(Some(version(2, EXAMPLE)));
    assert_eq!(follower.step().await.unwrap(), ToegangProgress::Replaced(2));
    store.set(None);
    assert_eq!(follower.step().await.unwrap(), ToegangProgress::Replaced(0));
    assert!(access.current().afnemers.is_empty());
}
