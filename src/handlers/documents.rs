//! What is no resource: discovery, OpenAPI, the version, health. All but health is made once a server and then shared.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, header};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::discovery::{aggregated, legacy};
use super::health;
use super::openapi::serve::Content;
use super::openapi::{v2, v3};
use crate::codec::time;
use crate::handlers::version::{self, Version};
use crate::kinds::{Catalog, KindRef};
use crate::request::Request;
use crate::request::negotiation;
use crate::request::query::Query;
use crate::response::Response;
use crate::response::encoder::{self, encoder};
use crate::status::Status;

/// The forms of an OpenAPI v2 document: JSON, and protobuf by its old name and its new one.
const OPENAPI_V2: [&str; 3] = [
    OPENAPI_JSON,
    "com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "com.github.proto-openapi.spec.v2.v1.0+protobuf",
];
const OPENAPI_JSON: &str = "json";
/// The media type of a protobuf OpenAPI v2 document.
const OPENAPI_V2_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

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
    /// By its key in the index, such as `api/v1`; anything may follow `/openapi/v3/`.
    OpenApiV3(String),
}

/// The documents of a server, each made when it is first asked for.
pub(crate) struct Documents {
    version: Version,
    address: String,
    made: Timestamp,
    /// `/api` and `/apis`, each with its tag.
    aggregated: OnceLock<[(Vec<u8>, String); 2]>,
    openapi_v2: OnceLock<(Bytes, String)>,
    openapi_v3: OnceLock<Vec<(String, v3::Document)>>,
}

/// Every kind there is.
fn kinds() -> Vec<KindRef> {
    Catalog::built_in().kinds().cloned().collect()
}

impl Documents {
    pub(crate) fn new(version: &Version, address: &str, now: Timestamp) -> Self {
        Documents {
            version: *version,
            address: address.to_owned(),
            made: now,
            aggregated: OnceLock::new(),
            openapi_v2: OnceLock::new(),
            openapi_v3: OnceLock::new(),
        }
    }

    fn aggregated(&self) -> &[(Vec<u8>, String); 2] {
        self.aggregated.get_or_init(|| {
            let catalog = Catalog::built_in();
            [aggregated::api(&catalog), aggregated::apis(&catalog)].map(tagged)
        })
    }

    fn v2(&self) -> &(Bytes, String) {
        self.openapi_v2.get_or_init(|| {
            let (document, tag) = tagged(v2::document(&kinds(), self.version));
            (document.into(), tag)
        })
    }

    fn v3(&self) -> &[(String, v3::Document)] {
        self.openapi_v3
            .get_or_init(|| v3::documents(&kinds(), self.version))
    }

