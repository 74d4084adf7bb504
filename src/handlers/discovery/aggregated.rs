//! Aggregated discovery: everything below `/api` or `/apis` in one `APIGroupDiscoveryList` of
//! `apidiscovery.k8s.io/v2`. Where a kind has an empty group and version it is of the group version it stands in.

use sha2::{Digest, Sha512};

use super::legacy::texts;
use crate::codec::json::Node;
use crate::kinds::verb::Verb;
use crate::kinds::{Catalog, Gvk, Kind, Subresource};

/// What `/api` answers: one item without a name.
pub(crate) fn api(catalog: &Catalog) -> Vec<u8> {
    list(vec![group(catalog, "")])
}

/// What `/apis` answers: an item a group.
pub(crate) fn apis(catalog: &Catalog) -> Vec<u8> {
    let groups = catalog.groups().into_iter().filter(|name| !name.is_empty());
    list(groups.map(|name| group(catalog, name)).collect())
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
fn group(catalog: &Catalog, name: &str) -> Node {
    let of_version = |version| {
        let entries = catalog.of_version(name, version).map(|kind| entry(kind));
        Node::object([
            ("version", Node::text(version)),
            ("resources", Node::Array(entries.collect())),
            ("freshness", Node::text("Current")),
        ])
    };
    let versions = catalog.group_versions(name).into_iter().map(of_version);
    Node::object([
        (
            "metadata",
            Node::object([("name", Node::text(name).unless_empty())]),
        ),
        ("versions", Node::Array(versions.collect())),
    ])
}

/// `APIResourceDiscovery`.
fn entry(kind: &Kind) -> Node {
    let scope = if kind.namespaced {
        "Namespaced"
    } else {
        "Cluster"
    };
    let subresources = kind.subresources.iter().map(|sub| subresource(kind, sub));
    Node::object([
        ("resource", Node::text(&*kind.plural)),
        ("responseKind", body_kind(kind, None)),
        ("scope", Node::text(scope)),
        ("singularResource", Node::text(&*kind.singular)),
        ("verbs", texts(&Verb::names(&kind.verbs))),
        ("shortNames", texts(&kind.short_names).unless_empty()),
        ("categories", texts(&kind.categories).unless_empty()),
        (
            "subresources",
            Node::Array(subresources.collect()).unless_empty(),
        ),
    ])
}

/// `APISubresourceDiscovery`.
fn subresource(kind: &Kind, sub: &Subresource) -> Node {
    Node::object([
        ("subresource", Node::text(&*sub.name)),
        ("responseKind", body_kind(kind, sub.of.as_ref())),
        ("verbs", texts(&Verb::names(&sub.verbs))),
    ])
}

/// `metav1.GroupVersionKind`.
fn body_kind(kind: &Kind, of: Option<&Gvk>) -> Node {
    let foreign = of.filter(|of| (&of.group, &of.version) != (&kind.group, &kind.version));
    let foreign = foreign.map(|of| (&*of.group, &*of.version));
    let (group, version) = foreign.unwrap_or_default();
    Node::object([
        ("group", Node::text(group)),
        ("version", Node::text(version)),
        ("kind", Node::text(of.map_or(&*kind.kind, |of| &*of.kind))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(document: Vec<u8>) -> String {
        String::from_utf8(document).unwrap()
    }

    #[test]
    fn api_is_one_group_without_a_name() {
        let document = text(api(&Catalog::built_in()));
        let start = concat!(
            r#"{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"#,
            r#""items":[{"metadata":{},"versions":[{"version":"v1","resources":[{"resource":"#,
        );
        assert!(document.starts_with(start), "{document}");
        assert!(
            document.ends_with(r#"],"freshness":"Current"}]}]}"#),
            "{document}"
        );
        let namespaces = concat!(
            r#"{"resource":"namespaces","responseKind":{"group":"","version":"","kind":"Namespace"},"#,
            r#""scope":"Cluster","singularResource":"namespace","#,
            r#""verbs":["create","delete","get","list","patch","update","watch"],"shortNames":["ns"],"#,
            r#""subresources":[{"subresource":"finalize","responseKind":{"group":"","version":"","kind":"Namespace"},"#,
            r#""verbs":["update"]},"#,
            r#"{"subresource":"status","responseKind":{"group":"","version":"","kind":"Namespace"},"#,
            r#""verbs":["get","patch","update"]}]}"#,
        );
        assert!(document.contains(namespaces), "{document}");
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
