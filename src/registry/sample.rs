//! A write without a server, for the tests of strategies.

use std::sync::Arc;

use super::context::Chance;
use super::strategy::{Lister, WriteContext};
use crate::kinds::{Catalog, KindRef};
use crate::object::Object;

/// A store in which these are claimed, and nothing can be looked up.
#[derive(Default)]
pub(super) struct Claimed(pub(super) Vec<Box<str>>);

impl Lister for Claimed {
    fn get(&self, _group: &str, _kind: &str, _namespace: &str, _name: &str) -> Option<Arc<Object>> {
        None
    }

    fn list(&self, _group: &str, _kind: &str, _namespace: &str) -> Vec<Arc<Object>> {
        Vec::new()
    }

    fn is_claimed(&self, claim: &str) -> bool {
        self.0.iter().any(|c| **c == *claim)
    }
}

/// Always falls on the first.
struct First;

impl Chance for First {
    fn below(&self, _end: usize) -> usize {
        0
    }

    fn name(&self, base: &str) -> String {
        base.to_owned()
    }

    fn unique(&self) -> String {
        "unique".to_owned()
    }
}

pub(super) fn kind(plural: &str) -> KindRef {
    let catalog = Catalog::built_in();
    catalog.find("", "v1", plural).unwrap().clone()
}

/// A write to an object of this kind, with a chance that always falls on the first.
pub(super) fn write<'a>(kind: &'a KindRef, lister: &'a dyn Lister) -> WriteContext<'a> {
    WriteContext {
        kind,
        asked: kind,
        subresource: "",
        dry_run: false,
        user: None,
        access: None,
        now: "now",
        chance: &First,
        lister,
    }
}
