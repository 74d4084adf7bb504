//! Aggregated discovery: everything below `/api` or `/apis` in one `APIGroupDiscoveryList` of
//! `apidiscovery.k8s.io/v2`. Where a kind has an empty group and version it is of the group version it stands in.

use sha2::{Digest, Sha512};

use super::{groups, resources_of, versions};
use crate::codec::json::Node;
use crate::registry::resource::{Resource, Subresource};

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

/// `APIGroupDiscoveryList`.
fn list(items: Vec<Node>) -> Vec<u8> {
    let list = Node::object([
        ("kind", Node::text("APIGroupDiscoveryList")),
        ("apiVersion", Node::text("apidiscovery.k8s.io/v2")),
        ("metadata", Node::object([])),
        ("items", Node::Array(items)),
    ]);
    list.to_json()
}

/// `APIGroupDiscovery`, with an `APIVersionDiscovery` for each version.
fn group(resources: &[&'static Resource], name: &'static str) -> Node {
    let of_version = |version| {
        let entries = resources_of(resources, name, version)
            .into_iter()
            .map(entry);
        Node::object([
            ("version", Node::text(version)),
            ("resources", Node::Array(entries.collect())),
            ("freshness", Node::text("Current")),
        ])
    };
    let versions = versions(resources, name).into_iter().map(of_version);
    Node::object([
        (
            "metadata",
            Node::object([("name", Node::text(name).unless_empty())]),
        ),
        ("versions", Node::Array(versions.collect())),
    ])
}

/// `APIResourceDiscovery`.
fn entry(resource: &'static Resource) -> Node {
    let scope = if resource.namespaced {
        "Namespaced"
    } else {
        "Cluster"
    };
    let subresources = resource
        .subresources
        .iter()
        .map(|sub| subresource(resource, sub));
    Node::object([
        ("resource", Node::text(resource.plural)),
        ("responseKind", own_kind(resource)),
        ("scope", Node::text(scope)),
        ("singularResource", Node::text(resource.singular)),
        ("verbs", Node::texts(resource.verbs)),
        (
            "shortNames",
            Node::texts(resource.short_names).unless_empty(),
        ),
        (
            "categories",
            Node::texts(resource.categories).unless_empty(),
        ),
        (
            "subresources",
            Node::Array(subresources.collect()).unless_empty(),
        ),
    ])
}

/// `APISubresourceDiscovery`.
fn subresource(resource: &Resource, sub: &Subresource) -> Node {
    Node::object([
        ("subresource", Node::text(sub.name)),
        ("responseKind", own_kind(resource)),
        ("verbs", Node::texts(sub.verbs)),
    ])
}

/// `metav1.GroupVersionKind`.
fn own_kind(resource: &Resource) -> Node {
    Node::object([
        ("group", Node::text("")),
        ("version", Node::text("")),
        ("kind", Node::text(resource.kind)),
    ])
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
