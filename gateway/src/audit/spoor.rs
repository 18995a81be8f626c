//! To which trace a processing belongs: W3C Trace Context, level 1.

use serde::{Deserialize, Serialize};

/// Trace and span of one processing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoor {
    /// Shared by all that follows from one action, also at other parties.
    pub trace_id: [u8; 16],
    /// This processing.
    pub span_id: [u8; 8],
    /// The caller's operation that led to it, when the caller said so.
    pub parent_span_id: Option<[u8; 8]>,
}

impl Spoor {
    /// What follows from the caller's `traceparent`; a trace of its own without one, and for one that
    /// is not as the standard says: what cannot be read is ignored, never refused. The ids are made
    /// of `random`.
    #[must_use]
    pub fn new(traceparent: Option<&str>, random: [u8; 32]) -> Self {
        let mut trace_id = [0; 16];
        trace_id.copy_from_slice(&random[..16]);
        let mut span_id = [0; 8];
        span_id.copy_from_slice(&random[16..24]);
        let parent = traceparent.and_then(parse);
        Self {
            trace_id: parent.map_or(trace_id, |(trace_id, _)| trace_id),
            span_id,
            parent_span_id: parent.map(|(_, span_id)| span_id),
        }
    }

    /// Another processing of the same action, with an id made of `random`.
    #[must_use]
    pub fn sibling(&self, random: [u8; 32]) -> Self {
        Self {
            span_id: Self::new(None, random).span_id,
            ..*self
        }
    }

    /// The `traceparent` to send along with what this processing gives to another party.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let (trace, span) = (hex::encode(self.trace_id), hex::encode(self.span_id));
        // Sampled: nothing of this log is left out.
        format!("00-{trace}-{span}-01")
    }
}

/// Trace and parent of a `traceparent`: `version-trace-parent-flags` in lower-case hex. Later
/// versions may go on behind a dash.
fn parse(text: &str) -> Option<([u8; 16], [u8; 8])> {
    const LENGTH: usize = 55;
    let text = text.trim();
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let mut parts = known.split('-');
    let [version, trace, parent, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
    let version: [u8; 1] = lower_hex(version)?;
    let _: [u8; 1] = lower_hex(flags)?;
    let goes_on = match version {
        [0] => rest.is_empty(),
        [0xff] => false,
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    let (trace, parent) = (lower_hex(trace)?, lower_hex(parent)?);
    let names_something = trace != [0; 16] && parent != [0; 8];
    (goes_on && names_something && parts.next().is_none()).then_some((trace, parent))
}

fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    #[test]
    fn traceparent_is_taken_over_as_the_standard_says() {
        let good = |text: &str| assert!(parse(text).is_some(), "{text}");
        let bad = |text: &str| assert!(parse(text).is_none(), "{text}");
        good(&format!("00-{TRACE}-{PARENT}-01"));
        good(&format!("00-{TRACE}-{PARENT}-00"));
        good(&format!("cc-{TRACE}-{PARENT}-01-what-comes"));
        bad(&format!("00-{TRACE}-{PARENT}-01-more"));
        bad(&format!("cc-{TRACE}-{PARENT}-01.more"));
        bad(&format!("ff-{TRACE}-{PARENT}-01"));
        bad(&format!("00-{}-{PARENT}-01", TRACE.to_uppercase()));
        bad(&format!("00-{}-{PARENT}-01", "0".repeat(32)));
        bad(&format!("00-{TRACE}-{}-01", "0".repeat(16)));
        bad(&format!("00-{TRACE}-{PARENT}"));
        bad(&format!("00-{TRACE}{PARENT}--01"));
        bad("");
        let spoor = Spoor::new(Some(&format!("00-{TRACE}-{PARENT}-01")), [7; 32]);
        assert_eq!(hex::encode(spoor.trace_id), TRACE);
        assert_eq!(
            spoor.parent_span_id.map(hex::encode).as_deref(),
            Some(PARENT)
        );
        assert_eq!(spoor.span_id, [7; 8]);
    }

    proptest! {
        #[test]
        fn no_header_is_refused_and_what_is_sent_is_read_again(text in ".{0,80}", random: [u8; 32]) {
            let own = Spoor::new(Some(&text), random);
            prop_assume!(own.trace_id != [0; 16] && own.span_id != [0; 8]);
            let next = Spoor::new(Some(&own.traceparent()), [9; 32]);
            prop_assert_eq!(next.trace_id, own.trace_id);
            prop_assert_eq!(next.parent_span_id, Some(own.span_id));
        }
    }
}
