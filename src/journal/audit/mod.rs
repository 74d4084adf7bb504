//! The audit log: `--audit-log-path`, a line of JSON for each stage of a request that the policy wants logged.
//!
//! The stages are those of upstream: a request was received, and its answer is complete, or has begun, if it is a watch. A
//! line is written before the client has its answer. Unlike upstream's, it has no `sourceIPs` and no annotations, and
//! bodies only up to what the [journal](super) keeps of them; what is secret is masked as there.

mod policy;

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

use self::policy::{Decision, Level, Policy};
use super::record::{KeptBody, Record};
use crate::authentication::mask::Masks;
use crate::clock;
use crate::codec::{json as codec, protobuf, time, yaml};
use crate::error::Error;
use crate::kinds::Catalog;
use crate::request::info::RequestInfo;
use crate::schema;

/// The beginning of every line.
const HEAD: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1""#;
/// The path that stands for standard output.
const STDOUT: &str = "-";
/// The longest User-Agent that is logged whole, in bytes, and what follows the start of a longer one.
const MAX_USER_AGENT: usize = 1024;
const TRUNCATED: &str = "...TRUNCATED";

/// Logs requests.
pub(crate) struct Audit {
    policy: Policy,
    log: Mutex<Box<dyn Write + Send>>,
}

/// The stages there are.
const RECEIVED: &str = "RequestReceived";
const STARTED: &str = "ResponseStarted";
const COMPLETE: &str = "ResponseComplete";

