//! From the bytes of a body to an object of the kind the path asks for, with the errors of upstream's decoder.

use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::Value;

use super::Context;
use crate::codec::json::{self, Node};
use crate::codec::quote::quote;
use crate::codec::{protobuf, yaml};
use crate::kinds::{Catalog, Kind, Struct, own_scheme};
use crate::patch::apply::Sent;
use crate::registry;
use crate::request::negotiation::{BodyFormat, body_format};
use crate::request::options::FieldValidation;
use crate::request::{Body, BodyError, Request};
use crate::response::Warnings;
use crate::schema;
use crate::status::Status;

/// How much of a bad body an error shows, in bytes.
const SUMMARY: usize = 30;
/// The Go type that kind and apiVersion are first read into.
const TYPE_META: &str = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
/// The name of the real server's type registry, which it tells.
const SCHEME: &str = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30";

/// A body as a tree, and what was odd about it before any field was looked at.
pub(crate) struct Parsed {
    pub(crate) node: Node,
    duplicates: Vec<String>,
    /// What was wrong with a message whose kind could be read.
    pub(super) broken: Option<String>,
}

/// An object decoded from a body.
pub(crate) struct Received {
    /// Canonical and defaulted.
    pub(crate) object: Value,
    /// What the canonical form forgets.
    pub(crate) sent: Sent,
}

/// Parses bytes that should be of this kind; the error is the parser's text.
pub(crate) fn parse(format: BodyFormat, bytes: &[u8], kind: &Struct) -> Result<Parsed, String> {
    let plain = |node| Parsed {
        node,
        duplicates: Vec::new(),
        broken: None,
    };
    match format {
        BodyFormat::Json => json::parse(bytes)
            .map(plain)
            .map_err(|e| format!("couldn't get version/kind; json parse error: {e}")),
        BodyFormat::Yaml => yaml::parse(bytes).map(|d| Parsed {
            node: d.node,
            duplicates: d.duplicates,
            broken: None,
        }),
        BodyFormat::Protobuf => read_protobuf(bytes, kind),
    }
}

/// The object in a protobuf envelope; of one of another kind no more than the kind.
fn read_protobuf(bytes: &[u8], kind: &Struct) -> Result<Parsed, String> {
    let envelope = protobuf::open(bytes)?;
    let is_kind = envelope.kind.is_empty() || envelope.kind == kind.name;
    let raw = if is_kind { envelope.raw } else { &[] };
    let (content, broken) = match schema::protobuf::read(raw, kind) {
        Ok(content) => (content, None),
        Err(error) => (Node::Null, Some(error)),
    };
    let text = |name: &str, text| (name.to_owned(), Node::String(text));
    let mut members = vec![
        text("apiVersion", envelope.api_version),
        text("kind", envelope.kind),
    ];
    if let Node::Object(content) = content {
        members.extend(content);
    }
    Ok(Parsed {
        node: Node::Object(members),
        duplicates: Vec::new(),
        broken,
    })
}

/// The whole body, if it is not larger than allowed.
pub(crate) async fn read_all(body: &mut Body, limit: usize) -> Result<Bytes, Status> {
    let mut whole: Vec<u8> = Vec::new();
    let mut first: Option<Bytes> = None;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(unread)?;
        if whole.len() + first.as_ref().map_or(0, Bytes::len) + chunk.len() > limit {
            return Err(Status::request_entity_too_large(format!(
                "limit is {limit}"
            )));
        }
        match first.take() {
            None if whole.is_empty() => first = Some(chunk),
            held => {
                if let Some(first) = &held {
                    let length = body.length().unwrap_or(0).min(limit);
                    whole.reserve_exact(length.max(first.len() + chunk.len()));
                }
                whole.extend_from_slice(&held.unwrap_or_default());
                whole.extend_from_slice(&chunk);
            }
        }
    }
    Ok(first.unwrap_or_else(|| whole.into()))
}

fn unread(error: BodyError) -> Status {
    const HALTED: &str =
        "the server holds as much of unfinished requests as it takes, and this one did not go on";

    match error {
        BodyError::Broken => Status::raw("malformed chunked encoding"),
        BodyError::Halted => Status::too_many_requests(HALTED, 1),
    }
}

