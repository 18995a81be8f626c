//! Certificates that were judged, remembered for a while: judging costs more than an answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustls::{CertificateError, Error};
use rustls_pki_types::CertificateDer;

use crate::{
    access::PeerIdentity,
    domain::Tijdstip,
    transport::{identity::read_certificate, tls::Tls},
};

/// How long a judgement of a chain counts, as long as a connection does (WT008). Revocation and
/// expiry of the client's own certificate are looked at with every request.
const JUDGED_FOR: Duration = Duration::from_secs(3600);

/// Most certificates that are remembered; afnemers have some hundreds.
const MOST: usize = 1_000;

type Chain = Vec<CertificateDer<'static>>;

#[derive(Debug, Default)]
pub(super) struct Judged(Mutex<HashMap<Chain, Judgement>>);

#[derive(Debug)]
struct Judgement {
    peer: Arc<PeerIdentity>,
    until: Tijdstip,
    /// With other CRLs or authorities it is judged anew.
    changes: u64,
}

impl Judged {
    /// Who this chain is of, when it was judged under these circumstances.
    pub(super) fn find(
        &self,
        chain: &[CertificateDer<'static>],
        changes: u64,
        now: Tijdstip,
    ) -> Option<Arc<PeerIdentity>> {
        let known = self.lock();
        let judgement = known.get(chain)?;
        let counts = judgement.changes == changes && now < judgement.until;
        counts.then(|| Arc::clone(&judgement.peer))
    }

    pub(super) fn remember(
        &self,
        chain: Chain,
        peer: &Arc<PeerIdentity>,
        changes: u64,
        now: Tijdstip,
    ) {
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        let judgement = Judgement {
            peer: Arc::clone(peer),
            until: now.later_by(JUDGED_FOR),
            changes,
        };
        known.insert(chain, judgement);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Chain, Judgement>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who a chain is of, when a handshake would let it in; else why not, with the certificate.
pub(super) fn judge(
    tls: &Tls,
    chain: &[CertificateDer<'static>],
    now: Tijdstip,
) -> Result<Arc<PeerIdentity>, (Error, CertificateDer<'static>)> {
    let Some((own, between)) = chain.split_first() else {
        let nothing = CertificateDer::from(Vec::new());
        return Err((Error::NoCertificatesPresented, nothing));
    };
    let judged = tls
        .verify(own, between, now)
        .and_then(|()| read_certificate(own).map_err(|_| CertificateError::BadEncoding.into()));
    judged.map(Arc::new).map_err(|error| (error, own.clone()))
}
