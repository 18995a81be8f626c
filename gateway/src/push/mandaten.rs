//! Whose mutaties may be told to whom, at this moment.

use super::MANDAAT;
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
    /// Whether this afnemer may be told what happens at the bpvo's of this school. Nothing is told
    /// by a node whose toegang is too old.
    #[must_use]
    pub fn may_tell(&self, afnemer_oin: Oin, school_oin: Oin) -> bool {
        let now = self.clock.now();
        let toegang = self.access.current();
        let afnemer = toegang.afnemer(afnemer_oin);
        !self.access.is_too_old(now)
            && afnemer.is_some_and(|afnemer| afnemer.may(school_oin, MANDAAT, now))
    }
}

impl std::fmt::Debug for Mandaten<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mandaten")
    }
}
