//! The formats of answers: one [`Encoder`] a media type, which writes whatever there is to write.

mod protobuf;

use bytes::Bytes;
use http::HeaderValue;

use self::protobuf::Protobuf;
use super::bookmark::Bookmark;
use super::list::List;
use super::partial;
use super::table::Table;
use crate::codec::{json, yaml};
use crate::kinds::{Kind, Struct};
use crate::object::{self, Change, Object};
use crate::request::negotiation::{self, Media, MetaVersion, Negotiated};
use crate::status::Status;

/// What can be written.
pub(crate) enum Document<'a> {
    Object(&'a Object),
    Partial(&'a Object, MetaVersion),
    List(&'a List, &'a Kind),
    PartialList(&'a List, MetaVersion),
    Table(Table<'a>),
    Status(&'a Status),
    Bookmark(Bookmark<'a>),
    /// A document that is made as compact JSON without a line end, and what it is.
    Json(&'a [u8], &'a Struct),
}

/// What a frame of a watch says of its document.
#[derive(Clone, Copy)]
pub(crate) enum FrameType {
    Change(Change),
    Bookmark,
    Error,
}

impl FrameType {
    fn as_str(self) -> &'static str {
        match self {
            FrameType::Change(change) => change.as_str(),
            FrameType::Bookmark => "BOOKMARK",
            FrameType::Error => "ERROR",
        }
    }
}

/// Writes in one format.
pub(crate) trait Encoder: Sync {
    fn content_type(&self) -> HeaderValue;

    /// The same of a watch.
    fn stream_type(&self) -> HeaderValue {
        self.content_type()
    }

    /// Whether what is written is text.
    fn is_text(&self) -> bool {
        true
    }

    /// The body of an answer, or why there is none in this format.
    fn document(&self, document: &Document<'_>) -> Result<Bytes, Status>;

    /// One frame of a watch: of JSON, unless the format has frames of its own. None of what has no form in it.
    fn frame(&self, ty: FrameType, document: &Document<'_>) -> Option<Bytes> {
        Some(match (ty, document) {
            // Written once for all who watch.
            (FrameType::Change(change), Document::Object(object)) => object.frame(change),
            _ => object::frame(ty.as_str(), &document.to_json()),
        })
    }

    /// A frame that cannot be read.
    fn malformed_frame(&self) -> Bytes {
        Bytes::from_static(b"{\"type\":\"ADDED\",\"object\":{{\n")
    }

    /// A frame as it stands among others in a body: JSON shows by itself where it ends.
    fn delimit(&self, frame: Bytes) -> Bytes {
        frame
    }
}

/// The encoder of what was negotiated.
pub(crate) fn encoder(negotiated: Negotiated) -> &'static dyn Encoder {
    match (negotiated.media, negotiated.pretty) {
        (Media::Json, false) => &Json { pretty: false },
        (Media::Json, true) => &Json { pretty: true },
        (Media::Yaml, _) => &Yaml,
        (Media::Protobuf, _) => &Protobuf,
    }
}

struct Json {
    pretty: bool,
}

impl Encoder for Json {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(negotiation::JSON)
    }

    fn document(&self, document: &Document<'_>) -> Result<Bytes, Status> {
        if self.pretty {
            return Ok(json::indent(&document.to_json()).into());
        }
        if let Document::Object(object) = document {
            return Ok(object.line().clone());
        }
        let mut line = document.to_json();
        line.push(b'\n');
        Ok(line.into())
    }
}

struct Yaml;

impl Encoder for Yaml {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(negotiation::YAML)
    }

    fn document(&self, document: &Document<'_>) -> Result<Bytes, Status> {
        let value = serde_json::from_slice(&document.to_json()).unwrap_or_default();
        Ok(yaml::emit(&value).into())
    }
}

impl Document<'_> {
    /// Compact JSON without a line end.
    fn to_json(&self) -> Vec<u8> {
        match self {
            Document::Object(object) => object.json().to_vec(),
            Document::Partial(object, version) => partial::object(object, *version),
            Document::List(list, kind) => list.to_json(kind),
            Document::PartialList(list, version) => partial::list(list, *version),
            Document::Table(table) => table.to_json(),
            Document::Status(status) => status.to_json(),
            Document::Bookmark(bookmark) => bookmark.to_json(),
            Document::Json(json, _) => json.to_vec(),
        }
    }
}
