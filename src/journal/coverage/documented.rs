//! Which codes each operation is documented to give.
//!
//! Successes are those of the OpenAPI document, which generated clients are made from. Of errors the document names the
//! 401 alone; they are taken from what the real server does.

use super::operation::Operation;
use crate::kinds::{Catalog, KindRef, Service, verb};
use crate::request::info::{VERBS, Verb};

/// The resources whose operations are to be covered; others are counted, but never missed.
const RESOURCES: [&str; 2] = ["endpoints", "namespaces"];

/// A code, and who gives it.
struct Rule {
    code: u16,
    verbs: &'static [Verb],
    /// Of what operations of these verbs are.
    of: Of,
}

/// What an operation is about.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// Whatever there is.
    All,
    /// Objects that are in a namespace, or are there already: a collection is empty rather than missing, and what is in no
    /// namespace is created in none.
    Places,
    /// What is read and answered here: no connection to somebody else.
    Bodies,
    /// What is kept: no question that is answered at once.
    Objects,
}

const fn rule(code: u16, verbs: &'static [Verb], of: Of) -> Rule {
    Rule { code, verbs, of }
}

const WRITES: [Verb; 5] = ["create", "update", "patch", "delete", "deletecollection"];

static RULES: &[Rule] = &[
    // Documented for every operation, also for a creation, which in practice answers 201.
    rule(200, &VERBS, Of::All),
    // A PUT and an apply create what is missing.
    rule(201, &["create", "update", "patch"], Of::Bodies),
    // A creation that goes on afterwards; a deletion with a propagation policy that is not done yet.
    rule(202, &["create", "delete"], Of::Bodies),
    // A parameter, a body or a selector that cannot be read; `?timeout` alone can be wrong anywhere.
    rule(400, &VERBS, Of::All),
    // Authentication, authorization.
    rule(401, &VERBS, Of::All),
    rule(403, &VERBS, Of::All),
    // The object, or the namespace it is to be in.
    rule(
        404,
        &["get", "create", "update", "patch", "delete"],
        Of::Places,
    ),
    // A method that the path does not have: HEAD, a PUT to a collection, a write to all namespaces.
    rule(405, &VERBS, Of::All),
    // An Accept header with nothing the server can write.
    rule(406, &VERBS, Of::Bodies),
    // AlreadyExists, a version or a precondition that no longer holds, fields that others own.
    rule(409, &WRITES, Of::Objects),
    // Whatever has a body, DeleteOptions included.
    rule(415, &WRITES, Of::Bodies),
    // An object, or options, that can be read but are not valid; a get has neither.
    rule(
        422,
        &[
            "list",
            "watch",
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
        ],
        Of::Bodies,
    ),
    // Priority and fairness, before the verb matters.
    rule(429, &VERBS, Of::All),
    // The store, admission, a panic; a server that starts or stops.
    rule(500, &VERBS, Of::All),
    rule(503, &VERBS, Of::All),
    // The deadline of a request, and versions from the future. A watch has no deadline and tells of those in its stream.
    rule(
        504,
        &[
            "get",
            "list",
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
        ],
        Of::All,
    ),
];

/// Every documented code, in order.
pub(super) fn codes() -> impl Iterator<Item = u16> {
    RULES.iter().map(|rule| rule.code)
}

/// Whether this operation is documented to give this code.
pub(super) fn gives(operation: &Operation, code: u16) -> bool {
    let mut rules = RULES.iter();
    rules.any(|rule| {
        rule.code == code && rule.verbs.contains(&operation.verb) && is_of(operation, rule.of)
    })
}

fn is_of(operation: &Operation, of: Of) -> bool {
    let kind = &operation.kind;
    let part = kind.subresource(&operation.subresource);
    let is_kept = kind.service == Service::Stored && !operation.is_connection();
    match of {
        Of::All => true,
        Of::Places => operation.verb != "create" || kind.namespaced || part.is_some(),
        Of::Bodies => !operation.is_connection(),
        Of::Objects => is_kept,
    }
}

/// Every operation that is to be covered.
pub(super) fn operations() -> Vec<Operation> {
    let catalog = Catalog::built_in();
    let kinds = RESOURCES
        .iter()
        .filter_map(|plural| catalog.find("", "v1", plural));
    kinds.flat_map(|kind| operations_of(&kind)).collect()
}

