//! What a watch tells, not yet written in any format.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;

use super::{Change, Object};
use crate::status::Status;
use crate::storage::Revision;

/// One thing a watch tells.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    Event {
        change: Change,
        object: Arc<Object>,
    },
    /// All there was up to a revision has been told.
    Bookmark {
        revision: Revision,
        ends_initial_events: bool,
    },
    /// Nothing comes after it.
    Error(Box<Status>),
    /// No more than the first half of another is written.
    Half(Box<Frame>),
    /// What nobody can read, whatever the format.
    Malformed,
}

/// What a watch tells, as it comes.
pub(crate) type Frames = Pin<Box<dyn Stream<Item = Frame> + Send + Sync>>;

impl Frame {
    pub(crate) fn error(status: Status) -> Self {
        Frame::Error(Box::new(status))
    }
}