/// The object in a body that is yet to be read; the request keeps its body.
pub(crate) async fn peek(request: &mut Request, kind: &Struct, limit: usize) -> Option<Node> {
    let bytes = read_all(&mut request.body, limit).await.ok()?;
    let held = bytes.clone();
    request.body = Body::new(futures_util::stream::once(std::future::ready(Ok(held))));
    let format = body_format(request).ok()?;
    Some(parse(format, &bytes, kind).ok()?.node)
}

/// Reads and decodes the body of a create or a replace.
pub(super) async fn read(ctx: &mut Context<'_>) -> Result<(BodyFormat, Bytes), Status> {
    let format = body_format(ctx.request)?;
    Ok((format, ctx.read_body().await?))
}

/// Decodes a body as the kind of this resource.
pub(crate) fn decode(
    format: BodyFormat,
    bytes: &[u8],
    kind: &Kind,
    catalog: &Catalog,
    validation: FieldValidation,
    warnings: &mut Warnings,
) -> Result<Received, Status> {
    let name = &kind.kind;
    let unrecognized = |error: String| {
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {name}): {error} ({})",
            summary(bytes)
        ))
    };
    let parsed = parse(format, bytes, &kind.schema).map_err(unrecognized)?;
    let found = TypeMeta::of(&parsed.node).map_err(unrecognized)?;
    if kind.custom.is_some() {
        found.check_custom(kind, bytes)?;
    }
    let type_meta = found.or(kind);
    let (group, version) = type_meta.group_version().map_err(unrecognized)?;
    let cannot = |error: &str| {
        let in_body = &type_meta.kind;
        Status::bad_request(format!(
            "{in_body} in version {} cannot be handled as a {name}: {error}",
            quote(version)
        ))
    };
    check_version(kind, &type_meta, catalog)?;
    if version.is_empty() {
        return Err(cannot(&missing_version(bytes)));
    }
    if kind.custom.is_none() {
        check_kind(kind, &type_meta, group, version, catalog).map_err(|e| cannot(&e))?;
    }
    if let Some(error) = parsed.broken {
        return Err(cannot(&error));
    }
    let sent = Sent::of(&parsed.node);
    let decoded = schema::read(parsed.node, kind).map_err(|e| cannot(&e))?;
    report(&parsed.duplicates, &decoded.strict, validation, warnings).map_err(|e| cannot(&e))?;
    let mut object = decoded.value;
    if kind.custom.is_none() {
        set_type(&mut object, kind);
    }
    registry::set_defaults(kind, &mut object);
    Ok(Received { object, sent })
}

/// Whether a body that a patch made still is of the resource's kind.
pub(crate) fn check_type(node: &Node, kind: &Kind, catalog: &Catalog) -> Result<(), String> {
    let type_meta = TypeMeta::of(node)?.or(kind);
    let (group, version) = type_meta.group_version()?;
    check_kind(kind, &type_meta, group, version, catalog)
}

/// Writes the kind and the version the resource is stored in.
pub(crate) fn set_type(object: &mut Value, kind: &Kind) {
    for (field, value) in [("kind", &*kind.kind), ("apiVersion", &kind.api_version())] {
        if object[field] != value {
            object[field] = value.into();
        }
    }
}

/// Warns of unknown and duplicate fields, or refuses them.
fn report(
    duplicates: &[String],
    strict: &[String],
    validation: FieldValidation,
    warnings: &mut Warnings,
) -> Result<(), String> {
    match validation {
        FieldValidation::Ignore => Ok(()),
        FieldValidation::Warn => {
            duplicates
                .iter()
                .chain(strict)
                .for_each(|text| warnings.add(text.clone()));
            Ok(())
        }
        FieldValidation::Strict => {
            let yaml = (!duplicates.is_empty())
                .then(|| format!("yaml: unmarshal errors:\n  {}", duplicates.join("\n  ")));
            let all: Vec<&str> = yaml.iter().chain(strict).map(String::as_str).collect();
            if all.is_empty() {
                Ok(())
            } else {
                Err(format!("strict decoding error: {}", all.join(", ")))
            }
        }
    }
}

/// The kind and apiVersion of a body.
pub(super) struct TypeMeta {
    pub(super) api_version: String,
    pub(super) kind: String,
}

