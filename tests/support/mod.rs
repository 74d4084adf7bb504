//! What the tests over the wire share: a plain HTTP client, a reader of watches, and the checks of what a watch showed.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod ask;
pub(crate) mod client;
pub(crate) mod history;
pub(crate) mod kube;
pub(crate) mod objects;
pub(crate) mod raw;
pub(crate) mod seen;
pub(crate) mod watch;

use std::time::{Duration, SystemTime};

/// The most a test waits for an answer that never comes, before it fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that must happen.
#[track_caller]
pub(crate) fn within<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(output) => output,
            Err(_) => panic!("nothing happened after what {caller} waits for"),
        }
    }
}

/// A time for a clock to stand still at, in seconds since 1970.
pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
