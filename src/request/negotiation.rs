//! Which format an answer gets: the `Accept` header, in upstream's two stages.
//!
//! The router looks first, and only compares names: one clause must be exactly a type the route produces. The handler
//! then takes the best clause whose parameters it can honour. Errors are negotiated too, and fall back to JSON.

use http::header;

use super::query::Query;
use super::{Request, content_type};
use crate::kinds::Wire;
use crate::status::Status;

pub(crate) const JSON: &str = "application/json";
pub(crate) const YAML: &str = "application/yaml";
pub(crate) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
/// The frames of a watch in protobuf.
pub(crate) const PROTOBUF_STREAM: &str = "application/vnd.kubernetes.protobuf;stream=watch";

/// What the server offers for objects, in its order, which is also that of [`Media::ALL`].
pub(crate) const OFFERED: [&str; 3] = [JSON, YAML, PROTOBUF];
const OFFERED_STREAMS: [&str; 2] = ["application/json;stream=watch", PROTOBUF_STREAM];

/// A format to write in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Media {
    Json,
    Yaml,
    Protobuf,
}

impl Media {
    const ALL: [Media; 3] = [Media::Json, Media::Yaml, Media::Protobuf];

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Media::Json => JSON,
            Media::Yaml => YAML,
            Media::Protobuf => PROTOBUF,
        }
    }
}

/// A format to read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BodyFormat {
    Json,
    Yaml,
    Protobuf,
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
#[derive(Clone, Debug)]
struct Clause<'a> {
    /// Before and after the slash; case counts.
    media: (&'a str, &'a str),
    params: Vec<(&'a str, &'a str)>,
    q: f64,
}

impl<'a> Clause<'a> {
    /// Reads a clause as upstream's parser does, which drops what it does not understand.
    fn parse(text: &'a str) -> Option<Self> {
        let (range, params) = text.split_once(';').unwrap_or((text, ""));
        let mut clause = Clause {
            media: media_range(range)?,
            params: Vec::new(),
            q: 1.0,
        };
        for param in params.split(';') {
            match param.split_once('=') {
                Some((name, value)) if !value.is_empty() && !value.contains('=') => {
                    clause.add(name.trim_matches(' '), value);
                }
                _ => {}
            }
        }
        Some(clause)
    }

    fn add(&mut self, name: &'a str, value: &'a str) {
        if name == "q" {
            self.q = value.parse().unwrap_or(0.0);
        } else {
            self.params.push((name, value.trim_matches(' ')));
        }
    }

    fn param(&self, name: &str) -> &'a str {
        let mut last_first = self.params.iter().rev();
        last_first.find(|(n, _)| *n == name).map_or("", |(_, v)| v)
    }

    /// Whether this one is tried first: upstream's comparison, which is no order once wildcards have weights.
    fn goes_before(&self, other: &Self) -> bool {
        self.q > other.q
            || self.media.0 != "*" && other.media.0 == "*"
            || self.media.1 != "*" && other.media.1 == "*"
    }

    /// Whether a subtype of `application` is among what it names, each half for itself.
    fn names(&self, subtype: &str) -> bool {
        let (kind, own) = self.media;
        (kind == "*" || kind == "application") && (own == "*" || own == subtype)
    }

    fn covers(&self, media: Media) -> bool {
        let offered = media.content_type().split_once('/');
        matches!(self.media, ("*", "*") | ("application", "*")) || Some(self.media) == offered
    }
}

fn media_range(range: &str) -> Option<(&str, &str)> {
    let (kind, rest) = range.split_once('/').unwrap_or((range, ""));
    let kind = kind.trim_matches(' ');
    match rest.split_once('/').unwrap_or((rest, "")) {
        ("", "") if kind == "*" => Some(("*", "*")),
        ("", "") => None,
        (subtype, "") => Some((kind, subtype.trim_matches(' '))),
        _ => None,
    }
}

/// The clauses, best first: sorted by insertion, because the comparison is no order.
fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut sorted: Vec<Clause<'_>> = Vec::new();
    for clause in accept
        .split(',')
        .filter_map(|part| Clause::parse(part.trim_matches(' ')))
    {
        let mut at = sorted.len();
        while at > 0 && clause.goes_before(&sorted[at - 1]) {
            at -= 1;
        }
        sorted.insert(at, clause);
    }
    sorted
}

