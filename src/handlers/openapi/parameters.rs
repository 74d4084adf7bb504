//! The parameters of the operations.

use serde_json::{Value, json};

use super::dialect::Dialect;

/// A parameter in the query, or in the path if it is required.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    ty: &'static str,
    doc: &'static str,
    required: bool,
}

const fn query(name: &'static str, ty: &'static str, doc: &'static str) -> Parameter {
    Parameter {
        name,
        ty,
        doc,
        required: false,
    }
}

const fn path(name: &'static str, doc: &'static str) -> Parameter {
    Parameter {
        name,
        ty: "string",
        doc,
        required: true,
    }
}

/// The parameters of one kind of call.
pub(super) type Parameters = &'static [Parameter];

pub(super) static NAMESPACE: Parameters = &[path("namespace", "The namespace of the object.")];

pub(super) static NAME: Parameters = &[path("name", "The name of the object.")];

pub(super) static PATH: Parameters = &[path("path", "What follows, for whom it is meant.")];

pub(super) static PRETTY: Parameters = &[query(
    "pretty",
    "string",
    "If true, the answer is indented.",
)];

/// Which objects of a collection a call is about.
pub(super) static SELECT: Parameters = &[
    query(
        "continue",
        "string",
        "The token of the last page, to get the next one.",
    ),
    query(
        "fieldSelector",
        "string",
        "Restricts the objects by their fields.",
    ),
    query(
        "labelSelector",
        "string",
        "Restricts the objects by their labels.",
    ),
    query(
        "limit",
        "integer",
        "The most objects to return; the rest follows with the continue token.",
    ),
    query(
        "resourceVersion",
        "string",
        "The version of the collection the answer is made from.",
    ),
    query(
        "resourceVersionMatch",
        "string",
        "How resourceVersion is meant: Exact or NotOlderThan.",
    ),
    query(
        "sendInitialEvents",
        "boolean",
        "If true, a watch begins with the objects there are.",
    ),
    query(
        "timeoutSeconds",
        "integer",
        "Ends the call after so many seconds.",
    ),
];

pub(super) static WATCH: Parameters = &[
    query(
        "allowWatchBookmarks",
        "boolean",
        "If true, a watch may send events of type BOOKMARK.",
    ),
    query(
        "watch",
        "boolean",
        "If true, changes are sent as they happen.",
    ),
];

pub(super) static WRITE: Parameters = &[
    query(
        "dryRun",
        "string",
        "All: do everything but store the result.",
    ),
    query(
        "fieldManager",
        "string",
        "The name of whoever makes the change; up to 128 characters.",
    ),
    query(
        "fieldValidation",
        "string",
        "What is done about unknown and repeated fields: Ignore, Warn or Strict.",
    ),
];

pub(super) static FORCE: Parameters = &[query(
    "force",
    "boolean",
    "If true, an apply takes over fields of others.",
)];

pub(super) static DELETE: Parameters = &[
    query("dryRun", "string", "All: do everything but the deletion."),
    query(
        "gracePeriodSeconds",
        "integer",
        "Seconds before the object is removed.",
    ),
    query(
        "ignoreStoreReadErrorWithClusterBreakingPotential",
        "boolean",
        "Not supported.",
    ),
    query(
        "orphanDependents",
        "boolean",
        "Deprecated: use propagationPolicy.",
    ),
    query(
        "propagationPolicy",
        "string",
        "What becomes of dependents: Orphan, Background or Foreground.",
    ),
];

impl Parameter {
    pub(super) fn render(&self, dialect: Dialect) -> Value {
        let place = if self.required { "path" } else { "query" };
        let mut value = json!({ "name": self.name, "in": place, "description": self.doc });
        if self.required {
            value["required"] = true.into();
        }
        match dialect {
            Dialect::V3 => value["schema"] = json!({ "type": self.ty, "uniqueItems": true }),
            Dialect::V2 => {
                value["type"] = self.ty.into();
                value["uniqueItems"] = true.into();
            }
        }
        value
    }
}