/// The members of a line, in order.
type Members = Vec<(&'static str, Value)>;

impl Audit {
    /// Logs to a file what a policy wants logged, which is in another.
    pub(crate) fn open(policy: &Path, log: &Path) -> Result<Self, Error> {
        let text = std::fs::read(policy).map_err(|e| Error::file(policy, e))?;
        let wrong = |problem: String| Error::invalid(policy.display().to_string(), problem);
        let document = yaml::parse(&text).map_err(wrong)?;
        let policy = Policy::parse(&document.node.to_value()).map_err(wrong)?;
        let log: Box<dyn Write + Send> = match log.as_os_str() == STDOUT {
            true => Box::new(std::io::stdout()),
            false => {
                let mut options = std::fs::OpenOptions::new();
                let file = options.create(true).append(true).open(log);
                Box::new(file.map_err(|e| Error::file(log, e))?)
            }
        };
        Ok(Audit {
            policy,
            log: Mutex::new(log),
        })
    }

    /// Logs a request that is done with, if the policy wants it.
    pub(super) fn tell(&self, record: &Record, info: &RequestInfo, catalog: &Catalog) {
        let own = record.impersonator.as_ref().or(record.user.as_ref());
        let decision = self.policy.decide(own.map(|user| &**user), info);
        if decision.level == Level::None {
            return;
        }
        let common = common(record, info, own.map_or(json!({}), |user| user.to_value()));
        let received = record.time;
        let answered = clock::add(received, record.duration);
        let last = match record.stream {
            Some(_) => STARTED,
            None => COMPLETE,
        };
        let mut lines = String::new();
        for (stage, at) in [(RECEIVED, received), (last, answered)] {
            if decision.omits(stage) {
                continue;
            }
            let mut members = common.clone();
            if stage != RECEIVED {
                complete(&mut members, record, info, catalog, &decision);
            }
            lines.push_str(&line(&members, (decision.level, stage), record, at));
        }
        let mut log = self.log.lock();
        let written = log.write_all(lines.as_bytes()).and_then(|()| log.flush());
        if let Err(problem) = written {
            tracing::error!(%problem, "the audit log cannot be written");
        }
    }
}

/// What is known of a request from the start.
fn common(record: &Record, info: &RequestInfo, user: Value) -> Members {
    let query = match record.head.raw_query() {
        "" => String::new(),
        query => format!("?{}", crate::authentication::mask::query(query)),
    };
    let mut members = vec![
        (
            "requestURI",
            format!("{}{query}", record.head.path()).into(),
        ),
        ("verb", info.verb().into()),
        ("user", user),
    ];
    if let (Some(_), Some(other)) = (&record.impersonator, &record.user) {
        members.push(("impersonatedUser", other.to_value()));
    }
    let agent = record.head.user_agent();
    if !agent.is_empty() {
        let start = agent.get(..MAX_USER_AGENT);
        let shown = start.map_or(agent.to_owned(), |start| format!("{start}{TRUNCATED}"));
        members.push(("userAgent", shown.into()));
    }
    if info.is_resource {
        let mut object = json!({});
        for (field, text) in [
            ("resource", info.resource()),
            ("namespace", info.namespace()),
            ("name", info.name()),
            ("apiGroup", info.api_group()),
            ("apiVersion", info.api_version()),
            ("subresource", info.subresource()),
        ] {
            if !text.is_empty() {
                object[field] = text.into();
            }
        }
        members.push(("objectRef", object));
    }
    members
}

/// Adds what came of it.
fn complete(
    members: &mut Members,
    record: &Record,
    info: &RequestInfo,
    catalog: &Catalog,
    decision: &Decision<'_>,
) {
    let level = decision.level;
    let mut masks = Masks::default();
    let mut object = |body: &KeptBody| {
        let mut node = object(body, catalog)?;
        masks.apply(info, &mut node);
        let mut object = node.to_value();
        if decision.omits_managed_fields {
            omit_managed_fields(&mut object);
        }
        Some(object)
    };
    let (sent, answer) = (object(&record.request_body), object(&record.response_body));
    name_object(members, info, sent.as_ref());
    let code = record.code.unwrap_or(500);
    let mut status = json!({"metadata": {}, "code": code});
    if let Some(Value::Object(said)) = answer.as_ref().filter(|_| code >= 400) {
        for field in ["status", "message", "reason", "details"] {
            if let Some(value) = said.get(field) {
                status[field] = value.clone();
            }
        }
    }
    members.push(("responseStatus", status));
    if level >= Level::Request
        && let Some(sent) = sent
    {
        members.push(("requestObject", sent));
    }
    if level >= Level::RequestResponse
        && let Some(answer) = answer
    {
        members.push(("responseObject", answer));
    }
}

/// Names the object that was sent, where the path does not.
fn name_object(members: &mut Members, info: &RequestInfo, sent: Option<&Value>) {
    let Some(metadata) = sent.and_then(|sent| sent.get("metadata")) else {
        return;
    };
    if !matches!(info.verb(), "create" | "update") {
        return;
    }
    let reference = members.iter_mut().find(|(name, _)| *name == "objectRef");
    let Some(reference) = reference.and_then(|(_, value)| value.as_object_mut()) else {
        return;
    };
    for field in ["namespace", "name", "uid", "resourceVersion"] {
        let text = metadata[field].as_str().filter(|text| !text.is_empty());
        if let Some(text) = text.filter(|_| !reference.contains_key(field)) {
            reference.insert(field.to_owned(), text.into());
        }
    }
}

/// Takes them from an object, or from all objects of a list.
fn omit_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let items = object.get_mut("items").and_then(Value::as_array_mut);
    items.into_iter().flatten().for_each(omit_managed_fields);
}

/// A body that is there as a whole, in whatever format.
fn object(body: &KeptBody, catalog: &Catalog) -> Option<codec::Node> {
    if !body.is_whole() || body.length == 0 {
        return None;
    }
    if let Ok(envelope) = protobuf::open(&body.bytes) {
        let kind = catalog.find_kind(&envelope.api_version, &envelope.kind)?;
        return schema::protobuf::read(envelope.raw, &kind.schema).ok();
    }
    let json = codec::parse(&body.bytes).ok();
    json.or_else(|| Some(yaml::parse(&body.bytes).ok()?.node))
}

fn line(
    members: &Members,
    (level, stage): (Level, &str),
    record: &Record,
    at: Timestamp,
) -> String {
    let head: Members = vec![
        ("level", level.as_str().into()),
        ("auditID", record.audit_id.as_str().into()),
        ("stage", stage.into()),
    ];
    let times: Members = vec![
        (
            "requestReceivedTimestamp",
            time::format_micro(record.time).into(),
        ),
        ("stageTimestamp", time::format_micro(at).into()),
    ];
    let mut line = HEAD.to_owned();
    for (name, value) in head.iter().chain(members).chain(&times) {
        line.push_str(&format!(",\"{name}\":{value}"));
    }
    line.push_str("}\n");
    line
}
