//! The structs that tests of the walks use.

pub(crate) mod choices;
pub(crate) mod objects;

use std::sync::LazyLock;

use super::page::Page;
use super::{StructRef, core_schema};

pub(crate) static ENDPOINTS: LazyLock<StructRef> = LazyLock::new(|| core_schema("endpoints"));
pub(crate) static NAMESPACE: LazyLock<StructRef> = LazyLock::new(|| core_schema("namespaces"));
pub(crate) static EVENT: LazyLock<StructRef> = LazyLock::new(|| core_schema("events"));
pub(crate) static SECRET: LazyLock<StructRef> = LazyLock::new(|| core_schema("secrets"));
pub(crate) static SERVICE: LazyLock<StructRef> = LazyLock::new(|| core_schema("services"));

/// The first struct of a page that only the test knows.
pub(crate) fn declared(text: &'static str) -> StructRef {
    let page: &'static Page = Box::leak(Box::new(Page::new(
        "types/test.types",
        &["types", "test"],
        text,
    )));
    let name = text.split_whitespace().nth(1).unwrap();
    page.find(name).unwrap().clone()
}
