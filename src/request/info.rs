//! What a request is about, as upstream's `RequestInfoFactory` sees it: the words of authorization and of faults.
//!
//! This is not yet routing: a path that leads nowhere has a `RequestInfo` too, and is authorized before it is a 404.

use http::Method;

use super::options::ListOptions;
use super::query::Query;
use super::text::{Text, segments};
use crate::names::is_path_segment_name;

/// The verbs of the API, plus the empty one of unknown methods.
pub(crate) type Verb = &'static str;

/// The verbs of the API.
pub(crate) const VERBS: [Verb; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// A request, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RequestInfo {
    pub(crate) is_resource: bool,
    /// The decoded path.
    pub(crate) path: Text,
    pub(crate) verb: Verb,
    pub(crate) api_group: Text,
    pub(crate) api_version: Text,
    pub(crate) namespace: Text,
    pub(crate) resource: Text,
    pub(crate) subresource: Text,
    pub(crate) name: Text,
}

/// The path was a prefix like `/api/v1/watch` with nothing after it.
#[derive(Debug, PartialEq)]
pub(crate) struct Undetermined;

impl RequestInfo {
    /// From a decoded path.
    pub(crate) fn new(method: &Method, path: &Text, query: &Query) -> Result<Self, Undetermined> {
        let parts = segments(path.trim_matches('/'));
        let mut info = RequestInfo {
            path: path.clone(),
            verb: lower(method),
            ..RequestInfo::default()
        };
        let (group, rest) = match parts.as_slice() {
            ["api", _, _, ..] => ("", &parts[1..]),
            ["apis", group, _, _, ..] => (*group, &parts[2..]),
            _ => return Ok(info),
        };
        info.is_resource = true;
        info.api_group = path.part(group);
        info.api_version = path.part(rest[0]);
        info.verb = verb_of(method);
        info.take_parts(&rest[1..])?;
        info.refine(query);
        Ok(info)
    }

    fn take_parts(&mut self, parts: &[&str]) -> Result<(), Undetermined> {
        let mut parts = parts;
        if let Some(&prefix @ ("watch" | "proxy")) = parts.first() {
            self.verb = if prefix == "watch" { "watch" } else { "proxy" };
            parts = &parts[1..];
            if parts.is_empty() {
                return Err(Undetermined);
            }
        }
        if parts.first() == Some(&"namespaces") && parts.len() > 1 {
            self.namespace = self.path.part(parts[1]);
            if parts.len() > 2 && !matches!(parts[2], "status" | "finalize") {
                parts = &parts[2..];
            }
        }
        let part = |n: usize| self.path.part(parts.get(n).copied().unwrap_or_default());
        (self.resource, self.name) = (part(0), part(1));
        if self.verb != "proxy" {
            self.subresource = self.path.part(parts.get(2).copied().unwrap_or_default());
        }
        Ok(())
    }

    /// A collection is listed, watched or deleted; what reads it may name one object of it by a field selector.
    fn refine(&mut self, query: &Query) {
        if !self.name.is_empty() {
            return;
        }
        match self.verb {
            "get" if query.flag("watch") == Some(true) => self.verb = "watch",
            "get" => self.verb = "list",
            "delete" => {
                self.verb = "deletecollection";
                return;
            }
            _ => return,
        }
        if query.get("fieldSelector").is_none() {
            return;
        }
        let options = ListOptions::decode(query).ok();
        if let Some(name) = options
            .as_ref()
            .and_then(|o| o.fields.exact("metadata.name"))
            && is_path_segment_name(name).is_empty()
        {
            self.name = name.into();
        }
    }
}

fn verb_of(method: &Method) -> Verb {
    match method.as_str() {
        "GET" | "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

/// What is no resource is authorized by its method.
fn lower(method: &Method) -> Verb {
    match method.as_str() {
        "GET" => "get",
        "HEAD" => "head",
        "POST" => "post",
        "PUT" => "put",
        "PATCH" => "patch",
        "DELETE" => "delete",
        "OPTIONS" => "options",
        "TRACE" => "trace",
        "CONNECT" => "connect",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(method: Method, path: &str, query: &str) -> RequestInfo {
        RequestInfo::new(&method, &path.into(), &Query::parse(query)).unwrap()
    }

    #[test]
    fn verbs_follow_method_and_path() {
        let cases = [
            (Method::GET, "/api/v1/namespaces/n/endpoints", "", "list"),
            (
                Method::GET,
                "/api/v1/namespaces/n/endpoints",
                "watch=1",
                "watch",
            ),
            (
                Method::GET,
                "/api/v1/namespaces/n/endpoints/x",
                "watch=1",
                "get",
            ),
            (Method::HEAD, "/api/v1/namespaces/n/endpoints/x", "", "get"),
            (Method::DELETE, "/api/v1/endpoints", "", "deletecollection"),
            (Method::GET, "/api/v1/watch/endpoints", "", "watch"),
            (Method::OPTIONS, "/api/v1/endpoints", "", ""),
            (
                Method::PUT,
                "/apis/apps/v1/namespaces/n/deployments/d/scale",
                "",
                "update",
            ),
        ];
        for (method, path, query, verb) in cases {
            assert_eq!(info(method, path, query).verb, verb, "{path}");
        }
    }

    #[test]
    fn a_namespace_is_in_itself() {
        let got = info(Method::GET, "/api/v1/namespaces/n/status", "");
        assert_eq!(
            (
                got.resource.as_str(),
                got.name.as_str(),
                got.namespace.as_str()
            ),
            ("namespaces", "n", "n")
        );
        assert_eq!(got.subresource, "status");
        assert_eq!(info(Method::GET, "/api/v1/namespaces", "").namespace, "");
    }

    #[test]
    fn a_field_selector_can_name_the_object_of_a_read() {
        const NAMED: &str = "fieldSelector=metadata.name%3Dx";
        let (all, watched) = ("/api/v1/endpoints", "/api/v1/watch/endpoints");
        for (method, path, query, name) in [
            (Method::GET, all, NAMED.to_owned(), "x"),
            (Method::GET, all, format!("{NAMED}&watch=1"), "x"),
            (Method::GET, all, format!("{NAMED}&limit=y"), ""),
            (Method::GET, all, format!("{NAMED}/y"), ""),
            (Method::GET, watched, NAMED.to_owned(), ""),
            (Method::DELETE, all, NAMED.to_owned(), ""),
        ] {
            assert_eq!(info(method, path, &query).name, name, "{path}?{query}");
        }
    }

    #[test]
    fn a_bare_watch_prefix_is_undetermined() {
        assert_eq!(
            RequestInfo::new(&Method::GET, &"/api/v1/watch".into(), &Query::default()),
            Err(Undetermined)
        );
        assert_eq!(
            RequestInfo::new(
                &Method::GET,
                &"/apis/apps/v1/watch/".into(),
                &Query::default()
            ),
            Err(Undetermined)
        );
    }
}
