//! Published states of the register: what every operation reads from.

use std::{sync::Arc, time::Duration};

use crate::domain::{
    Code, Equivalent, Kern, Leerbedrijf, LeerbedrijfId, Oin, Opleiding, RegisterVersie, School,
    Tijdstip,
};

/// One immutable state of the register, cheap to hold.
#[derive(Debug)]
pub struct View {}

impl View {
    /// The state before anything was loaded.
    #[must_use]
    pub fn empty() -> Self {
        unimplemented!()
    }

    /// False until a snapshot was loaded or the follower has reached the head once.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        unimplemented!()
    }

    /// Which state this is.
    #[must_use]
    pub fn versie(&self) -> RegisterVersie {
        unimplemented!()
    }

    /// When it was registered.
    #[must_use]
    pub fn tijdstip(&self) -> Tijdstip {
        unimplemented!()
    }

    /// Identity and erkenningen; reads only the beginning of the blob.
    #[must_use]
    pub fn kern(&self, _id: LeerbedrijfId) -> Option<Kern> {
        unimplemented!()
    }

    /// All of a leerbedrijf but its people.
    #[must_use]
    pub fn leerbedrijf(&self, _id: LeerbedrijfId) -> Option<Leerbedrijf> {
        unimplemented!()
    }

    /// The kwalificatie or keuzedeel with this code.
    #[must_use]
    pub fn opleiding(&self, _code: Code) -> Option<&Opleiding> {
        unimplemented!()
    }

    /// Codes whose erkenning counts for this code too.
    #[must_use]
    pub fn equivalenten(&self, _code: Code) -> &[Equivalent] {
        unimplemented!()
    }

    /// The school with this OIN.
    #[must_use]
    pub fn school(&self, _oin: Oin) -> Option<&School> {
        unimplemented!()
    }

    /// Leerbedrijven with an address on this postcode, of business or for letters, ascending.
    pub fn by_postcode(&self, _land: &str, _postcode: &str) -> Vec<LeerbedrijfId> {
        unimplemented!()
    }

    /// Leerbedrijven whose folded name is that of `naam`, ascending.
    pub fn by_naam(&self, _naam: &str) -> Vec<LeerbedrijfId> {
        unimplemented!()
    }
}

/// The published views of this node.
#[derive(Debug)]
pub struct Replica {}

impl Replica {
    /// Begins with [`View::empty`].
    #[must_use]
    pub fn new() -> Self {
        unimplemented!()
    }

    /// The newest view.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        unimplemented!()
    }

    /// The newest view once it is of this tijdlijn and has at least this number.
    ///
    /// # Errors
    /// What this node has, when `max_wait` has passed.
    pub async fn at_least(
        &self,
        _versie: RegisterVersie,
        _max_wait: Duration,
    ) -> Result<Arc<View>, RegisterVersie> {
        unimplemented!()
    }
}
