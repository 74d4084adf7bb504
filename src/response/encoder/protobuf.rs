//! Answers in protobuf: each in its envelope, the frames of a watch with their lengths before them.

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

use super::{Document, Encoder, FrameType};
use crate::codec::protobuf::{put_bytes, seal};
use crate::kinds::meta::{LIST_META, OBJECT_META, STATUS};
use crate::kinds::{Kind, Struct};
use crate::object::Object;
use crate::request::negotiation::{MetaVersion, PROTOBUF, PROTOBUF_STREAM};
use crate::response::list::List;
use crate::schema;
use crate::status::Status;

/// The fields of a list, whatever it is of.
const LIST_METADATA: u32 = 1;
const LIST_ITEMS: u32 = 2;
/// The one field of an object that is its metadata alone.
const PARTIAL_METADATA: u32 = 1;

pub(super) struct Protobuf;

impl Encoder for Protobuf {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(PROTOBUF)
    }

    fn stream_type(&self) -> HeaderValue {
        HeaderValue::from_static(PROTOBUF_STREAM)
    }

    fn is_text(&self) -> bool {
        false
    }

    fn document(&self, document: &Document<'_>) -> Result<Bytes, Status> {
        let sealed = match document {
            Document::Object(object) => sealed(&object.value(), &object.kind.schema),
            Document::Partial(object, version) => {
                let (version, kind) = (version.api_version(), "PartialObjectMetadata");
                seal(version, kind, &partial(object))
            }
            Document::List(list, kind) => seal(
                &kind.api_version(),
                &kind.list_kind,
                &whole_list(list, kind),
            ),
            Document::PartialList(list, version) => {
                let (version, kind) = (version.api_version(), "PartialObjectMetadataList");
                seal(version, kind, &written_list(list, partial))
            }
            Document::Table(table) => return Err(has_no_form(table.version)),
            Document::Status(status) => sealed_json(&status.to_json(), &STATUS),
            Document::Bookmark(bookmark) => sealed(&bookmark.value(), &bookmark.kind.schema),
            Document::Json(json, structure) => sealed_json(json, structure),
        };
        Ok(sealed.into())
    }

    fn frame(&self, ty: FrameType, document: &Document<'_>) -> Option<Bytes> {
        let object = self.document(document).ok()?;
        let mut raw = Vec::with_capacity(object.len() + 8);
        put_bytes(&mut raw, 1, &object);
        let mut event = Vec::with_capacity(raw.len() + 16);
        put_bytes(&mut event, 1, ty.as_str().as_bytes());
        put_bytes(&mut event, 2, &raw);
        Some(event.into())
    }

    /// An event whose first field is longer than the event.
    fn malformed_frame(&self) -> Bytes {
        Bytes::from_static(b"\x0a\x7fADDED")
    }

    fn delimit(&self, frame: Bytes) -> Bytes {
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), &*frame].concat().into()
    }
}

/// An object in its envelope, which tells the kind that the value has.
fn sealed(value: &Value, structure: &Struct) -> Vec<u8> {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let message = schema::protobuf::write(value, structure);
    seal(text("apiVersion"), text("kind"), &message)
}

fn sealed_json(json: &[u8], structure: &Struct) -> Vec<u8> {
    sealed(&serde_json::from_slice(json).unwrap_or_default(), structure)
}

fn partial(object: &Object) -> Vec<u8> {
    let metadata = schema::protobuf::write(&object.value()["metadata"], &OBJECT_META);
    let mut out = Vec::with_capacity(metadata.len() + 4);
    put_bytes(&mut out, PARTIAL_METADATA, &metadata);
    out
}

fn whole_list(list: &List, kind: &Kind) -> Vec<u8> {
    written_list(list, |item| {
        schema::protobuf::write(&item.value(), &kind.schema)
    })
}

fn written_list(list: &List, write: impl Fn(&Object) -> Vec<u8>) -> Vec<u8> {
    let meta = serde_json::from_slice(&list.meta_json()).unwrap_or_default();
    let mut out = Vec::new();
    let meta = schema::protobuf::write(&meta, &LIST_META);
    put_bytes(&mut out, LIST_METADATA, &meta);
    for item in &list.items {
        put_bytes(&mut out, LIST_ITEMS, &write(item));
    }
    out
}

/// Tables have no message.
fn has_no_form(version: MetaVersion) -> Status {
    let version = version.api_version();
    let package = version.rsplit('/').next().unwrap_or_default();
    Status::not_acceptable_because(format!(
        "object *{package}.Table does not implement the protobuf marshalling interface and cannot be encoded to a \
         protobuf message"
    ))
}
