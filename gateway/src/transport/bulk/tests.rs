use std::sync::mpsc;

use super::*;

/// Lets it begin.
async fn begin<T>(work: &mut std::pin::Pin<Box<impl Future<Output = T>>>) {
    let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(work.as_mut().poll(cx))).await;
    assert!(begun.is_pending());
}

fn oin(last: u32) -> Option<Oin> {
    Some(Oin::parse(&format!("00000099{last:012}")).unwrap())
}

#[tokio::test]
async fn work_is_done_and_a_defect_ends_only_its_own() {
    let bulk = Bulk::default();
    let broken = bulk.run(oin(1), || panic!("as a defect would")).await;
    assert_eq!(broken, Err::<(), _>(NotDone));
    assert_eq!(bulk.run(oin(1), || 7).await, Ok(7));
}

#[tokio::test]
async fn a_thread_that_comes_last_works_too() {
    let bulk = Bulk::new(1, Voorrang::Laatst);
    let policy = bulk
        .run(None, thread_priority::thread_schedule_policy)
        .await;
    assert_eq!(
        policy.unwrap().unwrap(),
        ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle)
    );
}

#[tokio::test]
async fn who_fills_the_queue_does_not_keep_another_waiting() {
    let bulk = Bulk::new(2, Voorrang::Laag);
    // The first afnemer's work does not end before it is told to, and much more of it waits.
    let (go, wait) = mpsc::channel::<()>();
    let mut first = Box::pin(bulk.run(oin(1), move || wait.recv().is_ok()));
    begin(&mut first).await;
    let mut queue: Vec<_> = (0..50)
        .map(|n| Box::pin(bulk.run(oin(1), move || n)))
        .collect();
    for work in &mut queue {
        begin(work).await;
    }
    assert_eq!(bulk.run(oin(2), || "done").await, Ok("done"));
    go.send(()).unwrap();
    assert_eq!(first.await, Ok(true));
    for (n, work) in queue.into_iter().enumerate() {
        assert_eq!(work.await, Ok(n));
    }
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_done() {
    let bulk = Bulk::new(2, Voorrang::Laag);
    let (go, wait) = mpsc::channel::<()>();
    let mut first = Box::pin(bulk.run(oin(1), move || wait.recv().is_ok()));
    begin(&mut first).await;
    let (did, seen) = mpsc::channel::<()>();
    let mut left = Box::pin(bulk.run(oin(1), move || did.send(()).is_ok()));
    begin(&mut left).await;
    drop(left);
    go.send(()).unwrap();
    assert_eq!(first.await, Ok(true));
    // In the same order as before, so that the one that was left has had its turn.
    assert_eq!(bulk.run(oin(1), || 1).await, Ok(1));
    assert!(seen.recv().is_err());
}
