//! The tree of documents every client understands: `/api`, `/apis`, `/apis/{group}` and `/apis/{group}/{version}`.

use crate::codec::json::Node;
use crate::kinds::verb::Verb;
use crate::kinds::{Catalog, Gvk, Kind, Service};

/// `/api`, a `metav1.APIVersions`: the versions of the core group, and the `host:port` to reach them at.
pub(crate) fn api_versions(server_address: &str) -> Vec<u8> {
    let address = Node::object([
        ("clientCIDR", Node::text("0.0.0.0/0")),
        ("serverAddress", Node::text(server_address)),
    ]);
    let versions = Node::object([
        ("kind", Node::text("APIVersions")),
        ("versions", Node::texts(&["v1"])),
        ("serverAddressByClientCIDRs", Node::Array(vec![address])),
    ]);
    versions.to_json()
}

/// `/apis`, a `metav1.APIGroupList`.
pub(crate) fn group_list(catalog: &Catalog) -> Vec<u8> {
    let groups = catalog.groups().into_iter().filter(|name| !name.is_empty());
    let groups = groups.map(|name| api_group(catalog, name, Node::Null, Node::Null));
    let list = Node::object([
        ("kind", Node::text("APIGroupList")),
        ("apiVersion", Node::text("v1")),
        ("groups", Node::Array(groups.collect())),
    ]);
    list.to_json()
}

/// `/apis/{group}`, if it is served.
pub(crate) fn group(catalog: &Catalog, group: &str) -> Option<Vec<u8>> {
    if group.is_empty() || !catalog.has_group(group) {
        return None;
    }
    let (kind, api_version) = (Node::text("APIGroup"), Node::text("v1"));
    Some(api_group(catalog, group, kind, api_version).to_json())
}

/// `/api/v1` or `/apis/{group}/{version}`, a `metav1.APIResourceList`, if it is served. That of the core group goes
/// without an apiVersion, for the sake of clients older than the field.
pub(crate) fn resource_list(catalog: &Catalog, group: &str, version: &str) -> Option<Vec<u8>> {
    let mut members = catalog.of_version(group, version).peekable();
    let group_version = members.peek()?.api_version().into_owned();
    let mut entries: Vec<_> = members.flat_map(|kind| entries(kind)).collect();
    // The handler of custom groups has the parts of a kind in an order of its own.
    if catalog.of_group(group).any(|kind| kind.custom.is_none()) {
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    }
    let api_version = if group.is_empty() { "" } else { "v1" };
    let list = Node::object([
        ("kind", Node::text("APIResourceList")),
        ("apiVersion", Node::text(api_version).unless_empty()),
        ("groupVersion", Node::text(group_version)),
        (
            "resources",
            Node::Array(entries.into_iter().map(|(_, entry)| entry).collect()),
        ),
    ]);
    Some(list.to_json())
}

/// `metav1.APIGroup`, which has a kind only where it is not part of a list.
fn api_group(catalog: &Catalog, name: &str, kind: Node, api_version: Node) -> Node {
    let of_version = |version| {
        Node::object([
            ("groupVersion", Node::text(format!("{name}/{version}"))),
            ("version", Node::text(version)),
        ])
    };
    let versions: Vec<_> = catalog
        .group_versions(name)
        .into_iter()
        .map(of_version)
        .collect();
    let preferred = versions.first().cloned().unwrap_or(Node::Null);
    Node::object([
        ("kind", kind),
        ("apiVersion", api_version),
        ("name", Node::text(name)),
        ("versions", Node::Array(versions)),
        ("preferredVersion", preferred),
    ])
}

/// A kind and its subresources, each an entry of its own, with their names.
fn entries(kind: &Kind) -> Vec<(String, Node)> {
    let own = [
        texts(&kind.short_names),
        texts(&kind.categories),
        match kind.service {
            Service::Stored => Node::text(&*kind.stored.hash),
            Service::Virtual | Service::Part => Node::Null,
        },
    ];
    let main = entry(
        kind,
        kind.plural.clone(),
        &kind.singular,
        &kind.verbs,
        own,
        None,
    );
    let subresources = kind.subresources.iter().map(|sub| {
        let name = format!("{}/{}", kind.plural, sub.name);
        let own = [const { Node::Null }; 3];
        entry(kind, name, "", &sub.verbs, own, sub.of.as_ref())
    });
    std::iter::once(main).chain(subresources).collect()
}

/// `metav1.APIResource`.
fn entry(
    kind: &Kind,
    name: String,
    singular: &str,
    verbs: &[Verb],
    [short_names, categories, storage_version_hash]: [Node; 3],
    of: Option<&Gvk>,
) -> (String, Node) {
    let foreign = of.filter(|of| (&of.group, &of.version) != (&kind.group, &kind.version));
    let foreign = foreign.map(|of| (&*of.group, &*of.version));
    let (group, version) = foreign.unwrap_or_default();
    let entry = Node::object([
        ("name", Node::text(name.as_str())),
        ("singularName", Node::text(singular)),
        ("namespaced", Node::Bool(kind.namespaced)),
        ("group", Node::text(group).unless_empty()),
        ("version", Node::text(version).unless_empty()),
        ("kind", Node::text(of.map_or(&*kind.kind, |of| &*of.kind))),
        ("verbs", texts(&Verb::names(verbs))),
        ("shortNames", short_names.unless_empty()),
        ("categories", categories.unless_empty()),
        ("storageVersionHash", storage_version_hash.unless_empty()),
    ]);
    (name, entry)
}

/// A list of texts.
pub(super) fn texts<T: AsRef<str>>(texts: &[T]) -> Node {
    Node::Array(texts.iter().map(|text| Node::text(text.as_ref())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(document: Vec<u8>) -> String {
        String::from_utf8(document).unwrap()
    }

    #[test]
    fn api_names_the_core_version_and_the_address() {
        let expected = concat!(
            r#"{"kind":"APIVersions","versions":["v1"],"#,
            r#""serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"127.0.0.1:6443"}]}"#,
        );
        assert_eq!(text(api_versions("127.0.0.1:6443")), expected);
    }

    #[test]
    fn the_core_group_is_no_group_of_apis() {
        let catalog = Catalog::built_in();
        assert_eq!(group(&catalog, ""), None);
        assert_eq!(group(&catalog, "example.com"), None);
        assert!(!text(group_list(&catalog)).contains(r#""name":"","#));
    }

    #[test]
    fn the_core_resources_are_listed_by_name_with_their_subresources() {
        let list = text(resource_list(&Catalog::built_in(), "", "v1").unwrap());
        let start = r#"{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"#;
        assert!(list.starts_with(start), "{list}");
        let namespaces = concat!(
            r#"{"name":"namespaces","singularName":"namespace","namespaced":false,"kind":"Namespace","#,
            r#""verbs":["create","delete","get","list","patch","update","watch"],"#,
            r#""shortNames":["ns"],"storageVersionHash":"Q3oi5N2YM8M="},"#,
            r#"{"name":"namespaces/finalize","singularName":"","namespaced":false,"kind":"Namespace","verbs":["update"]},"#,
            r#"{"name":"namespaces/status","singularName":"","namespaced":false,"kind":"Namespace","#,
            r#""verbs":["get","patch","update"]}"#,
        );
        assert!(list.contains(namespaces), "{list}");
    }

    #[test]
    fn a_version_that_is_not_served_has_no_list() {
        let catalog = Catalog::built_in();
        assert_eq!(resource_list(&catalog, "", "v2"), None);
        assert_eq!(resource_list(&catalog, "example.com", "v1"), None);
    }
}
