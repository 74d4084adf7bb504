//! What is kept of one request and its answer: owned parts, moved in and not yet looked at.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use http::Method;
use jiff::{SignedDuration, Timestamp};

use super::head::Head;
use super::stream::StreamLog;
use crate::request::info::RequestInfo;
use crate::request::query::Query;
use crate::request::text::decode_path;
use crate::request::user::UserInfo;
use crate::response::{Body, Fate, Response};
use crate::storage::Revision;

/// The longest body that is kept whole; of a longer one, this much of its start.
pub(crate) const KEPT_BODY: usize = 16 * 1024;

/// What came of a request.
///
/// ```
/// assert_eq!(fake_apiserver::handles::Outcome::Answered.as_str(), "answered");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// A fault holds it; there is no answer yet.
    #[default]
    Pending,
    /// It was answered.
    Answered,
    /// The connection was reset instead.
    Reset,
    /// The connection was closed instead.
    Closed,
    /// Something that is no HTTP was sent instead.
    Garbage,
    /// The connection was cut in the middle of the answer's body.
    CutShort,
    /// The client left, or the server stopped, before there was an answer.
    Abandoned,
    /// It was no HTTP: there is no request line.
    Unparsed,
}

impl Outcome {
    /// The word for it, such as `answered` or `reset`.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::handles::Outcome::CutShort.as_str(), "cut short");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Pending => "pending",
            Outcome::Answered => "answered",
            Outcome::Reset => "reset",
            Outcome::Closed => "closed",
            Outcome::Garbage => "garbage",
            Outcome::CutShort => "cut short",
            Outcome::Abandoned => "abandoned",
            Outcome::Unparsed => "unparsed",
        }
    }

    pub(super) fn of(fate: &Fate) -> Self {
        match fate {
            Fate::Send | Fate::Last | Fate::LastOfMany => Outcome::Answered,
            Fate::Reset => Outcome::Reset,
            Fate::Close => Outcome::Closed,
            Fate::Garbage(_) => Outcome::Garbage,
            Fate::ResetAfter(_) | Fate::CloseAfter(_) => Outcome::CutShort,
        }
    }

    /// Whether the client got to see a status code.
    pub(super) fn has_code(self) -> bool {
        matches!(
            self,
            Outcome::Answered | Outcome::CutShort | Outcome::Unparsed
        )
    }
}

/// One request and its answer.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) index: u64,
    pub(crate) time: Timestamp,
    pub(crate) duration: SignedDuration,
    pub(crate) method: Method,
    /// Nothing of what was no HTTP.
    pub(crate) head: Head,
    /// Nobody until the request is authenticated.
    pub(crate) user: Option<Arc<UserInfo>>,
    /// Who wanted to be that user, where there is an audit log.
    pub(crate) impersonator: Option<Arc<UserInfo>>,
    /// The request's name in that log.
    pub(crate) audit_id: String,
    pub(crate) attempt: u64,
    pub(crate) faults: Vec<String>,
    pub(crate) outcome: Outcome,
    pub(crate) code: Option<u16>,
    /// What the HTTP library said of a request it could not read.
    pub(crate) complaint: String,
    /// The newest revision when the request came, and when its answer left.
    pub(crate) before: Revision,
    pub(crate) after: Revision,
    pub(crate) request_body: KeptBody,
    pub(crate) response_body: KeptBody,
    pub(crate) stream: Option<Arc<StreamLog>>,
    /// Some verification has counted it.
    pub(crate) verified: AtomicBool,
    /// The journal has it already, as pending.
    pub(super) shown: bool,
}

impl Record {
    /// About how much memory it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let kept = [&self.request_body, &self.response_body];
        let kept = kept.map(|body| body.bytes.len()).iter().sum::<usize>();
        size_of::<Record>() + self.head.size() + self.complaint.len() + kept
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.outcome == Outcome::Pending
    }

    /// The client left, or the server stopped.
    pub(crate) fn abandoned(&mut self, now: Timestamp) {
        self.duration = now.duration_since(self.time);
        self.outcome = Outcome::Abandoned;
    }

    /// What is about to be sent, not yet packed.
    pub(crate) fn answered(&mut self, response: &Response, now: Timestamp) {
        self.duration = now.duration_since(self.time);
        self.outcome = Outcome::of(&response.fate);
        self.code = self.outcome.has_code().then_some(response.status);
        self.response_body = KeptBody::of_answer(&response.body);
    }

    /// What the request was about, taken apart once more.
    pub(super) fn info(&self) -> RequestInfo {
        if self.outcome == Outcome::Unparsed {
            return RequestInfo::default();
        }
        let path = decode_path(self.head.path());
        let query = Query::parse(self.head.raw_query());
        RequestInfo::new(&self.method, path, &query).unwrap_or_default()
    }

    /// The name of who asked; empty until the request is authenticated.
    pub(crate) fn user(&self) -> &str {
        self.user.as_ref().map_or("", |user| &user.name)
    }
}

/// A body, or the start of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptBody {
    pub(crate) bytes: Bytes,
    /// Of the whole body.
    pub(crate) length: usize,
}

impl KeptBody {
    /// A short body is shared; of a long one a piece is copied, so that the rest need not live on.
    pub(crate) fn of(body: &Bytes) -> Self {
        let bytes = if body.len() <= KEPT_BODY {
            body.clone()
        } else {
            Bytes::copy_from_slice(&body[..KEPT_BODY])
        };
        KeptBody {
            bytes,
            length: body.len(),
        }
    }

    /// The same of a body that came in: a piece of a connection's buffer would keep the whole of it.
    pub(crate) fn of_request(body: &Bytes) -> Self {
        KeptBody {
            bytes: Bytes::copy_from_slice(&body[..body.len().min(KEPT_BODY)]),
            length: body.len(),
        }
    }

    pub(super) fn of_answer(body: &Body) -> Self {
        match body {
            Body::Full(bytes) => KeptBody::of(bytes),
            Body::Pieces(pieces) => KeptBody {
                bytes: pieces.start(KEPT_BODY).into(),
                length: pieces.len(),
            },
            Body::Empty | Body::Stream(_) | Body::Upgraded(..) => KeptBody::default(),
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() == self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_body_only_the_start_is_kept() {
        let body = KeptBody::of(&Bytes::from(vec![b'x'; KEPT_BODY + 1]));
        assert_eq!((body.bytes.len(), body.length), (KEPT_BODY, KEPT_BODY + 1));
        assert!(!body.is_whole());
        assert!(KeptBody::of(&Bytes::from_static(b"short")).is_whole());
    }
}
