//! Answers: how objects, lists and errors are written in the format that was negotiated.
//!
//! An object's JSON exists already ([`Object`]); what is left is to frame it, indent it, turn it into YAML, or cut a
//! Table row or its metadata out of it.

pub(crate) mod head;
pub(crate) mod headers;
pub(crate) mod list;
mod partial;
pub(crate) mod table;
pub(crate) mod watch;

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderName, HeaderValue, header};
use jiff::Timestamp;

use crate::codec::{json, yaml};
use crate::kinds::KindRef;
use crate::object::Object;
use crate::request::negotiation::{self, Media, MetaVersion, Negotiated, Transform};
use crate::request::{Connection, Upgrade};
use crate::schema::convert;
use crate::status::Status;

pub(crate) use head::Headers;
pub(crate) use headers::Warnings;
pub(crate) use list::{LastList, List};
pub(crate) use table::IncludeObject;

/// An answer on its way out. The pipeline adds the headers every answer has.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// Headers that were scripted, with names of any kind.
    pub(crate) extra_headers: Vec<(String, String)>,
    pub(crate) body: Body,
    /// Written on a connection that was taken over: nobody adds headers.
    pub(crate) hijacked: bool,
    pub(crate) fate: Fate,
}

/// What the listener does with an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Fate {
    #[default]
    Send,
    /// Sends it, as the last answer on its connection.
    Last,
    /// Resets the connection instead.
    Reset,
    /// Closes the connection instead.
    Close,
    /// Sends these bytes instead and closes.
    Garbage(Vec<u8>),
    /// Sends this much of the body, then resets the connection.
    ResetAfter(usize),
    /// Sends this much of the body, then closes the connection.
    CloseAfter(usize),
}

/// The body of an answer.
pub(crate) enum Body {
    Empty,
    Full(Bytes),
    /// Written as it comes, for as long as it comes.
    Stream(ByteStream),
    /// The connection is handed over.
    Upgraded(Upgrade, Takeover),
}

/// What becomes of a connection that is handed over.
pub(crate) type Takeover = Box<dyn FnOnce(Box<dyn Connection>) -> Running + Send + Sync>;

/// Work on a connection.
pub(crate) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The frames of a watch.
pub(crate) type ByteStream = Pin<Box<dyn Stream<Item = Bytes> + Send + Sync>>;

impl Response {
    pub(crate) fn with_body(status: u16, body: Body) -> Self {
        Response {
            status,
            headers: Headers::default(),
            extra_headers: Vec::new(),
            body,
            hijacked: false,
            fate: Fate::Send,
        }
    }

    pub(crate) fn new(
        status: u16,
        content_type: impl Into<Cow<'static, str>>,
        body: impl Into<Bytes>,
    ) -> Self {
        let response = Response::with_body(status, Body::Full(body.into()));
        response.header(header::CONTENT_TYPE, content_type)
    }

    /// What is written in one of the formats of objects.
    fn written(status: u16, media: Media, body: Bytes) -> Self {
        const JSON: HeaderValue = HeaderValue::from_static(negotiation::JSON);
        const YAML: HeaderValue = HeaderValue::from_static(negotiation::YAML);
        let mut response = Response::with_body(status, Body::Full(body));
        let content_type = match media {
            Media::Json => JSON,
            Media::Yaml => YAML,
        };
        response.headers.add(header::CONTENT_TYPE, content_type);
        response
    }

    /// Leaves the head as it is: the connection is no longer the server's.
    pub(crate) fn hijacked(mut self) -> Self {
        self.hijacked = true;
        self
    }

    pub(crate) fn empty(status: u16) -> Self {
        Response::with_body(status, Body::Empty)
    }

    /// Plain text, which upstream sends with a warning not to guess at it.
    pub(crate) fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Response::new(status, "text/plain; charset=utf-8", body)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
    }

    /// With this header, in the place of any of that name. What cannot stand in a header is left out.
    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<Cow<'static, str>>) -> Self {
        if let Some(value) = head::value(value) {
            self.headers.set(name, value);
        }
        self
    }

    /// An error in the format negotiated for errors.
    pub(crate) fn status(status: &Status, negotiated: Negotiated) -> Self {
        let body = finish(status.to_json(), negotiated);
        let mut response = Response::new(status.code, negotiated.media.content_type(), body);
        if let Some(seconds) = status.retry_after_seconds() {
            response = response.header(header::RETRY_AFTER, seconds.to_string());
        }
        response
    }
}

