//! Where a path leads. Resources are data, so routing is a reading of the path, not a tree of handlers.

use std::collections::BTreeMap;

use ::bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;

use crate::clock;
use crate::codec::{bytes, time};
use crate::handlers::discovery::{aggregated, legacy};
use crate::handlers::openapi::serve::Content;
use crate::handlers::openapi::{v2, v3};
use crate::handlers::{Target, health};
use crate::registry::{self, STRATEGIES, Strategy};
use crate::request::Request;
use crate::request::negotiation::{self, Media};
use crate::request::query::Query;
use crate::response::{self, Response};
use crate::status::Status;
use crate::version::{self, Version};

/// The media type of a protobuf OpenAPI v2 document.
const OPENAPI_V2_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const OPENAPI_V2_PROTOBUF_OLD: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// How long a client may keep a document whose address has its hash: a year.
const FOR_EVER: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How many segments the paths of objects have at most.
const USUAL_SEGMENTS: usize = 8;

/// Where a path leads.
pub(crate) enum Route {
    Resource(Target),
    Document(Document),
    /// Below a served prefix, but to nothing: a 404 as a Status.
    NoResource,
    /// A 404 as plain text.
    NotFound,
}

/// A path that is no resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Document {
    Root,
    Health,
    Version,
    ApiVersions,
    Groups,
    Group(String),
    Resources {
        group: String,
        version: String,
    },
    OpenApiV2,
    OpenApiV3Index,
    /// By its key in the index, such as `api/v1`.
    OpenApiV3(String),
}

/// Decodes the escapes of a path, once; an escaped slash separates like a plain one.
pub(crate) fn decode_path(raw: &str) -> String {
    if !raw.contains('%') {
        return raw.to_owned();
    }
    bytes::decode(&percent_decode_str(raw).collect::<Vec<u8>>())
}

pub(crate) fn route(path: &str) -> Route {
    let Some(rest) = path.strip_prefix('/') else {
        return Route::NotFound;
    };
    let mut segments = Vec::with_capacity(USUAL_SEGMENTS);
    segments.extend(rest.trim_end_matches('/').split('/'));
    let slashed = rest.ends_with('/');
    let document = match segments.as_slice() {
        ["" | "index.html"] if rest.len() <= "index.html".len() && rest != "/" => Document::Root,
        ["healthz" | "livez" | "readyz", ..] if !slashed => Document::Health,
        ["version"] => Document::Version,
        ["openapi", "v2"] if !slashed => Document::OpenApiV2,
        ["openapi", "v3"] if !slashed => Document::OpenApiV3Index,
        ["openapi", "v3", ..] if !slashed => Document::OpenApiV3(segments[2..].join("/")),
        ["api"] => Document::ApiVersions,
        ["apis"] if !rest.ends_with("//") => Document::Groups,
        ["api", version, rest @ ..] => return in_version("", version, rest),
        ["apis", group, ..] if !is_served(group) => return Route::NotFound,
        ["apis", group] => Document::Group((*group).to_owned()),
        ["apis", group, version, rest @ ..] => return in_version(group, version, rest),
        _ => return Route::NotFound,
    };
    Route::Document(document)
}

fn is_served(group: &str) -> bool {
    let served = |s: &&dyn Strategy| s.resource().group == group;
    !group.is_empty() && STRATEGIES.iter().any(served)
}

fn in_version(group: &str, version: &str, rest: &[&str]) -> Route {
    let served = |s: &&dyn Strategy| {
        let resource = s.resource();
        resource.group == group && resource.version == version
    };
    if !STRATEGIES.iter().any(served) {
        return Route::NoResource;
    }
    match rest {
        [] => Route::Document(Document::Resources {
            group: group.to_owned(),
            version: version.to_owned(),
        }),
        ["watch", rest @ ..] => target(group, version, rest, true),
        rest => target(group, version, rest, false),
    }
}

fn target(group: &str, version: &str, parts: &[&str], watch_path: bool) -> Route {
    // `namespaces/x/endpoints` is in a namespace; `namespaces/x/status` is about one.
    let (namespace, parts) = match parts {
        ["namespaces", _, "status" | "finalize"] | ["namespaces"] | ["namespaces", _] => {
            ("", parts)
        }
        ["namespaces", namespace, rest @ ..] => (*namespace, rest),
        _ => ("", parts),
    };
    let (plural, name, subresource) = match parts {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return Route::NoResource,
    };
    let Some(strategy) = registry::find(group, version, plural) else {
        return Route::NoResource;
    };
    let resource = strategy.resource();
    let misplaced = resource.namespaced && namespace.is_empty() && !name.is_empty()
        || !resource.namespaced && !namespace.is_empty()
        || parts.len() > 1 && name.is_empty();
    let unknown_part = !subresource.is_empty()
        && (watch_path || !resource.subresources.iter().any(|s| s.name == subresource))
        || parts.len() > 2 && subresource.is_empty();
    if misplaced || unknown_part {
        return Route::NoResource;
    }
    Route::Resource(Target {
        strategy,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource: subresource.to_owned(),
        watch_path,
    })
}

