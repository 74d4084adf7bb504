//! Which codes each operation is documented to give.
//!
//! Successes are those of the OpenAPI document, which generated clients are made from. Of errors the document names the
//! 401 alone; they are taken from what the real server does.

use super::operation::Operation;
use crate::kinds::{Catalog, verb};
use crate::request::info::{VERBS, Verb};

/// The resources whose operations are to be covered; others are counted, but never missed.
const RESOURCES: [&str; 2] = ["endpoints", "namespaces"];

/// A code, and who gives it.
struct Rule {
    code: u16,
    verbs: &'static [Verb],
    /// Operations of these verbs that do not, by name.
    except: &'static [&'static str],
}

const fn rule(code: u16, verbs: &'static [Verb]) -> Rule {
    Rule {
        code,
        verbs,
        except: &[],
    }
}

static RULES: &[Rule] = &[
    // Documented for every operation, also for a creation, which in practice answers 201.
    rule(200, &VERBS),
    // A PUT and an apply create what is missing.
    rule(201, &["create", "update", "patch"]),
    // A creation that goes on afterwards; a deletion with a propagation policy that is not done yet.
    rule(202, &["create", "delete"]),
    // A parameter, a body or a selector that cannot be read; `?timeout` alone can be wrong anywhere.
    rule(400, &VERBS),
    // Authentication, authorization.
    rule(401, &VERBS),
    rule(403, &VERBS),
    // The object, or the namespace it is to be in. A collection is empty rather than missing, and a namespace is in none.
    Rule {
        code: 404,
        verbs: &["get", "create", "update", "patch", "delete"],
        except: &["create namespaces"],
    },
    // A method that the path does not have: HEAD, a PUT to a collection, a write to all namespaces.
    rule(405, &VERBS),
    // An Accept header with nothing the server can write.
    rule(406, &VERBS),
    // AlreadyExists, a version or a precondition that no longer holds, fields that others own.
    rule(
        409,
        &["create", "update", "patch", "delete", "deletecollection"],
    ),
    // Whatever has a body, DeleteOptions included.
    rule(
        415,
        &["create", "update", "patch", "delete", "deletecollection"],
    ),
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
    ),
    // Priority and fairness, before the verb matters.
    rule(429, &VERBS),
    // The store, admission, a panic; a server that starts or stops.
    rule(500, &VERBS),
    rule(503, &VERBS),
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
    ),
];

/// Every documented code, in order.
pub(super) fn codes() -> impl Iterator<Item = u16> {
    RULES.iter().map(|rule| rule.code)
}

/// Whether this operation is documented to give this code.
pub(super) fn gives(operation: &Operation, code: u16) -> bool {
    RULES.iter().any(|rule| {
        rule.code == code
            && rule.verbs.contains(&operation.verb)
            && !rule.except.contains(&operation.to_string().as_str())
    })
}

/// Every operation that is to be covered.
pub(super) fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    let catalog = Catalog::built_in();
    let kinds = RESOURCES
        .iter()
        .filter_map(|plural| catalog.find("", "v1", plural));
    for kind in kinds {
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
        let scope = match &*operation.kind.plural {
            "endpoints" if !operation.everywhere => "/namespaces/{namespace}",
            _ => "",
        };
        let mut path = format!("/api/v1{scope}/{}", operation.kind.plural);
        if matches!(operation.verb, "get" | "update" | "patch" | "delete") {
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
        let document = v2::document(
            &Catalog::built_in().kinds().cloned().collect::<Vec<_>>(),
            version,
        );
        let document: Value = serde_json::from_slice(&document).unwrap();
        for operation in operations() {
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
}