/// Compact JSON without a line end, brought into the negotiated format.
pub(crate) fn finish(compact: Vec<u8>, negotiated: Negotiated) -> Bytes {
    match (negotiated.media, negotiated.pretty) {
        (Media::Yaml, _) => {
            yaml::emit(&serde_json::from_slice(&compact).unwrap_or_default()).into()
        }
        (Media::Json, true) => json::indent(&compact).into(),
        (Media::Json, false) => {
            let mut line = compact;
            line.push(b'\n');
            line.into()
        }
    }
}

/// Writes objects of one resource the way one request asked for.
pub(crate) struct Presenter {
    pub(crate) kind: KindRef,
    pub(crate) negotiated: Negotiated,
    pub(crate) include_object: IncludeObject,
    pub(crate) now: Timestamp,
}

impl Presenter {
    pub(crate) fn object(&self, status: u16, object: &Object) -> Result<Response, Status> {
        let n = self.negotiated;
        let body = match n.transform {
            Transform::None => {
                let shown = self.in_asked_version(object);
                let object = shown.as_ref().unwrap_or(object);
                match self.is_plain() {
                    true => object.line().clone(),
                    false => finish(object.json().to_vec(), n),
                }
            }
            Transform::Table(version) => finish(self.table_of(object, version), n),
            Transform::PartialObjectMetadata(version) => {
                finish(partial::object(object, version), n)
            }
            Transform::PartialObjectMetadataList(_) => {
                return Err(Status::not_acceptable_because(format!(
                    "you requested PartialObjectMetadataList, but the requested object is not a list (*{}.{})",
                    object.kind.internal_package(),
                    object.kind.kind
                )));
            }
        };
        Ok(Response::written(status, n.media, body))
    }

    /// Whether objects are written just as they are.
    pub(crate) fn is_plain(&self) -> bool {
        let n = self.negotiated;
        n.transform == Transform::None && n.media == Media::Json && !n.pretty
    }

    /// The object in the version asked for, if that is not the one it is stored in.
    pub(crate) fn in_asked_version(&self, object: &Object) -> Option<Object> {
        if self.kind.is_stored() {
            return None;
        }
        let mut value = object.to_value();
        convert::from_stored(&mut value, &self.kind.schema);
        value["apiVersion"] = self.kind.api_version().into();
        Some(Object::new(&self.kind, value, Vec::new()))
    }

    pub(crate) fn list(&self, list: &List) -> Result<Response, Status> {
        let n = self.negotiated;
        let body = match n.transform {
            Transform::None => {
                let shown = self.list_in_asked_version(list);
                shown.as_ref().unwrap_or(list).to_json(&self.kind)
            }
            Transform::Table(version) => table::write(
                self,
                &list.meta_json(),
                &list.items,
                version,
                table::Columns::Shown,
            ),
            Transform::PartialObjectMetadataList(version) => partial::list(list, version),
            Transform::PartialObjectMetadata(_) => {
                return Err(Status::not_acceptable_because(format!(
                    "you requested PartialObjectMetadata, but the requested object is a list (*{}.{})",
                    self.kind.internal_package(),
                    self.kind.list_kind
                )));
            }
        };
        Ok(Response::written(200, n.media, finish(body, n)))
    }

    fn list_in_asked_version(&self, list: &List) -> Option<List> {
        if self.kind.is_stored() {
            return None;
        }
        let items = list.items.iter();
        let items = items.filter_map(|item| self.in_asked_version(item).map(Arc::new));
        Some(List {
            items: items.collect(),
            revision: list.revision,
            continue_token: list.continue_token.clone(),
            remaining: list.remaining,
        })
    }

    fn table_of(&self, object: &Object, version: MetaVersion) -> Vec<u8> {
        let meta = table::meta_of(object);
        table::write(
            self,
            &meta,
            std::slice::from_ref(object),
            version,
            table::Columns::Shown,
        )
    }
}
