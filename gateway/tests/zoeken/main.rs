//! The quality of search: held against a plain scan of everything, against judged questions, and
//! against input that nobody should send.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod bederven;
mod bedorven;
mod beoordeeld;
mod beoordelen;
mod bouw;
mod eigenschappen;
mod groot;
mod kans;
mod mensen;
mod oracle;
mod register;
mod slechte_invoer;
mod toevallig;
mod vaststellen;
mod vergelijk;
mod vraag;
mod vragen;
mod wereld;
mod wijzigingen;
