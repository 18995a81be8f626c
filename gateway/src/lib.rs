//! Stagepoort.
