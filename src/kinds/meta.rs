//! The types of `meta.k8s.io/v1` that the server itself speaks of.

use std::sync::LazyLock;

use super::{StructRef, shared};

macro_rules! structs {
    ($($name:ident = $go:literal,)*) => {
        $(pub(crate) static $name: LazyLock<StructRef> = LazyLock::new(|| shared("meta_v1", $go));)*
    };
}

structs! {
    API_RESOURCE_LIST = "APIResourceList",
    DELETE_OPTIONS = "DeleteOptions",
    LIST_META = "ListMeta",
    OBJECT_META = "ObjectMeta",
    OWNER_REFERENCE = "OwnerReference",
    STATUS = "Status",
    WATCH_EVENT = "WatchEvent",
}