/// Every operation there is.
pub(super) fn all_operations() -> Vec<Operation> {
    let catalog = Catalog::built_in();
    catalog.kinds().flat_map(operations_of).collect()
}

fn operations_of(kind: &KindRef) -> Vec<Operation> {
    let mut found = Vec::new();
    let mut add = |subresource: &str, verb, everywhere| {
        found.push(Operation {
            kind: kind.clone(),
            subresource: subresource.to_owned(),
            verb,
            everywhere,
        });
    };
    let has = |verbs: &[verb::Verb], verb: &Verb| verbs.iter().any(|v| v.as_str() == *verb);
    for verb in VERBS.into_iter().filter(|verb| has(&kind.verbs, verb)) {
        add("", verb, false);
        if verb == "list" && kind.namespaced {
            add("", verb, true);
        }
    }
    for sub in &kind.subresources {
        for verb in VERBS.into_iter().filter(|verb| has(&sub.verbs, verb)) {
            add(&sub.name, verb, false);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::handlers::openapi::v2;
    use crate::handlers::version::Version;

    /// Where the OpenAPI document has an operation.
    fn place(operation: &Operation) -> (String, &'static str) {
        let method = match operation.verb {
            "create" => "post",
            "update" => "put",
            "patch" => "patch",
            "delete" | "deletecollection" => "delete",
            _ => "get",
        };
        let kind = &operation.kind;
        // Of a watch the document has the deprecated path alone; it says the same as that of the list.
        let everywhere = operation.everywhere || operation.verb == "watch";
        let scope = match kind.namespaced && !everywhere {
            true => "/namespaces/{namespace}",
            false => "",
        };
        let prefix = if kind.group.is_empty() {
            "/api"
        } else {
            "/apis"
        };
        let version = kind.api_version();
        let mut path = format!("{prefix}/{version}{scope}/{}", kind.plural);
        let has_name = matches!(operation.verb, "get" | "update" | "patch" | "delete");
        if has_name || !operation.subresource.is_empty() {
            path.push_str("/{name}");
        }
        if !operation.subresource.is_empty() {
            path = format!("{path}/{}", operation.subresource);
        }
        (path, method)
    }

    #[test]
    fn successes_are_those_of_the_openapi_document() {
        let version = Version::parse("1.36.2").unwrap();
        let document = v2::document(&Catalog::built_in(), version);
        let document: Value = serde_json::from_slice(&document).unwrap();
        for operation in all_operations() {
            let (path, method) = place(&operation);
            let responses = &document["paths"][&path][method]["responses"];
            let responses = responses.as_object().expect("the operation is documented");
            let theirs: Vec<u16> = responses
                .keys()
                .filter_map(|code| code.parse().ok())
                .filter(|code| *code < 300)
                .collect();
            let ours: Vec<u16> = codes()
                .filter(|code| *code < 300 && gives(&operation, *code))
                .collect();
            assert_eq!(ours, theirs, "{operation}");
        }
    }

    #[test]
    fn only_what_has_a_body_can_have_the_wrong_one() {
        let of = |code| -> Vec<String> {
            let given = operations().into_iter().filter(|o| gives(o, code));
            given.map(|operation| operation.to_string()).collect()
        };
        assert!(!of(415).iter().any(|name| name.starts_with("get ")));
        assert!(of(404).contains(&"create endpoints".to_owned()));
        assert!(!of(404).contains(&"create namespaces".to_owned()));
        assert_eq!(of(401).len(), operations().len());
    }

    #[test]
    fn what_is_not_kept_and_what_leads_elsewhere_gives_less() {
        let of = |name: &str| -> Vec<u16> {
            let mut all = all_operations().into_iter();
            let operation = all.find(|o| o.to_string() == name).expect(name);
            codes().filter(|code| gives(&operation, *code)).collect()
        };
        let review = of("create tokenreviews.authentication.k8s.io");
        assert!(review.contains(&201) && !review.contains(&404) && !review.contains(&409));
        let exec = of("create pods/exec");
        assert!(exec.contains(&404) && !exec.contains(&201) && !exec.contains(&415));
        assert!(of("create pods/eviction").contains(&409));
    }
}
