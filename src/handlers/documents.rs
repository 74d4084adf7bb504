//! What is no resource: discovery, OpenAPI, the version, health. All but health is made once a server and then shared.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderValue, header};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use parking_lot::Mutex;

use super::discovery::{aggregated, legacy};
use super::health;
use super::openapi::serve::Content;
use super::openapi::{v2, v3};
use crate::codec::time;
use crate::handlers::version::{self, Version};
use crate::kinds::meta::{
    API_GROUP, API_GROUP_DISCOVERY_LIST, API_GROUP_LIST, API_RESOURCE_LIST, API_VERSIONS,
};
use crate::kinds::{Catalog, Struct};
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
/// The forms of an OpenAPI v3 document.
const OPENAPI_V3: [&str; 2] = [
    OPENAPI_JSON,
    "com.github.proto-openapi.spec.v3.v1.0+protobuf",
];
const OPENAPI_V3_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
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
    catalog: Arc<Catalog>,
    version: Version,
    address: String,
    made: Timestamp,
    /// `/api` and `/apis`, each with its tag.
    aggregated: OnceLock<[(Vec<u8>, String); 2]>,
    openapi_v2: OnceLock<(Bytes, String)>,
    openapi_v3: OnceLock<Vec<(String, v3::Document)>>,
}

/// The documents of the kinds there are now, made anew when there are others.
#[derive(Default)]
pub(crate) struct Current(Mutex<Option<Arc<Documents>>>);

impl Current {
    /// Those of these kinds; `make` makes them.
    pub(crate) fn of(
        &self,
        catalog: &Arc<Catalog>,
        make: impl FnOnce() -> Documents,
    ) -> Arc<Documents> {
        let mut current = self.0.lock();
        match &*current {
            Some(known) if Arc::ptr_eq(&known.catalog, catalog) => known.clone(),
            _ => current.insert(Arc::new(make())).clone(),
        }
    }
}

impl Documents {
    /// Those of a server with these kinds.
    pub(crate) fn new(
        catalog: &Arc<Catalog>,
        version: &Version,
        address: &str,
        now: Timestamp,
    ) -> Self {
        Documents {
            catalog: catalog.clone(),
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
            let catalog = &self.catalog;
            [aggregated::api(catalog), aggregated::apis(catalog)].map(tagged)
        })
    }

    fn v2(&self) -> &(Bytes, String) {
        self.openapi_v2.get_or_init(|| {
            let (document, tag) = tagged(v2::document(&self.catalog, self.version));
            (document.into(), tag)
        })
    }

    fn v3(&self) -> &[(String, v3::Document)] {
        self.openapi_v3
            .get_or_init(|| v3::documents(&self.catalog, self.version))
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
                | Document::Group(_)
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
                let legacy = legacy::api_versions(&self.address);
                self.discovery(request, query, 0, (&legacy, &API_VERSIONS))
            }
            Document::Groups => {
                let legacy = legacy::group_list(&self.catalog);
                self.discovery(request, query, 1, (&legacy, &API_GROUP_LIST))
            }
            Document::Group(group) => {
                let document = legacy::group(&self.catalog, group);
                plain(request, query, document.as_deref(), &API_GROUP)
            }
            Document::Resources { group, version } => {
                let document = legacy::resource_list(&self.catalog, group, version);
                plain(request, query, document.as_deref(), &API_RESOURCE_LIST)
            }
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
        paths.dedup();
        crate::codec::json::indent(
            crate::codec::json::compact(&serde_json::json!({"paths": paths})).as_bytes(),
        )
    }

    fn discovery(
        &self,
        request: &Request,
        query: &Query,
        which: usize,
        (legacy, form): (&[u8], &Struct),
    ) -> Result<Response, Status> {
        let Some(negotiated) = negotiation::aggregated_discovery(request, query) else {
            return plain(request, query, Some(legacy), form);
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
        let document = encoder::Document::Json(document, &API_GROUP_DISCOVERY_LIST);
        let body = encoder(negotiated).document(&document)?;
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
        let (content_type, body) = match negotiation::openapi(request, &OPENAPI_V3) {
            Some(OPENAPI_JSON) => (negotiation::JSON, document.json.clone().into()),
            // As of v2.
            Some(_) => (OPENAPI_V3_PROTOBUF, Bytes::new()),
            None => return Response::empty(406).header(header::VARY, "Accept"),
        };
        let asked = query.get("hash").unwrap_or_default();
        if !asked.is_empty() && asked != document.hash {
            let location = format!("/openapi/v3/{key}?hash={}", document.hash);
            return Response::new(301, negotiation::JSON, Vec::new())
                .header(header::LOCATION, location)
                .header(header::ETAG, tag);
        }
        let content = Content {
            content_type,
            body,
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

fn plain(
    request: &Request,
    query: &Query,
    document: Option<&[u8]>,
    form: &Struct,
) -> Result<Response, Status> {
    let negotiated = negotiation::negotiate_plain(request, query)?;
    let document = document.ok_or_else(Status::no_route)?;
    let document = encoder::Document::Json(document, form);
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
