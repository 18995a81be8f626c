//! A bpvo before and after a levering. What a school registered itself is the school's: a
//! levering only adds that the register knows it too, or takes that back (domain §5).

use crate::domain::{Bpvo, Herkomst};

/// The register has this bpvo.
pub(super) fn arrive(old: Option<Bpvo>, new: Bpvo) -> Bpvo {
    match old {
        Some(old) if old.herkomst != Herkomst::Register => Bpvo {
            herkomst: Herkomst::Beide,
            ..old
        },
        _ => new,
    }
}

/// The register does not have it (any more). `None` when nobody has.
pub(super) fn leave(old: Bpvo) -> Option<Bpvo> {
    (old.herkomst != Herkomst::Register).then_some(Bpvo {
        herkomst: Herkomst::School,
        ..old
    })
}
