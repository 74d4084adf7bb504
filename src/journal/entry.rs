//! One request and its answer, as a test looks at it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::head::Head;
use super::record::{KeptBody, Outcome, Record};
use super::stream::{StreamLog, WatchLog};
use crate::kinds::Catalog;
use crate::kinds::verb::Verb;
use crate::object::Object;
use crate::request::info::RequestInfo;
use crate::request::query::Query;
use crate::storage::{Revision, Storage};

/// One request and its answer, as the [journal](crate::FakeApiServer::journal) has it.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Verb};
///
/// let server = FakeApiServer::start_blocking();
/// // … the client under test runs …
/// for entry in &server.journal() {
///     let (request, answer) = (entry.request(), entry.answer());
///     if request.verb == Some(Verb::Update) && answer.code == Some(409) {
///         println!("{:?} was changed by somebody else", request.name);
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Entry {
    pub(super) record: Arc<Record>,
    info: RequestInfo,
    /// For the labels of what a request was about.
    objects: Arc<Storage<Object>>,
    catalog: Arc<Catalog>,
}

/// What was asked. Nothing stands where there was nothing: what was no HTTP has not even a path, what was refused before
/// it was understood is about no resource, what was not authenticated has no user.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Verb};
///
/// let server = FakeApiServer::start_blocking();
/// // … the client under test runs …
/// let journal = server.journal();
/// let updates = journal.iter().filter(|entry| entry.request().verb == Some(Verb::Update));
/// let users: Vec<_> = updates.filter_map(|entry| entry.request().user).collect();
/// assert!(users.is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: Option<&'a str>,
    /// As it was sent, still percent-encoded.
    pub path: Option<&'a str>,
    /// What followed the question mark, as it was sent.
    pub query: Option<&'a str>,
    /// What it asked to be done.
    pub verb: Option<Verb>,
    /// That of the resource; the core group is the empty one.
    pub api_group: Option<&'a str>,
    /// `v1`
    pub api_version: Option<&'a str>,
    /// The plural name.
    pub resource: Option<&'a str>,
    /// `status`, `finalize`, …
    pub subresource: Option<&'a str>,
    /// Of a request about all namespaces there is none.
    pub namespace: Option<&'a str>,
    /// Of a request about a collection there is none.
    pub name: Option<&'a str>,
    /// Who asked, after impersonation.
    pub user: Option<&'a str>,
    /// The `User-Agent` header.
    pub user_agent: Option<&'a str>,
    /// The body, unless no handler asked for it.
    pub body: Body<'a>,
    head: &'a Head,
}

/// What came of a request.
///
/// ```
/// use fake_apiserver::FakeApiServer;
///
/// let server = FakeApiServer::start_blocking();
/// // … the client under test runs …
/// let journal = server.journal();
/// let lost = journal.iter().filter(|entry| entry.answer().code.is_none()).count();
/// assert_eq!(lost, 0);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// Whether it was answered, and if not, what happened instead.
    pub outcome: Outcome,
    /// The status code, if the client was sent one.
    pub code: Option<u16>,
    /// The `reason` of an answer that is a Status.
    pub reason: Option<String>,
    /// The `message` of an answer that is a Status; what was wrong with a request that was no HTTP.
    pub message: Option<String>,
    /// The newest revision of the store when the answer left.
    pub revision: u64,
    /// The body before it was packed. That of a watch is not kept.
    pub body: Body<'a>,
    /// What a watch has sent up to now.
    pub watch: Option<WatchLog>,
}

/// A body as far as it is kept.
///
/// ```
/// let server = fake_apiserver::FakeApiServer::start_blocking();
/// // … the client under test runs …
/// for entry in &server.journal() {
///     let body = entry.answer().body;
///     println!("{} bytes, whole: {}", body.len, body.bytes.len() == body.len);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Body<'a> {
    /// Its first 16 KiB.
    pub bytes: &'a [u8],
    /// How long it was as a whole.
    pub len: usize,
}

impl<'a> Body<'a> {
    fn of(kept: &'a KeptBody) -> Self {
        Body {
            bytes: &kept.bytes,
            len: kept.length,
        }
    }
}

impl<'a> Request<'a> {
    /// The first header of this name, if it is text.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// for entry in &server.journal() {
    ///     assert_ne!(entry.request().header("accept"), Some("application/vnd.kubernetes.protobuf"));
    /// }
    /// ```
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.head.header(name)
    }
}

/// A word, if there is one.
fn some(word: &str) -> Option<&str> {
    Some(word).filter(|word| !word.is_empty())
}

impl Entry {
    pub(super) fn new(
        record: Arc<Record>,
        objects: Arc<Storage<Object>>,
        catalog: Arc<Catalog>,
    ) -> Self {
        Entry {
            info: record.info(),
            record,
            objects,
            catalog,
        }
    }

