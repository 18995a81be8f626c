//! Metrics: names and descriptions in one place (standards §6), and a way to count a request
//! that is cheap enough for every request.

use std::{cell::RefCell, collections::HashMap};

use metrics::{Counter, Histogram, Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Names as Prometheus sees them.
pub mod names {
    /// Answered requests, by transport, operatie, afnemer, code and status.
    pub const VERZOEKEN: &str = "stagepoort_verzoeken_total";
    /// Calls that register bpvo's, by uitkomst: `geschreven`, `ongewijzigd`, `herhaald`, `proef`.
    pub const BPVOS_SCHRIJFACTIES: &str = "stagepoort_bpvos_schrijfacties_total";
    /// Bpvo's that such calls changed, by wat: `toegevoegd`, `gewijzigd`, `verwijderd`.
    pub const BPVOS_GESCHREVEN: &str = "stagepoort_bpvos_geschreven_total";
    /// Bpvo's that this node removed because they were over for longer than `register.bpvoBewaring`.
    pub const BPVOS_OPGERUIMD: &str = "stagepoort_bpvos_opgeruimd_total";
    /// When this node last saw that no bpvo was.
    pub const BPVOS_OPGERUIMD_OP: &str = "stagepoort_bpvos_opgeruimd_timestamp_seconds";
    /// Changes of subscriptions by their subscribers, by daad: `aangemeld`, `gewijzigd`, `beeindigd`.
    pub const ABONNEMENTEN_DADEN: &str = "stagepoort_abonnementen_daden_total";
    /// Calls that wait for something new in a feed.
    pub const MUTATIES_WACHTENDEN: &str = "stagepoort_mutaties_wachtenden";
    /// Time to answer, by transport and operatie.
    pub const VERZOEK_DUUR: &str = "stagepoort_verzoek_duur_seconds";
    /// Refused TLS connections, by listener and reden.
    pub const TLS_WEIGERINGEN: &str = "stagepoort_tls_weigeringen_total";
    /// Reloads of TLS material, by uitkomst.
    pub const TLS_HERLADEN: &str = "stagepoort_tls_herladen_total";
    /// Expiry of the gateway's own certificate.
    pub const TLS_CERTIFICATE_NOT_AFTER: &str =
        "stagepoort_tls_certificate_not_after_timestamp_seconds";
    /// When each CRL should be replaced, by issuer.
    pub const CRL_NEXT_UPDATE: &str = "stagepoort_crl_next_update_timestamp_seconds";
    /// When a CRL counts no more and its issuer's certificates are refused, by issuer.
    pub const CRL_UITERLIJK: &str = "stagepoort_crl_uiterlijk_timestamp_seconds";
    /// Parts of the TLS material that could not be used at the last load.
    pub const TLS_ONBRUIKBAAR: &str = "stagepoort_tls_onbruikbaar";
    /// Rounds in which a CRL was fetched, by bron and uitkomst: `nieuw`, `ongewijzigd`, `mislukt`,
    /// `geweigerd`.
    pub const CRL_OPHALEN: &str = "stagepoort_crl_ophalen_total";
    /// When such a round last went well, by bron.
    pub const CRL_OPGEHAALD: &str = "stagepoort_crl_opgehaald_timestamp_seconds";
    /// 1 while what a bron gives is refused, by bron.
    pub const CRL_GEWEIGERD: &str = "stagepoort_crl_geweigerd";
    /// Connections that were cut because their certificate counts no more.
    pub const VERBINDINGEN_VERBROKEN: &str = "stagepoort_verbindingen_verbroken_total";
    /// Open connections, by listener.
    pub const VERBINDINGEN: &str = "stagepoort_verbindingen";
    /// What became of meldingen, by kanaal and uitkomst: `bezorgd`, `opnieuw`, `terug` (the endpoint
    /// rests), `dood`, `vervallen`.
    pub const PUSH_BEZORGINGEN: &str = "stagepoort_push_bezorgingen_total";
    /// From sending a message to the end of its answer, by kanaal.
    pub const PUSH_DUUR: &str = "stagepoort_push_bericht_duur_seconds";
    /// Requests that were refused for a quota, by afnemer and quota: `verzoeken`, `gelijktijdig`,
    /// `bulkregels`.
    pub const QUOTA_GEWEIGERD: &str = "stagepoort_quota_geweigerd_total";
    /// Bulk messages that are answered or wait for their turn.
    pub const BULK_WACHTEND: &str = "stagepoort_bulk_berichten";
    /// Leerbedrijven asked about today where the school has no bpvo, of the school of an afnemer with
    /// the most, by afnemer.
    pub const RAADPLEGING_LEERBEDRIJVEN: &str = "stagepoort_raadpleging_leerbedrijven";
    /// 1 while that is above the threshold, by afnemer.
    pub const RAADPLEGING_BOVEN_DREMPEL: &str = "stagepoort_raadpleging_boven_drempel";
    /// The threshold.
    pub const RAADPLEGING_DREMPEL: &str = "stagepoort_raadpleging_drempel";
    /// Messages in hand on this node.
    pub const PUSH_ONDERWEG: &str = "stagepoort_push_onderweg";
    /// Meldingen that wait to be delivered, by abonnement.
    pub const PUSH_WACHT: &str = "stagepoort_push_wachtend";
    /// Dead letters, by abonnement.
    pub const PUSH_DOOD: &str = "stagepoort_push_dood";
    /// Age of the oldest melding that waits, by abonnement.
    pub const PUSH_OUDSTE: &str = "stagepoort_push_oudste_wachtend_seconds";
    /// For how long an endpoint has taken nothing, by abonnement; 0 while it does.
    pub const PUSH_FAALT: &str = "stagepoort_push_eindpunt_faalt_seconds";
    /// 1 when the push stopped, by abonnement.
    pub const PUSH_GESTOPT: &str = "stagepoort_push_gestopt";
    /// What runs, by versie.
    pub const BUILD: &str = "stagepoort_build_info";
    /// When the process started.
    pub const START: &str = "stagepoort_start_timestamp_seconds";
    /// Last commit that this node answers from, by tijdlijn.
    pub const REGISTER_NUMMER: &str = "stagepoort_register_nummer";
    /// Last commit in the log that this node has seen.
    pub const REGISTER_HEAD: &str = "stagepoort_register_head_nummer";
    /// Commits in the log that this node does not answer from yet.
    pub const REGISTER_ACHTERSTAND: &str = "stagepoort_register_achterstand_versies";
    /// For how long this node has been behind the log.
    pub const REGISTER_ACHTERSTAND_S: &str = "stagepoort_register_achterstand_seconds";
    /// 1 when the log is followed on a standby.
    pub const REGISTER_STANDBY: &str = "stagepoort_register_standby";
    /// When the state was registered that this node answers from.
    pub const REGISTER_TIJDSTIP: &str = "stagepoort_register_timestamp_seconds";
    /// When the log was last read with success.
    pub const REGISTER_BEVESTIGD: &str = "stagepoort_register_bevestigd_timestamp_seconds";
    /// 1 when the follower stopped at a commit that it cannot apply.
    pub const REGISTER_GESTOPT: &str = "stagepoort_register_gestopt";
    /// The commit at which the follower stopped; 0 when it did not.
    pub const REGISTER_GESTOPT_BIJ: &str = "stagepoort_register_gestopt_bij_nummer";
    /// Objects in the replica, by soort.
    pub const REGISTER_OBJECTEN: &str = "stagepoort_register_objecten";
    /// Leerbedrijven shown by a search, by bron: `bewaard` when an earlier answer had read it, else `register`.
    pub const ZOEKPROFIELEN: &str = "stagepoort_zoekprofielen_total";
    /// Memory of the search index.
    pub const ZOEKINDEX_BYTES: &str = "stagepoort_zoekindex_bytes";
    /// Segments of the search index.
    pub const ZOEKINDEX_SEGMENTEN: &str = "stagepoort_zoekindex_segmenten";
    /// Rows of the search index, by staat: `levend`, or `oud` for those kept for cursors.
    pub const ZOEKINDEX_RIJEN: &str = "stagepoort_zoekindex_rijen";
    /// When toegang was last confirmed.
    pub const TOEGANG_BEVESTIGD: &str = "stagepoort_toegang_bevestigd_timestamp_seconds";
    /// First 48 bits of the state hash, by deel: equal on every node at one commit.
    pub const REGISTER_HASH: &str = "stagepoort_register_hash48";
    /// Rounds in which a levering was looked for, by uitkomst.
    pub const BRON_RONDES: &str = "stagepoort_bron_rondes_total";
    /// When a round last went well: applied, or nothing to apply.
    pub const BRON_GESLAAGD: &str = "stagepoort_bron_geslaagd_timestamp_seconds";
    /// 1 while the levering that is offered is refused.
    pub const BRON_GEWEIGERD: &str = "stagepoort_bron_geweigerd";
    /// Lines of the last applied levering that were set aside.
    pub const BRON_AFGEKEURD: &str = "stagepoort_bron_afgekeurde_regels";
    /// What was numbered for subscriptions by this node, by soort.
    pub const PUSH_GENUMMERD: &str = "stagepoort_push_genummerd_total";
    /// Commits that this node has and of which subscriptions were not told yet.
    pub const PUSH_ACHTERSTAND: &str = "stagepoort_push_achterstand_versies";
    /// Answers about people whose processing was recorded.
    pub const VERWERKINGSLOG_ANTWOORDEN: &str = "stagepoort_verwerkingslog_antwoorden_total";
    /// Records written: one for each person in an answer.
    pub const VERWERKINGSLOG_RECORDS: &str = "stagepoort_verwerkingslog_records_total";
    /// Answers about people that were refused because they could not be recorded, by reden: `schijf`,
    /// `wachtrij`, `wacht`, `sleutel`, `omvang`, `gesloten`.
    pub const VERWERKINGSLOG_MISLUKT: &str = "stagepoort_verwerkingslog_mislukt_total";
    /// Time for the disk to take a block of records.
    pub const VERWERKINGSLOG_SYNC: &str = "stagepoort_verwerkingslog_sync_seconds";
    /// When a block was last written.
    pub const VERWERKINGSLOG_GESCHREVEN: &str =
        "stagepoort_verwerkingslog_geschreven_timestamp_seconds";
    /// 1 while processing can be recorded; 0 while answers about people are refused.
    pub const VERWERKINGSLOG_GEZOND: &str = "stagepoort_verwerkingslog_gezond";
    /// Blocks of the journal that came in the database.
    pub const VERWERKINGSLOG_VERZONDEN: &str = "stagepoort_verwerkingslog_verzonden_blokken_total";
    /// Blocks of the journal that the database does not have yet.
    pub const VERWERKINGSLOG_ACHTERSTAND: &str = "stagepoort_verwerkingslog_achterstand_blokken";
    /// For how long none of them came.
    pub const VERWERKINGSLOG_ACHTERSTAND_S: &str = "stagepoort_verwerkingslog_achterstand_seconds";
    /// When the database last had all that there was.
    pub const VERWERKINGSLOG_BIJ: &str = "stagepoort_verwerkingslog_verzonden_timestamp_seconds";
    /// 1 while the journal is not what had come of it, and no operator took note of that.
    pub const VERWERKINGSLOG_AFWIJKING: &str = "stagepoort_verwerkingslog_afwijking";
    /// Records that a collector took.
    pub const VERWERKINGSLOG_OTLP: &str = "stagepoort_verwerkingslog_otlp_records_total";
    /// Records that a collector said it refused for good.
    pub const VERWERKINGSLOG_OTLP_GEWEIGERD: &str =
        "stagepoort_verwerkingslog_otlp_geweigerde_records_total";
    /// Calls to a collector that failed, and are made again.
    pub const VERWERKINGSLOG_OTLP_MISLUKT: &str = "stagepoort_verwerkingslog_otlp_mislukt_total";
    /// Version of toegang in force.
    pub const TOEGANG_VERSIE: &str = "stagepoort_toegang_versie";
    /// When the snapshot was last written.
    pub const MOMENTOPNAME: &str = "stagepoort_momentopname_timestamp_seconds";
    /// 1 for the state that readiness tells, by status.
    pub const GEREED: &str = "stagepoort_gereed";
    /// Resident memory.
    pub const MEMORY: &str = "process_resident_memory_bytes";
    /// Processor time, user and system.
    pub const CPU: &str = "process_cpu_seconds_total";
    /// Open files and sockets.
    pub const FDS: &str = "process_open_fds";
    /// How many there may be.
    pub const MAX_FDS: &str = "process_max_fds";
}

/// From a tenth of a millisecond, in which a verification is answered, to a bulk of 10,000.
const DUUR_BUCKETS_S: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// From an endpoint next door to one that takes as long as it may.
const PUSH_BUCKETS_S: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// From a disk with a cache that survives a power cut to one that makes every answer late.
const SYNC_BUCKETS_S: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// Starts the process's one recorder. A second call gives a handle that shows nothing.
///
/// # Errors
/// A sentence when the recorder cannot be made.
pub fn start() -> Result<PrometheusHandle, String> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full(names::VERZOEK_DUUR.to_owned()),
            DUUR_BUCKETS_S,
        )
        .and_then(|builder| {
            let push = Matcher::Full(names::PUSH_DUUR.to_owned());
            builder.set_buckets_for_metric(push, PUSH_BUCKETS_S)
        })
        .and_then(|builder| {
            let sync = Matcher::Full(names::VERWERKINGSLOG_SYNC.to_owned());
            builder.set_buckets_for_metric(sync, SYNC_BUCKETS_S)
        })
        .map_err(|error| error.to_string())?
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
    }
    Ok(handle)
}

