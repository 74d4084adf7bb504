//! Where the work of one request could hold up all others, it leaves the thread that serves them.
//!
//! Connections, timers and short requests share one thread, often the only one of the runtime. What takes long (a body of
//! megabytes, a list of a hundred thousand objects) is known before it is begun, by its size. There the request
//! [steps aside](Aside::step): the rest of it runs on a thread of its own, and [waits its turn](Aside::turn), so that a
//! few of them at a time leave the processors to the others. [`run`] is who carries it over.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// A body from this length on is read, decoded and merged elsewhere, in bytes.
pub(crate) const LARGE_BODY: usize = 32 * 1024;
/// A target from this length on is a selector of many terms, in bytes.
pub(crate) const LONG_TARGET: usize = 4 * 1024;
/// From this many objects on a collection is gone through elsewhere.
pub(crate) const LARGE_COLLECTION: usize = 5000;
/// An object that is not shown just as it is kept counts as so many.
pub(crate) const SHOWN_OTHERWISE: usize = 10;

/// At least so many requests that stepped aside are worked on at a time, however few processors there are.
const MIN_TURNS: usize = 2;

/// How many requests that stepped aside are worked on at a time.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    /// One processor is left to the others.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = (processors - 1).max(MIN_TURNS);
        Turns(Arc::new(Semaphore::new(turns)))
    }
}

/// How one request steps aside. The default is one that stays where it is.
#[derive(Clone, Default)]
pub(crate) struct Aside(Option<Arc<Asked>>);

struct Asked {
    /// Whether the request wants to go on elsewhere, or does so already.
    steps: AtomicBool,
    turns: Turns,
    turn: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Aside {
    /// From here on the request is on a thread of its own.
    pub(crate) async fn step(&self) {
        let Some(asked) = &self.0 else { return };
        let mut waits = !asked.steps.swap(true, Ordering::AcqRel);
        poll_fn(|_| match std::mem::take(&mut waits) {
            // Who polls sees what is asked for, and polls again on the other side.
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }

    /// The same, once there is one for it.
    pub(crate) async fn turn(&self) {
        self.step().await;
        let Some(asked) = &self.0 else { return };
        if asked.turn.lock().is_none() {
            let turn = asked.turns.0.clone().acquire_owned().await.ok();
            *asked.turn.lock() = turn;
        }
    }

    /// The work is done; what is left is to wait for others.
    pub(crate) fn end_turn(&self) {
        if let Some(asked) = &self.0 {
            asked.turn.lock().take();
        }
    }
}

/// Does something that may step aside. When nobody waits for it any more it ends where it next waits.
pub(crate) async fn run<W>(turns: &Turns, work: impl FnOnce(Aside) -> W) -> W::Output
where
    W: Future<Output: Send> + Send + 'static,
{
    let asked = Arc::new(Asked {
        steps: AtomicBool::new(false),
        turns: turns.clone(),
        turn: Mutex::new(None),
    });
    let mut work = Box::pin(work(Aside(Some(asked.clone()))));
    let here = poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if asked.steps.load(Ordering::Acquire) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    if let Some(done) = here.await {
        return done;
    }
    let (_waiting, mut left) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let elsewhere = tokio::task::spawn_blocking(move || {
        runtime.block_on(async move {
            tokio::select! {
                biased;
                _ = &mut left => None,
                done = work => Some(done),
            }
        })
    });
    match elsewhere.await {
        Ok(Some(done)) => done,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        // The runtime ends, and this with it.
        Ok(None) | Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn runtime() -> tokio::runtime::Runtime {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.build().unwrap()
    }

    #[test]
    fn what_steps_aside_goes_on_on_another_thread_and_what_does_not_stays() {
        let here = thread::current().id();
        let seen = runtime().block_on(async {
            let turns = Turns::default();
            let stays = run(&turns, |_| async { thread::current().id() }).await;
            let steps = run(&turns, |aside| async move {
                let before = thread::current().id();
                aside.turn().await;
                aside.turn().await;
                (before, thread::current().id())
            });
            (stays, steps.await)
        });
        let (stays, (before, after)) = seen;
        assert_eq!((stays, before), (here, here));
        assert_ne!(after, here);
    }

    #[test]
    fn only_so_many_have_their_turn_at_a_time() {
        runtime().block_on(async {
            let turns = Turns(Arc::new(Semaphore::new(1)));
            let free = || turns.0.available_permits();
            let (told, taken) = oneshot::channel();
            let (go_on, waits) = oneshot::channel::<()>();
            let first = run(&turns, |aside| async move {
                aside.turn().await;
                let _ = told.send(());
                let _ = waits.await;
                aside.end_turn();
            });
            let second = async {
                taken.await.unwrap();
                assert_eq!(free(), 0);
                go_on.send(()).unwrap();
                run(&turns, |aside| async move { aside.turn().await }).await;
            };
            tokio::join!(first, second);
            assert_eq!(free(), 1);
        });
    }

    #[test]
    fn nothing_goes_on_for_who_has_left() {
        runtime().block_on(async {
            let (told, taken) = oneshot::channel();
            let (held, gone) = oneshot::channel::<()>();
            let turns = Turns::default();
            let mut work = Box::pin(run(&turns, |aside| async move {
                aside.step().await;
                let _ = told.send(());
                let _held = held;
                std::future::pending::<()>().await;
            }));
            tokio::select! {
                () = &mut work => unreachable!("it never ends"),
                begun = taken => begun.unwrap(),
            }
            drop(work);
            assert!(gone.await.is_err());
        });
    }
}
