//! A bpvo before and after a levering. What a school registered itself is the school's: a
//! levering only says what the register knows of it, or takes that back (domain §5).

use crate::domain::Bpvo;

/// The register has this bpvo.
pub(super) fn arrive(old: Option<Bpvo>, new: Bpvo) -> Bpvo {
    let van_school = old.and_then(|old| old.van_school());
    let van_register = Some(new.inhoud());
    let (school_oin, kenmerk) = (new.school_oin, new.bpvo_kenmerk.clone());
    Bpvo::of(school_oin, kenmerk, van_school, van_register).unwrap_or(new)
}

/// The register does not have it (any more). `None` when nobody has.
pub(super) fn leave(old: Bpvo) -> Option<Bpvo> {
    let van_school = old.van_school();
    Bpvo::of(old.school_oin, old.bpvo_kenmerk, van_school, None)
}
