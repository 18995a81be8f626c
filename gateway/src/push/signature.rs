//! Signatures of messages by Standard Webhooks 1.0: HMAC-SHA256 with the secrets of a subscription
//! (`v1`), and on request Ed25519 with the gateway's own key (`v1a`).

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Geheim,
    private_file::{self, PrivateFileError},
};
use crate::domain::Tijdstip;

/// Before the base64 of a private key (Standard Webhooks).
const PRIVATE: &str = "whsk_";

/// Before the base64 of a public key (Standard Webhooks).
const PUBLIC: &str = "whpk_";

/// Bytes of an Ed25519 seed, and of a public key.
const KEY_BYTES: usize = 32;

/// The gateway's own key, with which messages are signed where a subscriber asks for it.
pub struct Sleutel(Ed25519KeyPair);

/// Why there is no key. It never holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum SleutelError {
    /// The file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// It is no key.
    #[error(
        "{path} holds no signing key: it must be whsk_ and the base64 of an Ed25519 seed of 32 bytes, or of seed and public key together",
        path = .0.display()
    )]
    Invalid(PathBuf),
}

impl Sleutel {
    /// Reads the file with the key, which nobody else may be able to read.
    ///
    /// # Errors
    /// [`SleutelError`].
    pub fn read(path: &Path) -> Result<Self, SleutelError> {
        let bytes = private_file::read(path)?;
        let text = str::from_utf8(&bytes).unwrap_or_default();
        Self::parse(text).ok_or_else(|| SleutelError::Invalid(path.to_owned()))
    }

    /// Reads `whsk_` and the base64 of a seed, or of a seed and its public key as libsodium writes
    /// it. None for anything else, and where the two do not belong together.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.trim().strip_prefix(PRIVATE)?;
        let bytes = BASE64_STANDARD.decode(encoded).ok()?;
        let pair = match bytes.split_at_checked(KEY_BYTES)? {
            (seed, []) => Ed25519KeyPair::from_seed_unchecked(seed),
            (seed, public) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
        };
        pair.ok().map(Self)
    }

    /// The public key, `whpk_…`, by which subscribers verify.
    #[must_use]
    pub fn public_text(&self) -> String {
        let public = self.0.public_key().as_ref();
        format!("{PUBLIC}{}", BASE64_STANDARD.encode(public))
    }
}

impl fmt::Debug for Sleutel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sleutel {{ {} }}", self.public_text())
    }
}

/// What is signed: one attempt at one message.
#[derive(Debug, Clone, Copy)]
pub struct Ondertekend<'a> {
    /// `webhook-id`: the same over attempts.
    pub id: &'a str,
    /// `webhook-timestamp`: of this attempt.
    pub tijdstip: Tijdstip,
    /// The body, byte for byte as it is sent.
    pub body: &'a [u8],
}

impl Ondertekend<'_> {
    /// `webhook-timestamp`: seconds since 1970.
    #[must_use]
    pub fn timestamp_s(&self) -> i64 {
        self.tijdstip.as_millis().div_euclid(1_000)
    }

    /// `webhook-signature`: one for each secret that is valid at that moment, the newest first, and
    /// one by the key where it is given.
    #[must_use]
    pub fn signature(&self, geheimen: &[Geheim], sleutel: Option<&Sleutel>) -> String {
        let mut content = format!("{}.{}.", self.id, self.timestamp_s()).into_bytes();
        content.extend_from_slice(self.body);
        let by_secret = geheimen
            .iter()
            .filter(|geheim| geheim.is_valid(self.tijdstip))
            .map(|geheim| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &geheim.bytes);
                let tag = hmac::sign(&key, &content);
                format!("v1,{}", BASE64_STANDARD.encode(tag.as_ref()))
            });
        let by_key = sleutel.map(|sleutel| {
            let signature = sleutel.0.sign(&content);
            format!("v1a,{}", BASE64_STANDARD.encode(signature.as_ref()))
        });
        let all: Vec<String> = by_secret.chain(by_key).collect();
        all.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    /// 32 bytes of one value.
    const KEY: &str = "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

    fn at(seconds: i64) -> Tijdstip {
        Tijdstip::from_millis(seconds * 1_000).unwrap()
    }

    /// The example of the specification.
    fn example() -> Ondertekend<'static> {
        Ondertekend {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            tijdstip: at(1_614_265_330),
            body: br#"{"test": 2432232314}"#,
        }
    }

    #[test]
    fn the_published_example_has_the_published_signature() {
        let geheim = Geheim::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            example().signature(&[geheim], None),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn both_secrets_sign_until_the_old_one_ends_and_the_key_where_asked() {
        let old = |tot| Geheim {
            tot: Some(at(tot)),
            ..Geheim::of_random([1; 32])
        };
        let new = Geheim::of_random([2; 32]);
        let kinds = |text: &str| -> Vec<String> {
            let kinds = text.split(' ').map(|one| one.split(',').next());
            kinds.flatten().map(str::to_owned).collect()
        };
        let both = example().signature(&[new.clone(), old(1_614_265_331)], None);
        assert_eq!(kinds(&both), ["v1", "v1"]);
        let one = example().signature(&[new.clone(), old(1_614_265_330)], None);
        assert_eq!(Some(one.as_str()), both.split(' ').next());

        let sleutel = Sleutel::parse(KEY).unwrap();
        let signed = example().signature(&[new], Some(&sleutel));
        assert_eq!(kinds(&signed), ["v1", "v1a"]);
        let signature = signed.split_once(" v1a,").unwrap().1;
        let public = sleutel.public_text();
        let public = BASE64_STANDARD
            .decode(public.strip_prefix("whpk_").unwrap())
            .unwrap();
        let content = [
            b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.".as_slice(),
            example().body,
        ];
        UnparsedPublicKey::new(&ED25519, public)
            .verify(
                &content.concat(),
                &BASE64_STANDARD.decode(signature).unwrap(),
            )
            .unwrap();
    }

    #[test]
    fn a_key_is_read_with_and_without_its_public_half() {
        let short = Sleutel::parse(KEY).unwrap();
        let public = short.0.public_key().as_ref();
        let long = [[7; 32].as_slice(), public].concat();
        let long = format!("whsk_{}", BASE64_STANDARD.encode(long));
        assert_eq!(
            Sleutel::parse(&long).unwrap().public_text(),
            short.public_text()
        );
        let wrong = format!("whsk_{}", BASE64_STANDARD.encode([7; 64]));
        for text in ["", "whsk_", "whsk_AAAA", &KEY[5..], &wrong] {
            assert!(Sleutel::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sleutel");
        fs::write(&path, KEY).unwrap();
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        set(0o640);
        assert!(matches!(
            Sleutel::read(&path),
            Err(SleutelError::File(PrivateFileError::Exposed {
                mode: 0o640,
                ..
            }))
        ));
        set(0o600);
        assert!(Sleutel::read(&path).is_ok());
        fs::write(&path, "iets anders").unwrap();
        assert!(matches!(
            Sleutel::read(&path),
            Err(SleutelError::Invalid(_))
        ));
        let absent = folder.path().join("weg");
        assert!(matches!(
            Sleutel::read(&absent),
            Err(SleutelError::File(PrivateFileError::Unreadable { .. }))
        ));
    }
}