/// The documents of a server; made when the first of them is asked for.
pub(crate) struct Documents {
    version: Version,
    address: String,
    made: Timestamp,
    aggregated: [(Vec<u8>, String); 2],
    openapi_v2: (Bytes, String),
    openapi_v3: BTreeMap<String, v3::Document>,
}

impl Documents {
    pub(crate) fn new(version: &Version, address: &str, now: Timestamp) -> Self {
        let resources = registry::resources();
        let tagged = |document: Vec<u8>| {
            let tag = format!("\"{}\"", aggregated::etag(&document));
            (document, tag)
        };
        let (openapi_v2, tag) = tagged(v2::document(&resources, *version));
        Documents {
            version: *version,
            address: address.to_owned(),
            made: now,
            aggregated: [
                tagged(aggregated::api(&resources)),
                tagged(aggregated::apis(&resources)),
            ],
            openapi_v2: (openapi_v2.into(), tag),
            openapi_v3: v3::documents(&resources, *version),
        }
    }

    pub(crate) fn answer(
        &self,
        document: &Document,
        request: &Request,
        query: &Query,
        now: Timestamp,
    ) -> Result<Response, Status> {
        let any_method = matches!(
            document,
            Document::Root
                | Document::Health
                | Document::Groups
                | Document::OpenApiV2
                | Document::OpenApiV3Index
                | Document::OpenApiV3(_)
        );
        if !any_method && request.method != http::Method::GET {
            return Err(Status::method_not_allowed());
        }
        if matches!(
            document,
            Document::ApiVersions | Document::Group(_) | Document::Resources { .. }
        ) {
            negotiation::check_route(request, false)?;
        }
        match document {
            Document::Root => Ok(Response::new(200, negotiation::JSON, self.paths())),
            Document::Health => Ok(health(request, query)),
            Document::Version => version_document(request, self.version),
            Document::ApiVersions => {
                self.discovery(request, query, 0, Some(legacy::api_versions(&self.address)))
            }
            Document::Groups => self.discovery(
                request,
                query,
                1,
                Some(legacy::group_list(&registry::resources())),
            ),
            Document::Group(group) => {
                plain(request, query, legacy::group(&registry::resources(), group))
            }
            Document::Resources { group, version } => plain(
                request,
                query,
                legacy::resource_list(&registry::resources(), group, version),
            ),
            Document::OpenApiV2 => Ok(self.openapi_v2(request)),
            Document::OpenApiV3Index => Ok(self.openapi_v3_index(request, now)),
            Document::OpenApiV3(key) => Ok(self.openapi_v3(request, query, key, now)),
        }
    }

    /// What `/` lists.
    fn paths(&self) -> Vec<u8> {
        let mut paths: Vec<String> = [
            "/api",
            "/apis",
            "/healthz",
            "/livez",
            "/openapi/v2",
            "/openapi/v3",
            "/readyz",
            "/version",
        ]
        .map(str::to_owned)
        .to_vec();
        paths.extend(self.openapi_v3.keys().map(|key| format!("/{key}")));
        paths.sort();
        crate::codec::json::indent(
            crate::codec::json::compact(&serde_json::json!({"paths": paths})).as_bytes(),
        )
    }

    fn discovery(
        &self,
        request: &Request,
        query: &Query,
        which: usize,
        legacy: Option<Vec<u8>>,
    ) -> Result<Response, Status> {
        let Some(media) = negotiation::aggregated_discovery(request, query) else {
            return plain(request, query, legacy);
        };
        let (document, tag) = &self.aggregated[which];
        if request.header("if-none-match") == Some(tag) {
            return Ok(Response::empty(304)
                .header("etag", tag.clone())
                .header("vary", "Accept")
                .header("cache-control", "public"));
        }
        let negotiated = negotiation::Negotiated {
            media,
            pretty: false,
            transform: negotiation::Transform::None,
        };
        let content_type = format!(
            "{};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            media.content_type()
        );
        let body = response::finish(document.clone(), negotiated);
        Ok(Response::new(200, content_type, body)
            .header("etag", tag.clone())
            .header("vary", "Accept")
            .header("cache-control", "public"))
    }

    fn openapi_v2(&self, request: &Request) -> Response {
        let accept = request.header("accept").unwrap_or_default();
        let names: Vec<&str> = accept
            .split(',')
            .map(|c| c.split(';').next().unwrap_or_default().trim())
            .collect();
        let json = accept.is_empty()
            || names
                .iter()
                .any(|n| ["*/*", "application/*", negotiation::JSON].contains(n));
        let protobuf = names
            .iter()
            .any(|n| [OPENAPI_V2_PROTOBUF, OPENAPI_V2_PROTOBUF_OLD].contains(n));
        let (document, tag) = &self.openapi_v2;
        let content = match (protobuf, json) {
            // An empty message is a document without anything in it: enough for the clients that insist on this form.
            (true, _) => Some((OPENAPI_V2_PROTOBUF, Bytes::new())),
            (_, true) => Some((negotiation::JSON, document.clone())),
            _ => None,
        };
        let mut response = match content {
            Some((content_type, body)) => {
                let modified = self.made;
                let content = Content {
                    content_type,
                    body,
                    tag,
                    modified,
                };
                content.serve(request)
            }
            None => Response::empty(406),
        };
        for vary in ["Accept-Encoding", "Accept"] {
            response.headers.push(("vary", vary.into()));
        }
        response
    }