    pub(crate) fn answer(
        &self,
        document: &Document,
        request: &Request,
        path: &str,
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
        check_route(document, request)?;
        match document {
            Document::Root => Ok(Response::new(200, negotiation::JSON, self.paths())),
            Document::Health => Ok(health(path, query)),
            Document::Version => Ok(Response::new(
                200,
                negotiation::JSON,
                version::document(self.version),
            )),
            Document::ApiVersions => {
                self.discovery(request, query, 0, Some(legacy::api_versions(&self.address)))
            }
            Document::Groups => self.discovery(
                request,
                query,
                1,
                Some(legacy::group_list(&Catalog::built_in())),
            ),
            Document::Group(group) => {
                plain(request, query, legacy::group(&Catalog::built_in(), group))
            }
            Document::Resources { group, version } => plain(
                request,
                query,
                legacy::resource_list(&Catalog::built_in(), group, version),
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
        paths.extend(self.v3().iter().map(|(key, _)| format!("/{key}")));
        paths.sort_unstable();
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
        let Some(negotiated) = negotiation::aggregated_discovery(request, query) else {
            return plain(request, query, legacy);
        };
        let (document, tag) = &self.aggregated()[which];
        if request.header("if-none-match") == Some(tag) {
            return Ok(Response::empty(304)
                .header(header::ETAG, tag.clone())
                .header(header::VARY, "Accept")
                .header(header::CACHE_CONTROL, "public"));
        }
        let content_type = format!(
            "{};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            negotiated.media.content_type()
        );
        let body = encoder(negotiated).document(&encoder::Document::Json(document));
        Ok(Response::new(200, content_type, body)
            .header(header::ETAG, tag.clone())
            .header(header::VARY, "Accept")
            .header(header::CACHE_CONTROL, "public"))
    }

    fn openapi_v2(&self, request: &Request) -> Response {
        let (document, tag) = self.v2();
        let content = match negotiation::openapi(request, &OPENAPI_V2) {
            Some(OPENAPI_JSON) => Some((negotiation::JSON, document.clone())),
            // An empty message is a document without anything in it: enough for the clients that insist on this form.
            Some(_) => Some((OPENAPI_V2_PROTOBUF, Bytes::new())),
            None => None,
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
            response
                .headers
                .add(header::VARY, HeaderValue::from_static(vary));
        }
        response
    }

    fn openapi_v3_index(&self, request: &Request, now: Timestamp) -> Response {
        let content = Content {
            content_type: "text/plain; charset=utf-8",
            body: v3::index(self.v3()).into(),
            tag: "",
            modified: now,
        };
        content.serve(request)
    }

    fn openapi_v3(&self, request: &Request, query: &Query, key: &str, now: Timestamp) -> Response {
        let mut documents = self.v3().iter();
        let Some((_, document)) = documents.find(|(of, _)| of == key) else {
            return Response::empty(404);
        };
        let tag = format!("\"{}\"", document.hash);
        if negotiation::openapi(request, &[OPENAPI_JSON]).is_none() {
            return Response::empty(406).header(header::VARY, "Accept");
        }
        let asked = query.get("hash").unwrap_or_default();
        if !asked.is_empty() && asked != document.hash {
            let location = format!("/openapi/v3/{key}?hash={}", document.hash);
            return Response::new(301, negotiation::JSON, Vec::new())
                .header(header::LOCATION, location)
                .header(header::ETAG, tag);
        }
        let content = Content {
            content_type: negotiation::JSON,
            body: document.json.clone().into(),
            tag: &tag,
            modified: self.made,
        };
        let response = content.serve(request).header(header::VARY, "Accept");
        if asked.is_empty() {
            return response;
        }
        // The real server leaves the name of the zone to Go.
        let expires = time::http_date(in_a_year(now)).replace("GMT", "UTC");
        response
            .header(header::CACHE_CONTROL, "public, immutable")
            .header(header::EXPIRES, expires)
    }
}

/// A document with the tag of its content.
fn tagged(document: Vec<u8>) -> (Vec<u8>, String) {
    let tag = format!("\"{}\"", aggregated::etag(&document));
    (document, tag)
}

fn plain(request: &Request, query: &Query, document: Option<Vec<u8>>) -> Result<Response, Status> {
    let negotiated = negotiation::negotiate_plain(request, query)?;
    let document = document.ok_or_else(Status::no_route)?;
    let document = encoder::Document::Json(&document);
    Ok(Response::document(200, &document, negotiated))
}

/// The router's look at what is sent and what is wanted. The aggregator, which answers for a group, does not mind what is
/// sent; what is left out has no route.
fn check_route(document: &Document, request: &Request) -> Result<(), Status> {
    match document {
        Document::Version => negotiation::check_document_route(request, &[negotiation::JSON]),
        Document::ApiVersions | Document::Resources { .. } => {
            negotiation::check_document_route(request, &negotiation::OFFERED)
        }
        Document::Group(_) => negotiation::check_route(request, false),
        _ => Ok(()),
    }
}

/// Until when a client may keep a document whose address has its hash: Go's `AddDate(1, 0, 0)`, which makes the first of
/// March of a day that the next year does not have.
fn in_a_year(now: Timestamp) -> Timestamp {
    let today = TimeZone::UTC.to_datetime(now);
    let days = i32::from(today.day()) - 1;
    let then = today
        .first_of_month()
        .checked_add(Span::new().years(1).days(days));
    then.and_then(|then| TimeZone::UTC.to_timestamp(then))
        .unwrap_or(Timestamp::MAX)
}

fn health(path: &str, query: &Query) -> Response {
    match health::check(path, query.pairs()) {
        Some(answer) if answer.nosniff => Response::text(answer.code, answer.body),
        Some(answer) => Response::new(answer.code, "text/plain; charset=utf-8", answer.body),
        None => Response::text(404, "404 page not found\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_one_of_the_calendar() {
        for (now, then) in [
            ("2023-03-01T10:20:30Z", "2024-03-01T10:20:30Z"),
            ("2024-01-31T00:00:00Z", "2025-01-31T00:00:00Z"),
            ("2024-02-29T00:00:00Z", "2025-03-01T00:00:00Z"),
            ("2024-12-31T23:59:59Z", "2025-12-31T23:59:59Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            assert_eq!(in_a_year(now).to_string(), then);
        }
    }
}
