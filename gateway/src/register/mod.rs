//! How the register comes in: reading a levering, checking it, comparing it with what is there,
//! deriving the mutations, and making one up for demos and tests (domain §5).

pub mod generate;
pub mod levering;
mod object;

pub use object::Object;
