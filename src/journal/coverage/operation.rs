//! The operations of the API, as coverage calls them.

use std::fmt;

use crate::registry;
use crate::request::info::{RequestInfo, Verb};
use crate::status::qualified;

/// A verb on a resource, or on a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Operation {
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    pub(super) subresource: &'static str,
    pub(super) verb: Verb,
    /// In all namespaces at once.
    pub(super) everywhere: bool,
}

impl Operation {
    /// Whether this is surely the same: told from where the words are, not from their letters.
    pub(crate) fn is(&self, other: &Operation) -> bool {
        std::ptr::eq(self.resource, other.resource)
            && std::ptr::eq(self.verb, other.verb)
            && std::ptr::eq(self.subresource, other.subresource)
            && std::ptr::eq(self.group, other.group)
            && self.everywhere == other.everywhere
    }

    /// What a request was, if the server has it: what leads nowhere is no operation.
    pub(crate) fn of(info: &RequestInfo) -> Option<Self> {
        if !info.is_resource {
            return None;
        }
        let strategy = registry::find(info.api_group(), info.api_version(), info.resource())?;
        let resource = strategy.resource();
        let (subresource, verbs) = match info.subresource() {
            "" => ("", resource.verbs),
            name => {
                let found = resource.subresources.iter().find(|s| s.name == name)?;
                (found.name, found.verbs)
            }
        };
        verbs.contains(&info.verb).then(|| Operation {
            group: resource.group,
            resource: resource.plural,
            subresource,
            verb: info.verb,
            everywhere: info.verb == "list" && resource.namespaced && info.namespace().is_empty(),
        })
    }
}

/// `update endpoints`, `list all endpoints`, `patch namespaces/status`.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = if self.everywhere { " all" } else { "" };
        let resource = qualified(self.resource, self.group);
        write!(f, "{}{all} {resource}", self.verb)?;
        if !self.subresource.is_empty() {
            write!(f, "/{}", self.subresource)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::request::query::Query;

    fn name(method: Method, path: &str, query: &str) -> Option<String> {
        let info = RequestInfo::new(&method, path.into(), &Query::parse(query)).unwrap();
        Operation::of(&info).map(|operation| operation.to_string())
    }

    #[test]
    fn an_operation_is_called_by_verb_and_resource() {
        let cases = [
            (
                Method::GET,
                "/api/v1/endpoints",
                "",
                Some("list all endpoints"),
            ),
            (
                Method::GET,
                "/api/v1/namespaces/n/endpoints",
                "",
                Some("list endpoints"),
            ),
            (
                Method::GET,
                "/api/v1/endpoints",
                "watch=1",
                Some("watch endpoints"),
            ),
            (
                Method::PUT,
                "/api/v1/namespaces/n/finalize",
                "",
                Some("update namespaces/finalize"),
            ),
            (Method::DELETE, "/api/v1/namespaces", "", None),
            (Method::PATCH, "/api/v1/namespaces/n/finalize", "", None),
            (Method::GET, "/apis/apps/v1/deployments", "", None),
            (Method::GET, "/version", "", None),
        ];
        for (method, path, query, expected) in cases {
            assert_eq!(name(method, path, query).as_deref(), expected, "{path}");
        }
    }
}
