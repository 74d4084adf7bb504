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
pub(crate) use event::EVENT;
pub(crate) use namespace::NAMESPACE;
pub(crate) use service::SERVICE;

/// The Go package of these types.
pub(crate) const PACKAGE: &str = "io.k8s.api.core.v1";

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
        opt(
            "fieldPath",
            Type::String,
            "The part of the object referred to, if not all of it.",
        ),
    ],
)
.atomic();
