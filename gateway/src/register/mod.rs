//! How the register comes in: reading a levering, checking it, comparing it with what is there,
//! deriving the mutations, and making one up for demos and tests (domain §5).

pub mod generate;
pub mod import;
pub mod levering;
mod object;
mod set_aside;
#[cfg(test)]
mod testing;
mod verify;

pub use object::Object;
pub use set_aside::{Share, write_set_aside};
pub use verify::{Verified, VerifyError, verify};
