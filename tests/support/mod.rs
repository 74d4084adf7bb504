//! What the tests over the wire share: a plain HTTP client, a reader of watches, and the checks of what a watch showed.

// `tests/tidy` looks whether every function here has a caller somewhere.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod ask;
pub(crate) mod client;
pub(crate) mod history;
pub(crate) mod kube;
pub(crate) mod objects;
pub(crate) mod raw;
pub(crate) mod seen;
pub(crate) mod watch;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

/// The most a test waits for an answer that never comes, before it fails instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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

/// An address of its own, whose ports nobody else takes, even while they are free.
pub(crate) fn own_address() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    if !cfg!(target_os = "linux") {
        return SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    }
    let [.., high, low] = std::process::id().to_be_bytes();
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    SocketAddr::from((Ipv4Addr::new(127, high | 1, low, number), 0))
}
