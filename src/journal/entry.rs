//! One request and its answer, as a test looks at it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::record::{KeptBody, Outcome, Record};
use super::stream::{StreamLog, WatchLog};
use crate::kinds::Catalog;
use crate::object::Object;
use crate::request::info::RequestInfo;
use crate::request::query::Query;
use crate::storage::{Revision, Storage};

/// One request and its answer, as the [journal](crate::Journal) has it.
///
/// What is not known is empty: a request refused before it was understood has no verb, one that was not authenticated
/// has no user, one that was no HTTP has not even a path.
///
/// ```
/// # let server = fake_apiserver::FakeApiServer::start_blocking();
/// for entry in &server.journal() {
///     println!("{} {} {:?}", entry.verb(), entry.path(), entry.code());
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

    pub(super) fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// Counted from 1 since the server started, in order of arrival.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.index() < 10;
    /// ```
    pub fn index(&self) -> u64 {
        self.record.index
    }

    /// When it came, by the server's clock.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.time() < std::time::SystemTime::now();
    /// ```
    pub fn time(&self) -> SystemTime {
        self.record.time.into()
    }

    /// From its arrival to the start of its answer, by the server's clock: nothing, if that stands still.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.duration().as_secs() > 1;
    /// ```
    pub fn duration(&self) -> Duration {
        self.record.duration.unsigned_abs()
    }

    /// `GET`, `POST`, …
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.method() == "PUT";
    /// ```
    pub fn method(&self) -> &str {
        match self.record.outcome {
            Outcome::Unparsed => "",
            _ => self.record.method.as_str(),
        }
    }

    /// As it was sent, still percent-encoded.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.path().starts_with("/api/v1/");
    /// ```
    pub fn path(&self) -> &str {
        self.record.head.path()
    }

    /// What followed the question mark, as it was sent.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.query() == "watch=1";
    /// ```
    pub fn query(&self) -> &str {
        self.record.head.raw_query()
    }

    /// get, list, watch, create, update, patch, delete, deletecollection; of what is no resource, the method in lower
    /// case.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.verb() == "update";
    /// ```
    pub fn verb(&self) -> &str {
        self.info.verb()
    }

    /// Empty for core.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.api_group().is_empty();
    /// ```
    pub fn api_group(&self) -> &str {
        self.info.api_group()
    }

    /// `v1`.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.api_version() == "v1";
    /// ```
    pub fn api_version(&self) -> &str {
        self.info.api_version()
    }

    /// The plural name.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.resource() == "endpoints";
    /// ```
    pub fn resource(&self) -> &str {
        self.info.resource()
    }

    /// `status`, `finalize`, or nothing.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.subresource() == "finalize";
    /// ```
    pub fn subresource(&self) -> &str {
        self.info.subresource()
    }

    /// Empty for all of them.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.namespace() == "shop";
    /// ```
    pub fn namespace(&self) -> &str {
        self.info.namespace()
    }

    /// Empty for a collection.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.name() == "db";
    /// ```
    pub fn name(&self) -> &str {
        self.info.name()
    }

    /// Who asked, after impersonation.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.user() == "alice";
    /// ```
    pub fn user(&self) -> &str {
        self.record.user()
    }

    /// The `User-Agent` header.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.user_agent().starts_with("kubectl/");
    /// ```
    pub fn user_agent(&self) -> &str {
        self.record.head.user_agent()
    }

    /// The `Content-Type` header.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.content_type() == "application/json";
    /// ```
    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }

    /// The first header of this name, if it is text.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.header("accept") == Some("application/json");
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.record.head.header(name)
    }

    /// Which attempt this was of the same client (user and User-Agent) at the same verb, resource, namespace and name,
    /// counted from 1.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.attempt() > 1;
    /// ```
    pub fn attempt(&self) -> u64 {
        self.record.attempt
    }

    /// The names of the faults that acted on it.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.faults().contains(&"the lost race".to_owned());
    /// ```
    pub fn faults(&self) -> &[String] {
        &self.record.faults
    }

    /// What came of it.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.outcome() == fake_apiserver::Outcome::Reset;
    /// ```
    pub fn outcome(&self) -> Outcome {
        self.record.outcome
    }

    /// The status code of the answer, if the client was sent one.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.code() == Some(409);
    /// ```
    pub fn code(&self) -> Option<u16> {
        self.record.code
    }

    /// The `reason` of an answer that is a Status.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.reason().as_deref() == Some("Conflict");
    /// ```
    pub fn reason(&self) -> Option<String> {
        let status = self.status()?;
        status["reason"].as_str().map(str::to_owned)
    }

    /// The `message` of an answer that is a Status; what was wrong with a request that was no HTTP.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.message().is_some_and(|text| text.contains("modified"));
    /// ```
    pub fn message(&self) -> Option<String> {
        if !self.record.complaint.is_empty() {
            return Some(self.record.complaint.clone());
        }
        let status = self.status()?;
        status["message"].as_str().map(str::to_owned)
    }

    /// The newest revision of the store when the answer left.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.revision() > 9;
    /// ```
    pub fn revision(&self) -> u64 {
        self.record.after.0
    }

    /// The body of the request as far as it is kept: its first 16 KiB. A body that no handler asked for is not there.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.request_body().starts_with(b"{");
    /// ```
    pub fn request_body(&self) -> &[u8] {
        &self.record.request_body.bytes
    }

    /// How long the body of the request was as a whole.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.request_body_len() > entry.request_body().len();
    /// ```
    pub fn request_body_len(&self) -> usize {
        self.record.request_body.length
    }

    /// The body of the answer before it was packed, as far as it is kept: its first 16 KiB. That of a watch is not kept.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.response_body().is_empty();
    /// ```
    pub fn response_body(&self) -> &[u8] {
        &self.record.response_body.bytes
    }

    /// How long the body of the answer was as a whole.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.response_body_len() > 1_000_000;
    /// ```
    pub fn response_body_len(&self) -> usize {
        self.record.response_body.length
    }

    /// What a watch has sent up to now.
    ///
    /// ```
    /// let found = |entry: &fake_apiserver::Entry| entry.watch().is_some_and(|watch| watch.events > 3);
    /// ```
    pub fn watch(&self) -> Option<WatchLog> {
        self.record.stream.as_deref().map(StreamLog::now)
    }

    pub(super) fn parsed_query(&self) -> Query {
        Query::parse(self.record.head.raw_query())
    }

    /// A label of the object the request was about: as it was stored before or after, or in the request.
    pub(super) fn label(&self, label: &str) -> Option<String> {
        let of = |object: &Object| object.label(label);
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

    /// The answer, if it is a Status.
    fn status(&self) -> Option<Value> {
        if self.record.code? < 400 {
            return None;
        }
        parse(&self.record.response_body).filter(|body| body["kind"] == "Status")
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
