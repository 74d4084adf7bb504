//! What the server knows of each resource: its description ([`Resource`]) and its rules ([`Strategy`]).
//!
//! One resource, one file. The order in which rules are applied is the same for all and stands in [`generic`], named
//! after upstream's `rest.BeforeCreate`, `BeforeUpdate` and `BeforeDelete`. Everything here is pure: objects in, objects
//! or errors out; time and made-up names come in as arguments, and the store is somebody else's.

mod configmaps;
mod endpoints;
mod events;
pub(crate) mod generic;
pub(crate) mod known_kinds;
mod namespaces;
mod secrets;
mod services;
pub(crate) mod strategy;
pub(crate) mod validation;

use crate::request::when::check::Known;
pub(crate) use crate::schema::resource::{self, Resource};
pub(crate) use strategy::Strategy;

/// Every resource served, sorted by group, version and plural.
pub(crate) static STRATEGIES: &[&dyn Strategy] = &[
    &configmaps::ConfigMaps,
    &endpoints::Endpoints,
    &events::Events,
    &Namespaces,
    &secrets::Secrets,
    &services::Services,
];

/// The namespaces a cluster has from the start.
pub(crate) const INITIAL_NAMESPACES: [&str; 4] =
    ["default", "kube-node-lease", "kube-public", "kube-system"];

pub(crate) use namespaces::Namespaces;

/// The resources there are, for who checks a condition.
pub(crate) struct Served;

impl Known for Served {
    fn find(&self, name: &str) -> Option<&Resource> {
        find_name(name).map(|strategy| strategy.resource())
    }

    fn all(&self) -> Vec<&Resource> {
        resources()
    }
}

/// The resource of this group, version and plural name.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static dyn Strategy> {
    STRATEGIES.iter().copied().find(|s| {
        let r = s.resource();
        r.group == group && r.version == version && r.plural == plural
    })
}

/// The resource of this kind.
pub(crate) fn find_kind(api_version: &str, kind: &str) -> Option<&'static dyn Strategy> {
    STRATEGIES
        .iter()
        .copied()
        .find(|s| s.resource().kind == kind && s.resource().api_version() == api_version)
}

/// The resource called this, as kubectl would read it: plural, singular, short name or kind, with the group after a dot.
pub(crate) fn find_name(name: &str) -> Option<&'static dyn Strategy> {
    let (name, group) = name.split_once('.').unwrap_or((name, ""));
    STRATEGIES.iter().copied().find(|s| {
        let r = s.resource();
        let names = [r.plural, r.singular, r.kind]
            .into_iter()
            .chain(r.short_names.iter().copied());
        r.group == group && names.into_iter().any(|n| n.eq_ignore_ascii_case(name))
    })
}

/// Every resource's description.
pub(crate) fn resources() -> Vec<&'static Resource> {
    STRATEGIES.iter().map(|s| s.resource()).collect()
}
