//! Which operations there are on which paths, as data.

use super::naming::{group_id, id, namespaced, part_of, suffix, tag, with_article};
use super::parameters::{self as p, Parameter, Parameters};
use super::schema::{list_name, name_of};
use crate::kinds::meta;
use crate::kinds::verb::Verb;
use crate::kinds::{KindRef, Subresource};

/// A path and what can be done there.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) template: String,
    /// What all its operations have in common.
    pub(super) parameters: Vec<&'static Parameter>,
    pub(super) operations: Vec<Operation>,
}

/// One method of a path.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    /// `x-kubernetes-action`; empty for what is not about objects.
    pub(super) action: &'static str,
    pub(super) id: String,
    pub(super) description: String,
    pub(super) parameters: Vec<&'static Parameter>,
    pub(super) body: Body,
    pub(super) codes: &'static [u16],
    /// The definition of the answer.
    pub(super) answer: String,
    /// Whether the answer can be a stream of events.
    pub(super) streams: bool,
    pub(super) tag: String,
    pub(super) resource: Option<KindRef>,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(super) enum Body {
    None,
    /// An object of this definition.
    Required(String),
    Optional(String),
    Patch,
}

/// `/api/v1` or `/apis/{group}/{version}`.
pub(super) fn root(resource: &KindRef) -> String {
    let prefix = if resource.group.is_empty() {
        "/api"
    } else {
        "/apis"
    };
    format!("{prefix}/{}", resource.api_version())
}

/// Every path of these resources.
pub(super) fn paths(resources: &[KindRef]) -> Vec<Path> {
    let mut versions: Vec<_> = resources.iter().map(discovery_path).collect();
    versions.sort_unstable_by(|a, b| a.template.cmp(&b.template));
    versions.dedup_by(|a, b| a.template == b.template);
    versions
        .into_iter()
        .chain(resources.iter().flat_map(paths_of))
        .collect()
}

/// The list of the resources of a group version.
fn discovery_path(resource: &KindRef) -> Path {
    let get = Operation {
        method: "get",
        action: "",
        id: format!("get{}APIResources", group_id(resource)),
        description: "get available resources".to_owned(),
        parameters: Vec::new(),
        body: Body::None,
        codes: &[200],
        answer: name_of(&meta::API_RESOURCE_LIST),
        streams: false,
        tag: tag(resource),
        resource: None,
    };
    Path {
        template: format!("{}/", root(resource)),
        parameters: Vec::new(),
        operations: vec![get],
    }
}

fn paths_of(resource: &KindRef) -> Vec<Path> {
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
    paths.extend(resource.subresources.iter().map(|sub| {
        path(
            format!("{root}{item}/{}", sub.name),
            subresource_calls(resource, sub),
        )
    }));
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
    paths.retain(|path| !path.operations.is_empty());
    paths
}

/// Moves the parameters that all operations share to the path, as the real server does.
fn path(template: String, mut operations: Vec<Operation>) -> Path {
    let everywhere = |parameter: &&'static Parameter| {
        operations.iter().all(|op| {
            op.parameters
                .iter()
                .any(|other| other.name == parameter.name)
        })
    };
    let first = operations
        .first()
        .map(|op| op.parameters.clone())
        .unwrap_or_default();
    let parameters: Vec<_> = first.into_iter().filter(everywhere).collect();
    for operation in &mut operations {
        operation
            .parameters
            .retain(|own| !parameters.iter().any(|shared| shared.name == own.name));
    }
    Path {
        template,
        parameters,
        operations,
    }
}

/// The calls for those of these verbs that the resource has.
fn calls(
    resource: &KindRef,
    verbs: &[Verb],
    call: impl Fn(&KindRef, Verb) -> Operation,
) -> Vec<Operation> {
    verbs
        .iter()
        .filter(|verb| resource.verbs.contains(verb))
        .map(|verb| call(resource, *verb))
        .collect()
}

fn collection_calls(resource: &KindRef) -> Vec<Operation> {
    calls(
        resource,
        &[Verb::List, Verb::Create, Verb::DeleteCollection],
        |resource, verb| match verb {
            Verb::List => list(resource),
            Verb::Create => write(resource, None, verb),
            _ => delete_collection(resource),
        },
    )
}

fn item_calls(resource: &KindRef) -> Vec<Operation> {
    calls(
        resource,
        &[Verb::Get, Verb::Update, Verb::Patch, Verb::Delete],
        |resource, verb| match verb {
            Verb::Get => read(resource, None),
            Verb::Delete => delete(resource),
            _ => write(resource, None, verb),
        },
    )
}

fn subresource_calls(resource: &KindRef, sub: &Subresource) -> Vec<Operation> {
    let call = |verb: &Verb| match *verb {
        Verb::Get => Some(read(resource, Some(sub))),
        Verb::Create | Verb::Update | Verb::Patch => Some(write(resource, Some(sub), *verb)),
        _ => None,
    };
    sub.verbs.iter().filter_map(call).collect()
}

fn list(resource: &KindRef) -> Operation {
    Operation {
        id: id("list", resource, ""),
        description: format!("list or watch objects of kind {}", resource.kind),
        answer: list_name(resource),
        streams: true,
        ..operation(
            resource,
            "get",
            "list",
            &[scope(resource), p::PRETTY, p::SELECT, p::WATCH],
        )
    }
}