fn describe() {
    use names::{
        BRON_AFGEKEURD, BRON_GESLAAGD, BRON_GEWEIGERD, BRON_RONDES, BUILD, CPU, CRL_NEXT_UPDATE,
        FDS, GEREED, MEMORY, MOMENTOPNAME, REGISTER_ACHTERSTAND, REGISTER_ACHTERSTAND_S,
        REGISTER_BEVESTIGD, REGISTER_GESTOPT, REGISTER_HASH, REGISTER_HEAD, REGISTER_NUMMER,
        REGISTER_OBJECTEN, REGISTER_STANDBY, REGISTER_TIJDSTIP, START, TLS_CERTIFICATE_NOT_AFTER,
        TLS_HERLADEN, TLS_WEIGERINGEN, TOEGANG_BEVESTIGD, TOEGANG_VERSIE, VERBINDINGEN,
        VERZOEK_DUUR, VERZOEKEN, ZOEKINDEX_BYTES, ZOEKINDEX_RIJEN, ZOEKINDEX_SEGMENTEN,
    };
    describe_counter!(VERZOEKEN, Unit::Count, "Answered requests.");
    describe_counter!(
        names::BPVOS_SCHRIJFACTIES,
        Unit::Count,
        "Calls that register bpvo's."
    );
    describe_counter!(
        names::BPVOS_GESCHREVEN,
        Unit::Count,
        "Bpvo's that such calls changed."
    );
    describe_counter!(
        names::BPVOS_OPGERUIMD,
        Unit::Count,
        "Bpvo's that were removed because they were over for longer than they are kept."
    );
    describe_counter!(
        names::ABONNEMENTEN_DADEN,
        Unit::Count,
        "Changes of subscriptions by their subscribers."
    );
    describe_gauge!(
        names::MUTATIES_WACHTENDEN,
        Unit::Count,
        "Calls that wait for something new in a feed."
    );
    describe_counter!(
        names::PUSH_GENUMMERD,
        Unit::Count,
        "Mutaties that this node numbered for subscriptions."
    );
    describe_counter!(
        names::ZOEKPROFIELEN,
        Unit::Count,
        "Leerbedrijven that searches found, read anew from the register or kept from an earlier one."
    );
    describe_histogram!(VERZOEK_DUUR, Unit::Seconds, "Time to answer a request.");
    describe_counter!(
        names::PUSH_BEZORGINGEN,
        Unit::Count,
        "What became of meldingen to subscribers."
    );
    describe_histogram!(
        names::PUSH_DUUR,
        Unit::Seconds,
        "From sending a message to a subscriber to the end of its answer."
    );
    describe_counter!(
        names::QUOTA_GEWEIGERD,
        Unit::Count,
        "Requests that were refused for a quota of their afnemer."
    );
    describe_verwerkingslog();
    describe_counter!(TLS_WEIGERINGEN, Unit::Count, "Refused TLS connections.");
    describe_counter!(TLS_HERLADEN, Unit::Count, "Reloads of the TLS material.");
    describe_counter!(
        BRON_RONDES,
        Unit::Count,
        "Rounds in which a levering was looked for."
    );
    for (name, unit, text) in [
        (
            BRON_GESLAAGD,
            Unit::Seconds,
            "When a levering was last looked for and all was well.",
        ),
        (
            BRON_GEWEIGERD,
            Unit::Count,
            "1 while the levering that the source offers is refused: an operator must decide.",
        ),
        (
            BRON_AFGEKEURD,
            Unit::Count,
            "Lines of the last applied levering that were set aside.",
        ),
        (
            TLS_CERTIFICATE_NOT_AFTER,
            Unit::Seconds,
            "Last moment of the gateway's own certificate.",
        ),
        (
            REGISTER_ACHTERSTAND,
            Unit::Count,
            "Commits in the log that this node does not answer from yet.",
        ),
        (
            REGISTER_ACHTERSTAND_S,
            Unit::Seconds,
            "For how long this node has been behind the log.",
        ),
        (
            REGISTER_STANDBY,
            Unit::Count,
            "1 when the log is followed on a standby.",
        ),
        (
            CRL_NEXT_UPDATE,
            Unit::Seconds,
            "When the CRL of an issuer should be replaced.",
        ),
        (VERBINDINGEN, Unit::Count, "Open connections."),
        (
            names::BPVOS_OPGERUIMD_OP,
            Unit::Seconds,
            "When no bpvo was last seen that is over for longer than it is kept.",
        ),
        (
            names::BULK_WACHTEND,
            Unit::Count,
            "Bulk messages that are answered or wait for their turn.",
        ),
        (
            names::RAADPLEGING_LEERBEDRIJVEN,
            Unit::Count,
            "Different leerbedrijven asked about today where the school has no bpvo, of its school with the most.",
        ),
        (
            names::RAADPLEGING_BOVEN_DREMPEL,
            Unit::Count,
            "1 while that is above the threshold: somebody may be copying the register.",
        ),
        (
            names::RAADPLEGING_DREMPEL,
            Unit::Count,
            "Leerbedrijven a day from which on it is remarkable.",
        ),
        (
            names::PUSH_ONDERWEG,
            Unit::Count,
            "Messages to subscribers in hand on this node.",
        ),
        (
            names::PUSH_WACHT,
            Unit::Count,
            "Meldingen that wait to be delivered.",
        ),
        (
            names::PUSH_DOOD,
            Unit::Count,
            "Meldingen that an endpoint refused until their attempts were used up.",
        ),
        (
            names::PUSH_OUDSTE,
            Unit::Seconds,
            "Age of the oldest melding that waits to be delivered.",
        ),
        (
            names::PUSH_FAALT,
            Unit::Seconds,
            "For how long an endpoint has taken nothing; 0 while it does.",
        ),
        (
            names::PUSH_GESTOPT,
            Unit::Count,
            "1 when the push of a subscription stopped: its subscriber or an operator must resume it.",
        ),
        (BUILD, Unit::Count, "What runs; always 1."),
        (START, Unit::Seconds, "When the process started."),
        (
            REGISTER_NUMMER,
            Unit::Count,
            "Last commit that this node answers from.",
        ),
        (
            REGISTER_HEAD,
            Unit::Count,
            "Last commit in the log that this node has seen.",
        ),
        (
            REGISTER_TIJDSTIP,
            Unit::Seconds,
            "When the state was registered that this node answers from.",
        ),
        (
            REGISTER_BEVESTIGD,
            Unit::Seconds,
            "When the log was last read with success.",
        ),
        (
            REGISTER_GESTOPT,
            Unit::Count,
            "1 when a commit could not be applied.",
        ),
        (
            names::REGISTER_GESTOPT_BIJ,
            Unit::Count,
            "The commit that could not be applied; 0 when there is none.",
        ),
        (
            REGISTER_HASH,
            Unit::Count,
            "First 48 bits of the state hash; equal on every node at the same commit.",
        ),
        (
            REGISTER_OBJECTEN,
            Unit::Count,
            "Objects in the replica; postcodes are those of the imported table.",
        ),
        (
            ZOEKINDEX_BYTES,
            Unit::Bytes,
            "Memory of the search index, about.",
        ),
        (
            ZOEKINDEX_SEGMENTEN,
            Unit::Count,
            "Segments of the search index.",
        ),
        (
            ZOEKINDEX_RIJEN,
            Unit::Count,
            "Rows of the search index; old ones are kept for cursors.",
        ),
        (
            TOEGANG_BEVESTIGD,
            Unit::Seconds,
            "When toegang was last confirmed.",
        ),
        (TOEGANG_VERSIE, Unit::Count, "Version of toegang in force."),
        (
            names::PUSH_ACHTERSTAND,
            Unit::Count,
            "Commits that this node has and of which subscriptions were not told yet.",
        ),
        (
            MOMENTOPNAME,
            Unit::Seconds,
            "When the snapshot was last written.",
        ),
        (
            GEREED,
            Unit::Count,
            "1 for the status that readiness tells.",
        ),
        (MEMORY, Unit::Bytes, "Resident memory."),
        (FDS, Unit::Count, "Open files and sockets."),
        (
            names::MAX_FDS,
            Unit::Count,
            "Files and sockets that the process may open.",
        ),
    ] {
        describe_gauge!(name, unit, text);
    }
    describe_counter!(CPU, Unit::Seconds, "Processor time, user and system.");
    describe_revocation();
}

