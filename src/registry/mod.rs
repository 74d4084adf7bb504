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
#[cfg(test)]
mod sample;
mod secrets;
mod services;
pub(crate) mod strategy;
pub(crate) mod validation;

pub(crate) use crate::schema::resource::{self, Resource};
pub(crate) use strategy::{Lister, Strategy, WriteContext};

use crate::kinds::Kind;

/// The namespaces a cluster has from the start.
pub(crate) const INITIAL_NAMESPACES: [&str; 4] =
    ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The kinds of which something is programmed: group, kind, rules.
static PROGRAMMED: &[(&str, &str, &dyn Strategy)] = &[
    ("", "ConfigMap", &configmaps::ConfigMaps),
    ("", "Endpoints", &endpoints::Endpoints),
    ("", "Event", &events::Events),
    ("", "Namespace", &namespaces::Namespaces),
    ("", "Secret", &secrets::Secrets),
    ("", "Service", &services::Services),
];

/// The rules of a kind, which all its versions share.
pub(crate) fn strategy(kind: &Kind) -> &'static dyn Strategy {
    let programmed = PROGRAMMED
        .iter()
        .find(|(group, name, _)| *group == kind.stored.group && *name == kind.kind);
    programmed.map_or(&strategy::Plain, |(_, _, strategy)| *strategy)
}

/// Every resource's description.
pub(crate) fn resources() -> Vec<&'static Resource> {
    vec![
        &configmaps::RESOURCE,
        &endpoints::RESOURCE,
        &events::RESOURCE,
        &namespaces::RESOURCE,
        &secrets::RESOURCE,
        &services::RESOURCE,
    ]
}

// Temporary, for those who still read the statics.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    resources()
        .into_iter()
        .find(|r| r.group == group && r.version == version && r.plural == plural)
}

pub(crate) fn find_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    resources()
        .into_iter()
        .find(|r| r.kind == kind && r.api_version() == api_version)
}

pub(crate) fn find_name(name: &str) -> Option<&'static Resource> {
    let (name, group) = name.split_once('.').unwrap_or((name, ""));
    resources().into_iter().find(|r| {
        let names = [r.plural, r.singular, r.kind]
            .into_iter()
            .chain(r.short_names.iter().copied());
        r.group == group && names.into_iter().any(|n| n.eq_ignore_ascii_case(name))
    })
}

impl Resource {
    pub(crate) fn resource(&'static self) -> &'static Resource {
        self
    }
}
