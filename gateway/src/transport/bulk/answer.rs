//! A large answer on its way out. Encrypting some megabytes takes a thread some milliseconds, in
//! which it serves nobody else: so it goes out in parts, and between two of them others have a turn,
//! those whose questions came in meanwhile among them.

use std::{
    pin::{Pin, pin},
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
            // To be woken at once would be to go on before the thread looks at what came in.
            return pin!(tokio::task::yield_now()).poll(cx).map(|()| None);
        }
        self.paused = false;
        let bytes = PART_BYTES.min(self.rest.len());
        Poll::Ready(Some(Ok(self.rest.split_to(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::poll_fn, io::Write, rc::Rc, task::Waker};

    use tokio::{io::AsyncReadExt, net::UnixStream, task::LocalSet};

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

    /// On a thread as a worker is one: a question that comes in while the answer goes out is seen
    /// before much more of it has gone.
    #[test]
    fn what_comes_in_meanwhile_does_not_wait_for_the_whole_answer() {
        const ALL: usize = 100;
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_io().build().unwrap();
        let gone = Rc::new(Cell::new(0));
        let seen_at = LocalSet::new().block_on(&runtime, async {
            let (mut asker, asked) = std::os::unix::net::UnixStream::pair().unwrap();
            asked.set_nonblocking(true).unwrap();
            let mut asked = UnixStream::from_std(asked).unwrap();
            let counted = Rc::clone(&gone);
            let seen = tokio::task::spawn_local(async move {
                asked.read_u8().await.unwrap();
                counted.get()
            });
            let mut parts = in_parts(vec![0; ALL * PART_BYTES]);
            let going = tokio::task::spawn_local(async move {
                while let Some(part) = poll_fn(|cx| Pin::new(&mut parts).poll_next(cx)).await {
                    assert_eq!(part.unwrap().len(), PART_BYTES);
                    if gone.replace(gone.get() + 1) == 10 {
                        asker.write_all(b"?").unwrap();
                    }
                }
                gone.get()
            });
            assert_eq!(going.await.unwrap(), ALL);
            seen.await.unwrap()
        });
        assert!(seen_at < 20, "{seen_at}");
    }
}
