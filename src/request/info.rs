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

/// A request, taken apart: where in its path each word is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RequestInfo {
    pub(crate) is_resource: bool,
    /// The decoded path.
    pub(crate) path: Text,
    pub(crate) verb: Verb,
    /// What stands for the verb where the method is none of HTTP's own, and the path no resource's.
    method: Option<String>,
    api_group: Span,
    api_version: Span,
    namespace: Span,
    resource: Span,
    subresource: Span,
    name: Span,
    /// The name a field selector gives, where the path has none.
    selected: Option<String>,
}

/// Where in a path a word starts and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Span(u32, u32);

/// The path was a prefix like `/api/v1/watch` with nothing after it.
#[derive(Debug, PartialEq)]
pub(crate) struct Undetermined;

impl RequestInfo {
    /// From a decoded path.
    pub(crate) fn new(method: &Method, path: Text, query: &Query) -> Result<Self, Undetermined> {
        let mut info = RequestInfo {
            verb: lower(method),
            ..RequestInfo::default()
        };
        info.take_apart(method, &path, query)?;
        info.path = path;
        if info.verb.is_empty() && !info.is_resource {
            info.method = Some(method.as_str().to_lowercase());
        }
        Ok(info)
    }

    /// The verb as authorization and faults know it: of what is no resource, any method in lower case.
    pub(crate) fn verb(&self) -> &str {
        self.method.as_deref().unwrap_or(self.verb)
    }

    pub(crate) fn api_group(&self) -> &str {
        self.word(self.api_group)
    }

    pub(crate) fn api_version(&self) -> &str {
        self.word(self.api_version)
    }

    pub(crate) fn namespace(&self) -> &str {
        self.word(self.namespace)
    }

    pub(crate) fn resource(&self) -> &str {
        self.word(self.resource)
    }

    pub(crate) fn subresource(&self) -> &str {
        self.word(self.subresource)
    }

    pub(crate) fn name(&self) -> &str {
        match &self.selected {
            Some(name) => name,
            None => self.word(self.name),
        }
    }

    fn word(&self, Span(start, end): Span) -> &str {
        let range = start as usize..end as usize;
        self.path.get(range).unwrap_or_default()
    }

    fn take_apart(
        &mut self,
        method: &Method,
        path: &str,
        query: &Query,
    ) -> Result<(), Undetermined> {
        let parts = segments(path.trim_matches('/'));
        let (group, rest) = match parts.as_slice() {
            ["api", _, _, ..] => ("", &parts[1..]),
            ["apis", group, _, _, ..] => (*group, &parts[2..]),
            _ => return Ok(()),
        };
        self.is_resource = true;
        self.api_group = Span::of(group, path);
        self.api_version = Span::of(rest[0], path);
        self.verb = verb_of(method);
        self.take_parts(&rest[1..], path)?;
        self.refine(query);
        Ok(())
    }

    fn take_parts(&mut self, parts: &[&str], path: &str) -> Result<(), Undetermined> {
        let mut parts = parts;
        if let Some(&prefix @ ("watch" | "proxy")) = parts.first() {
            self.verb = if prefix == "watch" { "watch" } else { "proxy" };
            parts = &parts[1..];
            if parts.is_empty() {
                return Err(Undetermined);
            }
        }
        if parts.first() == Some(&"namespaces") && parts.len() > 1 {
            self.namespace = Span::of(parts[1], path);
            if parts.len() > 2 && !matches!(parts[2], "status" | "finalize") {
                parts = &parts[2..];
            }
        }
        let part = |n: usize| Span::of(parts.get(n).copied().unwrap_or_default(), path);
        (self.resource, self.name) = (part(0), part(1));
        if self.verb != "proxy" {
            self.subresource = part(2);
        }
        Ok(())
    }

    /// A collection is listed, watched or deleted; what reads it may name one object of it by a field selector.
    fn refine(&mut self, query: &Query) {
        if self.name != Span::default() {
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
            self.selected = Some(name.to_owned());
        }
    }
}

impl Span {
    /// Of a part of a path; an empty one is nowhere.
    fn of(part: &str, path: &str) -> Span {
        let start = (part.as_ptr() as usize).wrapping_sub(path.as_ptr() as usize);
        match (
            u32::try_from(start),
            u32::try_from(start.wrapping_add(part.len())),
        ) {
            (Ok(start), Ok(end)) if !part.is_empty() => Span(start, end),
            _ => Span::default(),
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
        RequestInfo::new(&method, path.into(), &Query::parse(query)).unwrap()
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
    fn an_unknown_method_is_a_verb_where_there_is_no_resource() {
        let foo = Method::from_bytes(b"FOO").unwrap();
        assert_eq!(info(foo.clone(), "/livez", "").verb(), "foo");
        assert_eq!(info(foo, "/api/v1/endpoints", "").verb(), "");
        assert_eq!(info(Method::OPTIONS, "/api", "").verb(), "options");
    }

    #[test]
    fn a_namespace_is_in_itself() {
        let got = info(Method::GET, "/api/v1/namespaces/n/status", "");
        assert_eq!(
            (got.resource(), got.name(), got.namespace()),
            ("namespaces", "n", "n")
        );
        assert_eq!(got.subresource(), "status");
        assert_eq!(info(Method::GET, "/api/v1/namespaces", "").namespace(), "");
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
            assert_eq!(info(method, path, &query).name(), name, "{path}?{query}");
        }
    }

    #[test]
    fn a_bare_watch_prefix_is_undetermined() {
        assert_eq!(
            RequestInfo::new(&Method::GET, "/api/v1/watch".into(), &Query::default()),
            Err(Undetermined)
        );
        assert_eq!(
            RequestInfo::new(
                &Method::GET,
                "/apis/apps/v1/watch/".into(),
                &Query::default()
            ),
            Err(Undetermined)
        );
    }
}
