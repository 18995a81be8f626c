//! What a load found, for operators: in metrics, in the log, and to the caller.

use std::time::Duration;

use super::{bronnen::Bronnen, material::TlsError};
use crate::{domain::Tijdstip, metrics::names, telemetry::chain};

/// The age of one CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlAge {
    /// The issuer's distinguished name.
    pub issuer: String,
    /// When the next one should be there; a CRL may not say.
    pub next_update: Option<Tijdstip>,
}

/// What a load found, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// Last moment at which the gateway's own certificate is valid.
    pub certificate_not_after: Tijdstip,
    /// The CRLs in force, in the order of the settings.
    pub crls: Vec<CrlAge>,
    /// Distinct serial numbers on them.
    pub revoked: usize,
    /// What cannot be used; of each of these what was in force before stays so.
    pub failures: Vec<String>,
    /// What needs attention besides, one sentence each.
    pub warnings: Vec<String>,
}

/// What is in force.
pub(super) struct InForce<'a> {
    pub(super) server_not_after: Tijdstip,
    pub(super) bronnen: &'a Bronnen,
    pub(super) grace: Duration,
}

impl InForce<'_> {
    pub(super) fn report(
        &self,
        revoked: usize,
        failures: &[TlsError],
        now: Tijdstip,
    ) -> LoadReport {
        self.record();
        let mut warnings = self.warnings(now);
        if !self.bronnen.is_checked() {
            warnings.push(
                "no CRL is configured: revoked client certificates are let in (standard PKI002)"
                    .to_owned(),
            );
        }
        let failures: Vec<String> = failures.iter().map(|failure| chain(failure)).collect();
        LoadReport {
            certificate_not_after: self.server_not_after,
            crls: self.ages(),
            revoked,
            failures,
            warnings,
        }
    }

    fn ages(&self) -> Vec<CrlAge> {
        let ages = self.bronnen.crls().map(|crl| CrlAge {
            issuer: crl.issuer_name.clone(),
            next_update: crl.next_update,
        });
        ages.collect()
    }

    /// Sets the gauges.
    fn record(&self) {
        let not_after = as_seconds(self.server_not_after);
        metrics::gauge!(names::TLS_CERTIFICATE_NOT_AFTER).set(not_after);
        for crl in self.ages() {
            if let Some(next_update) = crl.next_update {
                let closes = next_update.later_by(self.grace);
                metrics::gauge!(names::CRL_UITERLIJK, "issuer" => crl.issuer.clone())
                    .set(as_seconds(closes));
                metrics::gauge!(names::CRL_NEXT_UPDATE, "issuer" => crl.issuer)
                    .set(as_seconds(next_update));
            }
        }
    }

    /// What an operator should do something about at this moment.
    pub(super) fn warnings(&self, now: Tijdstip) -> Vec<String> {
        let mut warnings: Vec<String> = expiry(self.server_not_after, now).into_iter().collect();
        for plaats in self.bronnen.empty() {
            warnings.push(format!(
                "the CRL of {plaats} was not fetched yet: certificates of its issuer are refused"
            ));
        }
        let ages = self.ages();
        warnings.extend(ages.iter().filter_map(|age| self.age(age, now)));
        warnings
    }

    fn age(&self, crl: &CrlAge, now: Tijdstip) -> Option<String> {
        let issuer = &crl.issuer;
        let Some(next_update) = crl.next_update else {
            return Some(format!(
                "the CRL of {issuer} has no nextUpdate: its age cannot be checked"
            ));
        };
        if now <= next_update {
            return None;
        }
        let closes = next_update.later_by(self.grace);
        let consequence = if now > closes {
            format!("its certificates are refused since {closes}")
        } else {
            format!("its certificates will be refused from {closes}")
        };
        Some(format!(
            "the CRL of {issuer} should have been replaced at {next_update}: {consequence}"
        ))
    }
}

fn expiry(not_after: Tijdstip, now: Tijdstip) -> Option<String> {
    /// A month is what it takes to get a PKIoverheid certificate without hurry.
    const EXPIRY_WARNING_S: u64 = 30 * 24 * 3600;
    if now > not_after {
        return Some(format!(
            "the gateway's certificate expired at {not_after}: clients will refuse it"
        ));
    }
    let is_near = not_after.seconds_since(now) < EXPIRY_WARNING_S;
    is_near.then(|| format!("the gateway's certificate expires at {not_after}"))
}

/// Seconds since 1970, as Prometheus has moments.
#[expect(
    clippy::cast_precision_loss,
    reason = "whole seconds fit in a float for millions of years"
)]
fn as_seconds(moment: Tijdstip) -> f64 {
    (moment.as_millis() / 1000) as f64
}
