//! The operations on the parts of an object: those that are written as the object is, those whose bodies are of another
//! kind, and those that lead to somebody else.

use super::calls::{read, write};
use super::naming::{group_id, namespaced, suffix};
use super::operation::{Answer, Body, Operation, Path, operation, path, scope, sorted};
use super::parameters::{self as p};
use crate::kinds::verb::Verb;
use crate::kinds::{Catalog, Gvk, KindRef, Subresource};

/// What HTTP calls the verbs of a part that leads elsewhere. Where everything may be asked, these are as well.
const METHODS: [(Verb, &str); 5] = [
    (Verb::Create, "post"),
    (Verb::Delete, "delete"),
    (Verb::Get, "get"),
    (Verb::Patch, "patch"),
    (Verb::Update, "put"),
];
const METHODS_WITHOUT_VERBS: [&str; 2] = ["head", "options"];

/// The paths of a part of the objects at this path.
pub(super) fn subresource_paths(
    resource: &KindRef,
    sub: &Subresource,
    catalog: &Catalog,
    item: &str,
) -> Vec<Path> {
    let template = format!("{item}/{}", sub.name);
    let described = catalog.body_of(sub);
    let body = match (&sub.of, &described) {
        (None, _) => resource,
        (Some(_), Some(body)) => body,
        (Some(options), None) => return connections(resource, sub, options, &template),
    };
    let call = |verb: &Verb| match *verb {
        Verb::Get => Some(read(resource, Some(sub), body)),
        Verb::Create | Verb::Update | Verb::Patch => Some(write(resource, Some(sub), body, *verb)),
        _ => None,
    };
    vec![path(template, sub.verbs.iter().filter_map(call).collect())]
}

/// A part that leads to somebody else; with all verbs, whatever follows its path does so as well.
fn connections(resource: &KindRef, sub: &Subresource, options: &Gvk, template: &str) -> Vec<Path> {
    let methods = METHODS.iter().filter(|(verb, _)| sub.verbs.contains(verb));
    let mut methods: Vec<_> = methods.map(|(_, method)| *method).collect();
    let is_open = methods.len() == METHODS.len();
    if is_open {
        methods.extend(METHODS_WITHOUT_VERBS);
    }
    let calls = |suffix: &str| -> Vec<Operation> {
        let call = |method: &&'static str| connect(resource, sub, options, method, suffix);
        methods.iter().map(call).collect()
    };
    let mut paths = vec![path(template.to_owned(), calls(""))];
    if is_open {
        let mut beyond = path(format!("{template}/{{path}}"), calls("WithPath"));
        beyond.parameters.extend(p::PATH);
        paths.push(beyond);
    }
    paths
}

fn connect(
    resource: &KindRef,
    sub: &Subresource,
    options: &Gvk,
    method: &'static str,
    beyond: &str,
) -> Operation {
    let word = format!("{}{}", method[..1].to_uppercase(), &method[1..]);
    Operation {
        id: format!(
            "connect{}{word}{}{}{}{beyond}",
            group_id(resource),
            namespaced(resource),
            resource.kind,
            suffix(Some(sub))
        ),
        description: format!(
            "connect {} requests to {} of {}",
            method.to_uppercase(),
            sub.name,
            resource.kind
        ),
        parameters: sorted(&[p::NAME, scope(resource)]),
        body: Body::None,
        answer: Answer::Text,
        about: Some(options.clone()),
        ..operation(resource, method, "connect", &[])
    }
}
