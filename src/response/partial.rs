//! `PartialObjectMetadata`: an object without its contents.

use super::list::List;
use crate::kinds::meta::OBJECT_META;
use crate::object::Object;
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
    schema::encode(out, &object.value()["metadata"], &OBJECT_META);
    out.push(b'}');
}
