//! Which format an answer gets: the `Accept` header, in upstream's two stages.
//!
//! The router looks first, and only compares names: one clause must be exactly a type the route produces. The handler
//! then takes the best clause whose parameters it can honour. Errors are negotiated too, and fall back to JSON.

use super::Request;
use super::query::Query;
use crate::status::Status;

pub(crate) const JSON: &str = "application/json";
pub(crate) const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// What the server offers for objects, in its order. Protobuf is named because the real server names it; asking for it
/// alone is refused.
pub(crate) const OFFERED: [&str; 3] = [JSON, YAML, PROTOBUF];
const OFFERED_STREAMS: [&str; 2] = [
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
];

/// A format to write in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Media {
    Json,
    Yaml,
}

impl Media {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Media::Json => JSON,
            Media::Yaml => YAML,
        }
    }
}

/// What to turn an object into.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Transform {
    None,
    Table(MetaVersion),
    PartialObjectMetadata(MetaVersion),
    PartialObjectMetadataList(MetaVersion),
}

/// A version of `meta.k8s.io`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum MetaVersion {
    V1,
    V1Beta1,
}

impl MetaVersion {
    pub(crate) fn api_version(self) -> &'static str {
        match self {
            MetaVersion::V1 => "meta.k8s.io/v1",
            MetaVersion::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

/// The outcome of the negotiation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Negotiated {
    pub(crate) media: Media,
    pub(crate) pretty: bool,
    pub(crate) transform: Transform,
}

/// One clause of an `Accept` header.
#[derive(Debug)]
struct Clause<'a> {
    media: String,
    params: Vec<(String, &'a str)>,
    q: f32,
}

impl Clause<'_> {
    fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v)
    }
}

/// The clauses, best first.
fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = accept.split(',').filter_map(clause).collect();
    clauses.sort_by(|a, b| b.q.total_cmp(&a.q));
    clauses
}

fn clause(text: &str) -> Option<Clause<'_>> {
    let mut parts = text.trim().split(';');
    let media = parts.next()?.trim().to_ascii_lowercase();
    let mut params = Vec::new();
    let mut q = 1.0;
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            continue;
        };
        let (name, value) = (
            name.trim().to_ascii_lowercase(),
            value.trim().trim_matches('"'),
        );
        if name == "q" {
            q = value.parse().unwrap_or(1.0);
        } else {
            params.push((name, value));
        }
    }
    (!media.is_empty()).then_some(Clause { media, params, q })
}

/// The router's look: one clause must be a type the route produces, to the letter.
pub(crate) fn check_route(request: &Request, streams: bool) -> Result<(), Status> {
    let accept = request.header("accept").unwrap_or_default();
    let fits = accept.is_empty()
        || accept.split(',').any(|clause| {
            let name = clause.split(';').next().unwrap_or_default().trim();
            name == "*/*" || OFFERED.contains(&name)
        });
    if fits {
        return Ok(());
    }
    let mut available: Vec<&str> = OFFERED.to_vec();
    if streams {
        available.extend(OFFERED_STREAMS);
    }
    Err(Status::not_acceptable_route(&available))
}

/// The handler's look: the best clause it can honour.
pub(crate) fn negotiate(request: &Request, query: &Query) -> Result<Negotiated, Status> {
    let accept = request.header("accept").unwrap_or_default();
    choose(request, query, accept, true).ok_or_else(|| Status::not_acceptable(&OFFERED))
}

/// A watch can only be written in a format that streams.
pub(crate) fn negotiate_stream(request: &Request, query: &Query) -> Result<Negotiated, Status> {
    let negotiated = negotiate(request, query)?;
    match negotiated.media {
        Media::Json => Ok(Negotiated {
            pretty: false,
            ..negotiated
        }),
        Media::Yaml => Err(Status::not_acceptable(&OFFERED_STREAMS)),
    }
}

/// The format of an error; `None` means that nothing fits and indented JSON is written.
pub(crate) fn negotiate_error(request: &Request, query: &Query) -> Negotiated {
    let accept = request.header("accept").unwrap_or_default();
    let fallback = Negotiated {
        media: Media::Json,
        pretty: true,
        transform: Transform::None,
    };
    choose(request, query, accept, false).unwrap_or(fallback)
}

fn choose(request: &Request, query: &Query, accept: &str, transforms: bool) -> Option<Negotiated> {
    // What most clients ask for is not worth taking apart.
    if accept.is_empty() || accept == JSON {
        return Some(Negotiated {
            media: Media::Json,
            pretty: pretty(request, query, ""),
            transform: Transform::None,
        });
    }
    for clause in clauses(accept) {
        let media = match clause.media.as_str() {
            "*/*" | "application/*" | JSON => Media::Json,
            YAML => Media::Yaml,
            _ => continue,
        };
        if !matches!(clause.param("stream"), "" | "watch")
            || !matches!(clause.param("sv"), "" | "v1")
        {
            continue;
        }
        let Some(transform) = transform(&clause) else {
            continue;
        };
        if transform != Transform::None && !transforms {
            continue;
        }
        return Some(Negotiated {
            media,
            pretty: pretty(request, query, clause.param("pretty")),
            transform,
        });
    }
    None
}

fn transform(clause: &Clause<'_>) -> Option<Transform> {
    let (kind, group, version) = (clause.param("as"), clause.param("g"), clause.param("v"));
    if kind.is_empty() && group.is_empty() && version.is_empty() {
        return Some(Transform::None);
    }
    let version = match (group, version) {
        ("meta.k8s.io", "v1") => MetaVersion::V1,
        ("meta.k8s.io", "v1beta1") => MetaVersion::V1Beta1,
        _ => return None,
    };
    match kind {
        "Table" => Some(Transform::Table(version)),
        "PartialObjectMetadata" => Some(Transform::PartialObjectMetadata(version)),
        "PartialObjectMetadataList" => Some(Transform::PartialObjectMetadataList(version)),
        _ => None,
    }
}

/// Whether a person seems to be reading.
fn pretty(request: &Request, query: &Query, param: &str) -> bool {
    if param == "1" {
        return true;
    }
    match query.get("pretty").unwrap_or_default() {
        "" => {
            let agent = request.header("user-agent").unwrap_or_default();
            ["curl", "Wget", "Mozilla/5.0"]
                .iter()
                .any(|reader| agent.starts_with(reader))
        }
        value => matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True"),
    }
}

/// Whether an `Accept` header asks for aggregated discovery, in which format.
pub(crate) fn aggregated_discovery(accept: &str) -> Option<Media> {
    for clause in clauses(accept) {
        let media = match clause.media.as_str() {
            JSON | "*/*" | "application/*" => Media::Json,
            YAML => Media::Yaml,
            _ => continue,
        };
        let wanted = (clause.param("g"), clause.param("v"), clause.param("as"));
        if wanted == ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList") {
            return Some(media);
        }
    }
    None
}

/// The formats of request bodies.
pub(crate) fn body_media(request: &Request) -> Result<Media, Status> {
    let header = request.header("content-type").unwrap_or_default();
    if header.is_empty() {
        return Ok(Media::Json);
    }
    let mut parts = header.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let well_formed = parts.all(|p| p.trim().is_empty() || p.contains('='));
    match name.as_str() {
        JSON if well_formed => Ok(Media::Json),
        YAML if well_formed => Ok(Media::Yaml),
        _ => Err(Status::unsupported_media_type(&OFFERED)),
    }
}
