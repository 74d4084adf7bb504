//! How many requests are handled at a time: upstream's `--max-requests-inflight` and `--max-mutating-requests-inflight`,
//! as they count where there is no priority and fairness.

use std::sync::Arc;

use http::header;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::authorization::MASTERS;
use crate::request::user::UserInfo;
use crate::response::Response;

/// The verbs that change nothing.
const READING: [&str; 3] = ["get", "list", "watch"];
/// The most that can be asked for; it is as good as no limit.
const MOST: usize = Semaphore::MAX_PERMITS;

/// The places there are for requests; none that is counted without a limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    reading: Option<Arc<Semaphore>>,
    writing: Option<Arc<Semaphore>>,
}

/// A place, given back when it is dropped.
pub(super) type Place = Option<OwnedSemaphorePermit>;

impl Places {
    /// So many at a time.
    pub(crate) fn new(reading: Option<usize>, writing: Option<usize>) -> Self {
        let places = |limit: usize| Arc::new(Semaphore::new(limit.min(MOST)));
        Places {
            reading: reading.map(places),
            writing: writing.map(places),
        }
    }

    /// A place for a request of this verb, or the answer to one for which there is none. The masters are always let in.
    pub(super) fn take(&self, verb: &str, user: Option<&UserInfo>) -> Result<Place, Response> {
        let places = match READING.contains(&verb) {
            true => &self.reading,
            false => &self.writing,
        };
        let Some(places) = places else {
            return Ok(None);
        };
        match places.clone().try_acquire_owned() {
            Ok(place) => Ok(Some(place)),
            Err(_) if user.is_some_and(|user| user.in_group(MASTERS)) => Ok(None),
            Err(_) => Err(full()),
        }
    }
}

fn full() -> Response {
    const TEXT: &str = "Too many requests, please try again later.\n";

    Response::text(429, TEXT).header(header::RETRY_AFTER, "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_only_masters_are_let_in() {
        let places = Places::new(Some(1), None);
        let (alice, master) = (
            UserInfo::member("alice", &[]),
            UserInfo::member("admin", &[MASTERS]),
        );
        let first = places.take("get", Some(&alice)).ok().flatten();
        assert!(first.is_some());
        let refused = places.take("list", Some(&alice)).err();
        assert_eq!(refused.map(|refused| refused.status), Some(429));
        assert!(places.take("list", Some(&master)).is_ok());
        assert!(places.take("create", Some(&alice)).is_ok());
        drop(first);
        assert!(places.take("list", Some(&alice)).is_ok());
    }
}