fn describe_revocation() {
    describe_counter!(
        names::CRL_OPHALEN,
        Unit::Count,
        "Rounds in which a CRL was fetched."
    );
    describe_counter!(
        names::VERBINDINGEN_VERBROKEN,
        Unit::Count,
        "Connections that were cut: their certificate was revoked, blocked or expired."
    );
    for (name, unit, text) in [
        (
            names::CRL_UITERLIJK,
            Unit::Seconds,
            "When the CRL of an issuer counts no more, and its certificates are refused.",
        ),
        (
            names::CRL_OPGEHAALD,
            Unit::Seconds,
            "When a CRL was last fetched and all was well.",
        ),
        (
            names::CRL_GEWEIGERD,
            Unit::Count,
            "1 while the CRL that a source gives is refused.",
        ),
        (
            names::TLS_ONBRUIKBAAR,
            Unit::Count,
            "Parts of the TLS material that could not be used at the last load.",
        ),
    ] {
        describe_gauge!(name, unit, text);
    }
}

fn describe_verwerkingslog() {
    describe_counter!(
        names::VERWERKINGSLOG_ANTWOORDEN,
        Unit::Count,
        "Answers and messages about people whose processing was recorded; about several schools, for each."
    );
    describe_counter!(
        names::VERWERKINGSLOG_RECORDS,
        Unit::Count,
        "Records of processing: one for each person in an answer."
    );
    describe_counter!(
        names::VERWERKINGSLOG_MISLUKT,
        Unit::Count,
        "Answers about people that were refused because they could not be recorded."
    );
    describe_histogram!(
        names::VERWERKINGSLOG_SYNC,
        Unit::Seconds,
        "Time for the disk to take a block of records of processing."
    );
    describe_gauge!(
        names::VERWERKINGSLOG_GESCHREVEN,
        Unit::Seconds,
        "When a block of records of processing was last written."
    );
    describe_gauge!(
        names::VERWERKINGSLOG_GEZOND,
        Unit::Count,
        "1 while processing can be recorded; 0 while answers about people are refused."
    );
    describe_verzending();
}

