//! What an operation is, and what most of them have in common.

use super::naming::{self, tag};
use super::parameters::{self as p, Parameter, Parameters};
use super::schema::name_of;
use crate::kinds::verb::Verb;
use crate::kinds::{Gvk, KindRef};

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
    pub(super) answer: Answer,
    /// Whether the answer can be a stream of events.
    pub(super) streams: bool,
    pub(super) encodings: Encodings,
    pub(super) tag: String,
    /// The kind that is sent or answered, as far as it is about one.
    pub(super) about: Option<Gvk>,
}

/// What objects are written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encodings {
    All,
    /// Those of custom objects.
    Custom,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// An object of this definition.
    Object(String),
    /// Text, or what somebody else answers.
    Text,
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

/// Moves the parameters that all operations share to the path, as the real server does.
pub(super) fn path(template: String, mut operations: Vec<Operation>) -> Path {
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

/// A path where a document can be read.
pub(super) fn get(path: &str, id: String, says: &str, answer: Answer, tag: String) -> Path {
    let operation = Operation {
        method: "get",
        action: "",
        id,
        description: says.to_owned(),
        parameters: Vec::new(),
        body: Body::None,
        codes: &[200],
        answer,
        streams: false,
        encodings: Encodings::All,
        tag,
        about: None,
    };
    Path {
        template: format!("{path}/"),
        parameters: Vec::new(),
        operations: vec![operation],
    }
}

/// The calls for those of these verbs that the resource has.
pub(super) fn calls(
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

/// What an operation on an object has in common with most others.
pub(super) fn operation(
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
        answer: Answer::Object(name_of(&resource.schema)),
        streams: false,
        encodings: match resource.custom {
            Some(_) => Encodings::Custom,
            None => Encodings::All,
        },
        tag: tag(resource),
        about: Some(naming::gvk(resource)),
    }
}

/// The parameters of these sets by name, each once.
pub(super) fn sorted(sets: &[Parameters]) -> Vec<&'static Parameter> {
    let mut parameters: Vec<_> = sets.iter().copied().flatten().collect();
    parameters.sort_by_key(|p| p.name);
    parameters.dedup_by_key(|p| p.name);
    parameters
}

pub(super) fn scope(resource: &KindRef) -> Parameters {
    if resource.namespaced {
        p::NAMESPACE
    } else {
        &[]
    }
}
