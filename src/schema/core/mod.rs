//! The kinds of the core group, version v1.

mod config;
mod endpoints;
mod event;
mod namespace;
mod service;

use super::{Struct, Type, opt};

pub(crate) use config::{
    CONFIG_MAP, CONFIG_MAP_DATA_DOC, SECRET, SECRET_DATA_DOC, SECRET_TYPE_DOC,
};
pub(crate) use endpoints::{ENDPOINTS, SUBSETS_DOC};
pub(crate) use event::{EVENT, docs as event_docs};
pub(crate) use namespace::NAMESPACE;
pub(crate) use service::{SERVICE, docs as service_docs};

/// The Go package of these types.
pub(crate) const PACKAGE: &str = "io.k8s.api.core.v1";

/// The description of a reference's `fieldPath`, which is also that of an Event's Subobject column.
pub(crate) const FIELD_PATH_DOC: &str = "If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: \"spec.containers{name}\" (where \"name\" refers to the name of the container that triggered the event) or if no container name is specified \"spec.containers[2]\" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.";

static OBJECT_REFERENCE: Struct = Struct::new(
    "ObjectReference",
    "Enough to find another object.",
    &[
        opt("kind", Type::String, "The kind of the object."),
        opt("namespace", Type::String, "Its namespace."),
        opt("name", Type::String, "Its name."),
        opt("uid", Type::Named("types.UID"), "Its uid."),
        opt("apiVersion", Type::String, "Its API version."),
        opt(
            "resourceVersion",
            Type::String,
            "The version referred to, if one in particular.",
        ),
        opt("fieldPath", Type::String, FIELD_PATH_DOC),
    ],
)
.atomic();
