//! The operations of the API, as coverage calls them.

use std::fmt;

use crate::kinds::{Catalog, Kind, KindRef, Subresource};
use crate::request::info::{RequestInfo, Verb};
use crate::status::qualified;

/// A verb on a resource, or on a part of it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(super) kind: KindRef,
    /// Empty for none.
    pub(super) subresource: String,
    pub(super) verb: Verb,
    /// In all namespaces at once.
    pub(super) everywhere: bool,
}

impl Operation {
    /// Whether a request was this.
    pub(crate) fn is(&self, info: &RequestInfo) -> bool {
        info.is_resource
            && self.verb == info.verb
            && self.kind.plural == info.resource()
            && self.subresource == info.subresource()
            && self.kind.group == info.api_group()
            && self.kind.version == info.api_version()
            && self.everywhere == is_everywhere(&self.kind, info)
    }

    /// Whether it leads to somebody else, who answers as he likes.
    pub(super) fn is_connection(&self) -> bool {
        let part = self.kind.subresource(&self.subresource);
        part.is_some_and(Subresource::is_connection)
    }

    /// What a request was, if the server has it: what leads nowhere is no operation.
    pub(crate) fn of(info: &RequestInfo, catalog: &Catalog) -> Option<Self> {
        if !info.is_resource {
            return None;
        }
        let kind = catalog.find(info.api_group(), info.api_version(), info.resource())?;
        let mut verbs = kind.verbs(info.subresource()).iter();
        verbs
            .any(|verb| verb.as_str() == info.verb)
            .then(|| Operation {
                kind: kind.clone(),
                subresource: info.subresource().to_owned(),
                verb: info.verb,
                everywhere: is_everywhere(&kind, info),
            })
    }
}

fn is_everywhere(kind: &Kind, info: &RequestInfo) -> bool {
    info.verb == "list" && kind.namespaced && info.namespace().is_empty()
}

/// `update endpoints`, `list all endpoints`, `patch namespaces/status`.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = if self.everywhere { " all" } else { "" };
        let resource = qualified(&self.kind.plural, &self.kind.group);
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
        Operation::of(&info, &Catalog::built_in()).map(|operation| operation.to_string())
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
            (
                Method::POST,
                "/api/v1/namespaces/n/pods/p/eviction",
                "",
                Some("create pods/eviction"),
            ),
            (Method::GET, "/apis/apps/v1/gadgets", "", None),
            (Method::GET, "/version", "", None),
        ];
        for (method, path, query, expected) in cases {
            assert_eq!(name(method, path, query).as_deref(), expected, "{path}");
        }
    }
}
