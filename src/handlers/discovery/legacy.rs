//! The tree of documents every client understands: `/api`, `/apis`, `/apis/{group}` and `/apis/{group}/{version}`.

use serde::Serialize;

use super::{groups, resources_of, to_json, versions};
use crate::registry::resource::Resource;

/// `metav1.APIVersions`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiVersions<'a> {
    kind: &'static str,
    versions: [&'static str; 1],
    #[serde(rename = "serverAddressByClientCIDRs")]
    server_address_by_client_cidrs: [ServerAddress<'a>; 1],
}

/// `metav1.ServerAddressByClientCIDR`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerAddress<'a> {
    #[serde(rename = "clientCIDR")]
    client_cidr: &'static str,
    server_address: &'a str,
}

/// `metav1.APIGroupList`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiGroupList {
    kind: &'static str,
    api_version: &'static str,
    groups: Vec<ApiGroup>,
}

/// `metav1.APIGroup`, which has a kind only where it is not part of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'static str>,
    name: &'static str,
    versions: Vec<GroupVersion>,
    preferred_version: GroupVersion,
}

/// `metav1.GroupVersionForDiscovery`.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupVersion {
    group_version: String,
    version: &'static str,
}

/// `metav1.APIResourceList`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiResourceList {
    kind: &'static str,
    /// The core group goes without, for the sake of clients older than the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'static str>,
    group_version: String,
    resources: Vec<ApiResource>,
}

/// `metav1.APIResource`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiResource {
    name: String,
    singular_name: &'static str,
    namespaced: bool,
    kind: &'static str,
    verbs: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    short_names: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    categories: &'static [&'static str],
    #[serde(skip_serializing_if = "str::is_empty")]
    storage_version_hash: &'static str,
}

/// `/api`: the versions of the core group, and the `host:port` to reach them at.
pub(crate) fn api_versions(server_address: &str) -> Vec<u8> {
    to_json(&ApiVersions {
        kind: "APIVersions",
        versions: ["v1"],
        server_address_by_client_cidrs: [ServerAddress {
            client_cidr: "0.0.0.0/0",
            server_address,
        }],
    })
}

/// `/apis`: the groups.
pub(crate) fn group_list(resources: &[&'static Resource]) -> Vec<u8> {
    let groups = groups(resources)
        .into_iter()
        .filter_map(|name| api_group(resources, name))
        .collect();
    to_json(&ApiGroupList {
        kind: "APIGroupList",
        api_version: "v1",
        groups,
    })
}

/// `/apis/{group}`, if it is served.
pub(crate) fn group(resources: &[&'static Resource], group: &str) -> Option<Vec<u8>> {
    let name = groups(resources).into_iter().find(|name| *name == group)?;
    let group = api_group(resources, name)?;
    Some(to_json(&ApiGroup {
        kind: Some("APIGroup"),
        api_version: Some("v1"),
        ..group
    }))
}

/// `/api/v1` or `/apis/{group}/{version}`, if it is served.
pub(crate) fn resource_list(
    resources: &[&'static Resource],
    group: &str,
    version: &str,
) -> Option<Vec<u8>> {
    let members = resources_of(resources, group, version);
    let group_version = members.first()?.api_version().into_owned();
    let mut resources: Vec<_> = members.into_iter().flat_map(entries).collect();
    resources.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let api_version = (!group.is_empty()).then_some("v1");
    Some(to_json(&ApiResourceList {
        kind: "APIResourceList",
        api_version,
        group_version,
        resources,
    }))
}

fn api_group(resources: &[&'static Resource], name: &'static str) -> Option<ApiGroup> {
    let of_version = |version| GroupVersion {
        group_version: format!("{name}/{version}"),
        version,
    };
    let versions: Vec<_> = versions(resources, name)
        .into_iter()
        .map(of_version)
        .collect();
    let preferred_version = versions.first()?.clone();
    Some(ApiGroup {
        kind: None,
        api_version: None,
        name,
        versions,
        preferred_version,
    })
}

/// A resource and its subresources, each an entry of its own.
fn entries(resource: &'static Resource) -> Vec<ApiResource> {
    let main = ApiResource {
        name: resource.plural.to_owned(),
        singular_name: resource.singular,
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: resource.verbs,
        short_names: resource.short_names,
        categories: resource.categories,
        storage_version_hash: resource.storage_version_hash,
    };
    let subresources = resource.subresources.iter().map(|sub| ApiResource {
        name: format!("{}/{}", resource.plural, sub.name),
        singular_name: "",
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: sub.verbs,
        short_names: &[],
        categories: &[],
        storage_version_hash: "",
    });
    std::iter::once(main).chain(subresources).collect()
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
