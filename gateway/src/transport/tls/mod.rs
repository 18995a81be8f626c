//! TLS of the listeners (standards §2: Digikoppeling Beveiligingsstandaarden 2.0.1).
//!
//! TLS 1.2 and 1.3 with ECDHE and AEAD, no renegotiation, no 0-RTT. There is no resumption: a
//! resumed session is let in on an old judgement of the client's certificate.
//!
//! Revocation: with CRLs configured, the status of the client's own certificate must be known,
//! so each issuer needs a CRL; CAs in between are refused when a CRL names them, but need none.
//! A CRL counts once its signature was verified, until nextUpdate plus a grace; after that its
//! issuer's certificates alone are refused. What comes in force ends open connections too.

mod bronnen;
mod crl;
mod fetch;
#[doc(hidden)]
pub mod fuzzing;
mod kept;
mod material;
mod plaats;
mod refusal;
mod report;
mod server_config;
mod verifier;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use reqwest::Url;
use rustls::{
    crypto::{CryptoProvider, aws_lc_rs},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use self::{
    bronnen::Bronnen,
    material::{Authorities, Server, load_server},
    report::InForce,
    verifier::{Basis, ClientTrust},
};
use super::connections::Connections;
use crate::{access::Revocations, domain::Tijdstip, metrics::names};

pub use bronnen::Taken;
pub use crl::CrlError;
pub use fetch::{CrlFetchError, CrlFetcher, FetchSettings, Fetched};
pub use material::{TlsError, TlsPaths};
pub use plaats::CrlPlaats;
pub use refusal::Reden;
pub(crate) use refusal::{RefusalLog, SeenCertificate, take_remembered};
pub use report::{CrlAge, LoadReport};

/// Time past nextUpdate during which a CRL still counts: a weekend and a day, in which its
/// issuer can mend things (standards §2).
pub const CRL_GRACE: Duration = Duration::from_secs(72 * 3600);

/// The TLS material in force, and how to replace it while serving.
#[derive(Debug)]
pub struct Tls {
    paths: TlsPaths,
    crl_grace: Duration,
    provider: Arc<CryptoProvider>,
    server: Arc<ArcSwap<CertifiedKey>>,
    trust: Arc<ArcSwap<ClientTrust>>,
    revocations: Arc<Revocations>,
    connections: Arc<Connections>,
    loaded: Mutex<Loaded>,
    generation: AtomicU64,
}

/// What the material in force was made of: one load or one list at a time changes it.
struct Loaded {
    server_not_after: Tijdstip,
    authorities: Authorities,
    bronnen: Bronnen,
    revoked: usize,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the material for the first time: the files, and what was kept of CRLs that were
    /// fetched before.
    ///
    /// # Errors
    /// [`TlsError`] names the file and what would be right. A copy of a fetched CRL that cannot
    /// be used is no error: it is fetched again.
    pub fn load(
        paths: TlsPaths,
        crl_grace: Duration,
        now: Tijdstip,
    ) -> Result<(Self, LoadReport), TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let Server { key, not_after } = load_server(&paths, &provider)?;
        let authorities = Authorities::load(&paths)?;
        let (bronnen, failures) = Bronnen::load(&paths, &authorities.signers, crl_grace, now)?;
        let mut loaded = Loaded {
            server_not_after: not_after,
            authorities,
            bronnen,
            revoked: 0,
        };
        let trust = loaded.trust(crl_grace, &provider)?;
        let revocations = Arc::new(Revocations::default());
        loaded.revoke(&revocations);
        let report = loaded
            .in_force(crl_grace)
            .report(loaded.revoked, &failures, now);
        let tls = Self {
            paths,
            crl_grace,
            provider,
            server: Arc::new(ArcSwap::new(key)),
            trust: Arc::new(ArcSwap::from_pointee(trust)),
            revocations,
            connections: Arc::default(),
            loaded: Mutex::new(loaded),
            generation: AtomicU64::new(0),
        };
        Ok((tls, report))
    }

    /// Reads the files again and puts them in force: for handshakes from now on, and for
    /// connections that are open, of which the revoked ones are cut. The server's certificate,
    /// the authorities and each CRL stand apart: of what cannot be used, which the report names,
    /// what was in force stays so.
    pub fn reload(&self, now: Tijdstip) -> LoadReport {
        let mut loaded = self.lock();
        let mut failures = Vec::new();
        match load_server(&self.paths, &self.provider) {
            Ok(server) => {
                loaded.server_not_after = server.not_after;
                self.server.store(server.key);
            }
            Err(error) => failures.push(error),
        }
        match Authorities::load(&self.paths) {
            Ok(authorities) => loaded.authorities = authorities,
            Err(error) => failures.push(error),
        }
        failures.extend(loaded.reread_crls(now));
        if let Err(error) = self.put_in_force(&mut loaded, now) {
            failures.push(error);
        }
        let uitkomst = if failures.is_empty() {
            "gelukt"
        } else {
            "mislukt"
        };
        metrics::counter!(names::TLS_HERLADEN, "uitkomst" => uitkomst).increment(1);
        // A handful at most.
        let failed = u32::try_from(failures.len()).unwrap_or(u32::MAX);
        metrics::gauge!(names::TLS_ONBRUIKBAAR).set(failed);
        let in_force = loaded.in_force(self.crl_grace);
        in_force.report(loaded.revoked, &failures, now)
    }

    /// Takes the CRL that was fetched from this URL, if its signature, issuer and age are right,
    /// keeps a copy, and puts it in force as [`Self::reload`] does.
    ///
    /// # Errors
    /// Why it is refused; what was in force stays so.
    pub fn offer(&self, at: usize, bytes: &[u8], now: Tijdstip) -> Result<Taken, TlsError> {
        let mut loaded = self.lock();
        let plaats = self.paths.crls.get(at).ok_or(TlsError::NoSuchPlace)?;
        let refused = |source| TlsError::Crl {
            plaats: Box::new(plaats.clone()),
            source: Box::new(source),
        };
        let taken = loaded.offer(at, bytes, now).map_err(refused)?;
        if taken == Taken::New {
            self.keep(at, bytes);
            self.put_in_force(&mut loaded, now)?;
            loaded.in_force(self.crl_grace).report(0, &[], now);
        }
        Ok(taken)
    }

    /// The URLs of CRLs, each with its place for [`Self::offer`].
    pub fn crl_urls(&self) -> impl Iterator<Item = (usize, &Url)> {
        let places = self.paths.crls.iter().enumerate();
        places.filter_map(|(at, plaats)| Some((at, plaats.url()?)))
    }

    /// Whether a CRL of this place is in force.
    #[must_use]
    pub fn has_crl(&self, at: usize) -> bool {
        self.lock().bronnen.has(at)
    }

    /// What an operator should do something about at this moment.
    #[must_use]
    pub fn warnings(&self, now: Tijdstip) -> Vec<String> {
        self.lock().in_force(self.crl_grace).warnings(now)
    }

    /// Where the material lies.
    #[must_use]
    pub fn paths(&self) -> &TlsPaths {
        &self.paths
    }

    /// Which authorities and lists are in force: a judgement of before this changed is no longer
    /// to be relied on.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether a handshake would let this certificate in at this moment.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn verify(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: Tijdstip,
    ) -> Result<(), rustls::Error> {
        let now_s = u64::try_from(now.as_millis() / 1000).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now_s));
        let trust = self.trust.load();
        trust.verify(own, between, now).map(|_| ())
    }

    /// The revoked certificates, for [`Access`](crate::access::Access) to check every request.
    #[must_use]
    pub fn revocations(&self) -> Arc<Revocations> {
        Arc::clone(&self.revocations)
    }

    /// The connections that a reload cuts when their certificate was revoked.
    #[must_use]
    pub fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    fn keep(&self, at: usize, bytes: &[u8]) {
        let Some(url) = self.paths.crls.get(at).and_then(CrlPlaats::url) else {
            return;
        };
        let path = kept::path(&self.paths.crl_folder, url);
        if let Err(error) = kept::write(&path, bytes) {
            let (path, reason) = (path.display(), error.to_string());
            tracing::error!(%path, reason, "a fetched CRL counts and is not kept: a restart must fetch it again");
        }
    }

    fn put_in_force(&self, loaded: &mut Loaded, now: Tijdstip) -> Result<(), TlsError> {
        let trust = loaded.trust(self.crl_grace, &self.provider)?;
        self.trust.store(Arc::new(trust));
        self.generation.fetch_add(1, Ordering::Release);
        loaded.revoke(&self.revocations);
        let revocations = &self.revocations;
        let cut = self
            .connections
            .cut_where(|peer| revocations.check(peer, now).is_err());
        // Only now, so that the refusals of calls that wait are the last answers on their connections.
        revocations.ring();
        let revoked = loaded.revoked;
        tracing::info!(cut, revoked, "TLS certificates and CRLs came in force");
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Loaded> {
        // What a panic left is whole: each part is replaced at once.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loaded {
    fn reread_crls(&mut self, now: Tijdstip) -> Vec<TlsError> {
        self.bronnen.reread_files(&self.authorities.signers, now)
    }

    fn offer(&mut self, at: usize, bytes: &[u8], now: Tijdstip) -> Result<Taken, CrlError> {
        self.bronnen
            .offer(at, bytes, &self.authorities.signers, now)
    }

    fn trust(
        &self,
        grace: Duration,
        provider: &Arc<CryptoProvider>,
    ) -> Result<ClientTrust, TlsError> {
        let basis = Basis {
            roots: &self.authorities.roots,
            bronnen: &self.bronnen,
            grace,
        };
        ClientTrust::new(&basis, provider).map_err(TlsError::Verifier)
    }

    fn revoke(&mut self, revocations: &Revocations) {
        let revoked = self.bronnen.revoked(&self.authorities.signers);
        self.revoked = revoked.len();
        revocations.replace(revoked);
    }

    fn in_force(&self, grace: Duration) -> InForce<'_> {
        InForce {
            server_not_after: self.server_not_after,
            bronnen: &self.bronnen,
            grace,
        }
    }
}
