//! A request on its way through the pipeline, and what is found out about it there.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use jiff::Timestamp;

use super::head::Head;
use super::record::{KeptBody, Outcome, Record};
use super::recorder::Recorder;
use super::stream::{StreamLog, counted};
use crate::authentication::UserInfo;
use crate::handlers::cluster::Cluster;
use crate::object::frame::Frames;
use crate::request::Request;
use crate::request::info::RequestInfo;
use crate::response::Response;
use crate::storage::Revision;

/// Owns a request; when it goes, the journal has it, whether it was answered or the client left first.
pub(crate) struct Visit<'a> {
    recorder: &'a Recorder,
    cluster: &'a Cluster,
    pub(crate) request: Request,
    pub(crate) seen: Seen,
}

/// What the stages have found out so far.
pub(crate) struct Seen {
    index: u64,
    pub(crate) started: Timestamp,
    /// When it was answered, if it was.
    ended: Option<Timestamp>,
    before: Revision,
    /// The journal has it already, as pending.
    shown: bool,
    /// Empty until the path is taken apart.
    pub(crate) info: RequestInfo,
    /// Empty until the request is authenticated.
    pub(crate) user: Option<Arc<UserInfo>>,
    /// The titles of the faults that acted.
    pub(crate) faults: Vec<String>,
    pub(crate) kept: Kept,
    outcome: Outcome,
    code: Option<u16>,
    response_body: KeptBody,
}

/// What a handler leaves for the journal.
#[derive(Default)]
pub(crate) struct Kept {
    request_body: KeptBody,
    stream: Option<Arc<StreamLog>>,
}

impl Kept {
    pub(crate) fn body(&mut self, body: &Bytes) {
        self.request_body = KeptBody::of(body);
    }

    /// The same stream, watched.
    pub(crate) fn stream(&mut self, frames: Frames) -> Frames {
        let log = self.stream.insert(Arc::new(StreamLog::default()));
        counted(frames, log.clone())
    }
}

impl Seen {
    /// What is about to be sent, not yet packed.
    pub(crate) fn answered(&mut self, response: &Response, now: Timestamp) {
        self.ended = Some(now);
        self.outcome = Outcome::of(&response.fate);
        self.code = self.outcome.has_code().then_some(response.status);
        self.response_body = KeptBody::of_answer(&response.body);
    }

    /// Shows a request that a fault may hold, before it has an answer.
    pub(crate) fn show(&mut self, recorder: &Recorder, request: &Request) {
        let record = Record {
            index: self.index,
            time: self.started,
            method: request.method.clone(),
            head: Head::new(&request.target, &request.headers),
            user: self.user.clone(),
            faults: self.faults.clone(),
            before: self.before,
            after: self.before,
            ..Record::default()
        };
        self.shown = true;
        recorder.show(record, &self.info);
    }
}

impl<'a> Visit<'a> {
    pub(crate) fn new(recorder: &'a Recorder, cluster: &'a Cluster, request: Request) -> Self {
        let seen = Seen {
            index: recorder.next_index(),
            started: cluster.clock.now(),
            ended: None,
            before: cluster.storage.revision(),
            shown: false,
            info: RequestInfo::default(),
            user: None,
            faults: Vec::new(),
            kept: Kept::default(),
            outcome: Outcome::Pending,
            code: None,
            response_body: KeptBody::default(),
        };
        Visit {
            recorder,
            cluster,
            request,
            seen,
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        use std::mem::take;
        let (request, seen) = (&mut self.request, &mut self.seen);
        let ended = seen.ended.unwrap_or_else(|| self.cluster.clock.now());
        let record = Record {
            index: seen.index,
            time: seen.started,
            duration: ended.duration_since(seen.started),
            method: take(&mut request.method),
            head: match self.recorder.limit() {
                0 => Head::default(),
                _ => Head::new(&request.target, &request.headers),
            },
            user: seen.user.take(),
            attempt: 0,
            faults: take(&mut seen.faults),
            outcome: match seen.outcome {
                Outcome::Pending => Outcome::Abandoned,
                outcome => outcome,
            },
            code: seen.code,
            complaint: String::new(),
            before: seen.before,
            after: self.cluster.storage.revision(),
            request_body: take(&mut seen.kept.request_body),
            response_body: take(&mut seen.response_body),
            stream: seen.kept.stream.take(),
            verified: AtomicBool::new(false),
        };
        self.recorder.finish(record, &seen.info, seen.shown);
    }
}
