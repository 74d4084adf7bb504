//! Views that lag behind.

use super::Revision;

/// What reads show instead of the newest state; of what was compacted, the oldest state there is.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Stale};
///
/// let server = FakeApiServer::start_blocking();
/// let replica = server.replica(Stale::Behind(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stale {
    /// The state of this many revisions ago.
    Behind(u64),
    /// The state of one revision, and nothing after it.
    At(u64),
}

impl Stale {
    /// The newest revision this view shows.
    pub(crate) fn horizon(self, newest: Revision) -> Revision {
        match self {
            Stale::Behind(revisions) => Revision(newest.0.saturating_sub(revisions)),
            Stale::At(revision) => Revision(revision).min(newest),
        }
    }
}
