//! Open files: every connection is one, and a process that has no more of them can accept nobody.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Besides connections of callers: the database, the snapshot, connections of operators and to subscribers,
/// leveringen that are fetched.
const BESIDES: u64 = 1_024;

/// Raises this process's own limit to what the system lets it have, and tells when that is less than
/// the listeners may need.
pub(super) fn make_room(for_listeners: u64) {
    let needed = for_listeners.saturating_add(BESIDES);
    let found = getrlimit(Resource::Nofile);
    let Some(maximum) = found.maximum else {
        return raise(found, needed);
    };
    raise(found, maximum);
    if maximum < needed {
        tracing::warn!(
            limit = maximum,
            needed,
            "the system lets this process open too few files for the connections that it may have: \
             raise the limit (systemd: LimitNOFILE; container: --ulimit nofile), or lower grenzen.verbindingen"
        );
    }
}

fn raise(found: Rlimit, to: u64) {
    if found.current.is_none_or(|current| current >= to) {
        return;
    }
    let new = Rlimit {
        current: Some(to),
        ..found
    };
    if let Err(error) = setrlimit(Resource::Nofile, new) {
        tracing::warn!(%error, "the limit on open files cannot be raised");
    }
}