    pub(crate) fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// The newest revision of the store when it came.
    pub(crate) fn revision_before(&self) -> u64 {
        self.record.before.0
    }

    /// Counted from 1 since the server started, in order of arrival.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// let newest = server.journal().iter().last().map(|entry| entry.index());
    /// assert_eq!(newest, None);
    /// ```
    pub fn index(&self) -> u64 {
        self.record.index
    }

    /// When it came, by the server's clock.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// assert!(server.journal().iter().all(|entry| entry.time() <= SystemTime::now()));
    /// ```
    pub fn time(&self) -> SystemTime {
        self.record.time.into()
    }

    /// From its arrival to the start of its answer, by the server's clock: nothing, if that stands still.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// assert!(server.journal().iter().all(|entry| entry.duration().as_secs() < 30));
    /// ```
    pub fn duration(&self) -> Duration {
        self.record.duration.unsigned_abs()
    }

    /// What was asked.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// let journal = server.journal();
    /// assert!(journal.iter().all(|entry| entry.request().namespace == Some("shop")));
    /// ```
    pub fn request(&self) -> Request<'_> {
        let (record, info) = (&*self.record, &self.info);
        let is_http = record.outcome != Outcome::Unparsed;
        Request {
            method: is_http.then(|| record.method.as_str()),
            path: is_http.then(|| record.head.path()),
            query: some(record.head.raw_query()),
            verb: Verb::parse(info.verb()),
            api_group: info.is_resource.then(|| info.api_group()),
            api_version: some(info.api_version()),
            resource: some(info.resource()),
            subresource: some(info.subresource()),
            namespace: some(info.namespace()),
            name: some(info.name()),
            user: some(record.user()),
            user_agent: some(record.head.user_agent()),
            body: Body::of(&record.request_body),
            head: &record.head,
        }
    }

    /// What came of it.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// let journal = server.journal();
    /// assert!(journal.iter().all(|entry| entry.answer().reason.as_deref() != Some("Conflict")));
    /// ```
    pub fn answer(&self) -> Answer<'_> {
        let record = &*self.record;
        Answer {
            outcome: record.outcome,
            code: record.code,
            reason: self.said("reason"),
            message: match record.complaint.as_str() {
                "" => self.said("message"),
                complaint => Some(complaint.to_owned()),
            },
            revision: record.after.0,
            body: Body::of(&record.response_body),
            watch: record.stream.as_deref().map(StreamLog::now),
        }
    }

    /// Which attempt this was of the same client (user and User-Agent) at the same verb, resource, namespace and name,
    /// counted from 1.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs, and must not try anything more than three times …
    /// assert!(server.journal().iter().all(|entry| entry.attempt() <= 3));
    /// ```
    pub fn attempt(&self) -> u64 {
        self.record.attempt
    }

    /// The names of the faults that acted on it.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// for entry in server.journal().iter().filter(|entry| !entry.faults().is_empty()) {
    ///     println!("{} met {}", entry.index(), entry.faults().join(" and "));
    /// }
    /// ```
    pub fn faults(&self) -> &[String] {
        &self.record.faults
    }

    pub(super) fn parsed_query(&self) -> Query {
        Query::parse(self.record.head.raw_query())
    }

    /// A label of the object the request was about: as it was stored before or after, or in the request.
    pub(super) fn label(&self, label: &str) -> Option<String> {
        let of = |object: &Object| object.label(label).map(str::to_owned);
        let stored = [self.record.before, self.record.after]
            .into_iter()
            .find_map(|at| of(&*self.stored(at)?));
        stored.or_else(|| {
            let body = parse(&self.record.request_body)?;
            let value = &body["metadata"]["labels"][label];
            value.as_str().map(str::to_owned)
        })
    }

    fn stored(&self, at: Revision) -> Option<Arc<Object>> {
        let info = &self.info;
        let kind = self
            .catalog
            .find(info.api_group(), info.api_version(), info.resource())?;
        let key = kind.key(info.namespace(), info.name());
        let view = self.objects.view();
        view.get_at(&key, at).cloned()
    }

    /// A member of the answer, if it is a Status.
    pub(super) fn said(&self, member: &str) -> Option<String> {
        if self.record.code? < 400 {
            return None;
        }
        let status = parse(&self.record.response_body).filter(|body| body["kind"] == "Status")?;
        status[member].as_str().map(str::to_owned)
    }
}

/// A body that is one JSON or YAML document.
fn parse(body: &KeptBody) -> Option<Value> {
    if !body.is_whole() || body.length == 0 {
        return None;
    }
    serde_json::from_slice(&body.bytes).ok().or_else(|| {
        let document = crate::codec::yaml::parse(&body.bytes).ok()?;
        Some(document.node.to_value())
    })
}
