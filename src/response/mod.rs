//! Answers: how objects, lists and errors are written in the format that was negotiated.
//!
//! An object's JSON exists already ([`Object`]); what is left is to frame it, indent it, turn it into YAML or a message, or cut a
//! Table row or its metadata out of it. What is to be written is a [`Document`](encoder::Document), or a
//! [`Frame`](crate::object::frame::Frame) of a watch; an [`Encoder`](encoder::Encoder) a format turns it into bytes.

mod bookmark;
pub(crate) mod encoder;
pub(crate) mod head;
pub(crate) mod headers;
pub(crate) mod list;
mod partial;
mod pieces;
pub(crate) mod table;
pub(crate) mod watch;

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderName, header};
use jiff::Timestamp;

use crate::kinds::KindRef;
use crate::object::Object;
use crate::request::negotiation::{self, Media, Negotiated, Transform};
use crate::request::{Connection, Upgrade};
use crate::status::Status;

use encoder::{Document, encoder};
pub(crate) use head::Headers;
pub(crate) use headers::Warnings;
pub(crate) use list::{LastList, List};
pub(crate) use pieces::Pieces;
pub(crate) use table::IncludeObject;
use table::Table;

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
    /// Sends it; on HTTP/2, where many requests at a time are cheap to make, as the last answer on its connection.
    LastOfMany,
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
    /// Of a known length, written as it is read.
    Pieces(Box<Pieces>),
    /// Written as it comes, for as long as it comes.
    Stream(ByteStream),
    /// The connection is handed over.
    Upgraded(Upgrade, Takeover),
}

/// What becomes of a connection that is handed over.
pub(crate) type Takeover = Box<dyn FnOnce(Box<dyn Connection>) -> Running + Send + Sync>;

/// Work on a connection.
pub(crate) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A body that comes piece by piece.
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

    /// A document in the format that was negotiated. What has no form in it is an error; what was done is done.
    pub(crate) fn document(status: u16, document: &Document<'_>, negotiated: Negotiated) -> Self {
        let encoder = encoder(negotiated);
        let (status, body) = match encoder.document(document) {
            Ok(body) => (status, body),
            Err(error) => {
                let body = encoder.document(&Document::Status(&error));
                (error.code, body.unwrap_or_default())
            }
        };
        let mut response = Response::with_body(status, Body::Full(body));
        let headers = &mut response.headers;
        headers.add(header::CONTENT_TYPE, encoder.content_type());
        response
    }

    /// The same with a body that is there at once, if it is to have an end.
    pub(crate) fn in_full(mut self) -> Self {
        if let Body::Pieces(pieces) = self.body {
            self.body = Body::Full(pieces.whole());
        }
        self
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
        let document = Document::Status(status);
        let mut response = Response::document(status.code, &document, negotiated);
        if let Some(seconds) = status.retry_after_seconds() {
            response = response.header(header::RETRY_AFTER, seconds.to_string());
        }
        response
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
        let shown;
        let document = match self.negotiated.transform {
            Transform::None => {
                shown = self.in_asked_version(object);
                Document::Object(shown.as_ref().unwrap_or(object))
            }
            Transform::Table(version) => Document::Table(Table::of(self, object, version)),
            Transform::PartialObjectMetadata(version) => Document::Partial(object, version),
            Transform::PartialObjectMetadataList(_) => {
                return Err(Status::not_acceptable_because(format!(
                    "you requested PartialObjectMetadataList, but the requested object is not a list (*{}.{})",
                    object.kind.internal_package(),
                    object.kind.kind
                )));
            }
        };
        Ok(Response::document(status, &document, self.negotiated))
    }

    /// Whether objects are written just as they are.
    pub(crate) fn is_plain(&self) -> bool {
        let n = self.negotiated;
        n.transform == Transform::None && n.media == Media::Json && !n.pretty
    }

    /// The object in the version asked for, if that is not the one it is stored in.
    pub(crate) fn in_asked_version(&self, object: &Object) -> Option<Object> {
        object.in_version(&self.kind)
    }

    pub(crate) fn list(&self, list: &List) -> Result<Response, Status> {
        let shown;
        let document = match self.negotiated.transform {
            Transform::None => {
                shown = self.list_in_asked_version(list);
                Document::List(shown.as_ref().unwrap_or(list), &self.kind)
            }
            Transform::Table(version) => Document::Table(Table {
                presenter: self,
                meta: list.meta_json(),
                objects: table::in_order(&self.kind, &list.items),
                version,
                columns: table::Columns::Shown,
            }),
            Transform::PartialObjectMetadataList(version) => Document::PartialList(list, version),
            Transform::PartialObjectMetadata(_) => {
                return Err(Status::not_acceptable_because(format!(
                    "you requested PartialObjectMetadata, but the requested object is a list (*{}.{})",
                    self.kind.internal_package(),
                    self.kind.list_kind
                )));
            }
        };
        if let Document::List(list, kind) = &document
            && self.is_plain()
            && let Some(pieces) = Pieces::of(list, kind)
        {
            let response = Response::with_body(200, Body::Pieces(Box::new(pieces)));
            return Ok(response.header(header::CONTENT_TYPE, negotiation::JSON));
        }
        Ok(Response::document(200, &document, self.negotiated))
    }

    fn list_in_asked_version(&self, list: &List) -> Option<List> {
        if self.kind.is_stored() && self.kind.custom.is_none() {
            return None;
        }
        let items = list.items.iter();
        let items = items.map(|item| {
            self.in_asked_version(item)
                .map_or_else(|| item.clone(), Arc::new)
        });
        Some(List {
            items: items.collect(),
            revision: list.revision,
            continue_token: list.continue_token.clone(),
            remaining: list.remaining,
        })
    }
}
