//! The register in memory: a full replica on every node, answering all reads (design §1).
//!
//! `state` applies lines and knows no locks; `follower` is the only writer; [`Replica`] publishes
//! whole states behind an ArcSwap, so that a reader never waits and never sees half a commit.

mod bezetting;
mod follower;
mod hash;
mod index;
mod indexing;
mod replay;
pub mod search;
pub mod snapshot;
mod state;
mod view;

pub use bezetting::{Bezetting, Looptijd};
pub use follower::{Follower, FollowerError, FollowerStatus, Progress, Stop};
pub use hash::StateHash;
pub use replay::replay;
pub use state::{Aantallen, ApplyError, BpvoSleutel, State};
pub use view::{Leerplaatsen, NotHere, Replica, Stand, Stempel, View, Voorkant};
