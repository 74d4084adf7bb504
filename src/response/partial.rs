//! `PartialObjectMetadata`: an object without its contents.

use serde_json::Value;

use super::list::List;
use crate::kinds::meta::OBJECT_META;
use crate::object::Object;
use crate::registry;
use crate::request::negotiation::MetaVersion;
use crate::schema;

pub(super) fn object(object: &Object, version: MetaVersion) -> Vec<u8> {
    let mut out = Vec::with_capacity(object.json().len() + 64);
    write(&mut out, object, version);
    out
}

pub(super) fn list(list: &List, version: MetaVersion) -> Vec<u8> {
    let mut out = format!(
        "{{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"{}\",\"metadata\":",
        version.api_version()
    )
    .into_bytes();
    out.extend_from_slice(&list.meta_json());
    out.extend_from_slice(b",\"items\":");
    if list.items.is_empty() {
        // Go's slice that nothing was appended to.
        out.extend_from_slice(b"null}");
        return out;
    }
    for (i, item) in list.items.iter().enumerate() {
        out.push(if i == 0 { b'[' } else { b',' });
        write(&mut out, item, version);
    }
    out.extend_from_slice(b"]}");
    out
}

pub(super) fn write(out: &mut Vec<u8>, object: &Object, version: MetaVersion) {
    let head = format!(
        "{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"{}\",\"metadata\":",
        version.api_version()
    );
    out.extend_from_slice(head.as_bytes());
    let value = object.value();
    match registry::strategy(&object.kind).hidden_annotation() {
        Some(hidden) => {
            let metadata = without_annotation(&value["metadata"], hidden);
            schema::encode(out, &metadata, &OBJECT_META);
        }
        None => schema::encode(out, &value["metadata"], &OBJECT_META),
    }
    out.push(b'}');
}

fn without_annotation(metadata: &Value, hidden: &str) -> Value {
    let mut metadata = metadata.clone();
    let annotations = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut);
    let is_last = annotations.is_some_and(|annotations| {
        annotations.remove(hidden);
        annotations.is_empty()
    });
    if let Value::Object(members) = &mut metadata
        && is_last
    {
        members.remove("annotations");
    }
    metadata
}
