//! The bytes of a message, within a size and a time.

use std::time::Duration;

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;

use crate::soap::{Fault, FaultCode};

/// A body that was not read, and whether the connection can carry another request.
pub(super) struct Unread {
    pub(super) fault: Fault,
    pub(super) close: bool,
}

/// The most that is read and thrown away of a body that is too large, so that a client which
/// sends first and reads later gets its answer. Twice the largest body that is accepted; beyond
/// that the connection is cut instead.
const DRAIN_BYTES: usize = 12 * 1024 * 1024;

/// Reads a body of at most `limit` bytes within `patience`. `announced` is its Content-Length.
pub(super) async fn read(
    mut payload: Payload,
    announced: Option<usize>,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, Unread> {
    let reading = async {
        if announced.is_some_and(|bytes| bytes > limit) {
            let drained = announced <= Some(DRAIN_BYTES) && drain(&mut payload, 0).await;
            return Err(too_large(limit, 413, !drained));
        }
        collect(&mut payload, announced.unwrap_or(0), limit).await
    };
    match actix_web::rt::time::timeout(patience, reading).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Unread {
            fault: Fault {
                status: 408,
                ..unreadable(format!(
                    "niet binnen {} s geheel ontvangen",
                    patience.as_secs()
                ))
            },
            close: true,
        }),
    }
}

async fn collect(payload: &mut Payload, announced: usize, limit: usize) -> Result<Bytes, Unread> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unread {
            fault: unreadable("het bericht brak af"),
            close: true,
        })?;
        let length = first.len().max(rest.len()) + chunk.len();
        if length > limit {
            let drained = drain(payload, length).await;
            return Err(too_large(limit, 500, !drained));
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
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return false };
        seen += chunk.len();
        if seen > DRAIN_BYTES {
            return false;
        }
    }
    true
}

/// SP0002 for the bytes of the body.
pub(super) fn above(limit: usize) -> Fault {
    Fault::new(FaultCode::BerichtTeGroot).detail(format!("meer dan {limit} bytes"))
}

fn too_large(limit: usize, status: u16, close: bool) -> Unread {
    Unread {
        fault: Fault {
            status,
            ..above(limit)
        },
        close,
    }
}

fn unreadable(reason: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(FaultCode::InvalideEnvelope).explain(reason)
}
