//! The message: an ExportTraceServiceRequest in the JSON form of OTLP 1.x. Ids are hexadecimal, moments
//! nanoseconds in a string, kinds and statuses numbers, as the protocol says.

use serde_json::{Value, json};

use crate::{audit::record::Record, domain::Tijdstip};

/// SPAN_KIND_SERVER: an answer to another party.
const KIND_SERVER: u8 = 2;

/// These records as spans.
pub(super) fn request(records: &[Record]) -> Value {
    let resource = records
        .first()
        .map_or("stagepoort", |record| record.resource);
    json!({
        "resourceSpans": [{
            "resource": {"attributes": [attribute("service.name", resource)]},
            "scopeSpans": [{
                "scope": {"name": "stagepoort.verwerkingslog", "version": env!("CARGO_PKG_VERSION")},
                "spans": records.iter().map(span).collect::<Vec<_>>(),
            }],
        }],
    })
}

/// How many spans the answer says were refused; those are not to be sent again.
pub(super) fn rejected(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let rejected = &answer["partialSuccess"]["rejectedSpans"];
    // A 64-bit number is a string in this form; a number is taken as well.
    let text = rejected.as_str().and_then(|text| text.parse().ok());
    text.or_else(|| rejected.as_u64()).unwrap_or(0)
}

fn span(record: &Record) -> Value {
    let code = match record.status {
        "OK" => 1,
        _ => 0,
    };
    let attributes = record.attributes.iter();
    let attributes: Vec<Value> = attributes
        .map(|(name, value)| attribute(name, value))
        .collect();
    let mut span = json!({
        "traceId": record.trace_id,
        "spanId": record.span_id,
        "name": record.name,
        "kind": KIND_SERVER,
        "startTimeUnixNano": nanos(record.start_time),
        "endTimeUnixNano": nanos(record.end_time),
        "attributes": attributes,
        "status": {"code": code},
    });
    if let Some(parent) = &record.parent_span_id {
        span["parentSpanId"] = json!(parent);
    }
    span
}

fn attribute(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}

fn nanos(at: Tijdstip) -> String {
    (i128::from(at.as_millis()) * 1_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_either_form_and_anything_else_is_none() {
        for (answer, expect) in [
            (r#"{"partialSuccess":{"rejectedSpans":"3"}}"#, 3),
            (
                r#"{"partialSuccess":{"rejectedSpans":4,"errorMessage":"x"}}"#,
                4,
            ),
            (r#"{"partialSuccess":{}}"#, 0),
            ("{}", 0),
            ("", 0),
            ("<html>", 0),
        ] {
            assert_eq!(rejected(answer.as_bytes()), expect, "{answer}");
        }
    }
}
