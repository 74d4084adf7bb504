//! Aggregated discovery: everything below `/api` or `/apis` in one `APIGroupDiscoveryList` of
//! `apidiscovery.k8s.io/v2`. Where a kind has an empty group and version it is of the group version it stands in.

use serde::Serialize;
use sha2::{Digest, Sha512};

use super::{groups, resources_of, to_json, versions};
use crate::registry::resource::{Resource, Subresource};

/// `APIGroupDiscoveryList`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    kind: &'static str,
    api_version: &'static str,
    metadata: Metadata,
    items: Vec<Group>,
}

/// The one field an object of these has, if any.
#[derive(Serialize)]
struct Metadata {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'static str,
}

/// `APIGroupDiscovery`.
#[derive(Serialize)]
struct Group {
    metadata: Metadata,
    versions: Vec<Version>,
}

/// `APIVersionDiscovery`.
#[derive(Serialize)]
struct Version {
    version: &'static str,
    resources: Vec<Entry>,
    freshness: &'static str,
}

/// `APIResourceDiscovery`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    resource: &'static str,
    response_kind: Kind,
    scope: &'static str,
    singular_resource: &'static str,
    verbs: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    short_names: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    categories: &'static [&'static str],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subresources: Vec<SubresourceEntry>,
}

/// `APISubresourceDiscovery`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubresourceEntry {
    subresource: &'static str,
    response_kind: Kind,
    verbs: &'static [&'static str],
}

/// `metav1.GroupVersionKind`.
#[derive(Serialize)]
struct Kind {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
}

/// What `/api` answers: one item without a name.
pub(crate) fn api(resources: &[&'static Resource]) -> Vec<u8> {
    list(vec![group(resources, "")])
}

/// What `/apis` answers: an item a group.
pub(crate) fn apis(resources: &[&'static Resource]) -> Vec<u8> {
    list(
        groups(resources)
            .into_iter()
            .map(|name| group(resources, name))
            .collect(),
    )
}

/// The entity tag of a document, without its quotes.
pub(crate) fn etag(document: &[u8]) -> String {
    Sha512::digest(document)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}

fn list(items: Vec<Group>) -> Vec<u8> {
    let metadata = Metadata { name: "" };
    to_json(&List {
        kind: "APIGroupDiscoveryList",
        api_version: "apidiscovery.k8s.io/v2",
        metadata,
        items,
    })
}

fn group(resources: &[&'static Resource], name: &'static str) -> Group {
    let of_version = |version| Version {
        version,
        resources: resources_of(resources, name, version)
            .into_iter()
            .map(entry)
            .collect(),
        freshness: "Current",
    };
    Group {
        metadata: Metadata { name },
        versions: versions(resources, name)
            .into_iter()
            .map(of_version)
            .collect(),
    }
}

fn entry(resource: &'static Resource) -> Entry {
    Entry {
        resource: resource.plural,
        response_kind: own_kind(resource),
        scope: if resource.namespaced {
            "Namespaced"
        } else {
            "Cluster"
        },
        singular_resource: resource.singular,
        verbs: resource.verbs,
        short_names: resource.short_names,
        categories: resource.categories,
        subresources: resource
            .subresources
            .iter()
            .map(|sub| subresource(resource, sub))
            .collect(),
    }
}

fn subresource(resource: &Resource, sub: &'static Subresource) -> SubresourceEntry {
    SubresourceEntry {
        subresource: sub.name,
        response_kind: own_kind(resource),
        verbs: sub.verbs,
    }
}

fn own_kind(resource: &Resource) -> Kind {
    Kind {
        group: "",
        version: "",
        kind: resource.kind,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ALL, resource};
    use super::*;

    static WIDGETS: Resource = resource("apps", "v1");

    fn text(document: Vec<u8>) -> String {
        String::from_utf8(document).unwrap()
    }

    #[test]
    fn api_is_one_group_without_a_name() {
        let expected = concat!(
            r#"{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"#,
            r#""items":[{"metadata":{},"versions":[{"version":"v1","resources":["#,
            r#"{"resource":"endpoints","responseKind":{"group":"","version":"","kind":"Endpoints"},"#,
            r#""scope":"Namespaced","singularResource":"endpoints","#,
            r#""verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"#,
            r#""shortNames":["ep"]},"#,
            r#"{"resource":"namespaces","responseKind":{"group":"","version":"","kind":"Namespace"},"#,
            r#""scope":"Cluster","singularResource":"namespace","#,
            r#""verbs":["create","delete","get","list","patch","update","watch"],"shortNames":["ns"],"#,
            r#""subresources":[{"subresource":"finalize","responseKind":{"group":"","version":"","kind":"Namespace"},"#,
            r#""verbs":["update"]},"#,
            r#"{"subresource":"status","responseKind":{"group":"","version":"","kind":"Namespace"},"#,
            r#""verbs":["get","patch","update"]}]}],"freshness":"Current"}]}]}"#,
        );
        assert_eq!(text(api(ALL)), expected);
    }

    #[test]
    fn apis_of_a_server_of_the_core_group_is_empty() {
        let expected = r#"{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[]}"#;
        assert_eq!(text(apis(ALL)), expected);
    }

    #[test]
    fn apis_names_its_groups() {
        let document = text(apis(&[&WIDGETS]));
        let item = r#""items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[{"resource":"widgets","#;
        assert!(document.contains(item), "{document}");
        assert!(
            document.contains(r#""watch"],"categories":["all"],"subresources":[{"#),
            "{document}"
        );
    }

    #[test]
    fn the_entity_tag_is_the_sha512_in_capitals() {
        let expected = concat!(
            "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A",
            "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F",
        );
        assert_eq!(etag(b"abc"), expected);
    }
}
