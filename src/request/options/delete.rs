//! `DeleteOptions`.

use serde_json::Value;

use super::{META_GROUP, dry_run};
use crate::codec::json::Node;
use crate::kinds::meta::DELETE_OPTIONS;
use crate::request::query::Query;
use crate::schema;
use crate::status::Status;
use crate::status::field::FieldError;

/// `propagationPolicy`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Propagation {
    Foreground,
    Background,
    Orphan,
}

/// What must hold of the object to be deleted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Preconditions {
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
}

/// `DeleteOptions`.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) dry_run: bool,
    /// How long the object has to end; as long as it likes where nobody says.
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) orphan_dependents: Option<bool>,
    pub(crate) preconditions: Preconditions,
}

impl DeleteOptions {
    /// As the server writes them.
    pub(super) fn to_node(&self, kind: &str, version: Node, dry_run: Node) -> Node {
        let text = |text: &Option<String>| text.clone().map_or(Node::Null, Node::String);
        let preconditions = Node::object([
            ("uid", text(&self.preconditions.uid)),
            (
                "resourceVersion",
                text(&self.preconditions.resource_version),
            ),
        ]);
        let has_any = !matches!(&preconditions, Node::Object(members) if members.is_empty());
        let seconds = self.grace_period_seconds;
        let orphans = self.orphan_dependents;
        let propagation = self
            .propagation
            .map(|propagation| format!("{propagation:?}"));
        Node::object([
            ("kind", Node::text(kind)),
            ("apiVersion", version),
            (
                "gracePeriodSeconds",
                seconds.map_or(Node::Null, |seconds| Node::Number(seconds.to_string())),
            ),
            (
                "preconditions",
                if has_any { preconditions } else { Node::Null },
            ),
            ("orphanDependents", orphans.map_or(Node::Null, Node::Bool)),
            ("propagationPolicy", text(&propagation)),
            ("dryRun", dry_run),
        ])
    }

    /// Options in a query; only looked at when there is no body.
    pub(crate) fn from_query(query: &Query) -> Result<Self, Status> {
        let grace_period_seconds = query
            .integer("gracePeriodSeconds")
            .map_err(Status::bad_request)?;
        let parts = DeleteParts {
            grace_period_seconds,
            dry_run: query.all("dryRun").map(str::to_owned).collect(),
            policy: query.get("propagationPolicy").map(str::to_owned),
            orphan_dependents: query.flag("orphanDependents"),
            preconditions: Preconditions {
                uid: query
                    .get("uid")
                    .filter(|uid| !uid.is_empty())
                    .map(str::to_owned),
                resource_version: query
                    .get("resourceVersion")
                    .filter(|v| !v.is_empty())
                    .map(str::to_owned),
            },
        };
        parts.validate()
    }

    /// Options in a body that was already decoded to a node.
    pub(crate) fn from_body(node: Node) -> Result<Self, Status> {
        let decoded = schema::decode(node, &DELETE_OPTIONS)
            .map_err(Status::bad_request)?
            .value;
        let text = |v: Option<&Value>| v.and_then(Value::as_str).map(str::to_owned);
        let preconditions = decoded.get("preconditions");
        let dry_run = decoded
            .get("dryRun")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let parts = DeleteParts {
            grace_period_seconds: decoded.get("gracePeriodSeconds").and_then(Value::as_i64),
            dry_run: dry_run
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            policy: text(decoded.get("propagationPolicy")),
            orphan_dependents: decoded.get("orphanDependents").and_then(Value::as_bool),
            preconditions: Preconditions {
                uid: text(preconditions.and_then(|p| p.get("uid"))),
                resource_version: text(preconditions.and_then(|p| p.get("resourceVersion"))),
            },
        };
        parts.validate()
    }
}

/// Delete options as sent.
struct DeleteParts {
    grace_period_seconds: Option<i64>,
    dry_run: Vec<String>,
    policy: Option<String>,
    orphan_dependents: Option<bool>,
    preconditions: Preconditions,
}

impl DeleteParts {
    fn validate(self) -> Result<DeleteOptions, Status> {
        let mut errors = Vec::new();
        let propagation = self.policy.as_deref().and_then(|policy| match policy {
            "Foreground" => Some(Propagation::Foreground),
            "Background" => Some(Propagation::Background),
            "Orphan" => Some(Propagation::Orphan),
            _ => None,
        });
        if let Some(policy) = &self.policy {
            if self.orphan_dependents.is_some() {
                let detail = "orphanDependents and deletionPropagation cannot be both set";
                errors.push(FieldError::invalid_str("propagationPolicy", policy, detail));
            }
            if propagation.is_none() {
                let supported = ["Foreground", "Background", "Orphan", "nil"];
                errors.push(FieldError::not_supported(
                    "propagationPolicy",
                    &policy.as_str().into(),
                    &supported,
                ));
            }
        }
        let dry_run = dry_run(self.dry_run, &mut errors);
        if !errors.is_empty() {
            return Err(Status::invalid("DeleteOptions", META_GROUP, "", &errors));
        }
        Ok(DeleteOptions {
            dry_run,
            grace_period_seconds: self.grace_period_seconds,
            propagation,
            orphan_dependents: self.orphan_dependents,
            preconditions: self.preconditions,
        })
    }
}
