//! Protobuf on the wire: fields by number, read with the errors of Go's generated code, and the envelope Kubernetes puts
//! around an object.

mod name;
mod read;
mod write;

pub(crate) use read::{Fields, Wire, varints};
pub(crate) use write::{put_bytes, put_double, put_number};

/// What every object in protobuf begins with.
const MAGIC: &[u8] = b"k8s\0";

/// An object in its envelope.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Envelope<'a> {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) raw: &'a [u8],
}

/// Opens the envelope; the error is the real server's.
pub(crate) fn open(body: &[u8]) -> Result<Envelope<'_>, String> {
    if body.is_empty() {
        return Err("empty data".to_owned());
    }
    let message = body.strip_prefix(MAGIC).ok_or(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    )?;
    if message.is_empty() {
        return Err("empty body".to_owned());
    }
    let mut envelope = Envelope::default();
    for field in Fields::of(message, "Unknown") {
        match field? {
            (1, wire) => {
                for field in Fields::of(wire.bytes("typeMeta")?, "TypeMeta") {
                    match field? {
                        (1, wire) => envelope.api_version = wire.text("apiVersion")?,
                        (2, wire) => envelope.kind = wire.text("kind")?,
                        _ => {}
                    }
                }
            }
            (2, wire) => envelope.raw = wire.bytes("raw")?,
            (3, wire) => drop(wire.bytes("contentEncoding")?),
            (4, wire) => drop(wire.bytes("contentType")?),
            _ => {}
        }
    }
    Ok(envelope)
}

/// Puts an object into its envelope. That the contents have no encoding and no type of their own is written as well.
pub(crate) fn seal(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let mut of = Vec::with_capacity(api_version.len() + kind.len() + 4);
    put_bytes(&mut of, 1, api_version.as_bytes());
    put_bytes(&mut of, 2, kind.as_bytes());
    let mut out = Vec::with_capacity(raw.len() + of.len() + 24);
    out.extend_from_slice(MAGIC);
    put_bytes(&mut out, 1, &of);
    put_bytes(&mut out, 2, raw);
    put_bytes(&mut out, 3, b"");
    put_bytes(&mut out, 4, b"");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_names_the_kind_of_what_it_holds() {
        let sealed = seal("v1", "Namespace", b"hi");
        assert_eq!(
            sealed,
            b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x02hi\x1a\x00\x22\x00"
        );
        assert_eq!(
            open(&sealed).unwrap(),
            Envelope {
                api_version: "v1".to_owned(),
                kind: "Namespace".to_owned(),
                raw: b"hi"
            }
        );
    }

    #[test]
    fn what_is_no_message_is_refused_in_the_servers_words() {
        for (body, error) in [
            (
                b"{}".as_slice(),
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
            ),
            (b"", "empty data"),
            (b"k8s\0", "empty body"),
            (b"k8s\0garbage", "proto: illegal wireType 7"),
            (b"k8s\0\x07", "proto: Unknown: illegal tag 0 (wire type 7)"),
            (
                b"k8s\0\x0c",
                "proto: Unknown: wiretype end group for non-group",
            ),
            (b"k8s\0\x10\x01", "proto: wrong wireType = 0 for field Raw"),
            (
                b"k8s\0\x0a\x02\x08\x01",
                "proto: wrong wireType = 0 for field APIVersion",
            ),
            (b"k8s\0\x0a\x7f", "unexpected EOF"),
            (
                b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                "proto: integer overflow",
            ),
        ] {
            assert_eq!(open(body).unwrap_err(), error);
        }
    }
}
