//! The types of `meta.k8s.io/v1`, and of the documents of discovery, that the server itself speaks of.

use std::sync::LazyLock;

use super::{StructRef, shared};

macro_rules! structs {
    ($page:literal: $($name:ident = $go:literal,)*) => {
        $(pub(crate) static $name: LazyLock<StructRef> = LazyLock::new(|| shared($page, $go));)*
    };
}

structs! {
    "meta_v1":
    API_GROUP = "APIGroup",
    API_GROUP_LIST = "APIGroupList",
    API_RESOURCE_LIST = "APIResourceList",
    API_VERSIONS = "APIVersions",
    DELETE_OPTIONS = "DeleteOptions",
    LIST_META = "ListMeta",
    OBJECT_META = "ObjectMeta",
    OWNER_REFERENCE = "OwnerReference",
    STATUS = "Status",
    VERSION_INFO = "Info",
    WATCH_EVENT = "WatchEvent",
}

structs! {
    "apidiscovery_v2":
    API_GROUP_DISCOVERY_LIST = "APIGroupDiscoveryList",
}