/// The router's look: one clause must be a type the route produces, to the letter.
pub(crate) fn check_route(request: &Request, streams: bool) -> Result<(), Status> {
    match produces(request, &OFFERED) {
        true => Ok(()),
        false => Err(Status::not_acceptable_route(&offered(streams))),
    }
}

/// The same where the route also says what it consumes, though nobody reads that: a client need not say what it sends.
pub(crate) fn check_document_route(
    request: &Request,
    types: &[&'static str],
) -> Result<(), Status> {
    let sent = request.header(header::CONTENT_TYPE).unwrap_or_default();
    if !sent.is_empty() && !mentions(sent, types) {
        return Err(Status::unsupported_media_type_route());
    }
    match produces(request, types) {
        true => Ok(()),
        false => Err(Status::not_acceptable_route(types)),
    }
}

fn produces(request: &Request, types: &[&str]) -> bool {
    let accept = request.header(header::ACCEPT).unwrap_or_default();
    matches!(accept, "" | JSON) || mentions(accept, &["*/*"]) || mentions(accept, types)
}

/// Whether one of the types stands in a header, whatever its parameters. Only blanks may stand around it.
pub(crate) fn mentions(header: &str, types: &[&str]) -> bool {
    let mut names = header
        .split(',')
        .map(|clause| clause.split(';').next().unwrap_or_default());
    names.any(|name| types.contains(&name.trim_matches(' ')))
}

/// What a route produces.
pub(crate) fn offered(streams: bool) -> Vec<&'static str> {
    let mut available = OFFERED.to_vec();
    if streams {
        available.extend(OFFERED_STREAMS);
    }
    available
}

/// What a kind of endpoint allows in a clause beyond the media type.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Endpoint {
    /// Objects and lists: these can be transformed.
    Objects,
    /// The same of kinds that no Go type stands behind: they have no form in protobuf, though it is offered.
    Unstructured,
    /// Everything else, errors included.
    Plain,
    /// Aggregated discovery, which has to be asked for.
    Aggregated,
}

impl Endpoint {
    /// What the clause asks for, if that is allowed here.
    fn allows(self, media: Media, clause: &Clause<'_>) -> Option<Transform> {
        if self == Endpoint::Unstructured && media == Media::Protobuf {
            return None;
        }
        // YAML is never streamed.
        let streams = media != Media::Yaml && clause.param("stream") == "watch";
        let is_object = matches!(self, Endpoint::Objects | Endpoint::Unstructured);
        let version = is_object && clause.param("sv") == "v1";
        if !clause.param("stream").is_empty() && !streams
            || !clause.param("sv").is_empty() && !version
        {
            return None;
        }
        let wanted = (clause.param("as"), clause.param("g"), clause.param("v"));
        match self {
            Endpoint::Objects | Endpoint::Unstructured => transform(wanted),
            Endpoint::Plain => (wanted == ("", "", "")).then_some(Transform::None),
            Endpoint::Aggregated => {
                let document = ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2");
                (wanted == document).then_some(Transform::None)
            }
        }
    }
}

/// The handler's look: the best clause it can honour for objects that are written this way.
pub(crate) fn negotiate(
    request: &Request,
    query: &Query,
    wire: Wire,
) -> Result<Negotiated, Status> {
    let endpoint = match wire {
        Wire::GoStruct => Endpoint::Objects,
        Wire::Unstructured => Endpoint::Unstructured,
    };
    choose(request, query, endpoint).ok_or_else(|| Status::not_acceptable(&OFFERED))
}

/// The same for a document that has one form only.
pub(crate) fn negotiate_plain(request: &Request, query: &Query) -> Result<Negotiated, Status> {
    choose(request, query, Endpoint::Plain).ok_or_else(|| Status::not_acceptable(&OFFERED))
}

/// A watch can only be written in a format that streams.
pub(crate) fn negotiate_stream(
    request: &Request,
    query: &Query,
    wire: Wire,
) -> Result<Negotiated, Status> {
    let negotiated = negotiate(request, query, wire)?;
    match negotiated.media {
        Media::Json | Media::Protobuf => Ok(Negotiated {
            pretty: false,
            ..negotiated
        }),
        Media::Yaml => Err(Status::not_acceptable(&OFFERED_STREAMS)),
    }
}

