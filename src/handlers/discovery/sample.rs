//! A few resources for the tests of the documents.

use std::sync::LazyLock;

use crate::kinds;
use crate::registry::resource::{Resource, Subresource};

const VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

pub(crate) static ENDPOINTS: Resource = Resource {
    group: "",
    version: "v1",
    plural: "endpoints",
    singular: "endpoints",
    kind: "Endpoints",
    list_kind: "EndpointsList",
    namespaced: true,
    short_names: &["ep"],
    categories: &[],
    verbs: VERBS,
    subresources: &[],
    storage_prefix: "services/endpoints",
    storage_version_hash: "fWeeMqaN/OA=",
    schema: LazyLock::new(|| kinds::core_schema("endpoints")),
};

pub(crate) static NAMESPACES: Resource = Resource {
    group: "",
    version: "v1",
    plural: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    list_kind: "NamespaceList",
    namespaced: false,
    short_names: &["ns"],
    categories: &[],
    verbs: &[
        "create", "delete", "get", "list", "patch", "update", "watch",
    ],
    subresources: &[
        Subresource {
            name: "finalize",
            verbs: &["update"],
        },
        Subresource {
            name: "status",
            verbs: &["get", "patch", "update"],
        },
    ],
    storage_prefix: "namespaces",
    storage_version_hash: "Q3oi5N2YM8M=",
    schema: LazyLock::new(|| kinds::core_schema("namespaces")),
};

/// Not in the order of their names.
pub(crate) static ALL: &[&Resource] = &[&NAMESPACES, &ENDPOINTS];

/// A resource of another group.
pub(crate) const fn resource(group: &'static str, version: &'static str) -> Resource {
    Resource {
        group,
        version,
        plural: "widgets",
        singular: "widget",
        kind: "Widget",
        list_kind: "WidgetList",
        namespaced: true,
        short_names: &[],
        categories: &["all"],
        verbs: VERBS,
        subresources: &[Subresource {
            name: "status",
            verbs: &["get", "patch", "update"],
        }],
        storage_prefix: "widgets",
        storage_version_hash: "8aSe+NMegvE=",
        schema: LazyLock::new(|| kinds::core_schema("endpoints")),
    }
}