fn list_everywhere(resource: &KindRef, _verb: Verb) -> Operation {
    Operation {
        id: format!(
            "list{}{}ForAllNamespaces",
            group_id(resource),
            resource.kind
        ),
        parameters: sorted(&[p::PRETTY, p::SELECT, p::WATCH]),
        ..list(resource)
    }
}

fn watch_list(resource: &KindRef, _verb: Verb) -> Operation {
    Operation {
        id: id("watch", resource, "List"),
        description: format!(
            "watch individual changes to a list of {}. deprecated: use the 'watch' parameter with a list operation instead.",
            resource.kind
        ),
        answer: name_of(&meta::WATCH_EVENT),
        streams: true,
        ..operation(
            resource,
            "get",
            "watchlist",
            &[scope(resource), p::PRETTY, p::SELECT, p::WATCH],
        )
    }
}

fn watch_everywhere(resource: &KindRef, verb: Verb) -> Operation {
    Operation {
        id: format!(
            "watch{}{}ListForAllNamespaces",
            group_id(resource),
            resource.kind
        ),
        parameters: sorted(&[p::PRETTY, p::SELECT, p::WATCH]),
        ..watch_list(resource, verb)
    }
}

fn watch_item(resource: &KindRef, _verb: Verb) -> Operation {
    Operation {
        id: id("watch", resource, ""),
        description: format!(
            "watch changes to an object of kind {}. deprecated: use the 'watch' parameter with a list operation instead, \
             filtered to a single item with the 'fieldSelector' parameter.",
            resource.kind
        ),
        answer: name_of(&meta::WATCH_EVENT),
        streams: true,
        ..operation(
            resource,
            "get",
            "watch",
            &[p::NAME, scope(resource), p::PRETTY, p::SELECT, p::WATCH],
        )
    }
}

fn read(resource: &KindRef, sub: Option<&Subresource>) -> Operation {
    Operation {
        id: id("read", resource, &suffix(sub)),
        description: format!("read {}", part_of(resource, sub)),
        ..operation(
            resource,
            "get",
            "get",
            &[p::NAME, scope(resource), p::PRETTY],
        )
    }
}

/// A call whose body is an object or a patch of one.
fn write(resource: &KindRef, sub: Option<&Subresource>, verb: Verb) -> Operation {
    let object = Body::Required(name_of(&resource.schema));
    let (method, word, says, codes, body, more): (_, _, _, &[u16], _, &[Parameters]) = match verb {
        Verb::Create => ("post", "create", "create", &[200, 201, 202], object, &[]),
        Verb::Update => ("put", "replace", "replace", &[200, 201], object, &[p::NAME]),
        _ => (
            "patch",
            "patch",
            "partially update",
            &[200, 201],
            Body::Patch,
            &[p::NAME, p::FORCE],
        ),
    };
    let what = match (verb, sub) {
        (Verb::Create, None) => with_article(&resource.kind),
        _ => part_of(resource, sub),
    };
    let named: &[Parameters] = if sub.is_some() { &[p::NAME] } else { &[] };
    let sets = [&[scope(resource), p::PRETTY, p::WRITE], more, named].concat();
    Operation {
        id: id(word, resource, &suffix(sub)),
        description: format!("{says} {what}"),
        codes,
        body,
        ..operation(resource, method, method, &sets)
    }
}

fn delete(resource: &KindRef) -> Operation {
    Operation {
        id: id("delete", resource, ""),
        description: format!("delete {}", with_article(&resource.kind)),
        codes: &[200, 202],
        body: Body::Optional(name_of(&meta::DELETE_OPTIONS)),
        answer: name_of(&meta::STATUS),
        ..operation(
            resource,
            "delete",
            "delete",
            &[p::NAME, scope(resource), p::PRETTY, p::DELETE],
        )
    }
}

fn delete_collection(resource: &KindRef) -> Operation {
    Operation {
        id: format!(
            "delete{}Collection{}{}",
            group_id(resource),
            namespaced(resource),
            resource.kind
        ),
        description: format!("delete collection of {}", resource.kind),
        codes: &[200],
        action: "deletecollection",
        parameters: sorted(&[scope(resource), p::PRETTY, p::DELETE, p::SELECT]),
        ..delete(resource)
    }
}

/// What an operation on an object has in common with most others.
fn operation(
    resource: &KindRef,
    method: &'static str,
    action: &'static str,
    parameters: &[Parameters],
) -> Operation {
    Operation {
        method,
        action,
        id: String::new(),
        description: String::new(),
        parameters: sorted(parameters),
        body: Body::None,
        codes: &[200],
        answer: name_of(&resource.schema),
        streams: false,
        tag: tag(resource),
        resource: Some(resource.clone()),
    }
}

/// The parameters of these sets by name, each once.
fn sorted(sets: &[Parameters]) -> Vec<&'static Parameter> {
    let mut parameters: Vec<_> = sets.iter().copied().flatten().collect();
    parameters.sort_by_key(|p| p.name);
    parameters.dedup_by_key(|p| p.name);
    parameters
}

fn scope(resource: &KindRef) -> Parameters {
    if resource.namespaced {
        p::NAMESPACE
    } else {
        &[]
    }
}
