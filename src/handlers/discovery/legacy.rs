//! The tree of documents every client understands: `/api`, `/apis`, `/apis/{group}` and `/apis/{group}/{version}`.

use super::{groups, resources_of, versions};
use crate::codec::json::Node;
use crate::registry::resource::Resource;

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
pub(crate) fn group_list(resources: &[&'static Resource]) -> Vec<u8> {
    let groups = groups(resources).into_iter();
    let groups = groups.map(|name| api_group(resources, name, Node::Null, Node::Null));
    let list = Node::object([
        ("kind", Node::text("APIGroupList")),
        ("apiVersion", Node::text("v1")),
        ("groups", Node::Array(groups.collect())),
    ]);
    list.to_json()
}

/// `/apis/{group}`, if it is served.
pub(crate) fn group(resources: &[&'static Resource], group: &str) -> Option<Vec<u8>> {
    let name = groups(resources).into_iter().find(|name| *name == group)?;
    let (kind, api_version) = (Node::text("APIGroup"), Node::text("v1"));
    Some(api_group(resources, name, kind, api_version).to_json())
}

/// `/api/v1` or `/apis/{group}/{version}`, a `metav1.APIResourceList`, if it is served. That of the core group goes
/// without an apiVersion, for the sake of clients older than the field.
pub(crate) fn resource_list(
    resources: &[&'static Resource],
    group: &str,
    version: &str,
) -> Option<Vec<u8>> {
    let members = resources_of(resources, group, version);
    let group_version = members.first()?.api_version().into_owned();
    let mut entries: Vec<_> = members.into_iter().flat_map(entries).collect();
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
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
fn api_group(
    resources: &[&'static Resource],
    name: &'static str,
    kind: Node,
    api_version: Node,
) -> Node {
    let of_version = |version| {
        Node::object([
            ("groupVersion", Node::text(format!("{name}/{version}"))),
            ("version", Node::text(version)),
        ])
    };
    let versions: Vec<_> = versions(resources, name)
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

/// A resource and its subresources, each an entry of its own, with their names.
fn entries(resource: &'static Resource) -> Vec<(String, Node)> {
    let own = [
        Node::texts(resource.short_names),
        Node::texts(resource.categories),
        Node::text(resource.storage_version_hash),
    ];
    let name = resource.plural.to_owned();
    let main = entry(resource, name, resource.singular, resource.verbs, own);
    let subresources = resource.subresources.iter().map(|sub| {
        let name = format!("{}/{}", resource.plural, sub.name);
        entry(resource, name, "", sub.verbs, [const { Node::Null }; 3])
    });
    std::iter::once(main).chain(subresources).collect()
}

/// `metav1.APIResource`.
fn entry(
    resource: &Resource,
    name: String,
    singular: &str,
    verbs: &[&str],
    [short_names, categories, storage_version_hash]: [Node; 3],
) -> (String, Node) {
    let entry = Node::object([
        ("name", Node::text(name.as_str())),
        ("singularName", Node::text(singular)),
        ("namespaced", Node::Bool(resource.namespaced)),
        ("kind", Node::text(resource.kind)),
        ("verbs", Node::texts(verbs)),
        ("shortNames", short_names.unless_empty()),
        ("categories", categories.unless_empty()),
        ("storageVersionHash", storage_version_hash.unless_empty()),
    ]);
    (name, entry)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ALL, resource};
    use super::*;

    static WIDGETS: Resource = resource("apps", "v1");
    static OLD_WIDGETS: Resource = resource("apps", "v1beta1");

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
    fn a_server_of_the_core_group_has_no_other_groups() {
        assert_eq!(
            text(group_list(ALL)),
            r#"{"kind":"APIGroupList","apiVersion":"v1","groups":[]}"#
        );
    }

    #[test]
    fn a_group_lists_its_versions_and_the_preferred_one() {
        let inner = concat!(
            r#""name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"},"#,
            r#"{"groupVersion":"apps/v1beta1","version":"v1beta1"}],"#,
            r#""preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}"#,
        );
        let resources = [&OLD_WIDGETS, &WIDGETS];
        let list = format!(r#"{{"kind":"APIGroupList","apiVersion":"v1","groups":[{{{inner}]}}"#);
        assert_eq!(text(group_list(&resources)), list);
        let alone = format!(r#"{{"kind":"APIGroup","apiVersion":"v1",{inner}"#);
        assert_eq!(text(group(&resources, "apps").unwrap()), alone);
    }

    #[test]
    fn the_core_group_is_no_group_of_apis() {
        assert_eq!(group(ALL, ""), None);
        assert_eq!(group(ALL, "apps"), None);
    }

    #[test]
    fn the_core_resources_are_listed_by_name_with_their_subresources() {
        let expected = concat!(
            r#"{"kind":"APIResourceList","groupVersion":"v1","resources":["#,
            r#"{"name":"endpoints","singularName":"endpoints","namespaced":true,"kind":"Endpoints","#,
            r#""verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"#,
            r#""shortNames":["ep"],"storageVersionHash":"fWeeMqaN/OA="},"#,
            r#"{"name":"namespaces","singularName":"namespace","namespaced":false,"kind":"Namespace","#,
            r#""verbs":["create","delete","get","list","patch","update","watch"],"#,
            r#""shortNames":["ns"],"storageVersionHash":"Q3oi5N2YM8M="},"#,
            r#"{"name":"namespaces/finalize","singularName":"","namespaced":false,"kind":"Namespace","verbs":["update"]},"#,
            r#"{"name":"namespaces/status","singularName":"","namespaced":false,"kind":"Namespace","#,
            r#""verbs":["get","patch","update"]}]}"#,
        );
        assert_eq!(text(resource_list(ALL, "", "v1").unwrap()), expected);
    }

    #[test]
    fn the_list_of_another_group_has_an_api_version() {
        let document = text(resource_list(&[&WIDGETS], "apps", "v1").unwrap());
        let start = r#"{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"apps/v1","resources":[{"name":"widgets","#;
        assert!(document.starts_with(start), "{document}");
        assert!(
            document.contains(r#""categories":["all"],"storageVersionHash":"8aSe+NMegvE="}"#),
            "{document}"
        );
    }

    #[test]
    fn a_version_that_is_not_served_has_no_list() {
        assert_eq!(resource_list(ALL, "", "v2"), None);
        assert_eq!(resource_list(ALL, "apps", "v1"), None);
    }
}
