//! Metrics: names and descriptions in one place (standards §6), and handles that are cheap to
//! use on the request path.

/// Names as Prometheus sees them.
pub mod names {
    /// Refused TLS connections, by listener and reden.
    pub const TLS_WEIGERINGEN: &str = "stagepoort_tls_weigeringen_total";
    /// Reloads of TLS material, by uitkomst.
    pub const TLS_HERLADEN: &str = "stagepoort_tls_herladen_total";
    /// Expiry of the gateway's own certificate.
    pub const TLS_CERTIFICATE_NOT_AFTER: &str =
        "stagepoort_tls_certificate_not_after_timestamp_seconds";
    /// When each CRL should be replaced, by issuer.
    pub const CRL_NEXT_UPDATE: &str = "stagepoort_crl_next_update_timestamp_seconds";
    /// Open connections, by listener.
    pub const VERBINDINGEN: &str = "stagepoort_verbindingen";
}
