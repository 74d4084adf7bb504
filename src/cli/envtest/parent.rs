//! The end of a program that nobody waits for any more.
//!
//! A suite that fails early never stops what it has started. A real apiserver then runs on for ever; a fake one sees that it
//! has got another parent.

/// Waits until the process that has started this one is gone.
#[cfg(unix)]
pub(super) async fn gone() {
    use std::time::Duration;

    use rustix::process::getppid;

    /// The kernel would tell at once, but on Linux alone, and also when no more than a thread has ended.
    const LOOK_EVERY: Duration = Duration::from_millis(100);

    let parent = getppid();
    while getppid() == parent {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// There a process outlives the one that has started it, and is not told.
#[cfg(windows)]
pub(super) async fn gone() {
    std::future::pending().await
}
