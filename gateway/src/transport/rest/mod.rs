//! REST: NL GOV API Design Rules (standards §3).
