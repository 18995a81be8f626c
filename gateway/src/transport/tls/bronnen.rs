//! The places of revocation lists, and what of each is in force. They stand apart: what one of
//! them gives, or fails to give, changes nothing for the issuers of the others.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    sync::Arc,
    time::Duration,
};

use super::{
    crl::{Crl, CrlError, Signers, split},
    kept,
    material::{TlsError, TlsPaths},
    plaats::CrlPlaats,
};
use crate::{access::Revoked, domain::Tijdstip};

/// What became of a list that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is the one in force.
    Same,
    /// It came in force.
    New,
}

/// One place.
#[derive(Debug)]
struct Bron {
    plaats: CrlPlaats,
    /// More than one when a PEM file holds them.
    in_force: Vec<Crl>,
}

/// All of them, in the order of the settings.
#[derive(Debug)]
pub(super) struct Bronnen {
    all: Vec<Bron>,
    grace: Duration,
}

impl Bronnen {
    /// Reads the files, of which each must do, and what was kept of the URLs, which may lack.
    /// The second gives what was kept and cannot be used.
    pub(super) fn load(
        paths: &TlsPaths,
        signers: &Signers,
        grace: Duration,
        now: Tijdstip,
    ) -> Result<(Self, Vec<TlsError>), TlsError> {
        let places = paths.crls.iter().cloned();
        let mut bronnen = Self {
            all: places
                .map(|plaats| Bron {
                    plaats,
                    in_force: Vec::new(),
                })
                .collect(),
            grace,
        };
        bronnen.read_files(signers, now).map_or(Ok(()), Err)?;
        let mut failures = Vec::new();
        for bron in &mut bronnen.all {
            if let Err(error) = bron.read_kept(paths, signers, grace, now) {
                failures.push(error);
            }
        }
        Ok((bronnen, failures))
    }

    /// Reads every file anew. Gives the first that cannot be used; its place keeps what it had.
    fn read_files(&mut self, signers: &Signers, now: Tijdstip) -> Option<TlsError> {
        self.reread_files(signers, now).into_iter().next()
    }

    /// The same, with everything that cannot be used.
    pub(super) fn reread_files(&mut self, signers: &Signers, now: Tijdstip) -> Vec<TlsError> {
        let grace = self.grace;
        let files = self.all.iter_mut();
        files
            .filter_map(|bron| bron.read_file(signers, grace, now).err())
            .collect()
    }

    /// Takes what the URL at this place gave, if it may.
    pub(super) fn offer(
        &mut self,
        at: usize,
        bytes: &[u8],
        signers: &Signers,
        now: Tijdstip,
    ) -> Result<Taken, CrlError> {
        let grace = self.grace;
        match self.all.get_mut(at) {
            Some(bron) => bron.take(bytes, signers, grace, now),
            // The caller has its places from here.
            None => Ok(Taken::Same),
        }
    }

    /// Whether anything of this place is in force.
    pub(super) fn has(&self, at: usize) -> bool {
        self.all
            .get(at)
            .is_some_and(|bron| !bron.in_force.is_empty())
    }

    /// Places of which nothing is in force.
    pub(super) fn empty(&self) -> impl Iterator<Item = &CrlPlaats> {
        let empty = self.all.iter().filter(|bron| bron.in_force.is_empty());
        empty.map(|bron| &bron.plaats)
    }

    pub(super) fn crls(&self) -> impl Iterator<Item = &Crl> {
        self.all.iter().flat_map(|bron| &bron.in_force)
    }

    /// Whether certificates are checked for revocation at all.
    pub(super) fn is_checked(&self) -> bool {
        !self.all.is_empty()
    }

    /// When the lists of each issuer (name in DER) are to be replaced. An issuer may split its
    /// list; the oldest part decides, since a serial could be in it.
    pub(super) fn next_updates(&self) -> HashMap<Arc<[u8]>, Option<Tijdstip>> {
        let mut all: HashMap<Arc<[u8]>, Option<Tijdstip>> = HashMap::new();
        for crl in self.crls() {
            all.entry(Arc::clone(&crl.issuer))
                .and_modify(|known| *known = earliest(*known, crl.next_update))
                .or_insert(crl.next_update);
        }
        all
    }

