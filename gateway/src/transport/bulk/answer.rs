//! A large answer on its way out. Encrypting some megabytes takes a thread some milliseconds, in
//! which it serves nobody else: so it goes out in parts, and between two of them others have a turn.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};

/// Bytes that go out at once: a TLS record, which takes some 10 µs.
const PART_BYTES: usize = 16 * 1024;

/// The body of an answer: whole when it is small.
pub(crate) fn in_parts(body: Vec<u8>) -> BoxBody {
    if body.len() <= PART_BYTES {
        BoxBody::new(body)
    } else {
        BoxBody::new(Parts {
            rest: body.into(),
            paused: false,
        })
    }
}

struct Parts {
    rest: Bytes,
    /// Whether others have had a turn since the last part.
    paused: bool,
}

impl MessageBody for Parts {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if !std::mem::replace(&mut self.paused, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.paused = false;
        let bytes = PART_BYTES.min(self.rest.len());
        Poll::Ready(Some(Ok(self.rest.split_to(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_large_answer_comes_whole_with_pauses() {
        let body: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut parts = in_parts(body.clone());
        assert_eq!(parts.size(), BodySize::Sized(100_000));
        let (mut seen, mut pauses) = (Vec::new(), 0);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match Pin::new(&mut parts).poll_next(&mut cx) {
                Poll::Pending => pauses += 1,
                Poll::Ready(None) => break,
                Poll::Ready(Some(part)) => seen.extend_from_slice(&part.unwrap()),
            }
        }
        assert_eq!((seen, pauses), (body, 7));
    }
}