/// The format of an error: indented JSON where nothing fits.
pub(crate) fn negotiate_error(request: &Request, query: &Query) -> Negotiated {
    let fallback = Negotiated {
        media: Media::Json,
        pretty: true,
        transform: Transform::None,
    };
    choose(request, query, Endpoint::Plain).unwrap_or(fallback)
}

fn choose(request: &Request, query: &Query, endpoint: Endpoint) -> Option<Negotiated> {
    let accept = request.header(header::ACCEPT).unwrap_or_default();
    // What most clients ask for is not worth taking apart.
    if accept.is_empty() || accept == JSON && !matches!(endpoint, Endpoint::Aggregated) {
        return Some(Negotiated {
            media: Media::Json,
            pretty: pretty(request, query, ""),
            transform: Transform::None,
        });
    }
    clauses(accept).iter().find_map(|clause| {
        let (media, transform) = Media::ALL.into_iter().find_map(|media| {
            let transform = endpoint
                .allows(media, clause)
                .filter(|_| clause.covers(media))?;
            Some((media, transform))
        })?;
        Some(Negotiated {
            media,
            pretty: pretty(request, query, clause.param("pretty")),
            transform,
        })
    })
}

fn transform((kind, group, version): (&str, &str, &str)) -> Option<Transform> {
    if (kind, group, version) == ("", "", "") {
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
    // Upstream takes the query apart only where it has the word, unescaped.
    let asked = query
        .get("pretty")
        .filter(|_| request.raw_query().contains("pretty"));
    match asked.unwrap_or_default() {
        "" => {
            let agent = request.header(header::USER_AGENT).unwrap_or_default();
            ["curl", "Wget", "Mozilla/5.0"]
                .iter()
                .any(|reader| agent.starts_with(reader))
        }
        value => matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True"),
    }
}

/// The format of aggregated discovery, if the request asks for that; plain clauses before it do not count.
pub(crate) fn aggregated_discovery(request: &Request, query: &Query) -> Option<Negotiated> {
    request
        .header(header::ACCEPT)
        .filter(|accept| !accept.is_empty())?;
    choose(request, query, Endpoint::Aggregated)
}

/// The form of an OpenAPI document: of the best clause that names any of these subtypes of `application`, the first one.
pub(crate) fn openapi<'a>(request: &Request, subtypes: &[&'a str]) -> Option<&'a str> {
    let accept = request.header(header::ACCEPT).unwrap_or_default();
    let clauses = clauses(if accept.is_empty() { "*/*" } else { accept });
    clauses.iter().find_map(|clause| {
        let mut subtypes = subtypes.iter().copied();
        subtypes.find(|subtype| clause.names(subtype))
    })
}

