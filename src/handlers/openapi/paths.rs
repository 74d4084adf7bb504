//! Which operations there are on which paths, as data.

use super::calls::{
    collection_calls, item_calls, list_everywhere, watch_everywhere, watch_item, watch_list,
};
use super::naming::{group_id, tag};
use super::operation::{Answer, Path, calls, get, path, root};
use super::parts::subresource_paths;
use super::schema::name_of;
use crate::kinds::meta;
use crate::kinds::verb::Verb;
use crate::kinds::{Catalog, KindRef};

/// Every path of these resources.
pub(super) fn paths(resources: &[KindRef], catalog: &Catalog) -> Vec<Path> {
    let built_in = resources.iter().filter(|kind| kind.custom.is_none());
    let mut versions: Vec<_> = built_in.map(discovery_path).collect();
    versions.sort_unstable_by(|a, b| a.template.cmp(&b.template));
    versions.dedup_by(|a, b| a.template == b.template);
    versions
        .into_iter()
        .chain(resources.iter().flat_map(|kind| paths_of(kind, catalog)))
        .collect()
}

fn paths_of(resource: &KindRef, catalog: &Catalog) -> Vec<Path> {
    let root = root(resource);
    let scope = if resource.namespaced {
        "/namespaces/{namespace}"
    } else {
        ""
    };
    let collection = format!("{scope}/{}", resource.plural);
    let item = format!("{collection}/{{name}}");
    let mut paths = vec![
        path(format!("{root}{collection}"), collection_calls(resource)),
        path(format!("{root}{item}"), item_calls(resource)),
    ];
    for sub in &resource.subresources {
        paths.extend(subresource_paths(
            resource,
            sub,
            catalog,
            &format!("{root}{item}"),
        ));
    }
    if resource.namespaced {
        paths.push(path(
            format!("{root}/{}", resource.plural),
            calls(resource, &[Verb::List], list_everywhere),
        ));
        paths.push(path(
            format!("{root}/watch/{}", resource.plural),
            calls(resource, &[Verb::Watch], watch_everywhere),
        ));
    }
    paths.push(path(
        format!("{root}/watch{collection}"),
        calls(resource, &[Verb::Watch], watch_list),
    ));
    paths.push(path(
        format!("{root}/watch{item}"),
        calls(resource, &[Verb::Watch], watch_item),
    ));
    if resource.custom.is_some() {
        let watched = format!("{root}/watch/");
        paths.retain(|path| !path.template.starts_with(&watched));
    }
    paths.retain(|path| !path.operations.is_empty());
    paths
}

/// The list of the resources of a group version.
fn discovery_path(resource: &KindRef) -> Path {
    let id = format!("get{}APIResources", group_id(resource));
    let answer = Answer::Object(name_of(&meta::API_RESOURCE_LIST));
    get(
        &root(resource),
        id,
        "get available resources",
        answer,
        tag(resource),
    )
}