fn describe_verzending() {
    for (name, text) in [
        (
            names::VERWERKINGSLOG_VERZONDEN,
            "Blocks of the journal of processing that came in the database.",
        ),
        (
            names::VERWERKINGSLOG_OTLP,
            "Records of processing that a collector took.",
        ),
        (
            names::VERWERKINGSLOG_OTLP_GEWEIGERD,
            "Records of processing that a collector refused for good.",
        ),
        (
            names::VERWERKINGSLOG_OTLP_MISLUKT,
            "Calls to a collector that failed and are made again.",
        ),
    ] {
        describe_counter!(name, Unit::Count, text);
    }
    for (name, unit, text) in [
        (
            names::VERWERKINGSLOG_ACHTERSTAND,
            Unit::Count,
            "Blocks of the journal of processing that the database does not have yet.",
        ),
        (
            names::VERWERKINGSLOG_ACHTERSTAND_S,
            Unit::Seconds,
            "For how long blocks wait and none came in the database.",
        ),
        (
            names::VERWERKINGSLOG_BIJ,
            Unit::Seconds,
            "When the database last had the whole journal of processing.",
        ),
        (
            names::VERWERKINGSLOG_AFWIJKING,
            Unit::Count,
            "1 while the journal of processing is not what had come of it.",
        ),
    ] {
        describe_gauge!(name, unit, text);
    }
}

