//! Whose mutaties may be told to whom, at this moment.

use super::{Abonnement, relatie::may_hear};
use crate::{access::Access, clock::Clock, domain::Oin};

/// Asked for every melding when it leaves, not when it was numbered: a mandate that was withdrawn
/// meanwhile counts.
#[derive(Clone, Copy)]
pub struct Mandaten<'a> {
    /// Who may ask what.
    pub access: &'a Access,
    /// What time it is.
    pub clock: &'a dyn Clock,
}

impl Mandaten<'_> {
    /// Whether this subscription may be told what happens at the bpvo's of this school. Nothing is
    /// told by a node whose toegang is too old.
    #[must_use]
    pub fn may_tell(&self, abonnement: &Abonnement, school_oin: Oin) -> bool {
        let now = self.clock.now();
        !self.access.is_too_old(now)
            && may_hear(&self.access.current(), abonnement, school_oin, now)
    }
}

impl std::fmt::Debug for Mandaten<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mandaten")
    }
}