    fn openapi_v3_index(&self, request: &Request, now: Timestamp) -> Response {
        let content = Content {
            content_type: "text/plain; charset=utf-8",
            body: v3::index(&self.openapi_v3).into(),
            tag: "",
            modified: now,
        };
        content.serve(request)
    }

    fn openapi_v3(&self, request: &Request, query: &Query, key: &str, now: Timestamp) -> Response {
        let Some(document) = self.openapi_v3.get(key) else {
            return Response::empty(404);
        };
        let tag = format!("\"{}\"", document.hash);
        let accept = request.header("accept").unwrap_or_default();
        let fits = accept.is_empty()
            || accept.contains("json")
            || accept.contains("*/*")
            || accept.contains("application/*");
        if !fits {
            return Response::empty(406).header("vary", "Accept");
        }
        let asked = query.get("hash").unwrap_or_default();
        if !asked.is_empty() && asked != document.hash {
            let location = format!("/openapi/v3/{key}?hash={}", document.hash);
            return Response::new(301, negotiation::JSON, Vec::new())
                .header("location", location)
                .header("etag", tag);
        }
        let content = Content {
            content_type: negotiation::JSON,
            body: document.json.clone().into(),
            tag: &tag,
            modified: self.made,
        };
        let response = content.serve(request).header("vary", "Accept");
        if asked.is_empty() {
            return response;
        }
        // The real server leaves the name of the zone to Go.
        let expires = time::http_date(clock::add(now, FOR_EVER)).replace("GMT", "UTC");
        response
            .header("cache-control", "public, immutable")
            .header("expires", expires)
    }
}

fn plain(request: &Request, query: &Query, document: Option<Vec<u8>>) -> Result<Response, Status> {
    let negotiated = negotiation::negotiate_plain(request, query)?;
    let document = document.ok_or_else(Status::no_route)?;
    let body = response::finish(document, negotiated);
    Ok(Response::new(200, negotiated.media.content_type(), body))
}

fn version_document(request: &Request, version: Version) -> Result<Response, Status> {
    let accept = request.header("accept").unwrap_or_default();
    let fits = accept.is_empty()
        || accept.split(',').any(|c| {
            ["*/*", negotiation::JSON].contains(&c.split(';').next().unwrap_or_default().trim())
        });
    if !fits {
        return Err(Status::not_acceptable_route(&[Media::Json.content_type()]));
    }
    Ok(Response::new(
        200,
        negotiation::JSON,
        version::document(version),
    ))
}

fn health(request: &Request, query: &Query) -> Response {
    let path = decode_path(&request.path);
    match health::check(&path, query.pairs()) {
        Some(answer) if answer.nosniff => Response::text(answer.code, answer.body),
        Some(answer) => Response::new(answer.code, "text/plain; charset=utf-8", answer.body),
        None => Response::text(404, "404 page not found\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(path: &str) -> String {
        match route(path) {
            Route::Resource(t) => {
                format!(
                    "{}|{}|{}|{}|{}",
                    t.strategy.resource().plural,
                    t.namespace,
                    t.name,
                    t.subresource,
                    t.watch_path
                )
            }
            Route::Document(document) => format!("{document:?}"),
            Route::NoResource => "status".to_owned(),
            Route::NotFound => "text".to_owned(),
        }
    }

    #[test]
    fn paths_lead_where_the_real_server_has_something() {
        for (path, to) in [
            ("/", "Root"),
            ("/api", "ApiVersions"),
            ("/api/", "ApiVersions"),
            ("/apis/", "Groups"),
            ("/apis//", "text"),
            ("/healthz", "Health"),
            ("/healthz/", "text"),
            ("/API/v1", "text"),
            ("//api/v1", "text"),
            ("/foo", "text"),
            ("/apis/nope.io/v1/x", "text"),
            ("/api/v2", "status"),
            ("/api/v1/foo", "status"),
            ("/api/v1//endpoints", "status"),
            ("/api/v1/endpoints", "endpoints||||false"),
            ("/api/v1/endpoints/x", "status"),
            ("/api/v1/namespaces/n/endpoints/", "endpoints|n|||false"),
            ("/api/v1/namespaces/n/endpoints/x", "endpoints|n|x||false"),
            ("/api/v1/namespaces/n/endpoints/x/status", "status"),
            ("/api/v1/namespaces/n", "namespaces||n||false"),
            (
                "/api/v1/namespaces/n/finalize",
                "namespaces||n|finalize|false",
            ),
            (
                "/api/v1/watch/namespaces/n/endpoints/x",
                "endpoints|n|x||true",
            ),
            ("/api/v1/watch/namespaces/n", "namespaces||n||true"),
            ("/api/v1/watch/foo", "status"),
        ] {
            assert_eq!(describe(path), to, "{path}");
        }
    }
}