impl TypeMeta {
    pub(super) fn of(node: &Node) -> Result<Self, String> {
        let prefix = "couldn't get version/kind; json parse error: json: cannot unmarshal";
        let mut found = TypeMeta {
            api_version: String::new(),
            kind: String::new(),
        };
        let members = match node {
            Node::Null => return Ok(found),
            Node::Object(members) => members,
            other => {
                return Err(format!(
                    "{prefix} {} into Go value of type {TYPE_META}",
                    other.go_kind()
                ));
            }
        };
        for (key, value) in members {
            // Go's encoding/json, which reads these two, does not care about case.
            let (slot, field) = if key.eq_ignore_ascii_case("apiVersion") {
                (&mut found.api_version, "apiVersion")
            } else if key.eq_ignore_ascii_case("kind") {
                (&mut found.kind, "kind")
            } else {
                continue;
            };
            match value {
                Node::String(text) => slot.clone_from(text),
                Node::Null => {}
                other => {
                    return Err(format!(
                        "{prefix} {} into Go struct field .{field} of type string",
                        other.go_kind()
                    ));
                }
            }
        }
        Ok(found)
    }

    /// What the body leaves out comes from the route.
    fn or(mut self, kind: &Kind) -> Self {
        if self.kind.is_empty() {
            self.kind.clone_from(&kind.kind);
        }
        // Without a version, in no other group.
        let group = self.api_version.strip_suffix('/');
        let accepted = self.kind == kind.kind && kind.accepts.contains(&self.api_version);
        if accepted
            || self.api_version.is_empty()
            || group.is_some_and(|g| g.is_empty() || g == kind.group)
        {
            self.api_version = kind.api_version().into_owned();
        }
        self
    }

    /// A custom object says what it is, and in the version of the path; what it says of its kind is looked at when it is
    /// validated.
    fn check_custom(&self, kind: &Kind, bytes: &[u8]) -> Result<(), Status> {
        let name = &kind.kind;
        if self.kind.is_empty() {
            let body = crate::codec::bytes::decode(bytes);
            return Err(Status::bad_request(format!(
                "the object provided is unrecognized (must be of type {name}): Object 'Kind' is missing in '{body}' ({})",
                summary(bytes)
            )));
        }
        let (found, expected) = (&self.api_version, kind.api_version());
        if *found == expected {
            return Ok(());
        }
        Err(Status::bad_request(format!(
            "the API version in the data ({found}) does not match the expected API version ({expected})"
        )))
    }

    pub(super) fn group_version(&self) -> Result<(&str, &str), String> {
        let mut parts = self.api_version.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(version), None, _) => Ok(("", version)),
            (Some(group), Some(version), None) => Ok((group, version)),
            _ => Err(format!(
                "unexpected GroupVersion string: {}",
                self.api_version
            )),
        }
    }
}

/// What Go's decoder says of an apiVersion that is a group alone.
pub(super) fn missing_version(body: &[u8]) -> String {
    let body = crate::codec::bytes::decode(body);
    format!("Object 'apiVersion' is missing in '{body}'")
}

/// Another version of the resource's kind could be converted to it, but is not what this path takes.
fn check_version(kind: &Kind, found: &TypeMeta, catalog: &Catalog) -> Result<(), Status> {
    let (name, expected) = (&kind.kind, kind.api_version());
    if found.kind != *name || !catalog.is_one_kind(name, &found.api_version, &expected) {
        return Ok(());
    }
    let found = &found.api_version;
    Err(Status::bad_request(format!(
        "the API version in the data ({found}) does not match the expected API version ({expected})"
    )))
}

/// Only the resource's own kind can be converted to it.
fn check_kind(
    kind: &Kind,
    found: &TypeMeta,
    group: &str,
    version: &str,
    catalog: &Catalog,
) -> Result<(), String> {
    if found.kind == kind.kind && group == kind.group && version == kind.version {
        return Ok(());
    }
    let internal = kind.internal_package();
    let own = own_scheme(&kind.group);
    let may_know = own.is_none() || group == kind.group;
    if may_know && catalog.knows(&found.api_version, &found.kind) {
        return Err(format!(
            "converting ({version}.{}) to ({internal}.{}): unknown conversion",
            found.kind, kind.kind
        ));
    }
    let api_version = &found.api_version;
    Err(format!(
        "no kind {} is registered for version {} in scheme \"{}\"",
        quote(&found.kind),
        quote(api_version),
        own.unwrap_or(SCHEME)
    ))
}

/// The first bytes of a body, as an error shows them.
fn summary(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(SUMMARY)];
    let more = if bytes.len() > SUMMARY { " ..." } else { "" };
    match bytes.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(head)),
        Some(_) => {
            let hex: String = head.iter().map(|b| format!("{b:02x}")).collect();
            format!("{hex}{more}")
        }
    }
}