/// The formats of request bodies.
pub(crate) fn body_format(request: &Request) -> Result<BodyFormat, Status> {
    let header = request.header(header::CONTENT_TYPE).unwrap_or_default();
    if header.is_empty() {
        return Ok(BodyFormat::Json);
    }
    let (name, params) = header.split_at(header.find(';').unwrap_or(header.len()));
    let sound = content_type::parameters_are_sound(params);
    let formats = [
        (JSON, BodyFormat::Json),
        (YAML, BodyFormat::Yaml),
        (PROTOBUF, BodyFormat::Protobuf),
    ];
    let named = |(known, _): &(&str, BodyFormat)| name.trim().eq_ignore_ascii_case(known);
    match formats.into_iter().find(named) {
        Some((_, format)) if sound => Ok(format),
        _ => Err(Status::unsupported_media_type(&OFFERED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Body;

    fn request(accept: &str, content_type: &str) -> Request {
        let mut headers = http::HeaderMap::new();
        headers.insert("accept", accept.parse().unwrap());
        headers.insert("content-type", content_type.parse().unwrap());
        Request {
            method: http::Method::GET,
            target: http::Uri::default(),
            headers,
            body: Body::empty(),
            upgrade: None,
            ordinal: 1,
            peer: None,
        }
    }

    fn media(accept: &str, endpoint: Endpoint) -> Option<Media> {
        choose(&request(accept, ""), &Query::default(), endpoint).map(|n| n.media)
    }

    #[test]
    fn the_heaviest_clause_wins_and_a_name_beats_a_wildcard() {
        for (accept, wanted) in [
            ("application/yaml;q=0.5,application/json;q=0.9", Media::Json),
            ("*/*,application/yaml", Media::Yaml),
            ("application/*,application/yaml;q=0.1", Media::Yaml),
            ("application/yaml;q=0,application/json;q=0", Media::Yaml),
            ("application/json;q=x,application/yaml;q=0.1", Media::Yaml),
            ("text/html,application/yaml", Media::Yaml),
        ] {
            assert_eq!(media(accept, Endpoint::Objects), Some(wanted), "{accept}");
        }
    }

    #[test]
    fn case_counts_and_what_is_half_a_clause_is_none() {
        for accept in ["APPLICATION/JSON", "json", "application/", "a/b/c", ","] {
            assert_eq!(media(accept, Endpoint::Objects), None, "{accept}");
        }
        assert_eq!(media("*", Endpoint::Objects), Some(Media::Json));
        assert_eq!(
            media("application/json;as;v=;x=y=z", Endpoint::Objects),
            Some(Media::Json)
        );
    }

    #[test]
    fn a_stream_is_of_json_and_a_version_of_objects() {
        assert_eq!(
            media("application/json;stream=watch", Endpoint::Plain),
            Some(Media::Json)
        );
        assert_eq!(
            media("application/yaml;stream=watch", Endpoint::Objects),
            None
        );
        assert_eq!(media("application/json;stream=x", Endpoint::Objects), None);
        assert_eq!(
            media("application/json;sv=v1", Endpoint::Objects),
            Some(Media::Json)
        );
        assert_eq!(media("application/json;sv=v1", Endpoint::Plain), None);
    }

    #[test]
    fn only_objects_are_transformed() {
        let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
        assert_eq!(media(table, Endpoint::Objects), Some(Media::Json));
        assert_eq!(media(table, Endpoint::Plain), None);
    }

    #[test]
    fn aggregated_discovery_is_asked_for_in_any_place() {
        let asked =
            "application/json,application/yaml;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io";
        let found =
            |accept| aggregated_discovery(&request(accept, ""), &Query::default()).map(|n| n.media);
        assert_eq!(found(asked), Some(Media::Yaml));
        assert_eq!(found("application/json"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn the_router_trims_blanks_only() {
        let fits = |accept, content_type| {
            check_document_route(&request(accept, content_type), &[JSON, YAML])
        };
        for (accept, content_type, code) in [
            ("text/html, application/json ;q=0.1", "", None),
            ("text/html,\tapplication/json", "", Some(406)),
            ("text/html,\t*/*", "", Some(406)),
            ("", "text/html, application/yaml; x", None),
            ("", "text/html,\tapplication/yaml", Some(415)),
            ("", "APPLICATION/JSON", Some(415)),
            ("", "*/*", Some(415)),
            ("text/html", "text/html", Some(415)),
        ] {
            let refused = fits(accept, content_type).err().map(|status| status.code);
            assert_eq!(refused, code, "{accept:?} {content_type:?}");
        }
    }

    #[test]
    fn an_openapi_document_comes_as_the_best_clause_says() {
        for (accept, form) in [
            ("", Some("json")),
            ("*/*", Some("json")),
            ("*/pb", Some("pb")),
            ("application/*", Some("json")),
            ("application/json,application/pb", Some("json")),
            ("application/pb,application/json", Some("pb")),
            ("application/pb;q=0.5,application/json", Some("json")),
            ("text/html,application/json;x=y", Some("json")),
            ("text/json", None),
            ("application/jsonp", None),
            ("json", None),
        ] {
            let found = openapi(&request(accept, ""), &["json", "pb"]);
            assert_eq!(found, form, "{accept}");
        }
    }

    #[test]
    fn a_body_is_of_a_type_the_server_reads_with_sound_parameters() {
        for (content_type, wanted) in [
            ("", Some(BodyFormat::Json)),
            ("APPLICATION/JSON; charset=utf-8", Some(BodyFormat::Json)),
            ("application/yaml;", Some(BodyFormat::Yaml)),
            ("application/yaml;x", None),
            ("application/json, application/yaml", None),
            ("*/*", None),
        ] {
            let got = body_format(&request("", content_type));
            assert_eq!(got.ok(), wanted, "{content_type}");
        }
    }
}