/// What tells one series of requests from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verzoek<'a> {
    /// `soap` or `rest`.
    pub transport: &'static str,
    /// Name of the operation, `-` when it was not known.
    pub operatie: &'static str,
    /// Name of the afnemer, `-` when it was not known.
    pub afnemer: &'a str,
    /// Signaalcode, faultcode or problem code.
    pub code: &'a str,
    /// HTTP status.
    pub status: u16,
}

/// Counts one answered request and the seconds it took.
pub fn record_request(verzoek: &Verzoek<'_>, seconds: f64) {
    thread_local! {
        // Looking a series up by its labels costs more than all the rest of a small answer, so
        // each worker keeps the handles of those it has seen. Their number is bounded: afnemers,
        // operations and codes are all from closed lists.
        static SERIES: RefCell<HashMap<u64, Vec<Series>>> = RefCell::default();
    }
    SERIES.with_borrow_mut(|all| {
        let bucket = all.entry(verzoek.hash()).or_default();
        let series = match bucket.iter().position(|s| s.is_of(verzoek)) {
            Some(at) => &bucket[at],
            None => {
                bucket.push(Series::new(verzoek));
                &bucket[bucket.len() - 1]
            }
        };
        series.count.increment(1);
        series.duur.record(seconds);
    });
}

struct Series {
    transport: &'static str,
    operatie: &'static str,
    afnemer: String,
    code: String,
    status: u16,
    count: Counter,
    duur: Histogram,
}