    /// What open connections are held against.
    pub(super) fn revoked(&self, signers: &Signers) -> Revoked {
        let mut revoked = Revoked::default();
        if !self.is_checked() {
            return revoked;
        }
        revoked.require_status();
        for (issuer, next_update) in self.next_updates() {
            let until = next_update.map(|next_update| next_update.later_by(self.grace));
            revoked.set_usable_until(issuer, until);
        }
        let mut lines = HashSet::new();
        for crl in self.crls() {
            for serial in &crl.serials {
                revoked.insert(&crl.issuer, serial);
                lines.insert((&*crl.issuer, &**serial));
            }
        }
        // Whoever a revoked authority vouched for is refused with it.
        for certificate in signers.parsed() {
            let serial = crate::access::without_leading_zeros(certificate.raw_serial());
            if lines.contains(&(certificate.issuer().as_raw(), serial)) {
                revoked.refuse_issuer(Arc::from(certificate.subject().as_raw()));
            }
        }
        revoked
    }
}

impl Bron {
    fn read_file(
        &mut self,
        signers: &Signers,
        grace: Duration,
        now: Tijdstip,
    ) -> Result<(), TlsError> {
        let Some(path) = self.plaats.file() else {
            return Ok(());
        };
        let bytes = fs::read(path).map_err(|source| TlsError::Read {
            path: path.to_owned(),
            source,
        })?;
        self.take(&bytes, signers, grace, now)
            .map(|_| ())
            .map_err(|source| self.refused(source))
    }

    fn read_kept(
        &mut self,
        paths: &TlsPaths,
        signers: &Signers,
        grace: Duration,
        now: Tijdstip,
    ) -> Result<(), TlsError> {
        let Some(url) = self.plaats.url() else {
            return Ok(());
        };
        let path = kept::path(&paths.crl_folder, url);
        let unreadable = |source: io::Error| TlsError::Read {
            path: path.clone(),
            source,
        };
        match kept::read(&path, paths.crl_most_bytes).map_err(unreadable)? {
            None => Ok(()),
            Some(bytes) => self
                .take(&bytes, signers, grace, now)
                .map(|_| ())
                .map_err(|source| self.refused(source)),
        }
    }

    fn refused(&self, source: CrlError) -> TlsError {
        TlsError::Crl {
            plaats: self.plaats.clone(),
            source,
        }
    }

    /// Puts these lists in force in place of what there was: all of them or none.
    fn take(
        &mut self,
        bytes: &[u8],
        signers: &Signers,
        grace: Duration,
        now: Tijdstip,
    ) -> Result<Taken, CrlError> {
        let ders = split(bytes)?;
        let verified = ders
            .into_iter()
            .map(|der| Crl::verified(der, signers, now))
            .collect::<Result<Vec<_>, _>>()?;
        let same = verified.len() == self.in_force.len()
            && verified
                .iter()
                .zip(&self.in_force)
                .all(|(new, old)| new.der == old.der);
        if same {
            return Ok(Taken::Same);
        }
        for new in &verified {
            self.check(new, grace, now)?;
        }
        self.in_force = verified;
        Ok(Taken::New)
    }

    fn check(&self, new: &Crl, grace: Duration, now: Tijdstip) -> Result<(), CrlError> {
        if let Some(old) = self.in_force.iter().find(|old| new.is_older_than(old)) {
            return Err(CrlError::Older {
                found: new.this_update,
                in_force: old.this_update,
            });
        }
        if self.plaats.url().is_none() {
            // An operator puts another issuer's in a file on purpose, and a file that ran out must
            // not keep a node from starting: its issuer alone is refused.
            return Ok(());
        }
        if let Some(old) = self.in_force.first().filter(|old| old.issuer != new.issuer) {
            return Err(CrlError::OtherIssuer {
                found: new.issuer_name.clone(),
                expected: old.issuer_name.clone(),
            });
        }
        match new.next_update {
            Some(next_update) if now > next_update.later_by(grace) => {
                Err(CrlError::Expired(next_update))
            }
            _ => Ok(()),
        }
    }
}

fn earliest(a: Option<Tijdstip>, b: Option<Tijdstip>) -> Option<Tijdstip> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
