//! A record of processing for a gateway under test.

use std::{sync::Arc, time::Duration};

use stagepoort::{
    audit::{Grenzen, Instellingen, JournaalInstellingen, PseudonymSleutel, Verwerkingslog},
    clock::Clock,
};

/// One on a real disk. Its folder has no name any more when this returns, so nothing is left of it.
pub(crate) fn verwerkingslog(clock: Arc<dyn Clock>) -> Arc<Verwerkingslog> {
    let folder = tempfile::tempdir().unwrap();
    let instellingen = Instellingen {
        map: folder.path().join("verwerkingslog"),
        journaal: JournaalInstellingen {
            segment_bytes: 64 * 1024 * 1024,
            nieuw: [1; 16],
        },
        grenzen: Grenzen {
            wachtrij: 4_096,
            wacht: Duration::from_secs(10),
            activiteit: "urn:stagepoort:verwerkingsactiviteit:".to_owned(),
        },
    };
    let log = Verwerkingslog::start(instellingen, clock).unwrap();
    log.set_sleutel(PseudonymSleutel::new([1; 32]));
    Arc::new(log)
}