impl Series {
    fn new(verzoek: &Verzoek<'_>) -> Self {
        let Verzoek {
            transport,
            operatie,
            afnemer,
            code,
            status,
        } = *verzoek;
        Self {
            transport,
            operatie,
            afnemer: afnemer.to_owned(),
            code: code.to_owned(),
            status,
            count: metrics::counter!(
                names::VERZOEKEN,
                "transport" => transport,
                "operatie" => operatie,
                "afnemer" => afnemer.to_owned(),
                "code" => code.to_owned(),
                "status" => status.to_string(),
            ),
            duur: metrics::histogram!(
                names::VERZOEK_DUUR,
                "transport" => transport,
                "operatie" => operatie,
            ),
        }
    }

    fn is_of(&self, verzoek: &Verzoek<'_>) -> bool {
        self.transport == verzoek.transport
            && self.operatie == verzoek.operatie
            && self.afnemer == verzoek.afnemer
            && self.code == verzoek.code
            && self.status == verzoek.status
    }
}

impl Verzoek<'_> {
    fn hash(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (self.operatie, self.afnemer, self.code, self.status).hash(&mut hasher);
        hasher.finish()
    }
}

/// Reads what the system knows of this process; what it does not tell is left as it was.
pub fn record_process() {
    if let Ok(status) = std::fs::read_to_string("/proc/self/status")
        && let Some(kib) = resident_kib(&status)
    {
        metrics::gauge!(names::MEMORY).set(kib * 1024.0);
    }
    if let Ok(stat) = std::fs::read_to_string("/proc/self/stat")
        && let Some(ticks) = processor_ticks(&stat)
    {
        // Linux counts in hundredths of a second on every platform that we build for.
        metrics::counter!(names::CPU).absolute(ticks / 100);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a count of files is far below 2^52"
        )]
        metrics::gauge!(names::FDS).set(open.count() as f64);
    }
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of files is far below 2^52"
    )]
    let most = files.current.map_or(f64::INFINITY, |most| most as f64);
    metrics::gauge!(names::MAX_FDS).set(most);
}

fn resident_kib(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// User and system time: fields 14 and 15, of which the name in brackets may hold spaces.
fn processor_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_rule_is_about_a_metric_of_ours() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus");
        let names = include_str!("metrics.rs");
        let mut found = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|of| of != "yml") {
                continue;
            }
            let rules = std::fs::read_to_string(&path).unwrap();
            let expressions = rules
                .lines()
                .filter(|line| line.trim().starts_with("expr: "));
            let words =
                expressions.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
            for name in words.filter(|word| word.starts_with("stagepoort_")) {
                // A histogram is one metric of ours and several of Prometheus.
                let base = ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end))
                    .unwrap_or(name);
                assert!(names.contains(&format!("\"{base}\"")), "{name} in {path:?}");
                found += 1;
            }
        }
        assert!(found > 0);
    }

    #[test]
    fn the_system_s_own_files_are_read() {
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t  1234 kB\n"), Some(1234.0));
        let stat = "1 (a b) c) S 1 1 1 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0";
        assert_eq!(processor_ticks(stat), Some(300));
        assert_eq!(processor_ticks("nonsense"), None);
    }
}
