//! The quality of search: held against a plain scan of everything, against judged questions, and
//! against input that nobody should send.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod bouw;
mod eigenschappen;
mod kans;
mod oracle;
mod register;
mod slechte_invoer;
mod toevallig;
mod vergelijk;
mod vraag;
mod vragen;
mod wereld;
mod wijzigingen;
