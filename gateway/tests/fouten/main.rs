//! Every fault code and every problem type, once at least: how it is provoked through the real
//! handlers, and all that the caller sees of it. A code without a row fails `every_code_has_a_row`;
//! one that no request can provoke is listed with the reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

mod antwoord;
#[path = "../register/mod.rs"]
mod register;
mod rest;
mod soap;
#[path = "../soap_messages/mod.rs"]
mod soap_messages;
mod volgorde;
mod vraag;
mod world;
