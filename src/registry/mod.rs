//! What the server knows of each resource: its description ([`Resource`]) and its rules ([`Strategy`]).
//!
//! One resource, one file. The order in which rules are applied is the same for all and stands in [`generic`], named
//! after upstream's `rest.BeforeCreate`, `BeforeUpdate` and `BeforeDelete`. Everything here is pure: objects in, objects
//! or errors out; time and made-up names come in as arguments, and the store is somebody else's.

mod configmaps;
mod context;
mod declared;
pub(crate) mod deletion;
mod endpoints;
mod events;
pub(crate) mod generic;
mod namespaces;
#[cfg(test)]
mod sample;
mod secrets;
mod services;
pub(crate) mod strategy;
pub(crate) mod validation;

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
