//! Reading a request body: bounded in bytes and in time (standards §1, limits).

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header,
    rt::time::timeout,
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use super::problem::{Probleemsoort, Problem};

/// The most bytes of a refused body that are read and thrown away, so that a client which sends
/// first and reads later gets to read why. Twice the largest body that is ever accepted.
const DRAIN_BYTES: usize = 12 * 1024 * 1024;

/// The whole body, when it is no longer than `limit` bytes and comes within `patience`.
///
/// # Errors
/// 413, 408, or 400 for a body that broke off.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, Problem> {
    timeout(patience, read_all(payload, limit, announced(request)))
        .await
        .unwrap_or_else(|_| {
            Err(Problem::new(
                Probleemsoort::TeTraag,
                format!(
                    "de body kwam niet binnen {} seconden binnen",
                    patience.as_secs()
                ),
            ))
        })
}

fn announced(request: &HttpRequest) -> usize {
    request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}

async fn read_all(mut payload: Payload, limit: usize, announced: usize) -> Result<Bytes, Problem> {
    if announced > limit {
        drain(payload, 0).await;
        return Err(too_large(limit));
    }
    let mut whole = Bytes::new();
    let mut parts = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| broken_off())?;
        let length = whole.len().max(parts.len()) + chunk.len();
        if length > limit {
            drain(payload, length).await;
            return Err(too_large(limit));
        }
        // A body that comes in one piece, as nearly all do, is not copied.
        if whole.is_empty() && parts.is_empty() {
            whole = chunk;
        } else {
            if parts.is_empty() {
                parts.reserve(announced.max(length));
                parts.extend_from_slice(&std::mem::take(&mut whole));
            }
            parts.extend_from_slice(&chunk);
        }
    }
    Ok(if parts.is_empty() {
        whole
    } else {
        parts.freeze()
    })
}

async fn drain(mut payload: Payload, mut seen: usize) {
    while seen <= DRAIN_BYTES {
        match payload.next().await {
            Some(Ok(chunk)) => seen += chunk.len(),
            Some(Err(_)) | None => return,
        }
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        Probleemsoort::BerichtTeGroot,
        format!("de body mag hoogstens {limit} bytes hebben"),
    )
}

fn broken_off() -> Problem {
    use super::violation::{Overtreding, Plaats};
    Problem::invalid(Overtreding::new(
        Plaats::Body,
        "",
        "AFGEBROKEN",
        "de body is niet heel aangekomen",
    ))
}
