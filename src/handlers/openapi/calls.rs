//! The operations on the objects of a kind, by their verbs.

use super::naming::{group_id, gvk, id, namespaced, part_of, suffix, with_article};
use super::operation::{Answer, Body, Operation, calls, operation, scope, sorted};
use super::parameters::{self as p, Parameters};
use super::schema::{list_name, name_of};
use crate::kinds::meta;
use crate::kinds::verb::Verb;
use crate::kinds::{KindRef, Subresource};

pub(super) fn collection_calls(resource: &KindRef) -> Vec<Operation> {
    calls(
        resource,
        &[Verb::List, Verb::Create, Verb::DeleteCollection],
        |resource, verb| match verb {
            Verb::List => list(resource),
            Verb::Create => write(resource, None, resource, verb),
            _ => delete_collection(resource),
        },
    )
}

pub(super) fn item_calls(resource: &KindRef) -> Vec<Operation> {
    calls(
        resource,
        &[Verb::Get, Verb::Update, Verb::Patch, Verb::Delete],
        |resource, verb| match verb {
            Verb::Get => read(resource, None, resource),
            Verb::Delete => delete(resource),
            _ => write(resource, None, resource, verb),
        },
    )
}

fn list(resource: &KindRef) -> Operation {
    Operation {
        id: id("list", resource, ""),
        description: format!("list or watch objects of kind {}", resource.kind),
        answer: Answer::Object(list_name(resource)),
        streams: true,
        ..operation(
            resource,
            "get",
            "list",
            &[scope(resource), p::PRETTY, p::SELECT, p::WATCH],
        )
    }
}

pub(super) fn list_everywhere(resource: &KindRef, _verb: Verb) -> Operation {
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

pub(super) fn watch_list(resource: &KindRef, _verb: Verb) -> Operation {
    Operation {
        id: id("watch", resource, "List"),
        description: format!(
            "watch individual changes to a list of {}. deprecated: use the 'watch' parameter with a list operation instead.",
            resource.kind
        ),
        answer: Answer::Object(name_of(&meta::WATCH_EVENT)),
        streams: true,
        ..operation(
            resource,
            "get",
            "watchlist",
            &[scope(resource), p::PRETTY, p::SELECT, p::WATCH],
        )
    }
}

pub(super) fn watch_everywhere(resource: &KindRef, verb: Verb) -> Operation {
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

pub(super) fn watch_item(resource: &KindRef, _verb: Verb) -> Operation {
    Operation {
        id: id("watch", resource, ""),
        description: format!(
            "watch changes to an object of kind {}. deprecated: use the 'watch' parameter with a list operation instead, \
             filtered to a single item with the 'fieldSelector' parameter.",
            resource.kind
        ),
        answer: Answer::Object(name_of(&meta::WATCH_EVENT)),
        streams: true,
        ..operation(
            resource,
            "get",
            "watch",
            &[p::NAME, scope(resource), p::PRETTY, p::SELECT, p::WATCH],
        )
    }
}

/// A read of an object, or of a part of it, which may be of another kind than the object.
pub(super) fn read(resource: &KindRef, sub: Option<&Subresource>, of: &KindRef) -> Operation {
    Operation {
        id: id("read", resource, &suffix(sub)),
        description: format!("read {}", part_of(resource, sub)),
        answer: Answer::Object(name_of(&of.schema)),
        about: Some(gvk(about(resource, of))),
        ..operation(
            resource,
            "get",
            "get",
            &[p::NAME, scope(resource), p::PRETTY],
        )
    }
}

/// A call whose body is an object or a patch of one.
pub(super) fn write(
    resource: &KindRef,
    sub: Option<&Subresource>,
    of: &KindRef,
    verb: Verb,
) -> Operation {
    let object = Body::Required(name_of(&of.schema));
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
        (Verb::Create, Some(sub)) => format!("{} of {}", sub.name, with_article(&resource.kind)),
        _ => part_of(resource, sub),
    };
    let named: &[Parameters] = if sub.is_some() { &[p::NAME] } else { &[] };
    let sets = [&[scope(resource), p::PRETTY, p::WRITE], more, named].concat();
    Operation {
        id: id(word, resource, &suffix(sub)),
        description: format!("{says} {what}"),
        codes,
        body,
        answer: Answer::Object(name_of(&of.schema)),
        about: Some(gvk(about(resource, of))),
        ..operation(resource, method, method, &sets)
    }
}

fn delete(resource: &KindRef) -> Operation {
    Operation {
        id: id("delete", resource, ""),
        description: format!("delete {}", with_article(&resource.kind)),
        codes: &[200, 202],
        body: Body::Optional(name_of(&meta::DELETE_OPTIONS)),
        answer: Answer::Object(name_of(&meta::STATUS)),
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

/// The kind that an operation is said to be about: what is read or written, but of a custom object the object.
fn about<'a>(resource: &'a KindRef, of: &'a KindRef) -> &'a KindRef {
    match resource.custom {
        Some(_) => resource,
        None => of,
    }
}
