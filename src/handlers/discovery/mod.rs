//! How a client learns what is served: the legacy tree ([`legacy`]: a list of versions, a list of groups, a list of
//! resources for each version) and the one-request form that newer clients ask for first ([`aggregated`]).
//!
//! Both are views of the table of resources, nothing more. The members of each document stand in the order of the Go
//! struct, as the real server writes them. This file knows the order of things: groups by
//! the priority kube-apiserver registers them with, versions from most to least stable, resources by name.

pub(crate) mod aggregated;
pub(crate) mod legacy;
#[cfg(test)]
pub(crate) mod sample;

use crate::kinds;
use crate::registry::resource::Resource;

/// The groups below `/apis` in their order, the core group not among them.
fn groups(resources: &[&'static Resource]) -> Vec<&'static str> {
    let mut groups: Vec<_> = resources
        .iter()
        .map(|r| r.group)
        .filter(|group| !group.is_empty())
        .collect();
    groups.sort_unstable_by_key(|group| kinds::group_order(group));
    groups.dedup();
    groups
}

/// The versions of a group, the preferred one first.
fn versions(resources: &[&'static Resource], group: &str) -> Vec<&'static str> {
    let mut versions: Vec<_> = resources
        .iter()
        .filter(|r| r.group == group)
        .map(|r| r.version)
        .collect();
    versions.sort_unstable_by(|a, b| kinds::compare_versions(a, b));
    versions.dedup();
    versions
}

/// The resources of one group version by name.
pub(super) fn resources_of(
    resources: &[&'static Resource],
    group: &str,
    version: &str,
) -> Vec<&'static Resource> {
    let mut members: Vec<_> = resources
        .iter()
        .copied()
        .filter(|r| r.group == group && r.version == version)
        .collect();
    members.sort_unstable_by_key(|r| r.plural);
    members
}

#[cfg(test)]
mod tests {
    use super::sample::{ALL, resource};
    use super::*;

    #[test]
    fn groups_stand_in_the_order_of_the_real_server() {
        static MORE: [Resource; 4] = [
            resource("zoo.example.com", "v1"),
            resource("batch", "v1"),
            resource("a.example.com", "v1"),
            resource("apps", "v1"),
        ];
        let resources: Vec<_> = ALL.iter().copied().chain(&MORE).collect();
        assert_eq!(
            groups(&resources),
            ["apps", "batch", "a.example.com", "zoo.example.com"]
        );
    }

    #[test]
    fn the_most_stable_version_is_preferred() {
        static MORE: [Resource; 7] = [
            resource("g", "next"),
            resource("g", "v1"),
            resource("g", "v1alpha1"),
            resource("g", "v2beta2"),
            resource("g", "v10"),
            resource("g", "v2beta10"),
            resource("g", "v1"),
        ];
        let resources: Vec<_> = MORE.iter().collect();
        assert_eq!(
            versions(&resources, "g"),
            ["v10", "v1", "v2beta10", "v2beta2", "v1alpha1", "next"]
        );
    }
}
