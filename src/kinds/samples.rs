//! The structs that tests of the walks use.

use std::sync::LazyLock;

use super::{StructRef, core_schema};

pub(crate) static ENDPOINTS: LazyLock<StructRef> = LazyLock::new(|| core_schema("endpoints"));
pub(crate) static NAMESPACE: LazyLock<StructRef> = LazyLock::new(|| core_schema("namespaces"));
pub(crate) static EVENT: LazyLock<StructRef> = LazyLock::new(|| core_schema("events"));
pub(crate) static SECRET: LazyLock<StructRef> = LazyLock::new(|| core_schema("secrets"));
pub(crate) static SERVICE: LazyLock<StructRef> = LazyLock::new(|| core_schema("services"));
