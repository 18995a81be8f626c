//! Reading a request body, bounded in bytes and in time (standards §1, limits).

use std::time::Duration;

use actix_web::{
    http::header::{CONTENT_LENGTH, HeaderMap},
    rt::time::timeout,
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

/// The most that is read and thrown away of a body that is too large, so that a client which
/// sends first and reads later gets its answer. Twice the largest body that is accepted.
const DRAIN_BYTES: usize = 12 * 1024 * 1024;

/// How long that may take in all: such a client sends as fast as it can.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long it may stay silent meanwhile: a client that waits for an answer gets it this soon.
const DRAIN_PAUSE: Duration = Duration::from_secs(1);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has more bytes than the limit. Unless the rest was `drained`, the connection cannot
    /// carry another request.
    TooLarge { announced: bool, drained: bool },
    /// It did not come in time; the connection cannot carry another request.
    TooSlow,
    /// It broke off, and the connection with it.
    BrokenOff,
}

/// The Content-Length, if it says one.
pub(super) fn announced(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
}

/// The whole body, when it has at most `limit` bytes and comes within `patience`. `announced` is
/// its Content-Length: one above the limit is refused without reading what it announces.
///
/// # Errors
/// [`Unread`].
pub(super) async fn read(
    mut payload: Payload,
    announced: Option<usize>,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, Unread> {
    if let Some(bytes) = announced.filter(|bytes| *bytes > limit) {
        return Err(Unread::TooLarge {
            announced: true,
            drained: bytes <= DRAIN_BYTES && drain(&mut payload, 0).await,
        });
    }
    let collecting = collect(&mut payload, announced.unwrap_or(0), limit);
    match timeout(patience, collecting).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(Excess::Bytes(seen))) => Err(Unread::TooLarge {
            announced: false,
            drained: drain(&mut payload, seen).await,
        }),
        Ok(Err(Excess::BrokenOff)) => Err(Unread::BrokenOff),
        Err(_) => Err(Unread::TooSlow),
    }
}

/// Why collecting stopped.
enum Excess {
    /// Above the limit, at this many bytes.
    Bytes(usize),
    BrokenOff,
}

async fn collect(payload: &mut Payload, announced: usize, limit: usize) -> Result<Bytes, Excess> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Excess::BrokenOff)?;
        let length = first.len().max(rest.len()) + chunk.len();
        if length > limit {
            return Err(Excess::Bytes(length));
        }
        // A body that comes in one piece, as nearly all do, is not copied.
        if first.is_empty() && rest.is_empty() {
            first = chunk;
        } else {
            if rest.is_empty() {
                rest.reserve(announced.max(length));
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&chunk);
            // A large body comes as fast as it is read, and others wait for this thread too.
            tokio::task::yield_now().await;
        }
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

/// Throws the rest away; true when it was read to its end.
async fn drain(payload: &mut Payload, mut seen: usize) -> bool {
    let draining = async {
        while let Ok(next) = timeout(DRAIN_PAUSE, payload.next()).await {
            match next {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(chunk)) => seen += chunk.len(),
            }
            if seen > DRAIN_BYTES {
                return false;
            }
        }
        false
    };
    timeout(DRAIN_TIME, draining).await.unwrap_or(false)
}
