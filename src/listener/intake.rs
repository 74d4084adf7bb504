//! What is held of requests that have not come in whole, which has a bound for all connections together.
//!
//! Small requests are nobody's concern. A large body waits until there is room for it, and one that does not go on while
//! others wait makes room for them. A large head has no answer yet to wait for: beyond the bound its connection ends.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::Either;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::request::BodyError;

/// How much is held for all connections together, in bytes.
pub(crate) const DEFAULT_INTAKE: usize = 16 * 1024 * 1024;
/// What is small, in bytes.
const SMALL: usize = 32 * 1024;
/// The room for bodies is given in units of so many bytes.
const UNIT: usize = 1024;
/// How long a body may come to a halt while others wait for its room.
const PATIENCE: Duration = Duration::from_secs(1);

/// The room there is.
#[derive(Debug)]
pub(super) struct Intake {
    limit: usize,
    largest_body: usize,
    bodies: Semaphore,
    waiting: watch::Sender<usize>,
    heads: AtomicUsize,
}

impl Intake {
    pub(super) fn new(limit: usize, largest_body: usize) -> Self {
        let limit = limit.clamp(UNIT, Semaphore::MAX_PERMITS);
        Intake {
            limit,
            largest_body,
            bodies: Semaphore::new(limit / UNIT),
            waiting: watch::Sender::new(0),
            heads: AtomicUsize::new(0),
        }
    }

    /// The pieces of a body of this length, if that was said. The room for it is taken with the first and given back after
    /// the last.
    pub(super) fn body(
        self: Arc<Self>,
        length: Option<u64>,
        pieces: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
    ) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
        // What is longer than allowed is not read to its end.
        let length = length.and_then(|length| length.try_into().ok());
        let held = length.unwrap_or(usize::MAX).min(self.largest_body);
        if held <= SMALL {
            return Either::Left(pieces);
        }
        Either::Right(async_stream::stream! {
            let _room = self.room(held).await;
            let mut pieces = std::pin::pin!(pieces);
            loop {
                let piece = tokio::select! {
                    biased;
                    piece = pieces.next() => piece,
                    () = self.others_need_it() => Some(Err(BodyError::Halted)),
                };
                let Some(piece) = piece else { break };
                yield piece;
            }
        })
    }

    async fn room(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let units = bytes.div_ceil(UNIT).min(self.limit / UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        if let Ok(room) = self.bodies.try_acquire_many(units) {
            return Some(room);
        }
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _waits = Waits(&self.waiting);
        self.bodies.acquire_many(units).await.ok()
    }

    /// Returns after a while, if others have waited for room then.
    async fn others_need_it(&self) {
        let mut waiting = self.waiting.subscribe();
        loop {
            // The sender is there as long as this.
            let _ = waiting.wait_for(|waiting| *waiting > 0).await;
            tokio::time::sleep(PATIENCE).await;
            if *waiting.borrow() > 0 {
                return;
            }
        }
    }
}

/// One who waits for room, until there is some or it goes.
struct Waits<'a>(&'a watch::Sender<usize>);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

/// The head of a request that is coming in.
pub(super) struct Head {
    intake: Arc<Intake>,
    /// How many requests there had been before.
    before: u64,
    read: usize,
    counted: usize,
}

impl Head {
    pub(super) fn new(intake: Arc<Intake>) -> Self {
        Head {
            intake,
            before: 0,
            read: 0,
            counted: 0,
        }
    }

    /// Takes note of bytes that came after so many requests.
    pub(super) fn add(&mut self, bytes: usize, requests: u64) -> io::Result<()> {
        if self.before != requests {
            self.give_back();
            self.before = requests;
        }
        self.read += bytes;
        if self.read <= SMALL {
            return Ok(());
        }
        let more = self.read - self.counted;
        self.counted = self.read;
        let held = self.intake.heads.fetch_add(more, Ordering::Relaxed) + more;
        match held <= self.intake.limit {
            true => Ok(()),
            false => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    fn give_back(&mut self) {
        self.intake.heads.fetch_sub(self.counted, Ordering::Relaxed);
        (self.read, self.counted) = (0, 0);
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_count_together_until_their_requests_are_there() {
        let intake = Arc::new(Intake::new(3 * SMALL, 0));
        let mut heads: Vec<Head> = (0..4).map(|_| Head::new(intake.clone())).collect();
        let last = heads.pop();
        for head in &mut heads {
            assert!(head.add(SMALL, 0).is_ok());
        }
        assert_eq!(intake.heads.load(Ordering::Relaxed), 0);
        assert!(heads[0].add(SMALL, 0).is_ok());
        assert!(heads[1].add(1, 0).is_err());
        heads.truncate(1);
        assert_eq!(intake.heads.load(Ordering::Relaxed), 2 * SMALL);
        assert!(heads[0].add(1, 1).is_ok());
        drop((heads, last));
        assert_eq!(intake.heads.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_halts_makes_room_for_one_that_goes_on() {
        let intake = Arc::new(Intake::new(4 * SMALL, 3 * SMALL));
        let piece = || Ok(Bytes::from_static(b"x"));
        let halting = futures_util::stream::iter([piece()]).chain(futures_util::stream::pending());
        let mut halting = Box::pin(intake.clone().body(None, halting));
        assert!(halting.next().await.is_some_and(|piece| piece.is_ok()));
        let whole = || {
            let pieces = futures_util::stream::iter([piece(), piece()]);
            let body = intake.clone().body(Some(2 * SMALL as u64), pieces);
            body.filter_map(async |piece| piece.ok()).count()
        };
        let small = intake
            .clone()
            .body(Some(SMALL as u64), futures_util::stream::iter([piece()]));
        assert_eq!(small.count().await, 1);
        let halted = async {
            let next = halting.next().await;
            drop(halting);
            next
        };
        let (halted, read) = tokio::join!(halted, whole());
        assert!(matches!(halted, Some(Err(BodyError::Halted))));
        assert_eq!(read, 2);
        assert_eq!(whole().await, 2);
    }
}
